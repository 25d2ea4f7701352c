"""Value at risk, expected shortfall, exposure."""

from datetime import date, timedelta
from decimal import Decimal

import numpy as np
import polars as pl
import pytest

from analytics.datasets import DATASETS, DECIMAL
from analytics.portfolio.exposure import concentration, exposure, leverage
from analytics.portfolio.reconciliation import reconcile
from analytics.portfolio.risk import (
    empty_splits,
    expected_shortfall,
    return_history,
    simulated_pnl,
    value_at_risk,
)
from tests.conftest import parse_table


def test_value_at_risk_is_the_type_7_quantile_as_a_loss():
    pnl = np.arange(1.0, 201.0) - 100
    # Position 0.01 x 199 = 1.99 from the worst, -99: 1.99 above it.
    assert value_at_risk(pnl, confidence=0.99) == pytest.approx(97.01)


def test_expected_shortfall_takes_a_part_of_the_boundary_value():
    pnl = np.append([-40.0, -30.0, -20.0], np.zeros(97))
    assert expected_shortfall(pnl, confidence=0.975) == pytest.approx((40 + 30 + 0.5 * 20) / 2.5)
    assert expected_shortfall(pnl, confidence=0.97) == pytest.approx(30)


def test_a_tail_that_still_gains_is_a_negative_loss():
    pnl = np.full(100, 5.0)
    assert value_at_risk(pnl, confidence=0.99) == -5
    assert expected_shortfall(pnl, confidence=0.975) == pytest.approx(-5)


def test_a_short_history_places_no_tail():
    assert value_at_risk(np.zeros(99), confidence=0.99) is None
    assert expected_shortfall(np.zeros(99), confidence=0.99) is None


PRICES = """
instrument_id  date        adj_basis  close
X              2026-11-16  raw        10
X              2026-11-17  raw        5.5
X              2026-11-18  raw        5.5
Y              2026-11-17  raw        100
Y              2026-11-17  split_div  50
Y              2026-11-18  split_div  51
"""


def test_history_is_free_of_splits_and_starts_with_the_first_close():
    prices = parse_table(PRICES, DATASETS["prices"]).collect()
    splits = pl.DataFrame(
        {"instrument_id": ["X"], "date": [date(2026, 11, 17)], "ratio": [2]}, schema=empty_splits().schema
    )
    history = return_history(prices, splits, instruments=["X", "Y", "Z"])
    assert history.dates == (date(2026, 11, 17), date(2026, 11, 18))
    np.testing.assert_allclose(history.returns, [[0.1, np.nan, np.nan], [0, 0.02, np.nan]])
    pair = return_history(prices, splits, instruments=["X", "Y"])
    assert simulated_pnl(pair, np.array([100.0, -1000.0])).tolist() == pytest.approx([-20])


def test_no_price_gives_no_history():
    none = parse_table("instrument_id date close", DATASETS["prices"]).collect()
    history = return_history(none, empty_splits(), instruments=["X"])
    assert history.returns.shape == (0, 1)
    assert simulated_pnl(history, np.array([1.0])).size == 0
    assert simulated_pnl(history, np.array([])).size == 0


def test_only_the_window_is_replayed():
    days = [date(2026, 1, 1) + timedelta(n) for n in range(30)]
    prices = pl.DataFrame(
        {"instrument_id": "X", "date": days, "adj_basis": "raw", "close": [1.0 + n for n in range(30)]}
    )
    assert return_history(prices, empty_splits(), instruments=["X"], window=7).returns.shape == (7, 1)


def held(*rows) -> pl.DataFrame:
    return pl.DataFrame(
        rows, schema={"instrument_id": pl.String, "sector": pl.String, "market_value": DECIMAL}, orient="row"
    )


def test_exposure_by_group_largest_first():
    found = exposure(held(("A", "Tech", 60), ("B", "Tech", -20), ("C", None, -120)), by="sector")
    assert found.rows() == [
        (None, 120, -120, 0, -120, 1, pytest.approx(0.6)),
        ("Tech", 80, 40, 60, -20, 2, pytest.approx(0.4)),
    ]


def test_a_position_without_a_value_makes_its_group_unknown_only():
    found = exposure(held(("A", "Tech", 60), ("B", "Tech", None), ("C", "Bank", 5)), by="sector")
    assert found.select("sector", "gross", "net", "weight").rows() == [
        ("Bank", 5, 5, None), ("Tech", None, None, None),
    ]  # fmt: skip


def test_nothing_held_is_zero_exposure():
    assert exposure(held()).select("gross", "net", "positions", "weight").rows() == [(0, 0, 0, None)]
    assert exposure(held(), by="sector").is_empty()
    assert concentration(held()) is None


def test_concentration_of_equal_positions_is_one_over_n():
    assert concentration(held(*[(name, None, 25) for name in "ABCD"])) == pytest.approx(0.25)
    assert concentration(held(("A", None, 25), ("B", None, None))) is None


def test_leverage_needs_a_positive_net_asset_value():
    assert leverage(150.0, 100.0) == 1.5
    assert [leverage(1.0, value) for value in (0.0, -5.0, None)] == [None] * 3
    assert leverage(None, 5.0) is None


DERIVED = """
account_id  instrument_id  date        quantity
A1          X              2026-11-19  10
A1          X              2026-11-20  12
A1          Y              2026-11-20  5
A1          Z              2026-11-20  7
A2          X              2026-11-20  99
"""
REPORTED = """
account_id  instrument_id  date        source  quantity   currency
A1          X              2026-11-19  broker  1          USD
A1          X              2026-11-21  broker  12.0000005 USD
A1          Y              2026-11-21  broker  4          USD
A1          W              2026-11-21  broker  3          USD
"""


def test_positions_are_matched_on_the_last_statement_of_each_source():
    rows, tolerance = reconcile(
        parse_table(DERIVED, DATASETS["daily_positions"]), parse_table(REPORTED, DATASETS["positions"])
    )
    found = rows.collect()
    assert found.select("instrument_id", "derived_quantity", "reported_quantity", "state").rows() == [
        ("Y", 5, 4, "quantity_break"),
        ("W", 0, 3, "missing_here"),
        ("Z", 7, 0, "missing_there"),
        ("X", 12, Decimal("12.0000005"), "matched"),
    ]
    assert set(found["date"]) == {date(2026, 11, 21)}
    assert tolerance == Decimal("0.000001")
