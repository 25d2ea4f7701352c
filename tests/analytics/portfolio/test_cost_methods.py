"""The three cost methods on one book, and positions too large for lots."""

from decimal import Decimal

import polars as pl
import pytest

from analytics.portfolio.cost_methods import METHODS, costed_or_averaged
from analytics.portfolio.costing import average_cost
from analytics.portfolio.lots import costed
from analytics.portfolio.nav import daily_nav
from analytics.portfolio.positions import book, daily_positions
from tests.analytics.portfolio._kit import facts

EXECUTIONS = """
exec_id  account_id  instrument_id  side  last_qty         last_px  currency  transact_time
E1       A1          X              buy   100              10       USD       2026-11-16T15:00
E2       A1          X              buy   50               12       USD       2026-11-16T16:00
E3       A1          X              sell  30               13       USD       2026-11-17T15:00
E4       A1          COIN           buy   900000000000.1   0.001    USD       2026-11-16T15:00
E5       A1          COIN           buy   900000000000     0.002    USD       2026-11-16T16:00
E6       A1          COIN           sell  800000000000     0.003    USD       2026-11-17T15:00
"""
PRICES = """
instrument_id  date        close
X              2026-11-16  11
X              2026-11-17  14
COIN           2026-11-16  0.002
COIN           2026-11-17  0.003
"""
# Ten more digits of the coin than a lot of 64 bits can count.
FINE = EXECUTIONS.replace("900000000000.1 ", "900000000000.00000001 ")


def given(executions=EXECUTIONS):
    accounts = "account_id  kind   base_currency\nA1          house  USD"
    flows = (
        "account_id  flow_id  date        kind     amount  currency\nA1  F1  2026-11-16  deposit  100  USD"
    )
    return facts(executions=executions, prices=PRICES, accounts=accounts, cash_flows=flows)


def by_method(executions=EXECUTIONS):
    return {method: book(given(executions), method=method) for method in METHODS}


def test_realised_differs_by_method_and_nothing_else_does():
    found = {method: made.positions.collect() for method, made in by_method().items()}
    day = {
        method: frame.filter((pl.col("instrument_id") == "X") & (pl.col("executions") == 1))[
            "realised_pnl"
        ].item()
        for method, frame in found.items()
    }
    # 1,600 for 150 is 10.67 a share; the first cost 10, the last 12.
    assert day["fifo"] == Decimal("90")
    assert day["lifo"] == Decimal("30")
    assert day["average"] == pytest.approx(Decimal("70"), abs=Decimal("1e-9"))
    split = ("avg_cost", "realised_pnl", "unrealised_pnl")
    for frame in found.values():
        assert frame.drop(split).equals(found["average"].drop(split))


def test_net_asset_value_is_the_same_by_every_method():
    navs = [
        daily_nav(given(), daily_positions(given(), method=method)).collect(engine="streaming")
        for method in METHODS
    ]
    assert navs[0].height == 2
    assert all(nav.equals(navs[0]) for nav in navs)


def test_a_position_too_large_for_lots_is_named_and_kept_at_average_cost():
    for method, made in by_method(FINE).items():
        positions = made.positions.collect()
        named = made.averaged.rows()
        assert named == ([] if method == "average" else [("A1", "COIN")])
        coin = positions.filter(pl.col("instrument_id") == "COIN")
        average = by_method(FINE)["average"].positions.collect().filter(pl.col("instrument_id") == "COIN")
        assert coin.equals(average)
        share = positions.filter((pl.col("instrument_id") == "X") & (pl.col("executions") == 1))[
            "realised_pnl"
        ]
        assert share.item() == pytest.approx({"average": 70, "fifo": 90, "lifo": 30}[method], abs=1e-9)


def test_lots_alone_refuse_it():
    events = pl.DataFrame(
        {
            "account_id": ["A", "A"],
            "instrument_id": ["C", "C"],
            "quantity": [Decimal("900000000000.00000001"), Decimal("-1")],
            "price": [Decimal(1), Decimal(1)],
            "multiplier": [Decimal(1), Decimal(1)],
        },
        schema_overrides=dict.fromkeys(("quantity", "price", "multiplier"), pl.Decimal(38, 12)),
    )
    with pytest.raises(OverflowError):
        costed(events, method="fifo")
    made = costed_or_averaged(events, method="fifo")
    assert made["averaged"].to_list() == [True, True]
    assert made.drop("averaged").equals(average_cost(events))


def test_no_events_are_no_rows_by_any_method():
    for method in METHODS:
        made = book(facts(), method=method)
        assert made.positions.collect().is_empty()
        assert made.averaged.is_empty()


def test_an_unknown_method_is_refused():
    with pytest.raises(ValueError, match="method"):
        book(given(), method="guess").positions.collect()
