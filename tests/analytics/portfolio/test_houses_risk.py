"""Tails as other houses take them, against numpy, scipy and cases counted by hand."""

import math

import numpy as np
import pytest
from scipy import stats

from analytics.portfolio.houses_risk import concentration_readings, tail_readings

# 1 to 200 lost, in any order: every quantile can be counted.
LOSSES = -np.random.default_rng(3).permutation(np.arange(1.0, 201.0))
DRAWN = np.random.default_rng(5).standard_t(4, size=500) * 1_000


def told(readings):
    return {reading.convention.partition(",")[0].partition(" (")[0]: reading for reading in readings}


def test_quantiles_of_a_counted_sample_are_those_of_their_definition():
    found = [r.value for r in tail_readings("value_at_risk", LOSSES, confidence=0.99)]
    # Type 7: place 199 x 0.01 = 1.99 above the worst; type 1: the 2nd worst; type 6: place 201 x 0.01 = 2.01.
    assert found[:3] == pytest.approx([200 - 1.99, 199.0, 198.99])


@pytest.mark.parametrize("confidence", [0.95, 0.99])
def test_normal_tails_are_those_of_scipy(confidence):
    found = told(tail_readings("value_at_risk", DRAWN, confidence=confidence))
    fitted = stats.norm(DRAWN.mean(), DRAWN.std(ddof=1))
    assert found["normal"].value != fitted.ppf(1 - confidence)
    values = [r.value for r in tail_readings("value_at_risk", DRAWN, confidence=confidence)]
    assert values[3] == pytest.approx(-fitted.ppf(1 - confidence))
    assert values[4] == pytest.approx(-stats.norm(0, math.sqrt(np.mean(DRAWN**2))).ppf(1 - confidence))
    assert values[5] == pytest.approx(-stats.norm(DRAWN.mean(), DRAWN.std()).ppf(1 - confidence))
    assert values[6] == pytest.approx(values[0] + DRAWN.mean())


def test_shortfalls_of_a_counted_sample():
    found = [r.value for r in tail_readings("expected_shortfall", LOSSES, confidence=0.975)]
    # 5 worst of 200; beyond the type 7 quantile (place 4.975) lie the same 5.
    assert found[:3] == pytest.approx([198.0, 198.0, 198.0])
    odd = [r.value for r in tail_readings("expected_shortfall", LOSSES[LOSSES != -1], confidence=0.975)]
    # 199 x 0.025 = 4.975: four count fully and 0.975 of the fifth; beyond the quantile lie 5, whole ones are 4.
    assert odd[:3] == pytest.approx([(200 + 199 + 198 + 197 + 0.975 * 196) / 4.975, 198.0, 198.5])


def test_a_normal_shortfall_is_the_mean_of_the_tail():
    found = [r.value for r in tail_readings("expected_shortfall", DRAWN, confidence=0.975)]
    fitted = stats.norm(DRAWN.mean(), DRAWN.std(ddof=1))
    worst = fitted.expect(lambda x: x, lb=-np.inf, ub=fitted.ppf(0.025), conditional=True)
    assert found[3] == pytest.approx(-worst, rel=1e-6)


def test_ten_days_by_the_root_of_time_and_by_sums():
    pnl = np.tile([1.0, -2.0, 3.0, -4.0, 5.0], 300)
    found = tail_readings("value_at_risk", pnl, confidence=0.99, days=10)
    one_day = tail_readings("value_at_risk", pnl, confidence=0.99)[0].value
    # Any ten days in a row hold the pattern twice: 2 x 3 gained.
    assert [r.value for r in found] == pytest.approx([one_day * math.sqrt(10), -6.0, -6.0])
    assert found[1].difference == pytest.approx(-6.0 - one_day * math.sqrt(10))


def test_too_short_a_history_has_no_tail_and_no_other_measure_has_readings():
    assert {r.value for r in tail_readings("value_at_risk", DRAWN[:99], confidence=0.99)} == {None}
    assert tail_readings("value_at_risk", DRAWN[:300], confidence=0.99, days=10)[2].value is None
    assert tail_readings("drawdown", DRAWN, confidence=0.99) == []


def test_concentration_of_four_holdings():
    found = [r.value for r in concentration_readings(np.array([0.4, 0.3, 0.2, 0.1]))]
    assert found == pytest.approx([0.3, (0.3 - 0.25) / 0.75, 0.4, 1.0, 1.0])
    assert concentration_readings(np.empty(0)) == []
