"""The chance of reaching a limit: closed forms, an independent distribution, and silence where nothing is known."""

import math

import numpy as np
import pytest
from scipy.stats import binomtest, invgauss, norm

from analytics.portfolio.limit_forecast import expected_sessions, first_passage, forecast


def test_without_drift_the_reflection_principle_gives_twice_the_tail():
    assert first_passage(1.0, 0.0, 1.0, 1) == pytest.approx(2 * norm.sf(1.0), abs=1e-15)
    assert first_passage(0.2, 0.0, 0.05, 16) == pytest.approx(0.31731050786291415, abs=1e-15)


@pytest.mark.parametrize(("distance", "drift", "volatility", "sessions"), [
    (0.1, 0.005, 0.02, 10), (0.3, 0.02, 0.01, 20), (0.05, 0.001, 0.03, 5), (0.5, 0.05, 0.05, 3),
])  # fmt: skip
def test_with_drift_it_is_the_inverse_gaussian_distribution(distance, drift, volatility, sessions):
    mean, shape = distance / drift, distance**2 / volatility**2
    expected = invgauss.cdf(sessions, mu=mean / shape, scale=shape)
    assert first_passage(distance, drift, volatility, sessions) == pytest.approx(expected, abs=1e-12)


def test_a_drift_away_reaches_it_in_the_end_with_the_known_share_only():
    # P(ever) = exp(-2 |m| a / s^2) for a drift away from the barrier.
    assert first_passage(0.1, -0.01, 0.05, 1e7) == pytest.approx(
        math.exp(-2 * 0.01 * 0.1 / 0.05**2), abs=1e-9
    )


@pytest.mark.parametrize(("distance", "drift", "volatility", "sessions", "expected"), [
    (0.0, 0.0, 0.1, 5, 1.0),  # at the limit
    (-0.1, 0.0, 0.1, 5, 1.0),
    (0.1, 0.0, 0.1, 0, 0.0),
    (0.1, 0.02, 0.0, 5, 1.0),  # no noise: there exactly on the fifth session
    (0.1, 0.0199, 0.0, 5, 0.0),
    (1.0, 0.5, 1e-4, 1, 0.0),  # the factor alone would overflow
])  # fmt: skip
def test_the_ends_of_the_range(distance, drift, volatility, sessions, expected):
    assert first_passage(distance, drift, volatility, sessions) == expected


def test_the_mean_time_is_the_distance_over_the_drift():
    assert expected_sessions(0.3, 0.02) == pytest.approx(15.0)
    assert expected_sessions(0.3, 0.0) is None
    assert expected_sessions(0.3, -0.1) is None
    assert expected_sessions(0.0, -0.1) == 0.0


def zigzag(n: int, *, step: float = 0.01, drift: float = 0.0, start: float = 0.5) -> list[float]:
    return [start + drift * i + (step if i % 2 else 0.0) for i in range(n)]


def test_the_forecast_takes_drift_and_volatility_from_the_changes():
    used = zigzag(41, drift=0.01)
    changes = np.diff(used)
    found = forecast(used, horizon=10)
    expected = first_passage(1 - used[-1], changes.mean(), changes.std(ddof=1), 10)
    assert (found["n"], found["reason"]) == (40, None)
    assert found["probability"] == pytest.approx(expected)
    assert found["low"] < found["probability"] < found["high"]
    assert found["sessions"] == pytest.approx((1 - used[-1]) / 0.01)
    assert found["sessions_low"] < found["sessions"] < found["sessions_high"]


def test_the_fan_widens_around_the_drift_and_never_below_zero():
    found = forecast(zigzag(61, step=0.2, start=0.05), horizon=10)
    widths = [point["p90"] - point["p50"] for point in found["fan"]]
    assert [point["ahead"] for point in found["fan"]] == list(range(1, 11))
    assert widths == sorted(widths)
    assert min(point["p10"] for point in found["fan"]) == 0.0


@pytest.mark.parametrize(("used", "says"), [
    ([], "not known now"),
    ([0.5, None], "not known now"),
    (zigzag(20), "needs 20 sessions of change and there are 19"),
    ([0.5] * 40, "has not changed"),
    ([*zigzag(39), 1.01], "breached already"),
])  # fmt: skip
def test_it_is_silent_with_a_reason_where_the_history_does_not_tell(used, says):
    found = forecast(used, horizon=10)
    assert (found["probability"], found["sessions"]) == (None, None)
    assert says in found["reason"]


def test_at_the_limit_a_breach_is_certain_and_above_it_nothing_is_foretold():
    assert forecast([*zigzag(39), 1.0], horizon=5)["probability"] == 1.0
    assert forecast([*zigzag(39), 1.0 + 1e-9], horizon=5)["probability"] is None


def test_an_interval_as_wide_as_not_knowing_is_not_told():
    wide = forecast(zigzag(61, step=0.05, start=0.4), horizon=500)
    assert wide["probability"] is None
    assert "fits a breach as well as none" in wide["reason"]


def test_a_gap_in_the_history_is_left_out():
    used = zigzag(61)
    used[30] = None
    assert forecast(used, horizon=5)["n"] == 58


def test_what_happens_afresh_each_day_is_told_by_its_frequency():
    used = [0.5] * 18 + [1.2, 0.4]
    found = forecast(used, horizon=10, standing=False)
    assert found["method"] == "frequency"
    assert found["probability"] == pytest.approx(1 - 0.95**10)
    wilson = binomtest(1, 20).proportion_ci(0.9, method="wilson")
    assert found["low"] == pytest.approx(1 - (1 - wilson.low) ** 10)
    assert found["high"] == pytest.approx(1 - (1 - wilson.high) ** 10)
    assert found["sessions"] == pytest.approx(20.0)
    calm = forecast([0.5] * 30, horizon=10, standing=False)
    assert (calm["probability"], calm["low"], calm["sessions"]) == (0.0, 0.0, None)
    assert 0 < calm["high"] < 1
    assert "needs 20" in forecast([0.5] * 19, horizon=10, standing=False)["reason"]


def test_the_chance_agrees_with_simulated_walks():
    rng = np.random.default_rng(7)
    steps = 64  # to a session: a barrier between two closes counts for the formula
    paths = np.cumsum(rng.normal(0.004 / steps, 0.03 / np.sqrt(steps), (4000, 10 * steps)), axis=1)
    hit = (paths.max(axis=1) >= 0.1).mean()
    assert first_passage(0.1, 0.004, 0.03, 10) == pytest.approx(hit, abs=0.03)
