"""Churning: turnover, cost and in-and-out trading of clients' accounts."""

from datetime import date, timedelta

import polars as pl
import pytest

from analytics.compliance.detectors.churning import Churning, ChurningParameters
from tests.analytics.compliance._declared import Edge, Kit, Waived
from tests.analytics.compliance._kit import (
    alerts,
    gaps,
    scaled,
    tables,
)

ACCOUNTS = """
account_id  kind      base_currency  owner_id
C1          client    USD            ann
P1          personal  USD            bob
"""
FUNDED = """
account_id  flow_id  date        kind     amount   currency
C1          F1       2026-09-01  deposit  100000   USD
P1          F2       2026-09-01  deposit  100000   USD
"""
HEAD = "exec_id order_id account_id trader_id instrument_id side last_qty last_px commission transact_time trade_date\n"


def trades(rounds=10, *, qty=50, commission=60, account="C1", sells=True, names=("AAPL", "MSFT")) -> str:
    """Return ``rounds`` purchases, each sold the next day; at 100 a share."""
    rows, day = [], date(2026, 10, 1)
    for n in range(rounds):
        name = names[n % len(names)]
        rows.append(f"B{n} OB{n} {account} T1 {name} buy {qty} 100 {commission} {day}T15:00:00Z {day}")
        day += timedelta(days=1)
        if sells:
            rows.append(f"S{n} OS{n} {account} T1 {name} sell {qty} 100 {commission} {day}T15:00:00Z {day}")
    return HEAD + "\n".join(rows)


def given(text, **more):
    return tables(**({"executions": text, "accounts": ACCOUNTS, "cash_flows": FUNDED} | more))


def test_an_account_turned_over_at_its_owners_cost_is_alerted_with_the_arithmetic():
    (found,) = alerts(Churning, given(trades()))
    metrics = {m["name"]: m["value"] for m in found["metrics"]}
    # 10 x 50 x 100 bought and sold in 30 days on 100 000; 20 commissions of 60.
    assert metrics["turnover"] == pytest.approx(50_000 / 100_000 * 365 / 30, rel=1e-6)
    assert metrics["cost_to_equity"] == pytest.approx(1200 / 100_000 * 365 / 30, abs=1e-6)
    assert metrics["in_and_out"] == pytest.approx(1.0)
    assert (found["actor_group"], len(found["exec_ids"])) == ("owner:ann", 20)
    assert found["instrument_ids"] == ["AAPL", "MSFT"]


@pytest.mark.parametrize(("why", "text"), [
    ("one fee for everything", trades(commission=0)),
    ("a person trades for himself", trades(account="P1")),
    ("a portfolio is built and kept", trades(20, sells=False, commission=200)),
    ("small against what the account is worth", trades(qty=5, commission=60)),
    ("a handful of trades", trades(4, qty=150, commission=150)),
    ("a portfolio is changed from one name to another", trades(10, sells=False) + "\n"
     + trades(10, names=("KO",)).split("\n", 1)[1].replace("buy", "sell").replace("B", "X").replace("S", "Y")),
])  # fmt: skip
def test_innocent_activity_is_left_alone(why, text):
    assert alerts(Churning, given(text)) == [], why


@pytest.mark.parametrize(
    ("name", "exact"), [("turnover", 50_000 / 100_000 * 365 / 30), ("cost", 1200 / 100_000 * 365 / 30)]
)
def test_a_threshold_counts_from_its_own_value(name, exact):
    text = trades()
    assert len(alerts(Churning, given(text), ChurningParameters(**{name: exact - 1e-5}))) == 1
    assert alerts(Churning, given(text), ChurningParameters(**{name: exact + 1e-5})) == []


def test_the_derived_value_of_the_account_comes_before_what_was_paid_in():
    nav = "account_id date currency nav\n" + "\n".join(
        f"C1 {date(2026, 9, 25) + timedelta(days=n)} USD 1000000" for n in range(30)
    )
    assert alerts(Churning, given(trades(), daily_nav=nav)) == []


FEE = trades()


def test_clients_whose_worth_is_unknown_are_a_gap():
    assert gaps(Churning, given(FEE, cash_flows=FUNDED.replace("C1 ", "ZZ "))) == [
        "Neither cash flows nor a net asset value tell what some client accounts are worth."
    ]
    assert len(gaps(Churning, {})) == 2


# What test_kit_complete.py holds this detector to.
def half_kept():
    """The ten rounds, and ten purchases more that are kept."""
    more = trades(10, sells=False, names=("KO",)).split("\n", 1)[1].replace("B", "K")
    return given(trades() + "\n" + more)


def dearer(rows):
    """Prices, commissions and what was paid in, all ten times as high."""
    money = {"executions": "commission", "cash_flows": "amount"}
    return scaled(rows, 10) | {
        name: scaled(rows, 10)[name].with_columns(
            (pl.col(column) * 10).cast(rows[name].collect_schema()[column])
        )
        for name, column in money.items()
    }


def test_an_account_dealt_over_two_with_their_money_is_found_in_both():
    text = trades(20, qty=25, commission=30)
    head, *rows = text.splitlines()
    dealt = [row.replace(" C1 ", " C2 ") if n // 2 % 2 else row for n, row in enumerate(rows)]
    two = ACCOUNTS + "C2          client    USD            ann\n"
    funded = FUNDED.replace("100000", "50000") + "C2 F3 2026-09-01 deposit 50000 USD\n"
    found = alerts(Churning, given("\n".join([head, *dealt]), accounts=two, cash_flows=funded))
    assert sorted(one["actors"][0]["id"] for one in found) == ["C1", "C2"]
    assert {one["actor_group"] for one in found} == {"owner:ann"}


KIT = Kit(
    Churning,
    lambda: given(trades()),
    (test_innocent_activity_is_left_alone,),
    {
        "window": Edge(43, 44),
        "turnover": Edge(6.08, 6.09),
        "cost": Edge(0.1459, 0.1461),
        "in_and_out": Edge(0.5, 0.51, scene=half_kept),
        "fills": Edge(20, 21),
    },
    changes={
        "prices times ten": dearer,
        "split over linked accounts": Waived(
            "Turnover is measured against what one account is worth; its halves are found each by itself."
        ),
    },
)
