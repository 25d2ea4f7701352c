"""Measures of many series at once equal the measures of each."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analytics.portfolio.many import MEASURES, measures
from analytics.portfolio.performance_table import performance_table
from analytics.portfolio.risk import MIN_HISTORY, expected_shortfall, value_at_risk


def alone(series):
    table = {row["name"]: row["value"] for row in performance_table(series)}
    found = {name: table[name] for name in MEASURES if name in table}
    if series.size >= MIN_HISTORY:
        found["value_at_risk_95"] = value_at_risk(series, confidence=0.95)
        found["expected_shortfall_95"] = expected_shortfall(series, confidence=0.95)
    return found


def same(many, series, number):
    for name, value in alone(series).items():
        if value is None:
            assert np.isnan(many[name][number]), name
        else:
            assert many[name][number] == pytest.approx(value, rel=1e-10, abs=1e-12), name


@settings(max_examples=30, deadline=None)
@given(st.integers(1, 320), st.integers(1, 9), st.integers(1, 3), st.integers(0, 2**32 - 1))
def test_each_series_reads_as_it_does_alone(length, count, workers, seed):
    returns = np.random.default_rng(seed).normal(0.0003, 0.012, (count, length))
    many = measures(returns, workers=workers)
    for number, series in enumerate(returns):
        same(many, series, number)


@pytest.mark.parametrize(
    "series",
    [
        np.zeros(300),
        np.full(300, 0.01),
        np.full(300, -0.01),
        np.array([-1.0] + [0.1] * 299),
        np.array([0.02]),
    ],
    ids=["flat", "only gains", "only losses", "total loss", "one return"],
)
def test_what_is_not_defined_is_not_a_number(series):
    with np.errstate(all="ignore"):
        same(measures(series[None, :]), series, 0)


def test_more_series_than_fit_a_block_are_all_measured():
    returns = np.random.default_rng(3).normal(0, 0.01, (600, 500))
    assert np.array_equal(measures(returns, workers=2)["sharpe_ratio"], measures(returns)["sharpe_ratio"])
    same(measures(returns), returns[599], 599)


def test_no_periods_have_no_measures():
    assert all(np.isnan(values).all() for values in measures(np.empty((2, 0))).values())


def test_a_gap_is_refused():
    with pytest.raises(ValueError, match="finite return"):
        measures(np.array([[0.01, np.nan]]))
