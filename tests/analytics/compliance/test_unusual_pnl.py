"""Unusual P&L: a gain against the risk taken, the account's own past, and everybody's day."""

from datetime import date, timedelta

import numpy as np
import polars as pl
import pytest

from analytics.compliance.detectors.unusual_pnl import UnusualPnl, UnusualPnlParameters
from tests.analytics.compliance._declared import Edge, Kit, Near, Waived, upside_down
from tests.analytics.compliance._kit import (
    alerts,
    gaps,
    tables,
)
from tests.analytics.compliance.test_unusual_pnl_variants import (
    FAR_APART,
    booked,
    bought,
    corrected,
    jumps,
    record,
)

DAYS = [date(2026, 6, 1) + timedelta(days=n) for n in range(60)]
NAMES = [f"N{n}" for n in range(4)]


def given(*, last=0.03, qty=10_000, accounts=1, wild=False, days=60, names=4, right=True):
    """Return daily round lots in four names with a 1 % deviation; on the last day all names are called right."""
    rng = np.random.default_rng(4)
    prices, fills = (
        ["instrument_id date close volume"],
        ["exec_id order_id account_id trader_id instrument_id side last_qty last_px transact_time"],
    )
    for d, day in enumerate(DAYS[:days]):
        final = d == days - 1
        for n, name in enumerate(NAMES):
            move = float(rng.normal(0, 0.01))
            close = 100 * (1 + move)
            prices.append(f"{name} {day} {close:.6f} 1000000")
            for account in range(accounts):
                lucky = final and (account == 0 or wild) and n < names
                gain = (last if right else -last) if lucky else float(rng.normal(0, 0.005))
                fills.append(
                    f"E{d}{name}{account} O{d}{name}{account} A{account} T{account} {name} buy {qty} {close / (1 + gain):.6f} {day}T14:00:00Z"
                )
    return tables(executions="\n".join(fills), prices="\n".join(prices))


def test_a_day_on_which_everything_was_right_is_alerted_with_the_risk_it_took():
    (found,) = alerts(UnusualPnl, given())
    metrics = {m["name"]: m["value"] for m in found["metrics"]}
    assert found["actor_group"] == "account:A0"
    assert metrics["gain"] == pytest.approx(4 * 10_000 * 100 * 0.03, rel=0.05)
    assert metrics["gain_to_risk"] > 1.5
    assert len(found["exec_ids"]) == 4


@pytest.mark.parametrize(("why", "more"), [
    ("a loss", {"right": False}),
    ("small money", {"qty": 100}),
    ("everybody gained on a wild day", {"accounts": 7, "wild": True}),
    ("too little history", {"days": 30}),
    ("an ordinary gain", {"last": 0.006}),
    ("two names that ran", {"names": 0}),
])  # fmt: skip
def test_innocent_days_are_left_alone(why, more):
    assert alerts(UnusualPnl, given(**more)) == [], why


def test_one_among_seven_accounts_stands_out_against_its_peers():
    (found,) = alerts(UnusualPnl, given(accounts=7))
    assert {m["name"]: m["value"] for m in found["metrics"]}["peer_deviations"] > 3


@pytest.mark.parametrize(("money", "n"), [(100_000.0, 1), (130_000.0, 0)])
def test_the_money_counts_from_its_threshold(money, n):
    assert len(alerts(UnusualPnl, given(), UnusualPnlParameters(money=money))) == n


def test_trades_without_a_close_and_empty_tables_are_gaps():
    bare = given(days=35)
    bare["prices"] = bare["prices"].limit(0)
    assert "No close is known to value some trades by." in gaps(UnusualPnl, bare)
    assert len(gaps(UnusualPnl, {})) == 2


@pytest.mark.parametrize(("names", "n"), [(3, 1), (4, 0)])
def test_the_gain_must_come_from_so_many_names_of_equal_weight(names, n):
    params = UnusualPnlParameters(names=float(names))
    found = alerts(UnusualPnl, given(), params)
    spread = [m["value"] for one in found for m in one["metrics"] if m["name"] == "spread_over"]
    assert (len(found), all(3 <= value < 4 for value in spread)) == (n, True)


def test_a_day_dealt_over_two_house_accounts_of_a_trader_is_found_by_its_trader():
    both = given()
    rows = both["executions"].collect().with_row_index("row")
    # Every other trade is booked in a second account: neither has a name's worth of the other's.
    dealt = rows.with_columns(
        account_id=pl.when(pl.col("row") % 2 == 0).then(pl.lit("A0")).otherwise(pl.lit("B0"))
    )
    house = tables(
        accounts="""
    account_id  kind   owner_id
    A0          house  firm
    B0          house  firm
    """
    )
    split = {**both, **house, "executions": dealt.drop("row").lazy()}
    (found,) = alerts(UnusualPnl, split)
    assert found["actor_group"] == "trader:T0"
    assert {"kind": "account", "id": "B0"} in found["actors"]


def dealt_over_new_accounts(*, begun=59, trader="T0"):
    """A trader's large book has an ordinary day; what he is right about is half in new accounts of the house."""
    rows = given(accounts=2)["executions"].collect()
    day = pl.col("transact_time").dt.date()
    large = pl.when(pl.col("account_id") == "A1").then(20).otherwise(1)
    moved = (
        (pl.col("account_id") == "A0") & (day >= DAYS[begun]) & pl.col("instrument_id").is_in(["N2", "N3"])
    )
    dealt = rows.with_columns(
        last_qty=(pl.col("last_qty") * large).cast(rows.schema["last_qty"]),
        account_id=pl.when(moved).then(pl.col("instrument_id").str.replace("N", "B")).otherwise("account_id"),
        trader_id=pl.when(moved).then(pl.lit(trader)).otherwise(pl.lit("T0")),
    )
    house = "account_id kind owner_id\n" + "\n".join(
        f"{name} house firm" for name in ("A0", "A1", "B2", "B3")
    )
    return given(accounts=2) | tables(accounts=house) | {"executions": dealt.lazy()}


def test_a_day_dealt_over_new_accounts_is_found_beside_the_traders_other_books():
    (found,) = alerts(UnusualPnl, dealt_over_new_accounts())
    assert {one["id"] for one in found["actors"] if one["kind"] == "account"} == {"A0", "B2", "B3"}
    assert len(found["exec_ids"]) == 4


@pytest.mark.parametrize(("begun", "n"), [(30, 1), (29, 0)])
def test_an_account_begun_after_the_old_one_has_a_record_is_new_for_as_long_as_it_has_none(begun, n):
    # Thirty days of trades are a record: of the old one by day 30, of the new one 30 days later.
    found = alerts(UnusualPnl, dealt_over_new_accounts(begun=begun))
    assert len(found) == n


def test_another_traders_new_accounts_are_nobodys_day():
    assert alerts(UnusualPnl, dealt_over_new_accounts(trader="T9")) == []


# What test_kit_complete.py holds this detector to.
def bought_amid_nothing():
    """A purchase below both of two quotes that are ten minutes apart."""
    return bought(99.4, FAR_APART, qty=50_000)


def partly_both():
    """Who sold a fifth of each purchase at once."""
    rows = jumps(both=True)
    sold = pl.col("exec_id").str.starts_with("S")
    less = pl.when(sold).then(pl.col("last_qty") / 5).otherwise("last_qty")
    dtype = rows["executions"].collect_schema()["last_qty"]
    return rows | {"executions": rows["executions"].with_columns(last_qty=less.cast(dtype))}


KIT = Kit(
    UnusualPnl,
    given,
    (test_innocent_days_are_left_alone,),
    {
        "risk": Edge(4.21, 4.23),
        "own": Edge(12.05, 12.1),
        "peers": Edge(17.02, 17.08, scene=lambda: given(accounts=7)),
        "half_life": Waived("How fast the account's past is forgotten; no day is told or left for it alone."),
        "history": Edge(53, 54),
        "fellows": Edge(8, 7, scene=lambda: given(accounts=7, wild=True)),
        "names": Edge(3.99, 4.01),
        "money": Edge(117_100.0, 117_600.0),
        "off_market": Edge(14.99, 15.01, scene=bought),
        "off_sigmas": Edge(3.66, 3.68, scene=bought_amid_nothing),
        "off_money": Edge(15_000.0, 15_001.0, scene=bought),
        "late": Edge(29.8, 29.95, scene=booked),
        "late_share": Edge(0.1, 0.099, scene=booked),
        "late_money": Edge(12_000.0, 12_001.0, scene=booked),
        "reversed_money": Edge(11_999.0, 12_001.0, scene=corrected, others={"reversed_usual": 0.0}),
        "reversed_usual": Edge(1.39, 1.41, scene=lambda: corrected(95.0), others={"reversed_money": 0.0}),
        "recent": Edge(20, 21, scene=record),
        "record": Edge(54, 55, scene=record),
        "jump": Edge(4.39, 4.41, scene=record),
        "sharpe": Edge(54.0, 54.4, scene=record),
        "jump_money": Edge(162_600.0, 163_100.0, scene=record),
        "shock": Edge(3.15, 3.17, scene=jumps),
        "least_move": Edge(0.0785, 0.0789, scene=jumps),
        "met": Edge(0.66, 0.67, scene=partly_both),
        "shocks": Edge(7, 8, scene=jumps),
        "shock_q": Edge(7.66e-8, 7.6e-8, scene=jumps),
    },
    changes={"buys for sells": Near(upside_down, by=0.6)},
)
