"""The table of measures: complete, finite, with a reason for whatever is missing."""

import math

import numpy as np
import pytest
import statsmodels.api as sm

from analytics.portfolio.passport import passport
from analytics.portfolio.performance_table import performance_table
from tests.analytics.portfolio._bacon import BENCHMARK, PORTFOLIO

FIELDS = {"name", "value", "unit", "low", "high", "n", "reason", "convention"}


def table(r, b=None, **terms) -> dict:
    return {row["name"]: row for row in performance_table(r, benchmark=b, **terms)}


def test_the_book_s_table_is_complete_and_every_interval_holds_its_value():
    found = table(PORTFOLIO, BENCHMARK, periods=12)
    assert len(found) == len(performance_table(PORTFOLIO, benchmark=BENCHMARK, periods=12)) == 40
    for row in found.values():
        assert set(row) == FIELDS
        assert row["n"] == 24
        assert row["convention"]
        assert (row["value"], row["reason"]) != (None, None)
        assert row["reason"] is None or row["value"] is None
        if row["low"] is not None:
            assert row["low"] <= row["value"] <= row["high"]
    assert found["sharpe_ratio"]["value"] == pytest.approx(0.78832025, abs=5e-9)
    assert found["annualised_return"]["value"] == pytest.approx(0.10367829, abs=5e-9)
    assert found["treynor_ratio"]["value"] == pytest.approx(0.10367829 / 0.99885021, abs=5e-9)


def test_the_interval_of_beta_is_that_of_the_regression():
    found = table(PORTFOLIO, BENCHMARK, periods=12)["beta"]
    low, high = sm.OLS(PORTFOLIO, sm.add_constant(BENCHMARK)).fit().conf_int()[1]
    assert (found["low"], found["high"]) == (pytest.approx(low), pytest.approx(high))


def test_the_interval_of_the_hit_rate_is_wilson_s():
    from statsmodels.stats.proportion import proportion_confint

    found = table(PORTFOLIO, periods=12)["hit_rate"]
    low, high = proportion_confint(int((PORTFOLIO > 0).sum()), 24, method="wilson")
    assert (found["low"], found["high"]) == (pytest.approx(low), pytest.approx(high))


EDGES = {
    "nothing": np.array([]),
    "one": np.array([0.01]),
    "all unknown": np.full(30, np.nan),
    "zero": np.zeros(300),
    "constant": np.full(300, 0.001),
    "only losses": -np.abs(np.random.default_rng(1).normal(0, 0.01, 300)) - 1e-4,
    "ruin": np.append(np.full(299, 0.001), -1.0),
    "after ruin": np.append(-1.0, np.full(299, 0.001)),
    "beyond all measure": np.append(np.full(299, 1e9), 0.0),
    "below nothing": np.append(np.full(299, 0.001), -2.5),
    "infinite": np.append(np.full(299, 0.001), np.inf),
}


@pytest.mark.parametrize("name", EDGES)
@pytest.mark.parametrize("other", ["none", "same", "zero", "market"])
def test_edges_have_a_value_or_a_reason_and_never_an_infinity(name, other):
    r = EDGES[name]
    market = np.random.default_rng(5).normal(0, 0.01, r.size)
    b = {"none": None, "same": r, "zero": np.zeros(r.size), "market": market}[other]
    with np.errstate(divide="raise"):
        rows = performance_table(r, benchmark=b)
    assert len(rows) == (24 if b is None else 40)
    for row in rows:
        if row["value"] is None:
            assert row["reason"]
        else:
            assert math.isfinite(row["value"])
        assert all(bound is None or math.isfinite(bound) for bound in (row["low"], row["high"]))


def test_the_reason_says_what_is_missing():
    assert table(np.array([]))["sharpe_ratio"]["reason"] == "there is no return"
    assert table(np.array([0.01]))["sharpe_ratio"]["reason"] == "needs 2 returns, has 1"
    assert table(np.full(300, 0.01))["sharpe_ratio"]["reason"] == "the returns do not vary"
    assert table(np.full(30, 0.01))["annualised_return"]["reason"] == "needs a year (252 periods)"
    assert table(EDGES["ruin"])["annualised_return"]["reason"] == "the whole value was lost"
    assert table(np.full(300, 0.01))["calmar_ratio"]["reason"] == "there is no drawdown"
    assert table(PORTFOLIO, np.zeros(24))["beta"]["reason"] == "the benchmark does not vary"
    assert table(PORTFOLIO, -np.abs(BENCHMARK))["up_capture_arithmetic"]["reason"].endswith("no up period")


def test_the_order_of_the_periods_only_matters_to_the_drawdowns():
    mixed = np.random.default_rng(2).permutation(24)
    once = table(PORTFOLIO, BENCHMARK, periods=12)
    again = table(PORTFOLIO[mixed], BENCHMARK[mixed], periods=12)
    path = {"max_drawdown", "calmar_ratio", "pain_index", "ulcer_index", "pain_ratio", "martin_ratio",
            "time_under_water"}  # fmt: skip
    for name, row in once.items():
        if name not in path:
            assert again[name]["value"] == pytest.approx(row["value"], rel=1e-9), name
    assert again["max_drawdown"]["value"] != pytest.approx(once["max_drawdown"]["value"])


def test_unknown_periods_are_left_out_of_both_sides():
    r, b = np.insert(PORTFOLIO, 5, np.nan), np.insert(BENCHMARK, 5, 0.5)
    assert performance_table(r, benchmark=b, periods=12) == performance_table(
        PORTFOLIO, benchmark=BENCHMARK, periods=12
    )
    with pytest.raises(ValueError, match="same periods"):
        performance_table(PORTFOLIO, benchmark=BENCHMARK[1:])


def test_a_record_never_carries_an_infinity():
    found = passport("x", math.inf, unit="ratio", n=3, interval=(0.0, 1.0))
    assert (found["value"], found["low"], found["reason"]) == (None, None, "not defined for these values")
    found = passport("x", 1.0, unit="ratio", n=3, interval=(0.0, math.inf), reason="never")
    assert (found["value"], found["high"], found["reason"]) == (1.0, None, None)
