"""P&L explain: cases done by hand, and the identity on random books in two currencies."""

from decimal import Decimal

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from analytics.portfolio.pnl_explain import (
    PARTS,
    UNPRICED,
    UNRATED,
    account_explain,
    explained_sums,
    pnl_explain,
)
from tests.analytics.portfolio._kit import book, column, facts

ACCOUNTS = """
account_id  kind   base_currency
A1          house  USD
"""
INSTRUMENTS = """
instrument_id  valid_from  symbol  asset_class  currency  multiplier
X              2020-01-01  XXX     equity       EUR       1
F              2020-01-01  FFF     future       USD       50
"""
EXECUTIONS = """
exec_id  account_id  instrument_id  side  last_qty  last_px  currency  commission  transact_time
E1       A1          X              buy   100       10       EUR       5           2026-11-16T15:00
E2       A1          X              buy   40        12       EUR       2           2026-11-17T15:00
E3       A1          X              sell  300       5        EUR       -           2026-11-19T15:00
E4       A1          F              sell  2         100      USD       1           2026-11-16T15:00
"""
PRICES = """
instrument_id  date        adj_basis  close
X              2026-11-16  raw        11
X              2026-11-17  raw        13
X              2026-11-18  raw        6
X              2026-11-19  raw        7
F              2026-11-16  raw        101
F              2026-11-17  raw        99
"""
RATES = """
date        from_currency  to_currency  rate
2026-11-16  EUR            USD          1.10
2026-11-17  EUR            USD          1.20
2026-11-19  EUR            USD          1.00
"""
ACTIONS = """
instrument_id  ca_id  kind   ex_date     ratio
X              S1     split  2026-11-18  2
"""
FLOWS = """
account_id  flow_id  date        kind      amount  currency  instrument_id
A1          D0       2026-11-16  deposit   10000   USD       -
A1          D1       2026-11-18  dividend  14      EUR       X
A1          D2       2026-11-18  fee       -3      USD       -
"""
TABLES = {
    "executions": EXECUTIONS, "prices": PRICES, "accounts": ACCOUNTS, "instruments": INSTRUMENTS,
    "fx_rates": RATES, "corporate_actions": ACTIONS, "cash_flows": FLOWS,
}  # fmt: skip


def explain(**tables):
    given_facts = facts(**tables)
    positions, nav = book(given_facts)
    explained = pnl_explain(positions.lazy(), given_facts.trades).collect()
    return explained, positions, nav


def test_each_cause_of_a_day_is_its_own():
    explained, *_ = explain(**TABLES)
    mine = explained.filter(pl.col("instrument_id") == "X")
    assert column(mine, "date", *PARTS, "reason") == [
        # Bought 100 at 10, worth 11 at the close, at 1.10; commission 5.
        (mine["date"][0], 0, 110, 0, 0, Decimal("-5.5"), 0, None),
        # 100 up by 2, 40 more up by 1, at 1.20; the 1,100 of yesterday up by 0.10.
        (mine["date"][1], 240, 48, 0, 110, Decimal("-2.4"), 0, None),
        # Two for one: 280 at 6 against 1,820. The dividend of 14 is carry; the rate stands still.
        (mine["date"][2], -168, 0, Decimal("16.8"), 0, 0, 0, None),
        # 280 up by 1, 300 sold 2 below the close, and 1,680 at 0.20 less.
        (mine["date"][3], 280, -600, 0, -336, 0, 0, None),
    ]
    future = explained.filter(pl.col("instrument_id") == "F")
    # Two contracts of 50, sold at 100.
    assert column(future, "price", "new_trades", "fees")[:2] == [(0, -100, -1), (200, 0, 0)]


def test_the_account_adds_what_belongs_to_no_position():
    explained, _, nav = explain(**TABLES)
    found = account_explain(explained.lazy(), nav.lazy()).collect()
    total = found.select(pl.sum_horizontal(*PARTS, "account")).to_series()
    assert (total == found["pnl"]).all()
    # The deposit moves nothing. Owing 1,005 and then 1,487 euros gains when the euro falls and loses when it
    # rises; the fee of 3 falls on the third day.
    assert column(found, "account") == [0, Decimal("-100.5"), -3, Decimal("294.6")]


def test_late_prices_come_as_a_residual_with_a_reason():
    late = PRICES.replace("X              2026-11-16  raw        11\n", "").replace(
        "2026-11-17  raw        13", "2026-11-18  raw  6.5"
    )
    late = "\n".join(line for line in late.splitlines() if not line.endswith(" 6"))
    explained, *_ = explain(**TABLES | {"prices": late})
    mine = explained.filter(pl.col("instrument_id") == "X")
    assert column(mine, "pnl_base")[:2] == [None, None]
    assert mine["reason"].to_list() == [UNPRICED, UNPRICED, UNPRICED, None]
    assert mine.select(PARTS).row(0) == (None,) * 6
    third = mine.row(2, named=True)
    assert third["price"] is None
    assert third["residual"] == third["pnl_base"] - third["carry"] - third["fees"] - third["new_trades"]
    sums = explained_sums(explained.lazy(), by=["instrument_id"]).collect()
    assert column(sums, "instrument_id", "rows", "incomplete", "unknown") == [("F", 4, 0, 0), ("X", 4, 1, 2)]
    assert (sums["pnl_base"] == sums.select(pl.sum_horizontal(PARTS)).to_series()).all()


def test_a_missing_rate_has_its_own_reason():
    explained, *_ = explain(**TABLES | {"fx_rates": "date from_currency to_currency rate"})
    mine = explained.filter(pl.col("instrument_id") == "X")
    assert set(mine["reason"]) == {UNRATED}
    assert mine["residual"].null_count() == 4


def test_nothing_held_explains_nothing():
    explained, _, nav = explain()
    assert explained.is_empty()
    assert account_explain(explained.lazy(), nav.lazy()).collect().is_empty()
    assert explained_sums(explained.lazy(), by=[]).collect().row(0) == (0,) * 10


TRADES = st.lists(
    st.tuples(
        st.sampled_from(["X", "F"]), st.sampled_from(["buy", "sell"]), st.integers(1, 500),
        st.integers(100, 9999), st.integers(16, 19),
    ),
    min_size=1, max_size=12,
)  # fmt: skip


def executions(trades):
    currency = {"X": "EUR", "F": "USD"}
    lines = [
        f"E{n} A1 {name} {side} {qty} {px / 100} {currency[name]} {n % 3} 2026-11-{day}T15:{n:02d}"
        for n, (name, side, qty, px, day) in enumerate(trades)
    ]
    head = "exec_id account_id instrument_id side last_qty last_px currency commission transact_time"
    return "\n".join([head, *lines])


@settings(max_examples=8, deadline=None)
@given(TRADES)
def test_the_parts_are_the_pnl_to_the_last_digit_and_the_residual_is_dust(trades):
    explained, positions, _ = explain(**TABLES | {"executions": executions(trades)})
    assert explained.height == positions.height
    assert (explained.select(pl.sum_horizontal(PARTS)).to_series() == explained["pnl_base"]).all()
    complete = explained.filter(pl.col("reason").is_null())
    assert (complete["residual"].cast(pl.Float64).abs() < 1e-6).all()
    mirror = [(name, {"buy": "sell", "sell": "buy"}[side], *rest) for name, side, *rest in trades]
    quiet = TABLES | {"cash_flows": "account_id flow_id", "corporate_actions": "instrument_id ca_id"}
    straight, *_ = explain(**quiet | {"executions": executions(trades)})
    other, *_ = explain(**quiet | {"executions": executions(mirror)})
    for name in ("price", "new_trades", "fx"):
        assert (straight[name] == -other[name]).all()
    assert straight["fees"].equals(other["fees"])


def test_a_bust_after_the_close_leaves_the_days_as_if_it_had_never_traded():
    head, *lines = EXECUTIONS.strip().splitlines()
    versions = [f"{head}  version  exec_status", *(f"{line}  1  new" for line in lines)]
    wrong = "E9  A1  X  buy  70  99  EUR  9  2026-11-17T16:00"
    versions += [f"{wrong}  1  new", f"{wrong}  2  busted"]
    with_bust, *_ = explain(**TABLES | {"executions": "\n".join(versions)})
    without, *_ = explain(**TABLES)
    assert with_bust.equals(without)
