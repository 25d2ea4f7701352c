"""Mark-outs and spreads on cases done by hand; the band against SciPy."""

from datetime import UTC, datetime

import numpy as np
import polars as pl
import pytest
from scipy import stats

from analytics.conventions import BASIS_POINTS
from analytics.trading.benchmarks import mids
from analytics.trading.fills import current
from analytics.trading.markouts import (
    ALL_HORIZONS,
    markout_curve,
    participation_rate,
    reversion,
    spreads,
    weighted_band,
    with_markouts,
)

QUOTES = """
instrument_id  transact_time  seq  bid_px  ask_px
X              14:29:59       1    99.9    100.1
X              14:30:00       2    1       1.2
X              14:30:01       3    100.1   100.3
X              14:30:09       4    100.4   100.6
X              14:31:00       5    101     101
X              14:35:00       6    102     102
"""
PRICES = """
instrument_id  date        adj_basis  close
X              2026-11-20  raw        103
X              2026-11-23  raw        104
"""
EXECUTIONS = """
exec_id  order_id  account_id  instrument_id  side  last_qty  last_px  currency  transact_time  version  exec_status  exec_ref_id
E1       O1        A1          X              buy   10        100.1    USD       14:30:00       1        new          -
E2       O2        A1          X              sell  10        100.1    USD       14:30:00       1        new          -
E3       O3        A1          Y              buy   10        100.1    USD       14:30:00       1        new          -
E4       O4        A1          X              buy   10        500      USD       14:30:00       1        new          -
E4       O4        A1          X              buy   10        500      USD       14:30:00       2        busted       -
"""


@pytest.fixture
def marked(table) -> pl.DataFrame:
    standing = current(table(EXECUTIONS, "executions")).sort("exec_id")
    rows = with_markouts(standing, mids(table(QUOTES, "quotes")), table(PRICES, "prices"))
    return rows.with_columns(notional=notional_of()).collect()


def notional_of() -> pl.Expr:
    return (pl.col("last_qty") * pl.col("last_px")).cast(pl.Float64)


def test_a_markout_is_the_price_paid_against_the_mid_later(marked):
    later = {"1s": 100.2, "10s": 100.5, "1m": 101, "5m": 102, "close": 103, "1d": 104}
    for row, sign in ((0, 1), (1, -1)):
        for name, price in later.items():
            expected = sign * (100.1 / price - 1) * BASIS_POINTS
            assert marked[f"markout_{name}_bp"][row] == pytest.approx(expected), name
    # At thirty minutes the last quote is 25 minutes old; nothing is known of Y; the bust is gone.
    assert marked["markout_30m_bp"].to_list() == [None, None, None]
    assert marked.row(2, named=True)["markout_1s_bp"] is None
    assert marked["exec_id"].to_list() == ["E1", "E2", "E3"]


def test_spreads_are_taken_from_the_quote_before_the_fill(marked):
    found = spreads(marked.lazy(), horizon="1m").collect()
    assert found["mid_px"].to_list() == [100, 100, None]
    names = ("quoted_spread_bp", "effective_spread_bp", "realised_spread_bp", "impact_bp")
    assert found.select(names).row(0) == tuple(map(pytest.approx, (20, 20, -180, 200)))
    assert found.select(names).row(1) == tuple(map(pytest.approx, (20, -20, 180, -200)))
    assert found.select(names).row(2) == (None, None, None, None)


def test_reversion_is_positive_where_the_price_came_back(table):
    windows = pl.LazyFrame(
        {"instrument_id": ["X"] * 3, "side": ["buy", "sell", "buy"],
         "last_fill_time": [datetime(2026, 11, 20, 14, 30, 59, tzinfo=UTC)] * 2 + [None]},
        schema_overrides={"last_fill_time": pl.Datetime("us", "UTC")},
    )  # fmt: skip
    found = reversion(windows, mids(table(QUOTES, "quotes")), after="1s").collect()["reversion_bp"].to_list()
    assert found == [pytest.approx((100.5 / 101 - 1) * 1e4), pytest.approx(-(100.5 / 101 - 1) * 1e4), None]


def test_participation_is_a_share_of_known_volume():
    rows = pl.DataFrame({"filled_qty": [10, 10, 10], "market_qty": [40, None, 0]})
    assert rows.select(participation_rate()).to_series().to_list() == [0.25, None, None]


def test_the_band_agrees_with_scipy_for_single_values_of_equal_weight():
    values = np.random.default_rng(1).normal(3, 2, 80)
    mine = weighted_band(values, np.ones(80), np.arange(80), generator=np.random.default_rng(2), draws=8000)
    other = stats.bootstrap(
        (values,), np.mean, method="percentile", n_resamples=8000, rng=np.random.default_rng(3)
    ).confidence_interval
    assert mine == (pytest.approx(other.low, abs=0.03), pytest.approx(other.high, abs=0.03))


def test_a_cluster_repeated_does_not_narrow_the_band():
    values, ids = np.random.default_rng(1).normal(0, 1, 40), np.arange(40)
    once = weighted_band(values, np.ones(40), ids, generator=np.random.default_rng(2))
    copies = weighted_band(
        np.repeat(values, 50), np.ones(2000), np.repeat(ids, 50), generator=np.random.default_rng(2)
    )
    assert copies == pytest.approx(once)
    assert weighted_band(np.ones(3), np.ones(3), np.zeros(3), generator=np.random.default_rng(1)) is None
    assert weighted_band(np.empty(0), np.empty(0), [], generator=np.random.default_rng(1)) is None


def test_the_band_covers_the_truth_about_as_often_as_it_says():
    draws = np.random.default_rng(7)
    hits = 0
    for _ in range(200):
        values = draws.normal(5, 3, 60)
        low, high = weighted_band(values, np.ones(60), np.arange(60), generator=draws, draws=400)
        hits += low <= 5 <= high
    # 95 % nominal; percentile bands of 60 values cover 94 %, and 200 trials have a standard error of 1.6 %.
    assert 0.89 <= hits / 200 <= 0.99


def curve(frame, **more):
    return markout_curve(frame, generator=np.random.default_rng(5), draws=200, **more)


def test_the_curve_weighs_by_notional_and_is_the_same_for_any_order_of_rows(marked):
    rows = pl.concat(
        [marked.with_columns(exec_id=pl.format("{}-{}", "exec_id", pl.lit(n)), order_id=pl.lit(f"O{n}"),
                             notional=pl.col("notional") * n, markout_1m_bp=pl.col("markout_1m_bp") + n)
         for n in range(1, 6)]
    )  # fmt: skip
    found = curve(rows, by=["side"])
    assert found.equals(curve(rows.sample(fraction=1, shuffle=True, seed=3), by=["side"]))
    assert found["horizon"].to_list() == [*ALL_HORIZONS] * 2
    sell = found.filter(pl.col("side") == "sell", pl.col("horizon") == "1m").row(0, named=True)
    expected = -(100.1 / 101 - 1) * 1e4 + 55 / 15
    assert (sell["n"], sell["clusters"], sell["markout_bp"]) == (5, 5, pytest.approx(expected))
    assert sell["low"] < sell["markout_bp"] < sell["high"]
    empty = found.filter(pl.col("horizon") == "30m").select("n", "markout_bp", "low").rows()
    assert empty == [(0, None, None)] * 2


def test_a_fill_in_two_halves_has_the_same_curve(marked):
    half = marked.with_columns(notional=pl.col("notional") / 2)
    twice = pl.concat([half, half.with_columns(exec_id=pl.format("{}b", "exec_id"))])
    names = ("horizon", "clusters", "markout_bp", "low", "high")
    whole, halves = curve(marked).select(names), curve(twice).select(names)
    for one, other in zip(whole.rows(), halves.rows(), strict=True):
        assert one == pytest.approx(other)


def test_no_fill_gives_no_group_and_one_fill_no_band(marked, table):
    one = curve(marked.head(1)).row(0, named=True)
    assert (one["n"], one["low"], one["high"]) == (1, None, None)
    none = marked.head(0)
    assert curve(none, by=["side"]).is_empty()
    assert curve(none)["n"].to_list() == [0] * len(ALL_HORIZONS)
    bare = with_markouts(
        table(EXECUTIONS, "executions"),
        mids(table("instrument_id", "quotes")),
        table("instrument_id", "prices"),
    )
    assert bare.select(pl.col("^markout_.*$").null_count()).collect().row(0) == (5,) * len(ALL_HORIZONS)


def test_closes_that_the_rows_carry_already_stay(table):
    rows = (
        table(EXECUTIONS, "executions").head(1).with_columns(close_px=pl.lit(7), previous_close_px=pl.lit(8))
    )
    found = with_markouts(rows, mids(table(QUOTES, "quotes")), table(PRICES, "prices")).collect()
    assert found.select("close_px", "previous_close_px").rows() == [(7, 8)]
    assert found["markout_close_bp"][0] == pytest.approx((100.1 / 103 - 1) * BASIS_POINTS)


def test_very_many_clusters_have_the_band_of_their_standard_error():
    values = np.random.default_rng(1).normal(0, 1, 30_000)
    found = weighted_band(values, np.ones(30_000), np.arange(30_000), generator=np.random.default_rng(2))
    assert found is not None
    half = 1.96 * values.std() / 30_000**0.5
    assert (found[1] - found[0]) / 2 == pytest.approx(half, rel=0.1)
