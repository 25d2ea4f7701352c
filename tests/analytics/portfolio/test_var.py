"""Value at risk by six methods: against definitions worked elsewhere, other libraries, and edges."""

import math

import numpy as np
import pytest
from scipy import integrate, stats
from statsmodels.stats.weightstats import DescrStatsW

from analytics.portfolio.var import (
    METHODS,
    cornish_fisher,
    ewma_variance,
    quantile_interval,
    tail_risk,
    tail_table,
)

FEW = 2000


def returns(n=600, seed=3, scale=0.01) -> np.ndarray:
    return np.random.default_rng(seed).standard_t(6, n) * scale


def risk(pnl, method, confidence=0.95, days=1, **more):
    return tail_risk(pnl, method=method, confidence=confidence, days=days, draws=FEW, **more)


def test_the_normal_var_is_the_textbook_one():
    # Jorion's rule of thumb, standard normal: 1.6449 and 2.3263; ES 2.0627 and 2.6652 (Hull, 5th ed., 12.3).
    pnl = np.array([-1.0, 1.0] * 500) * math.sqrt(999 / 1000)
    assert risk(pnl, "parametric").var == pytest.approx(1.6449, abs=5e-5)
    assert risk(pnl, "parametric").es == pytest.approx(2.0627, abs=5e-5)
    assert risk(pnl, "parametric", 0.99).var == pytest.approx(2.3263, abs=5e-5)
    assert risk(pnl, "parametric", 0.99).es == pytest.approx(2.6652, abs=5e-5)


def test_ten_days_of_a_normal_drift_with_time_and_spread_with_its_root():
    pnl = returns() + 0.001
    mean, sd = pnl.mean(), pnl.std(ddof=1)
    expected = stats.norm.ppf(0.99) * sd * math.sqrt(10) - 10 * mean
    assert risk(pnl, "parametric", 0.99, 10).var == pytest.approx(expected)
    assert risk(pnl, "historical", 0.99, 10).var == pytest.approx(
        risk(pnl, "historical", 0.99).var * math.sqrt(10)
    )


def test_the_ewma_variance_is_the_textbook_step():
    # Hull, Risk Management and Financial Institutions, example 5.2: decay 0.9, 1 % a day, then a move of 2 %.
    pnl = np.append(np.full(500, 0.01), 0.02)
    assert ewma_variance(pnl, decay=0.9) == pytest.approx(0.00013, rel=1e-9)


def test_the_ewma_variance_is_that_of_statsmodels_and_arch():
    from arch.univariate import EWMAVariance

    pnl = returns()
    weights = 0.94 ** np.arange(pnl.size)[::-1]
    assert ewma_variance(pnl) == pytest.approx(DescrStatsW(pnl**2, weights=weights).mean, rel=1e-12)
    # arch 8.0: the recursion itself, from any start; 600 days on, the start is forgotten.
    sigma2 = np.empty(pnl.size + 1)
    model = EWMAVariance(0.94)
    model.compute_variance(
        np.empty(0), np.append(pnl, 0.0), sigma2, pnl.var(), np.ones((pnl.size + 1, 2)) * [0, 9]
    )
    assert ewma_variance(pnl) == pytest.approx(sigma2[-1], rel=1e-9)


def test_cornish_fisher_by_hand():
    # z squared and cubed written out; the four terms added one by one.
    z = -2.3263478740408408
    square, cube = 5.411894431, -12.589949125
    expected = z + (square - 1) * -0.5 / 6 + (cube - 3 * z) / 24 - (2 * cube - 5 * z) * 0.25 / 36
    assert cornish_fisher(z, skewness=-0.5, excess_kurtosis=1.0) == pytest.approx(expected, abs=1e-8)
    assert cornish_fisher(z, skewness=0.0, excess_kurtosis=0.0) == z


def test_the_shortfall_of_cornish_fisher_is_the_integral_of_its_quantile():
    pnl = returns(1000, seed=5)
    s, k = stats.skew(pnl), stats.kurtosis(pnl)
    bent = lambda p: cornish_fisher(stats.norm.ppf(p), skewness=s, excess_kurtosis=k)  # noqa: E731
    mean_quantile = integrate.quad(bent, 0, 0.05)[0] / 0.05
    expected = -pnl.mean() - pnl.std(ddof=1) * mean_quantile
    assert risk(pnl, "cornish_fisher").es == pytest.approx(expected, rel=1e-6)


def test_without_skew_and_fat_tails_the_bent_quantile_is_the_normal_one():
    p = (np.arange(1, 20_001) - 0.5) / 20_000
    pnl = stats.norm.ppf(p)
    assert risk(pnl, "cornish_fisher").var == pytest.approx(risk(pnl, "parametric").var, abs=2e-3)
    assert risk(pnl, "monte_carlo").var == pytest.approx(1.645, abs=0.1)


def test_monte_carlo_reads_the_tail_of_the_student_it_draws():
    pnl = stats.t.ppf((np.arange(1, 5001) - 0.5) / 5000, 8)
    drawn = tail_risk(pnl, method="monte_carlo", confidence=0.99, draws=60_000)
    excess = stats.kurtosis(pnl)
    freedom = 4 + 6 / excess
    expected = -stats.t.ppf(0.01, freedom) * math.sqrt((freedom - 2) / freedom) * pnl.std(ddof=1)
    assert drawn.var == pytest.approx(expected, rel=0.03)


def test_a_filtered_history_follows_the_volatility_of_now():
    random = np.random.default_rng(11)
    shocks = random.standard_normal(1500)
    pnl, variance = np.empty(1500), 1.0
    for t in range(1500):
        pnl[t] = math.sqrt(variance) * shocks[t]
        variance = 0.05 + 0.10 * pnl[t] ** 2 + 0.85 * variance
    truth = 1.645 * math.sqrt(variance)
    assert risk(pnl, "filtered_historical").var == pytest.approx(truth, rel=0.12)
    calm = np.append(pnl, np.full(60, 0.01))
    assert risk(calm, "filtered_historical").var < 0.85 * risk(calm, "historical").var


def test_the_same_seed_gives_the_same_figure_and_another_seed_another():
    pnl = returns()
    for method in ("monte_carlo", "filtered_historical"):
        assert risk(pnl, method, days=10).var == risk(pnl, method, days=10).var
        assert risk(pnl, method, days=10).var != risk(pnl, method, days=10, seed=1).var


@pytest.mark.parametrize("method", METHODS)
def test_the_shortfall_is_never_below_the_var_and_both_grow_with_confidence(method):
    pnl = returns()
    wide, deep = risk(pnl, method), risk(pnl, method, 0.99)
    assert 0 < wide.var <= wide.es
    assert wide.var < deep.var <= deep.es


@pytest.mark.parametrize("method", METHODS)
def test_twice_the_position_is_twice_the_risk_and_order_matters_only_to_the_filters(method):
    pnl = returns()
    once, twice = risk(pnl, method, days=10), risk(2 * pnl, method, days=10)
    assert twice.var == pytest.approx(2 * once.var, rel=1e-6)
    assert twice.es == pytest.approx(2 * once.es, rel=1e-6)
    mixed = risk(np.random.default_rng(2).permutation(pnl), method).var
    if method in {"ewma", "filtered_historical"}:
        assert mixed != pytest.approx(risk(pnl, method).var, rel=1e-6)
    else:
        assert mixed == pytest.approx(risk(pnl, method).var, rel=1e-9)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("pnl", [np.array([]), np.array([1.0]), np.full(20, np.nan)])
def test_too_few_observations_are_a_reason(method, pnl):
    found = risk(pnl, method)
    assert (found.var, found.es) == (None, None)
    assert found.reason.startswith("needs ")


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("value", [0.0, -1.0, 1e-9, 1e12])
def test_a_constant_series_is_a_number_or_a_reason(method, value):
    found = risk(np.full(400, value), method)
    if found.var is None:
        assert "equal" in found.reason
    elif method == "ewma":
        assert found.var == pytest.approx(1.6448536 * abs(value))
    else:
        assert found.var == pytest.approx(-value)


@pytest.mark.parametrize("method", METHODS)
def test_all_losses_are_a_loss(method):
    found = risk(-np.abs(returns()) - 0.001, method)
    assert (found.var is not None and found.var > 0) or found.reason


def test_a_wild_skew_lies_outside_the_domain_of_the_expansion():
    pnl = np.zeros(400)
    pnl[0] = 1.0
    assert "domain" in risk(pnl, "cornish_fisher").reason


def test_an_unknown_method_or_confidence_is_refused():
    with pytest.raises(ValueError, match="no method"):
        tail_risk(returns(), method="guess")
    with pytest.raises(ValueError, match="confidence"):
        tail_risk(returns(), confidence=95)
    with pytest.raises(ValueError, match="holding period"):
        tail_risk(returns(), days=0)


def test_the_table_names_every_convention():
    table = tail_table(returns(), unit="fraction", draws=FEW)
    assert len(table) == len(METHODS) * 2 * 2 * 2
    assert {record["name"] for record in table} == {"value_at_risk", "expected_shortfall"}
    first = table[0]
    assert first["low"] < first["value"] < first["high"]
    assert {"method", "confidence", "days", "scaling", "sign"} <= set(first["convention"])
    drawn = {record["convention"]["method"] for record in table if "seed" in record["convention"]}
    assert drawn == {"filtered_historical", "monte_carlo"}
    assert all(record["value"] is not None and math.isfinite(record["value"]) for record in table)
    assert all(record["reason"] for record in tail_table(np.array([0.1]), draws=FEW))


def test_the_interval_of_the_var_covers_the_truth():
    random = np.random.default_rng(4)
    held = 0
    for _ in range(400):
        low, high = quantile_interval(random.standard_normal(500), confidence=0.95)
        held += low <= 1.6448536 <= high
    assert held / 400 == pytest.approx(0.955, abs=0.03)
    assert quantile_interval(random.standard_normal(120), confidence=0.99) is None


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize(
    "pnl",
    [
        np.full(400, 1e200),
        np.append(np.zeros(399), -1e150),
        np.linspace(-1, 0, 400),
        np.tile([-1e-9, 1e-9], 200),
    ],
)
def test_absurd_series_are_a_finite_number_or_a_reason(method, pnl):
    found = risk(pnl, method, days=10)
    assert found.reason or (math.isfinite(found.var) and found.es >= found.var)
