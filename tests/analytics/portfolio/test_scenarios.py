"""Shocks as exposures, betas and proxies by hand; closes of one basis."""

from datetime import date

import numpy as np
import polars as pl
import pytest

from analytics.portfolio.closes import adjusted_closes
from analytics.portfolio.scenarios import MIN_BETA, Shocks, betas, exposures, replayed
from analytics.portfolio.stress import Episode, factor_shock

HELD = pl.DataFrame(
    [("A", "Tech", "USD", 1000.0, 1.5), ("B", None, "EUR", -500.0, None)],
    schema={"instrument_id": pl.String, "sector": pl.String, "currency": pl.String, "value": pl.Float64, "beta": pl.Float64},
    orient="row",
)  # fmt: skip
FALL = Episode("fall", "A fall", date(2020, 2, 19), date(2020, 3, 23), -0.8)


def test_shocks_of_every_kind_add_up():
    shocks = Shocks({"A": -0.1}, {"Tech": -0.2}, {"EUR": -0.05}, {"market": -0.1})
    found = factor_shock(exposures(HELD), shocks.flat())
    # A: -100 - 200 - 150; B gains 25 on a weaker euro; its beta is not known.
    assert found.pnl == pytest.approx(-425)
    assert found.unknown == 1
    assert Shocks.of(shocks.flat()) == shocks


def test_names_with_colons_read_back():
    shocks = Shocks(instrument={"XETR:SAP": -0.1})
    assert Shocks.of(shocks.flat()) == shocks


def test_betas_by_hand_and_where_there_are_none():
    market = np.tile([0.01, -0.01], MIN_BETA)
    twice, young = 2 * market, np.where(np.arange(market.size) < MIN_BETA - 1, market, np.nan)
    assert betas(np.column_stack([twice, -market, young]), market) == [
        pytest.approx(2),
        pytest.approx(-1),
        None,
    ]
    assert betas(market[:, None], np.zeros(market.size)) == [None]


def test_what_has_no_history_goes_through_the_market_but_never_below_nothing():
    nothing = pl.DataFrame(schema={"instrument_id": pl.String, "date": pl.Date, "close": pl.Float64})
    rows = replayed(HELD, nothing, FALL)
    # 1.5 x -80 % would be -120 %.
    assert rows.select("return", "pnl", "how").rows() == [(-1.0, -1000.0, "market"), (None, None, None)]
    own = pl.DataFrame({"instrument_id": ["A", "A"], "date": [FALL.start, FALL.end], "close": [100.0, 90.0]})
    assert replayed(HELD, own, FALL)["how"].to_list() == ["history", None]


def test_closes_are_of_the_most_adjusted_basis_and_splits_are_taken_out():
    days = [date(2026, 1, day) for day in (5, 6, 7)]
    prices = pl.DataFrame(
        {
            "instrument_id": ["A"] * 3 + ["B"] * 4,
            "date": [*days, *days, days[0]],
            "adj_basis": ["raw"] * 6 + ["split_div"],
            "close": [100.0, 102.0, 51.0, 1.0, 1.0, 1.0, 7.0],
        }
    )
    splits = pl.DataFrame({"instrument_id": ["A"], "date": [days[2]], "ratio": [2.0]})
    found = adjusted_closes(prices, splits)
    assert found.rows() == [
        ("A", days[0], 50.0),
        ("A", days[1], 51.0),
        ("A", days[2], 51.0),
        ("B", days[0], 7.0),
    ]
