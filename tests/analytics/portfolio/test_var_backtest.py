"""Back-tests of value at risk and expected shortfall: published examples, simulated truth, edges."""

import numpy as np
import pytest
from scipy import stats

from analytics.portfolio.var_backtest import (
    acerbi_szekely,
    basel_zone,
    christoffersen_coverage,
    christoffersen_independence,
    exceptions,
    kupiec,
    transitions,
)


def pattern(n, *places) -> np.ndarray:
    hits = np.zeros(n, dtype=bool)
    hits[list(places)] = True
    return hits


@pytest.mark.parametrize(
    ("hits", "confidence", "ratio", "p"),
    [(17, 0.99, 3.5118, 0.060933), (57, 0.95, 0.46147, 0.49694)],
)
def test_kupiec_gives_the_published_example(hits, confidence, ratio, p):
    # MATLAB Risk Management Toolbox, varbacktest pof example, 1,043 observations.
    found = kupiec(hits, 1043, confidence=confidence)
    assert (found.statistic, found.p_value) == (pytest.approx(ratio, abs=5e-5), pytest.approx(p, abs=5e-6))
    assert not found.rejected


def test_independence_gives_the_published_example():
    # MATLAB Risk Management Toolbox, varbacktest cci example: 932, 53, 53, 4.
    found = transitions(932, 53, 53, 4)
    assert found.statistic == pytest.approx(0.25866, abs=5e-6)
    assert found.p_value == pytest.approx(0.61104, abs=5e-6)


def test_both_together_give_the_published_example():
    # The same example's series: 57 exceptions, 4 of them on the day after one, none first or last.
    places = [10 * k for k in range(1, 54)] + [11, 21, 31, 41]
    hits = pattern(1043, *places)
    order = christoffersen_independence(hits).counts
    assert order == {"n00": 932, "n01": 53, "n10": 53, "n11": 4}
    found = christoffersen_coverage(hits, confidence=0.95)
    assert found.statistic == pytest.approx(0.72013, abs=5e-6)
    assert found.p_value == pytest.approx(0.69763, abs=5e-6)


def test_clustered_exceptions_are_not_independent():
    assert christoffersen_independence(pattern(250, *range(100, 108))).rejected
    assert not christoffersen_independence(pattern(250, *range(5, 245, 30))).rejected


def test_two_thousand_correct_models_are_rejected_one_time_in_twenty():
    # 1,000 days at 95 %: counts are fine-grained enough for the test to come near its size.
    random = np.random.default_rng(20)
    pnl = random.standard_normal((2000, 1000))
    var = np.full(1000, stats.norm.ppf(0.95))
    rejected = [kupiec(int(exceptions(row, var).sum()), 1000, confidence=0.95).rejected for row in pnl]
    assert np.mean(rejected) == pytest.approx(0.05, abs=0.015)


def test_the_zones_are_basel_s_table():
    zones = [basel_zone(k) for k in range(12)]
    assert [z.zone for z in zones] == ["green"] * 5 + ["yellow"] * 5 + ["red"] * 2
    assert [z.add_on for z in zones] == [0] * 5 + [0.4, 0.5, 0.65, 0.75, 0.85, 1, 1]
    # Cumulative probabilities of the same table: 89.22, 95.88, 98.63, 99.60, 99.89, 99.97, 99.99 %.
    assert [round(100 * z.probability, 2) for z in zones[4:11]] == [
        89.22, 95.88, 98.63, 99.60, 99.89, 99.97, 99.99,
    ]  # fmt: skip


def test_other_windows_have_zones_but_no_add_on():
    found = basel_zone(30, 500, confidence=0.95)
    assert (found.zone, found.add_on) == ("green", None)
    assert found.from_yellow < found.from_red
    assert basel_zone(0, 0) is None


def test_the_shortfall_statistic_by_hand():
    # Four days at 75 %: one exception expected. Losses of 3 and 4 against a shortfall of 2: 1 - 3.5 = -2.5.
    pnl, var, es = np.array([-3.0, 1.0, -4.0, 0.5]), np.full(4, 1.0), np.full(4, 2.0)
    found = acerbi_szekely(pnl, var, es, confidence=0.75)
    assert found.statistic == pytest.approx(-2.5)
    assert found.counts == {"exceptions": 2, "expected": 1, "mean_severity": pytest.approx(1.75)}


def test_the_critical_values_of_the_shortfall_test_are_the_published_ones():
    # Acerbi and Szekely 2014: -0.70 at 5 % for 250 days at 97.5 %, normal and Student t alike.
    flat = np.zeros(250)
    for freedom in (None, 10):
        for statistic, rejected in ((-0.62, False), (-0.80, True)):
            # One loss large enough to bring Z2 to where it is wanted.
            pnl = flat.copy()
            pnl[0] = (statistic - 1) * 250 * 0.025
            found = acerbi_szekely(pnl, flat + 1, flat + 1, confidence=0.975, freedom=freedom)
            assert found.statistic == pytest.approx(statistic)
            assert found.rejected is rejected


def test_a_correct_shortfall_is_rejected_one_time_in_twenty_and_a_halved_one_always():
    random = np.random.default_rng(8)
    z = stats.norm.ppf(0.975)
    var, es = np.full(250, z), np.full(250, stats.norm.pdf(z) / 0.025)
    told = [
        acerbi_szekely(random.standard_normal(250), var, es, confidence=0.975, draws=2000).rejected
        for _ in range(400)
    ]
    assert np.mean(told) == pytest.approx(0.05, abs=0.035)
    low = acerbi_szekely(random.standard_normal(250), var / 2, es / 2, confidence=0.975)
    assert low.rejected
    assert low.statistic < -1.8


def test_scale_does_not_matter_and_the_order_only_to_independence():
    random = np.random.default_rng(1)
    pnl, var = random.standard_normal(500), np.full(500, 1.3)
    assert (exceptions(pnl, var) == exceptions(1e6 * pnl, 1e6 * var)).all()
    once = acerbi_szekely(pnl, var, 1.5 * var, confidence=0.9)
    assert acerbi_szekely(7 * pnl, 7 * var, 10.5 * var, confidence=0.9).statistic == pytest.approx(
        once.statistic
    )
    assert acerbi_szekely(pnl[::-1], var, 1.5 * var, confidence=0.9).statistic == pytest.approx(
        once.statistic
    )


def test_edges_are_reasons():
    none = np.array([])
    assert kupiec(0, 0, confidence=0.99).reason == "no period to test"
    assert christoffersen_independence(pattern(1)).reason == "needs 2 periods"
    assert christoffersen_independence(pattern(50)).reason == "no exception is followed by a period"
    assert christoffersen_independence(np.ones(50, dtype=bool)).reason == "every period is an exception"
    assert christoffersen_coverage(pattern(50), confidence=0.99).reason
    assert acerbi_szekely(none, none, none, confidence=0.99).reason == "no period to test"
    ones = np.ones(5)
    assert (
        acerbi_szekely(ones, ones, 0 * ones, confidence=0.99).reason == "a forecast shortfall is not a loss"
    )


def test_no_exception_at_all_and_nothing_but_exceptions_have_a_statistic():
    quiet, loud = kupiec(0, 250, confidence=0.99), kupiec(250, 250, confidence=0.99)
    assert quiet.statistic == pytest.approx(-2 * 250 * np.log(0.99))
    assert quiet.rejected
    assert np.isfinite(loud.statistic)
    assert loud.rejected


def test_unknown_days_are_left_out_and_lengths_must_agree():
    assert exceptions(np.array([-2.0, np.nan, -2.0]), np.array([1.0, 1.0, np.nan])).tolist() == [True]
    with pytest.raises(ValueError, match="same periods"):
        exceptions(np.zeros(2), np.zeros(3))
    with pytest.raises(ValueError, match="same periods"):
        acerbi_szekely(np.zeros(2), np.zeros(2), np.zeros(3), confidence=0.99)
