"""Drawdowns, rolling measures, the calendar, the distribution; money-weighted returns."""

import math
from datetime import date, timedelta

import numpy as np
import pytest

from analytics.portfolio import performance
from analytics.portfolio.money_weighted import internal_rate_of_return, modified_dietz
from analytics.portfolio.periods import drawdown_table, monthly_returns, return_distribution, rolling
from analytics.portfolio.ratios import pain_index
from tests.analytics.portfolio._bacon import BENCHMARK, PORTFOLIO


def days(n, start=date(2026, 1, 1)) -> list[date]:
    return [start + timedelta(days=k) for k in range(n)]


def test_the_drawdowns_of_a_short_path_by_hand():
    # 1.00 0.90 0.99 1.08 1.08 0.81 1.08 1.188 1.0692
    r = np.array([-0.1, 0.1, 1.08 / 0.99 - 1, 0.0, -0.25, 1 / 0.75 - 1, 0.1, -0.1])
    found = drawdown_table(days(8), r).rows()
    day = days(8)
    assert found[0] == (day[3], day[4], day[5], pytest.approx(-0.25), 2, 1, 1)
    assert sorted(found[1:], key=lambda row: row[1]) == [
        (None, day[0], day[2], pytest.approx(-0.1), 3, 1, 2),
        (day[6], day[7], None, pytest.approx(-0.1), 1, 1, None),
    ]
    assert drawdown_table(day, r, top=1).height == 1


def test_the_deepest_of_the_book_is_its_max_drawdown():
    found = drawdown_table(days(24), PORTFOLIO, top=None)
    assert found["depth"][0] == pytest.approx(-0.14467296, abs=5e-9)
    assert found["depth"].is_sorted()
    assert pain_index(PORTFOLIO) <= -found["depth"][0]


def test_rolling_measures_are_the_plain_ones_of_each_window():
    found = rolling(days(24), PORTFOLIO, window=6, benchmark=BENCHMARK, periods=12)
    assert found.height == 19
    for place in (0, 7, 18):
        r, b = PORTFOLIO[place : place + 6], BENCHMARK[place : place + 6]
        row = found.row(place, named=True)
        assert row["date"] == days(24)[place + 5]
        assert row["return"] == pytest.approx(np.prod(1 + r) - 1)
        assert row["volatility"] == pytest.approx(performance.annualised_volatility(r, periods=12))
        assert row["sharpe"] == pytest.approx(performance.sharpe_ratio(r, periods=12))
        assert row["max_drawdown"] == pytest.approx(performance.max_drawdown(r))
        assert row["beta"] == pytest.approx(performance.beta(r, b))
        assert row["tracking_error"] == pytest.approx(performance.tracking_error(r, b, periods=12))


def test_rolling_over_a_constant_or_too_little_has_nulls_or_no_rows():
    still = rolling(days(10), np.full(10, 0.01), window=5, benchmark=np.zeros(10))
    assert still["sharpe"].null_count() == still["beta"].null_count() == 6
    assert rolling(days(4), np.zeros(4), window=5).height == 0
    assert rolling(days(6), np.zeros(6), window=5)["beta"].to_list() == [None, None]
    with pytest.raises(ValueError, match="two periods"):
        rolling(days(6), np.zeros(6), window=1)
    with pytest.raises(ValueError, match="one return a day"):
        rolling(days(6), np.zeros(5), window=2)


def test_months_compound_to_years_and_years_to_the_whole():
    r = np.random.default_rng(3).normal(0, 0.01, 500)
    found = monthly_returns(days(500, date(2025, 3, 10)), r)
    whole = found.filter(month=0)
    assert whole["year"].to_list() == [2025, 2026]
    assert np.prod(1 + whole["return"].to_numpy()) == pytest.approx(np.prod(1 + r))
    for year, expected in zip(whole["year"], whole["return"], strict=True):
        parts = found.filter(year=year).filter(month=0, year=year)["periods"][0]
        months = found.filter((found["year"] == year) & (found["month"] > 0))
        assert np.prod(1 + months["return"].to_numpy()) - 1 == pytest.approx(expected)
        assert months["periods"].sum() == parts
    assert monthly_returns([], np.array([])).height == 0


def test_splitting_a_period_changes_its_month_not():
    r = np.array([0.01, 0.02, -0.01])
    split = np.array([0.01, 0.005, 1.02 / 1.005 - 1, -0.01])
    day = days(4)
    once = monthly_returns([day[0], day[1], day[3]], r)["return"].to_list()
    assert monthly_returns(day, split)["return"].to_list() == pytest.approx(once)


def test_the_distribution_counts_everything_once():
    r = np.random.default_rng(3).normal(0, 0.01, 5000)
    found = return_distribution(r)
    assert found["count"].sum() == 5000
    assert found["normal"].sum() == pytest.approx(5000, rel=1e-2)
    assert (found["count"] - found["normal"]).abs().max() < 6 * math.sqrt(400)
    assert return_distribution(np.append(r, [np.nan, np.inf])).equals(found)
    assert return_distribution(np.array([])).height == 0
    assert return_distribution(np.full(9, 0.1)).rows() == [(0.1, 0.1, 9, None)]


def test_dietz_of_the_usual_example():
    # 100 at the start of two years, 50 paid in after one, 300 at the end: 150 / (100 + 50/2) = 120 %.
    found = modified_dietz(
        date(2025, 1, 1), date(2027, 1, 1), opening=100, closing=300,
        flows=[(date(2026, 1, 1), 50)], timing="end",
    )  # fmt: skip
    assert found.value == pytest.approx(1.2)


def test_dietz_weighs_a_flow_by_its_day():
    given = {"opening": 1000.0, "closing": 1200.0, "flows": [(date(2026, 6, 11), 100.0)]}
    late = modified_dietz(date(2026, 5, 31), date(2026, 6, 30), timing="end", **given).value
    early = modified_dietz(date(2026, 5, 31), date(2026, 6, 30), **given).value
    assert late == pytest.approx(100 / (1000 + 100 * 19 / 30))
    assert early == pytest.approx(100 / (1000 + 100 * 20 / 30))


def test_the_internal_rate_of_the_spreadsheet_example():
    # Microsoft's reference of XIRR: 0.373362535.
    flows = [
        (date(2008, 1, 1), -10_000), (date(2008, 3, 1), 2_750), (date(2008, 10, 30), 4_250),
        (date(2009, 2, 15), 3_250), (date(2009, 4, 1), 2_750),
    ]  # fmt: skip
    assert internal_rate_of_return(flows).value == pytest.approx(0.373362535, abs=5e-9)
    again = [(day, 1e6 * amount) for day, amount in reversed(flows)]
    assert internal_rate_of_return(again).value == pytest.approx(0.373362535, abs=5e-9)


def test_a_year_s_gain_is_the_rate_and_a_loss_below_zero():
    start, end = date(2025, 1, 1), date(2026, 1, 1)
    assert internal_rate_of_return([(start, -100), (end, 110)]).value == pytest.approx(0.1)
    assert internal_rate_of_return([(start, -100), (end, 1)]).value == pytest.approx(-0.99)
    assert internal_rate_of_return([(start, -100), (end, 100)]).value == pytest.approx(0, abs=1e-12)


def test_money_returns_that_do_not_exist_say_why():
    start, end = date(2025, 1, 1), date(2026, 1, 1)
    assert modified_dietz(start, start, opening=1, closing=1, flows=[]).reason == "the period has no day"
    assert "capital" in modified_dietz(start, end, opening=0, closing=0, flows=[]).reason
    for flows in ([], [(start, -1)], [(start, -1), (start, 2)], [(start, -1), (end, -1)]):
        assert internal_rate_of_return(flows).value is None
        assert "on different days" in internal_rate_of_return(flows).reason
    twice = [(start, -100), (end, 230), (date(2027, 1, 1), -132)]
    assert internal_rate_of_return(twice).reason == "several rates do"
    with pytest.raises(ValueError, match="outside the period"):
        modified_dietz(start, end, opening=1, closing=1, flows=[(start, 1)])
    with pytest.raises(ValueError, match="start or at the end"):
        modified_dietz(start, end, opening=1, closing=1, flows=[], timing="noon")
