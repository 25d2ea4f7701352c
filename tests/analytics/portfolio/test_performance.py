"""Returns and what is measured on them: hand cases, and the published example where it is at hand."""

import math
from datetime import date
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from analytics.portfolio import performance as measure
from analytics.portfolio.returns import daily_returns, drawdown, total_return

BACON = Path("../shared/data/reference/bacon.csv")
NONE = np.array([])
ONE = np.array([0.01])


def nav(*rows) -> pl.DataFrame:
    days = [date(2026, 11, 16 + n) for n in range(len(rows))]
    return pl.DataFrame(
        {"date": days, "nav": [r[0] for r in rows], "flow": [r[1] for r in rows]},
        schema={"date": pl.Date, "nav": pl.Float64, "flow": pl.Float64},
    )


def test_a_flow_at_the_start_earns_the_day():
    found = daily_returns(nav((101, 100), (212.1, 100), (212.1, None)))["return"].to_list()
    assert found == pytest.approx([0.01, 212.1 / 201 - 1, 0])


def test_a_flow_at_the_end_does_not():
    found = daily_returns(nav((100, 100), (211, 110), (205, 0)), timing="end")["return"].to_list()
    assert found[0] is None
    assert found[1:] == pytest.approx([0.01, 205 / 211 - 1])


def test_an_unknown_value_or_an_empty_account_has_no_return():
    found = daily_returns(nav((100, 0), (None, 0), (100, 0), (0, -100), (5, 5)))["return"].to_list()
    assert found == [None, None, None, None, 0]


def test_an_unknown_flow_timing_is_refused():
    with pytest.raises(ValueError, match="start or at the end"):
        daily_returns(nav((1, 1)), timing="noon")


def test_the_first_loss_counts_against_the_starting_value():
    r = np.array([-0.1, 0.05, 0.2])
    assert drawdown(r).tolist() == pytest.approx([-0.1, -0.055, 0])
    assert measure.max_drawdown(r) == pytest.approx(-0.1)
    assert measure.max_drawdown(np.array([0.1, 0.1])) == 0


def test_hand_cases():
    r = np.array([0.01, -0.02, 0.03, 0.0])
    sd = math.sqrt(sum((x - 0.005) ** 2 for x in r) / 3)
    assert total_return(r) == pytest.approx(1.01 * 0.98 * 1.03 - 1)
    assert measure.annualised_volatility(r) == pytest.approx(sd * math.sqrt(252))
    assert measure.sharpe_ratio(r, risk_free=0.001) == pytest.approx(0.004 / sd * math.sqrt(252))
    assert measure.sortino_ratio(r) == pytest.approx(0.005 / math.sqrt(0.02**2 / 4) * math.sqrt(252))
    assert measure.omega_ratio(r) == pytest.approx(2)
    assert measure.hit_rate(r) == 0.5
    assert measure.beta(2 * r + 0.01, r) == pytest.approx(2)
    assert measure.tracking_error(r + 0.01, r) == pytest.approx(0, abs=1e-12)
    assert measure.information_ratio(r, np.zeros(4)) == pytest.approx(measure.sharpe_ratio(r))


def test_less_than_a_year_is_not_annualised():
    assert measure.annualised_return(np.full(251, 0.001)) is None
    assert measure.annualised_return(np.full(504, 0.001)) == pytest.approx(1.001**252 - 1)
    assert measure.calmar_ratio(np.append(np.full(300, 0.001), -0.1)) is not None
    assert measure.annualised_return(np.array([-1.0]), periods=1) is None


@pytest.mark.parametrize("r", [NONE, ONE])
def test_too_few_returns_have_no_spread(r):
    for found in (
        measure.annualised_volatility(r), measure.sharpe_ratio(r), measure.sortino_ratio(r),
        measure.beta(r, r), measure.volatility_interval(r), measure.sharpe_interval(r),
        measure.calmar_ratio(r), measure.omega_ratio(r),
    ):  # fmt: skip
        assert found is None


def test_a_constant_series_has_no_ratio():
    flat = np.full(30, 0.01)
    assert measure.sharpe_ratio(flat) is None
    assert measure.beta(ONE.repeat(30), flat) is None
    assert measure.sortino_ratio(flat) is None


def test_series_of_other_lengths_are_refused():
    with pytest.raises(ValueError, match="same periods"):
        measure.beta(ONE, np.zeros(3))


def test_intervals_hold_what_they_promise():
    random = np.random.default_rng(7)
    held = {"volatility": 0, "sharpe": 0}
    for _ in range(400):
        r = random.normal(0.001, 0.01, 250)
        low, high = measure.volatility_interval(r)
        held["volatility"] += low <= 0.01 * math.sqrt(252) <= high
        low, high = measure.sharpe_interval(r)
        held["sharpe"] += low <= 0.1 * math.sqrt(252) <= high
    # 95 % of 400 is 380; three standard errors are 13.
    assert held["volatility"] == pytest.approx(380, abs=13)
    assert held["sharpe"] == pytest.approx(380, abs=13)


@pytest.mark.shared_data
@pytest.mark.skipif(not BACON.exists(), reason="the shared files are not beside the checkout")
def test_the_published_example_comes_out_to_the_last_digit():
    frame = pl.read_csv(BACON)
    r, b = frame["portfolio"].to_numpy(), frame["benchmark"].to_numpy()
    found = (
        measure.annualised_return(r, periods=12),
        measure.sharpe_ratio(r, periods=12),
        measure.beta(r, b),
        measure.max_drawdown(r),
        measure.omega_ratio(r, mar=0.005),
    )
    assert found == pytest.approx((0.10367829, 0.78832025, 0.99885021, -0.14467296, 1.29179331), abs=5e-9)
