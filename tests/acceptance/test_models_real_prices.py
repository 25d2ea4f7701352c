"""On the real prices that the product ships: volatility beats what professionals use, ranges hold what they say.

Twenty stocks, closes of about twelve years, the last eight tested. Few refits, to keep it short.
"""

import polars as pl
import pytest

from analytics.models._base import Walk
from analytics.models._skill import rival_skills, skill
from analytics.models._walk import walk_forward
from analytics.models.return_range import MonthlyReturnRange, ReturnRange, WeeklyReturnRange
from analytics.models.volatility import Volatility
from app.demo.market import _read

YEARS = 8
SESSIONS = 3_150
WALK = Walk(first=1_010, width=504)
pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def prices() -> dict[str, pl.DataFrame]:
    wide = _read("sp500_dataset.csv.gz").sort("Date").tail(SESSIONS)
    long = wide.unpivot(index="Date", variable_name="instrument_id", value_name="close").rename(
        {"Date": "date"}
    )
    unknown = pl.lit(None, pl.Float64)
    return {"prices": long.with_columns(adj_basis=pl.lit("split_div"), high=unknown, low=unknown)}


def record(model, prices):
    kind = type(model.name, (type(model),), {"walk": WALK})
    tested = walk_forward(kind(), model.features(prices))
    last = tested["date"].max()
    return tested.filter(pl.col("date") > last.replace(year=last.year - YEARS))


def test_volatility_beats_the_fading_average_and_garch_on_twenty_stocks(prices):
    tested = record(Volatility(), prices)
    found = skill(Volatility(), tested)
    assert tested["instrument_id"].n_unique() == 20
    assert found.n >= 1_990
    assert found.shown
    assert found.p < 0.05
    against = rival_skills(Volatility(), tested)["garch"]
    assert against["n"] >= 1_990
    assert against["shown"]


@pytest.mark.parametrize(
    "kind", [ReturnRange, WeeklyReturnRange, MonthlyReturnRange], ids=lambda kind: kind.name
)
def test_ranges_hold_what_they_say_within_two_points_over_eight_years(prices, kind):
    model = kind()
    tested = record(model, prices)
    assert tested["date"].n_unique() >= 1_950
    for band in model.calibration(tested)["bands"]:
        assert abs(band["held"] - band["nominal"]) <= 0.02, band
    assert skill(model, tested).shown
