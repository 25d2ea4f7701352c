"""Forecasts evening by evening, and the tests of their whole distribution."""

import numpy as np
import pytest
from scipy import stats

from analytics.portfolio.var import METHODS, tail_risk
from analytics.portfolio.var_backtest import exceptions, kupiec
from analytics.portfolio.var_calibration import pit_uniformity, volatility_bias
from analytics.portfolio.var_forecast import NOTHING, Evenings, filtered_evenings, forecasts, replayed


def evenings(pnl, realised, held=True):
    return Evenings([pnl], [held], np.array([realised]))


def normal(n=400, seed=4):
    return np.random.default_rng(seed).standard_normal(n) * 1000


@pytest.mark.parametrize("method", METHODS)
def test_an_evening_says_what_the_method_says_of_its_replay(method):
    pnl = normal()
    row = forecasts(evenings(pnl, 0.0), method=method, confidence=0.99).row(0, named=True)
    alone = tail_risk(pnl, method=method, confidence=0.99, draws=4_000)
    tail = tail_risk(pnl, method=method, confidence=0.975, draws=4_000)
    assert (row["var"], row["es"]) == pytest.approx((alone.var, alone.es))
    assert (row["tail_var"], row["tail_es"]) == pytest.approx((tail.var, tail.es))
    assert row["reason"] is None
    assert row["pit"] == pytest.approx(0.5, abs=0.06)


@pytest.mark.parametrize("method", METHODS)
def test_a_loss_of_exactly_the_var_lies_at_one_per_cent(method):
    pnl = normal(500, seed=8)
    told = forecasts(evenings(pnl, 0.0), method=method).row(0, named=True)
    row = forecasts(evenings(pnl, -told["var"]), method=method).row(0, named=True)
    assert row["pit"] == pytest.approx(0.01, abs=0.004)


@pytest.mark.parametrize(
    ("pnl", "held", "reason"),
    [
        (np.zeros(300), False, NOTHING),
        (normal(10), True, "needs 250 observations, has 10"),
        (np.full(300, 2.0), True, "all observations are equal: no volatility to fit"),
    ],
)
def test_a_filtered_forecast_that_is_not_possible_says_why(pnl, held, reason):
    (told,) = filtered_evenings(evenings(pnl, 1.0, held), confidences=[0.99])
    assert (told.var, told.reason) == ({}, reason)
    assert forecasts(evenings(pnl, 1.0, held), method="filtered_historical")["reason"][0] == reason


@pytest.mark.parametrize("method", [m for m in METHODS if m != "filtered_historical"])
def test_short_and_flat_histories_give_a_reason_or_a_number_but_never_infinity(method):
    for pnl in (np.empty(0), normal(1), normal(99), np.zeros(300), np.full(300, -5.0), normal(300) * 1e300):
        row = forecasts(evenings(pnl, -1.0), method=method).row(0, named=True)
        numbers = [value for value in row.values() if isinstance(value, float)]
        assert np.isfinite(numbers).all()
        assert row["var"] is not None or row["reason"]
    assert forecasts(evenings(normal(), -1.0, held=False), method=method)["reason"][0] == NOTHING


def test_holdings_are_replayed_over_the_sessions_known_that_evening():
    returns = np.array([[0.01, np.nan], [0.02, 0.1], [-0.03, 0.2]])
    values = np.array([[100.0, 0.0], [100.0, 10.0], [0.0, np.nan]])
    first, second, third = replayed(values, returns, window=500, last=3)
    assert first == pytest.approx([1.0])
    assert second == pytest.approx([2.0 + 1.0])  # the first session has no return of both
    assert third.size == 0
    assert len(replayed(values, returns, window=1, last=2)) == 2
    assert replayed(values[:2], returns[:2], window=1, last=1)[0] == pytest.approx([3.0])


def test_correct_models_are_rejected_as_often_as_declared():
    random = np.random.default_rng(11)
    rejected = 0
    for _ in range(2_000):
        hits = exceptions(random.standard_normal(1_000), np.full(1_000, stats.norm.ppf(0.95)))
        rejected += bool(kupiec(int(hits.sum()), hits.size, confidence=0.95).rejected)
    assert rejected / 2_000 == pytest.approx(0.05, abs=0.015)


def test_uniform_places_hold_and_others_do_not():
    random = np.random.default_rng(6)
    places = random.uniform(size=250)
    ours = pit_uniformity(np.append(places, np.nan))
    theirs = stats.kstest(places, "uniform")
    assert (ours.statistic, ours.p_value, ours.n) == pytest.approx((theirs.statistic, theirs.pvalue, 250))
    assert not ours.rejected
    assert pit_uniformity(places**2).rejected
    assert pit_uniformity(places[:29]).reason == "needs 30 periods, has 29"


def test_uniform_places_are_rejected_as_often_as_declared():
    random = np.random.default_rng(7)
    found = [bool(pit_uniformity(random.uniform(size=250)).rejected) for _ in range(1_000)]
    assert np.mean(found) == pytest.approx(0.05, abs=0.02)


def test_the_bias_of_a_right_volatility_is_one_and_doubling_the_risk_doubles_it():
    pnl = normal(4_000, seed=9)
    right = volatility_bias(pnl, np.full(4_000, 1000.0))
    assert right.statistic == pytest.approx(np.std(pnl / 1000, ddof=1))
    assert not right.rejected
    double = volatility_bias(2 * pnl, np.full(4_000, 1000.0))
    assert double.statistic == pytest.approx(2 * right.statistic)
    assert double.rejected


def test_the_bias_of_right_volatilities_is_rejected_as_often_as_declared():
    random = np.random.default_rng(10)
    found = [
        bool(volatility_bias(random.standard_t(6, 500), np.full(500, np.sqrt(6 / 4))).rejected)
        for _ in range(1_000)
    ]
    assert np.mean(found) == pytest.approx(0.05, abs=0.04)


def test_a_bias_that_cannot_be_told_says_why():
    assert volatility_bias(np.zeros(100), np.ones(100)).reason == "the realised P&L does not vary"
    assert volatility_bias(normal(100), np.zeros(100)).reason == "needs 30 periods, has 0"
    with pytest.raises(ValueError, match="same periods"):
        volatility_bias(np.zeros(2), np.zeros(3))
