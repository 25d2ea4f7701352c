"""Change points: the one everybody knows is found where it is, and few where there is none."""

from datetime import UTC, datetime, timedelta

import numpy as np
import polars as pl
import pytest
from scipy.signal import lfilter
from statsmodels.datasets import nile
from statsmodels.stats.diagnostic import breaks_cusumolsresid
from statsmodels.tsa.stattools import levinson_durbin

from analytics.models._change_points import _walker, change_points, cusum
from analytics.models._spreads import against_usual, daily_spreads
from analytics.models._walk import fit
from analytics.models.regimes import SPREAD_DAYS, Regimes
from tests.analytics.models._tables_structure import FIRST, markets, quoted

RUNS = 60


def test_the_nile_fell_after_1898():
    # Cobb, The problem of the Nile, 1978: the last year of the higher flow is 1898.
    data = nile.load_pandas().data
    (found,) = change_points(data[["volume"]].to_numpy(), least=20)
    assert data["year"][found.at] == 1899
    assert found.p < 0.05


def test_the_statistic_is_the_ols_cusum_and_the_autoregression_yule_and_walkers():
    rng = np.random.default_rng(3)
    x = lfilter([1.0], [1.0, -0.6, 0.2], rng.normal(size=300))
    x -= x.mean()
    largest = breaks_cusumolsresid(x, ddof=0)[0]
    assert cusum(x[:, None]).max() == pytest.approx(largest**2)
    both = np.column_stack([x, x])
    assert cusum(both) == pytest.approx(2 * cusum(x[:, None]))
    assert _walker(x, 5) == pytest.approx(levinson_durbin(x, 5)[1])
    assert cusum(np.array([[0.0], [0.0], [3.0], [3.0]])) == pytest.approx([0.25, 1.0, 0.25, 0.0])  # by hand


def test_where_nothing_changed_few_changes_are_told():
    told = 0
    for seed in range(RUNS):
        noise = np.random.default_rng(seed).normal(size=(250, 2))
        told += bool(change_points(lfilter([1.0], [1.0, -0.5], noise, axis=0)[50:], draws=99))
    assert told <= 7  # of 60 at 5 %: more would be chance in 1 of 50


def test_two_shifts_are_found_where_they_are_and_a_column_that_never_moves_does_no_harm():
    x = np.random.default_rng(3).normal(size=(450, 3))
    x[150:, 0] += 2.0
    x[300:, 1] -= 2.0
    x[:, 2] = 4.0
    assert [one.at for one in change_points(x)] == [pytest.approx(150, abs=5), pytest.approx(300, abs=5)]
    assert change_points(x[:60]) == []
    assert change_points(np.ones((200, 2))) == []


def test_a_market_whose_moves_doubled_is_told_so_with_the_day_and_sizes():
    tables = markets(8, states=False)
    rows = Regimes().features(tables)
    assert Regimes.changes(rows) == []
    later = rows["date"][200]
    louder = rows.with_columns(activity=rows["activity"] + np.where(rows["date"] >= later, np.log(4.0), 0.0))
    (found,) = Regimes.changes(louder)
    assert abs((np.datetime64(found["date"]) - np.datetime64(later)).astype(int)) <= 5
    first = found["moved"][0]
    assert first["feature"] == "activity"
    assert first["after"] / first["before"] == pytest.approx(2.0, rel=0.1)


# --- spreads -----------------------------------------------------------------------------------------
def test_too_few_days_with_quotes_leave_the_model_as_it_is_to_the_last_bit_and_it_says_so():
    plain = fit(Regimes(), Regimes().features(markets(0)))
    short = quoted(0, quotes=SPREAD_DAYS)  # the first ten have no usual spread yet
    rows = Regimes().features(short)
    few = fit(Regimes(), rows)
    assert few.predict(rows).tobytes() == plain.predict(rows).tobytes()
    assert few.spread_told() == {"used": False, "days": SPREAD_DAYS - 10, "needed": SPREAD_DAYS}
    assert "spread" not in few.drivers(rows)


def test_with_quotes_spreads_are_among_the_numbers_and_days_without_them_are_judged_by_the_rest():
    rows = Regimes().features(quoted(0))
    model = fit(Regimes(), rows)
    assert model.spread_told()["used"]
    assert "spread" in model.drivers(rows)
    states = model.mixture_.aside_
    assert states[2, 0] > states[0, 0]  # wide in stressed days
    blind = rows.with_columns(spread=rows["spread"] * None)
    assert np.isfinite(model.predict(blind)).all()
    both, alone = (fit(Regimes(), one).judge(one) for one in (rows, rows.filter(rows["spread"].is_null())))
    assert np.isfinite(both["loss"].to_numpy()).all()
    assert np.isfinite(alone["loss"].to_numpy()).all()


def test_a_days_spread_is_the_median_in_basis_points_and_compared_with_its_own_past():
    at = datetime(2024, 1, 1, 10, tzinfo=UTC)
    quotes = pl.DataFrame({
        "instrument_id": ["A"] * 5, "transact_time": [at] * 5, "bid_px": [99.0, 99.5, 99.9, None, 101.0],
        "ask_px": [101.0, 100.5, 100.1, 100.0, 100.0],
    })  # fmt: skip
    told = daily_spreads(quotes.lazy()).collect()
    assert told.rows() == [
        ("A", at.date(), pytest.approx(100.0))
    ]  # 200, 100 and 20 bp; one side and crossed left out
    days = pl.DataFrame({"instrument_id": ["A"] * 12, "date": [FIRST + timedelta(days=n) for n in range(12)],
                         "spread_bp": [2.0] * 11 + [4.0]})  # fmt: skip
    course = against_usual(days)
    assert course["spread"].to_list() == [pytest.approx(0.0), pytest.approx(np.log(2.0))]
    assert against_usual(None).is_empty()
