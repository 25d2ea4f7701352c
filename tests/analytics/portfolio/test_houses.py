"""Other houses' conventions: their own libraries' values on Bacon's data, and edges."""

import math

import numpy as np
import pytest

from analytics.portfolio.houses import AGAINST, NAMES, readings
from analytics.portfolio.performance_table import performance_table
from tests.analytics.portfolio._bacon import BENCHMARK, PORTFOLIO


def reading(name, word) -> float:
    found = readings(name, PORTFOLIO, benchmark=BENCHMARK, periods=12)
    return next(row.value for row in found if word in row.convention)


@pytest.mark.parametrize(
    ("name", "word", "value"),
    [
        # empyrical-reloaded 0.7.1
        ("alpha_arithmetic", "empyrical", -0.0122916542360757),
        ("up_capture_arithmetic", "empyrical", 0.9478779356059414),
        ("down_capture_arithmetic", "empyrical", 0.9864739725390025),
        ("sharpe_ratio", "empyrical", 0.7883202548144858),
        ("sortino_ratio", "empyrical", 1.3592165786838635),
        ("calmar_ratio", "empyrical", 0.7166390511623746),
        ("information_ratio", "empyrical", -0.10726723360428558),
        # quantstats 0.0.86
        ("ulcer_index", "quantstats", 0.06250022893381009),
        ("treynor_ratio", "quantstats", 0.2183568320235797),
        ("skewness", "quantstats", -0.08817174934967531),
        ("excess_kurtosis", "quantstats", -0.4076603211860869),
        ("alpha_arithmetic", "quantstats", -0.012361450139020194),
        # PerformanceAnalytics 2.1.0: annualised return over annualised deviation.
        ("sharpe_ratio", "PerformanceAnalytics", 0.10367828972980941 / 0.1370001586796923),
    ],
)
def test_each_house_reads_what_its_library_returns(name, word, value):
    assert reading(name, word) == pytest.approx(value, rel=1e-12)


def test_ours_comes_first_and_is_the_table_s():
    table = {row["name"]: row for row in performance_table(PORTFOLIO, benchmark=BENCHMARK, periods=12)}
    for name in NAMES:
        found = readings(name, PORTFOLIO, benchmark=BENCHMARK, periods=12)
        assert found[0].value == table[name]["value"]
        assert found[0].difference == 0
        assert len(found) > 1
        assert all(row.difference == pytest.approx(row.value - found[0].value) for row in found)


def test_a_first_period_that_loses_is_where_drawdowns_differ():
    found = readings("max_drawdown", np.array([-0.1, 0.05, 0.02]))
    assert [row.value for row in found] == [pytest.approx(-0.1), 0]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(
    "r",
    [np.array([]), np.array([0.01]), np.zeros(300), np.full(300, -0.01), np.append(np.zeros(299), -1.0),
     np.full(300, np.nan), np.full(300, 1e9), np.append(np.full(299, 0.01), -3.0)],
)  # fmt: skip
def test_edges_are_none_never_infinite(name, r):
    for benchmark in (np.zeros(r.size), r, np.linspace(-0.02, 0.01, r.size)):
        for row in readings(name, r, benchmark=benchmark):
            assert row.value is None or math.isfinite(row.value)
            assert row.difference is None or math.isfinite(row.difference)


def test_no_benchmark_or_no_dispute_is_no_reading():
    assert all(readings(name, PORTFOLIO) == [] for name in AGAINST)
    assert readings("hit_rate", PORTFOLIO) == []
    with pytest.raises(ValueError, match="same periods"):
        readings("skewness", PORTFOLIO, benchmark=BENCHMARK[1:])
