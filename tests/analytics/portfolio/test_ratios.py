"""Performance measures against published values and other libraries, on Bacon's 24 months and by hand."""

import math

import numpy as np
import pytest
import statsmodels.api as sm
from scipy import stats

from analytics.portfolio import performance, ratios
from tests.analytics.portfolio._bacon import BENCHMARK, PORTFOLIO

M = {"periods": 12}


def test_the_published_values_of_the_book():
    found = (
        performance.annualised_return(PORTFOLIO, **M),
        performance.sharpe_ratio(PORTFOLIO, **M),
        performance.beta(PORTFOLIO, BENCHMARK),
        performance.max_drawdown(PORTFOLIO),
        performance.omega_ratio(PORTFOLIO, mar=0.005),
    )
    assert found == pytest.approx((0.10367829, 0.78832025, 0.99885021, -0.14467296, 1.29179331), abs=5e-9)


def test_what_performance_analytics_says_of_the_book():
    # R PerformanceAnalytics 2.1.0, the values its documentation expects, to their printed digits.
    assert ratios.m2(PORTFOLIO, BENCHMARK, **M) == pytest.approx(0.10062, abs=5e-6)
    alpha = ratios.jensen_alpha(PORTFOLIO, BENCHMARK, form="geometric", **M)
    assert alpha == pytest.approx(-0.014, abs=5e-4)
    assert ratios.pain_index(PORTFOLIO) == pytest.approx(0.04, abs=5e-5)
    assert ratios.martin_ratio(PORTFOLIO, **M) == pytest.approx(1.70, abs=6e-3)
    assert ratios.excess_kurtosis(PORTFOLIO) == pytest.approx(-0.41, abs=5e-3)
    # Its modified Treynor divides by beta x sd(b), population, annualised.
    risk = np.std(BENCHMARK) * math.sqrt(12)
    assert ratios.treynor_ratio(PORTFOLIO, BENCHMARK, **M) / risk == pytest.approx(0.7975, abs=5e-5)


def test_what_empyrical_and_quantstats_say_of_the_book():
    # empyrical-reloaded 0.7.1: alpha (rf 0 and 0.002 a month) and tail_ratio.
    alpha = ratios.jensen_alpha(PORTFOLIO, BENCHMARK, form="compounded", **M)
    assert alpha == pytest.approx(-0.0122916542360757, abs=1e-15)
    alpha = ratios.jensen_alpha(PORTFOLIO, BENCHMARK, form="compounded", risk_free=0.002, **M)
    assert alpha == pytest.approx(-0.012318937801312657, abs=1e-15)
    assert ratios.tail_ratio(PORTFOLIO) == pytest.approx(1.1748310810810811, rel=1e-14)
    # quantstats 0.0.86; its ulcer index divides by n - 1, the definition by n.
    assert ratios.ulcer_index(PORTFOLIO) == pytest.approx(0.06250022893381009 * math.sqrt(23 / 24), rel=1e-12)
    assert ratios.gain_to_pain(PORTFOLIO) == pytest.approx(0.779783393501805, rel=1e-12)
    assert ratios.r_squared(PORTFOLIO, BENCHMARK) == pytest.approx(0.9397088580814588, rel=1e-12)


def test_moments_and_regression_are_those_of_scipy_and_statsmodels():
    assert ratios.skewness(PORTFOLIO) == pytest.approx(stats.skew(PORTFOLIO), rel=1e-12)
    assert ratios.excess_kurtosis(PORTFOLIO) == pytest.approx(
        stats.kurtosis(PORTFOLIO, bias=False), rel=1e-12
    )
    fit = sm.OLS(PORTFOLIO - 0.002, sm.add_constant(BENCHMARK - 0.002)).fit()
    alpha = ratios.jensen_alpha(PORTFOLIO, BENCHMARK, risk_free=0.002, **M)
    assert alpha == pytest.approx(12 * fit.params[0], rel=1e-9)
    assert ratios.correlation(PORTFOLIO, BENCHMARK) ** 2 == pytest.approx(fit.rsquared, rel=1e-12)


def test_capture_by_hand_in_three_forms():
    r, b = np.array([0.02, 0.10, -0.03, 0.05]), np.array([0.04, 0.10, -0.02, 0.0])
    assert ratios.capture(r, b) == pytest.approx(0.12 / 0.14)
    assert ratios.capture(r, b, form="cumulative") == pytest.approx(0.122 / 0.144)
    expected = (math.sqrt(1.122) - 1) / (math.sqrt(1.144) - 1)
    assert ratios.capture(r, b, form="geometric") == pytest.approx(expected)
    assert ratios.capture(r, b, side="down") == pytest.approx(1.5)
    with pytest.raises(ValueError, match="capture"):
        ratios.capture(r, b, side="sideways")
    with pytest.raises(ValueError, match="alpha"):
        ratios.jensen_alpha(r, b, form="other")


def test_the_probabilistic_sharpe_of_the_paper():
    # Bailey and Lopez de Prado 2012: 24 months, SR 0.458 a month; 0.982 if normal, 0.913 with its moments.
    given = {"target": 0.0, "n": 24}
    assert ratios.sharpe_probability(0.458, skew=0, kurt=3, **given) == pytest.approx(0.982, abs=5e-4)
    assert ratios.sharpe_probability(0.458, skew=-2.448, kurt=10.164, **given) == pytest.approx(
        0.913, abs=5e-4
    )


@pytest.mark.parametrize(
    ("periods", "skew", "kurt", "years"),
    [(252, 0, 3, 2.73), (52, 0, 3, 2.83), (12, 0, 3, 3.24), (12, -0.72, 5.78, 4.99)],
)
def test_the_track_record_of_the_paper(periods, skew, kurt, years):
    # The same: to be 95 % sure of more than 1 a year with a measured 2 a year.
    root = math.sqrt(periods)
    found = ratios.track_record_length(2 / root, target=1 / root, skew=skew, kurt=kurt)
    assert found / periods == pytest.approx(years, abs=6e-3)


def test_the_error_of_a_sharpe_is_lo_s_for_a_normal_and_wider_with_a_left_tail():
    r = stats.norm.ppf((np.arange(1, 2001) - 0.5) / 2000) * 0.01 + 0.001
    lo, opdyke = ratios.sharpe_error(r, method="lo"), ratios.sharpe_error(r)
    assert opdyke == pytest.approx(lo, rel=2e-3)
    once = r.mean() / r.std(ddof=1)
    assert lo == pytest.approx(math.sqrt((1 + once**2 / 2) / 2000 * 252), rel=1e-12)
    crash = np.append(np.full(200, 0.002) + r[:200] * 0.01, -0.02)
    assert ratios.sharpe_error(crash) > ratios.sharpe_error(crash, method="lo")
    with pytest.raises(ValueError, match="lo or opdyke"):
        ratios.sharpe_error(r, method="other")


def test_a_longer_record_is_surer_and_the_length_is_where_it_is_sure_enough():
    r = np.random.default_rng(3).normal(0.001, 0.01, 250)
    surer = ratios.probabilistic_sharpe_ratio(np.tile(r, 4))
    assert surer > ratios.probabilistic_sharpe_ratio(r) > 0.5
    once, skew, kurt = r.mean() / r.std(ddof=1), ratios.skewness(r), ratios.kurtosis(r)
    n = ratios.minimum_track_record_length(r)
    assert ratios.sharpe_probability(once, target=0, n=n, skew=skew, kurt=kurt) == pytest.approx(0.95)


def test_leverage_changes_what_it_should_and_nothing_else():
    twice = 2 * PORTFOLIO
    assert ratios.skewness(twice) == pytest.approx(ratios.skewness(PORTFOLIO))
    assert ratios.tail_ratio(twice) == pytest.approx(ratios.tail_ratio(PORTFOLIO))
    assert ratios.gain_to_pain(twice) == pytest.approx(ratios.gain_to_pain(PORTFOLIO))
    assert ratios.correlation(twice, BENCHMARK) == pytest.approx(ratios.correlation(PORTFOLIO, BENCHMARK))
    alpha = ratios.jensen_alpha(twice, BENCHMARK, **M)
    assert alpha == pytest.approx(2 * ratios.jensen_alpha(PORTFOLIO, BENCHMARK, **M))
    assert ratios.probabilistic_sharpe_ratio(twice) == pytest.approx(
        ratios.probabilistic_sharpe_ratio(PORTFOLIO)
    )
    assert ratios.capture(twice, BENCHMARK) == pytest.approx(2 * ratios.capture(PORTFOLIO, BENCHMARK))


def test_the_benchmark_itself_has_no_alpha_and_all_of_its_moves():
    for form in ratios.ALPHAS:
        alpha = ratios.jensen_alpha(BENCHMARK, BENCHMARK, form=form, risk_free=0.001, **M)
        assert alpha == pytest.approx(0, abs=1e-14)
    for form in ratios.CAPTURES:
        for side in ("up", "down"):
            assert ratios.capture(BENCHMARK, BENCHMARK, side=side, form=form) == pytest.approx(1)
    yearly = performance.annualised_return(BENCHMARK, **M)
    assert ratios.m2(BENCHMARK, BENCHMARK, risk_free=0.001, **M) == pytest.approx(yearly)
