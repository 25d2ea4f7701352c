"""What must not change when the question is put otherwise: splits of time, deposits, order, units."""

from datetime import date, timedelta

import numpy as np
import polars as pl
import pytest

from analytics.portfolio.attribution import CLASSES, brinson
from analytics.portfolio.linking import METHODS, link
from analytics.portfolio.money_weighted import internal_rate_of_return, modified_dietz
from analytics.portfolio.performance_table import performance_table
from analytics.portfolio.returns import daily_returns, total_return
from analytics.portfolio.risk import History, simulated_pnl
from analytics.portfolio.var import tail_risk
from tests.analytics.portfolio._bacon import BENCHMARK, PORTFOLIO

START = date(2026, 1, 5)


def nav(values, flows) -> pl.DataFrame:
    days = [START + timedelta(days=k) for k in range(len(values))]
    schema = {"date": pl.Date, "nav": pl.Float64, "flow": pl.Float64}
    return pl.DataFrame({"date": days, "nav": values, "flow": flows}, schema=schema)


def grown(flows) -> list[float]:
    value, values = 0.0, []
    for flow, r in zip(flows, (0.0, 0.02, -0.05, 0.03, 0.01), strict=True):
        value = (value + flow) * (1 + r)
        values.append(value)
    return values


def earned(flows) -> float:
    returns = daily_returns(nav(grown(flows), flows))["return"].drop_nulls().to_numpy()
    return total_return(returns)


def test_a_deposit_at_fair_value_leaves_the_time_weighted_return():
    once = earned([100.0, 0, 0, 0, 0])
    assert earned([100.0, 0, 50.0, 0, 0]) == pytest.approx(once, rel=1e-12)
    assert earned([100.0, 0, 0, -40.0, 1e6]) == pytest.approx(once, rel=1e-12)
    assert once == pytest.approx(1.02 * 0.95 * 1.03 * 1.01 - 1)


def test_a_deposit_before_a_loss_does_lower_the_money_weighted_return():
    end = START + timedelta(days=365)
    middle = START + timedelta(days=180)
    calm = modified_dietz(START, end, opening=100, closing=110, flows=[]).value
    late = modified_dietz(START, end, opening=100, closing=205, flows=[(middle, 100)]).value
    assert late < calm
    rate = internal_rate_of_return([(START, -100), (middle, -100), (end, 205)]).value
    # To first order both weigh money by time.
    assert rate == pytest.approx(late, abs=2e-3)


def test_splitting_the_flow_of_a_day_changes_no_rate():
    end = START + timedelta(days=365)
    once = internal_rate_of_return([(START, -100), (end, 107)])
    assert internal_rate_of_return([(START, -60), (end, 107), (START, -40)]) == once


@pytest.mark.parametrize("method", METHODS)
def test_splitting_a_class_keeps_the_linked_total(method):
    rows = [("a", 0.6, 0.5, 0.05, 0.04), ("b", 0.4, 0.5, 0.01, 0.015)]
    split = [("a1", 0.2, 0.25, 0.05, 0.04), ("a2", 0.4, 0.25, 0.05, 0.04), rows[1]]
    once, twice = (
        link([brinson(pl.DataFrame(given, schema=CLASSES, orient="row"))] * 3, method=method)
        for given in (rows, split)
    )
    assert twice.active == pytest.approx(once.active, rel=1e-12)
    halves = twice.effects.filter(pl.col("segment").str.starts_with("a"))["total"].sum()
    assert halves == pytest.approx(once.effects["total"][0], rel=1e-9)


def test_leverage_multiplies_risk_and_beta_and_leaves_the_ratios():
    once, twice = (
        {
            row["name"]: row["value"]
            for row in performance_table(k * PORTFOLIO, benchmark=BENCHMARK, periods=12)
        }
        for k in (1, 2)
    )
    for name in ("annualised_volatility", "beta", "alpha_arithmetic", "up_capture_arithmetic", "mean_return"):
        assert twice[name] == pytest.approx(2 * once[name], rel=1e-9), name
    for name in ("sharpe_ratio", "sortino_ratio", "omega_ratio", "skewness", "hit_rate", "correlation"):
        assert twice[name] == pytest.approx(once[name], rel=1e-9), name
    assert twice["max_drawdown"] < once["max_drawdown"]


def test_an_asset_of_no_weight_leaves_the_risk():
    random = np.random.default_rng(1)
    moves = random.normal(0, 0.01, (300, 3))
    values = np.array([100.0, -50.0])
    two = simulated_pnl(History(tuple(range(300)), ("A", "B"), moves[:, :2]), values)
    three = simulated_pnl(History(tuple(range(300)), ("A", "B", "C"), moves), np.append(values, 0.0))
    for method in ("historical", "parametric", "cornish_fisher", "ewma"):
        assert tail_risk(three, method=method).var == pytest.approx(tail_risk(two, method=method).var)
