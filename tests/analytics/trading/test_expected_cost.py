"""The square-root law: the published size of the effect, recovery of a known law, and false alarms."""

from datetime import date, timedelta

import numpy as np
import polars as pl
import pytest

from analytics.trading.expected_cost import (
    CostModel,
    expected_cost_bp,
    fit_cost_model,
    market_norms,
    price_risk_bp,
    with_expected_cost,
)


def one(**more) -> pl.DataFrame:
    order = {"cost_bp": 20.0, "filled_qty": 10_000.0, "adv": 1e6, "volatility": 0.02, "quoted_spread_bp": 4.0,
             "duration_seconds": 6.5 * 3600}  # fmt: skip
    return pl.DataFrame([order | more], schema=dict.fromkeys(order, pl.Float64))


def simulated(count, *, seed, coefficient=0.9, wild=0):
    """Orders whose cost follows the law, with price risk; the first ``wild`` cost ten risks more."""
    draws = np.random.default_rng(seed)
    rows = pl.DataFrame(
        {"filled_qty": draws.uniform(1e3, 2e5, count), "adv": np.full(count, 1e6),
         "volatility": draws.uniform(0.01, 0.04, count), "quoted_spread_bp": draws.uniform(1, 10, count),
         "duration_seconds": draws.uniform(600, 20000, count)}
    )  # fmt: skip
    rows = rows.with_columns(fair=expected_cost_bp(coefficient=coefficient), risk=price_risk_bp())
    noise = draws.normal(0, 1, count) + 10 * (np.arange(count) < wild)
    return rows.with_columns(cost_bp=pl.col("fair") + pl.col("risk") * pl.Series(noise))


def test_one_percent_of_the_volume_at_two_percent_volatility_moves_twenty_basis_points():
    assert one(quoted_spread_bp=0).select(expected_cost_bp(coefficient=1)).item() == pytest.approx(20)
    assert one().select(expected_cost_bp(coefficient=1)).item() == pytest.approx(22)


def test_four_times_the_size_costs_twice_and_units_do_not_matter():
    size = one(quoted_spread_bp=0, filled_qty=40_000).select(expected_cost_bp(coefficient=1)).item()
    assert size == pytest.approx(40)
    lots = one(quoted_spread_bp=0, filled_qty=100, adv=1e4).select(expected_cost_bp(coefficient=1)).item()
    assert lots == pytest.approx(20)


def test_price_risk_is_that_of_an_order_worked_evenly():
    assert one().select(price_risk_bp()).item() == pytest.approx(200 / 3**0.5)
    path = np.random.default_rng(1).normal(0, 0.02 / 390**0.5, (20_000, 390)).cumsum(axis=1)
    assert path.mean(axis=1).std() * 1e4 == pytest.approx(200 / 3**0.5, rel=0.02)
    assert one(duration_seconds=0).select(price_risk_bp()).item() == 2
    assert one(duration_seconds=0, quoted_spread_bp=None).select(price_risk_bp()).item() == 0.5
    assert one(duration_seconds=None).select(price_risk_bp()).item() is None


def test_z_is_the_cost_beyond_the_expected_in_risks():
    found = with_expected_cost(one(), CostModel(coefficient=1, scale=2)).row(0, named=True)
    assert found["expected_cost_bp"] == pytest.approx(22)
    assert found["z"] == pytest.approx(-2 / (2 * 200 / 3**0.5))
    assert (found["outlier"], found["reason"]) == (False, None)


def test_the_fit_is_weighted_least_squares_and_recovers_the_law():
    rows = simulated(4000, seed=5)
    model = fit_cost_model(rows)
    assert model.coefficient == pytest.approx(0.9, abs=0.06)
    assert model.scale == pytest.approx(1, abs=0.05)
    # Without an outlier in sight both passes are one regression.
    calm = rows.filter(((pl.col("cost_bp") - pl.col("fair")) / pl.col("risk")).abs() < 3).head(500)
    x = calm.select(pl.col("volatility") * (pl.col("filled_qty") / pl.col("adv")).sqrt() * 1e4).to_series()
    y = calm["cost_bp"] - calm["quoted_spread_bp"] / 2
    expected = np.linalg.lstsq((x / calm["risk"]).to_numpy()[:, None], (y / calm["risk"]).to_numpy())[0][0]
    assert fit_cost_model(calm).coefficient == pytest.approx(expected)


def test_wild_orders_are_named_and_move_the_law_little():
    rows = simulated(1000, seed=6, wild=20)
    model = fit_cost_model(rows)
    assert model.coefficient == pytest.approx(0.9, abs=0.12)
    found = with_expected_cost(rows, model)
    assert found["outlier"].head(20).all()
    assert found["outlier"].slice(20).sum() <= 2


@pytest.mark.parametrize("seconds", [0.01, 2.0, 59.0])
def test_orders_done_at_once_do_not_shape_the_law(seconds):
    rows = simulated(1000, seed=7)
    # Filled at the quote they saw: exactly half the spread, whatever their size.
    at_once = simulated(3000, seed=8).with_columns(
        cost_bp=pl.col("quoted_spread_bp") / 2, duration_seconds=pl.lit(seconds)
    )
    assert fit_cost_model(pl.concat([rows, at_once], how="diagonal_relaxed")) == fit_cost_model(rows)


def test_orders_that_follow_the_law_are_rarely_outliers():
    named = [with_expected_cost(simulated(200, seed=s), CostModel(0.9))["outlier"].any() for s in range(40)]
    assert sum(named) / 40 <= 0.05 + 3 * (0.05 * 0.95 / 40) ** 0.5


def test_what_cannot_be_expected_has_a_reason():
    rows = pl.concat(
        [one(cost_bp=None), one(adv=None), one(adv=0), one(volatility=None), one(filled_qty=0),
         one(duration_seconds=None), one()]
    )  # fmt: skip
    found = with_expected_cost(rows)
    assert found["z"].is_null().to_list() == [True] * 6 + [False]
    assert found["reason"].to_list() == [
        "No cost against arrival is known.", "No average daily volume is known.",
        "No average daily volume is known.", "No volatility is known.", "Nothing was filled.",
        "When it was released is not known, nor how far the market could move since.", None,
    ]  # fmt: skip
    assert fit_cost_model(rows) == CostModel()
    empty = with_expected_cost(rows.head(0))
    assert (empty.is_empty(), empty.columns) == (True, found.columns)


def test_norms_look_at_the_sessions_before_only(table):
    days = [date(2026, 9, 1) + timedelta(days=n) for n in range(8)]
    closes, volumes = [100, 101, 99, 100, 104, 103, 103, 110], [10, 20, 30, 40, 50, 60, 70, 80]
    lines = [f"X {d} split {c} {v}" for d, c, v in zip(days, closes, volumes, strict=True)]
    lines += [f"X {days[0]} raw 999 999", f"Y {days[0]} raw 5 7"]
    text = "\n".join(["instrument_id date adj_basis close volume", *reversed(lines)])
    found = market_norms(table(text, "prices"), window=4).collect()
    mine = found.filter(pl.col("instrument_id") == "X")
    assert mine["adv"].to_list() == [None, None, 15, 20, 25, 35, 45, 55]
    returns = np.diff(closes) / closes[:-1]
    assert mine["volatility"].to_list()[:3] == [None, None, None]
    assert mine["volatility"][-1] == pytest.approx(returns[2:6].std(ddof=1))
    assert found.filter(pl.col("instrument_id") == "Y").select("adv", "volatility").row(0) == (None, None)
