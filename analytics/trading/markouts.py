"""What the market did after a fill: mark-outs, spreads paid, reversion, share of the volume."""

from collections.abc import Sequence
from datetime import timedelta

import numpy as np
import numpy.typing as npt
import polars as pl

from analytics.conventions import BASIS_POINTS, side_sign, trade_day
from analytics.definitions import declares
from analytics.text import formatted
from analytics.trading.asof import Track
from analytics.trading.benchmarks import daily_closes, mid_at

# Horizon: how long after the fill. The close and the next session's close come from daily prices.
HORIZONS = {
    "1s": timedelta(seconds=1),
    "10s": timedelta(seconds=10),
    "1m": timedelta(minutes=1),
    "5m": timedelta(minutes=5),
    "30m": timedelta(minutes=30),
}
ALL_HORIZONS = (*HORIZONS, "close", "1d")
# A mid that was not refreshed for so long says nothing about the moment (closed, halted, feed gone).
MAX_AGE = "10m"
_DRAWS = 1000
_HEAPS = 2000  # most clusters resampled one by one
_CELLS = 4_000_000  # counts held at once while resampling: 32 MB

Floats = npt.NDArray[np.float64]


@declares("markout_bp")
def with_markouts(
    executions: pl.LazyFrame,
    market_mids: pl.LazyFrame | Track,
    prices: pl.LazyFrame,
    *,
    max_age: str = MAX_AGE,
) -> pl.LazyFrame:
    """Return each execution with its mark-out at every horizon and the mid it traded against.

    A mark-out is slippage against a later price: side x (execution price / price then - 1) x 10,000.
    **Positive = cost**: the market went against the fill (bought above what it was worth later).

    Args:
        executions: Rows of EXECUTIONS as they stand.
        market_mids: ``benchmarks.mids``, or ``Market.track`` where many instants are asked for.
        prices: Rows of PRICES, for the close of the day and the next session's.
        max_age: Mids older than this at the horizon do not count.

    Returns:
        The executions in their order with ``mid_px``, ``bid_px``, ``ask_px`` (the last quote before the fill,
        a quote of the same microsecond may be its consequence and does not count) and
        ``markout_<horizon>_bp`` for each of ALL_HORIZONS, Float64. Null where no price is known. The close is
        null for a fill whose day has no close; a busted execution must have been left out before.
    """
    track = Track.of(market_mids)
    rows = executions.collect()
    touched = track.last(rows["instrument_id"], rows["transact_time"], strict=True, max_age=max_age)
    rows = rows.with_columns(
        track.rows["bid_px"].gather(touched),
        track.rows["ask_px"].gather(touched),
        track.rows["mid"].gather(touched).alias("mid_px"),
    )
    later = {}
    for name, after in HORIZONS.items():
        places = track.last(rows["instrument_id"], rows["transact_time"] + after, max_age=max_age)
        later[f"_{name}"] = track.rows["mid"].gather(places)
    # Apart from the rows, which may have closes of their own: the benchmarks of their orders.
    days = rows.lazy().select("instrument_id", _day=trade_day())
    closes = daily_closes(days, prices, day="_day").select(_close="close_px", _1d="next_close_px").collect()
    rows = rows.with_columns(**later).hstack(closes)
    found = rows.with_columns(
        _against(pl.col(f"_{name}")).alias(f"markout_{name}_bp") for name in ALL_HORIZONS
    )
    inner = [f"_{name}" for name in ALL_HORIZONS]
    return found.drop(inner).lazy()


@declares("quoted_spread_bp", "effective_spread_bp", "realised_spread_bp", "impact_bp")
def spreads(marked: pl.LazyFrame, *, horizon: str = "5m") -> pl.LazyFrame:
    """Return the executions with the spreads of each, in basis points of the mid before the fill.

    Args:
        marked: ``with_markouts``.
        horizon: One of HORIZONS, for the realised spread.

    Returns:
        ``quoted_spread_bp`` = (ask - bid) / mid; ``effective_spread_bp`` = 2 x side x (price - mid) / mid;
        ``realised_spread_bp`` = 2 x side x (price - mid at the horizon) / mid; ``impact_bp`` = effective -
        realised = 2 x side x (mid at the horizon - mid) / mid. Positive = cost to whoever took liquidity.
        Null without a mid.

    Source: Huang and Stoll, Dealer versus auction markets, Journal of Financial Economics, 1996; the
    definitions of SEC Rule 605 double the distance alike.
    """
    mid, price = pl.col("mid_px").cast(pl.Float64), pl.col("last_px").cast(pl.Float64)
    sign = side_sign().cast(pl.Float64)
    # The later mid, back from the mark-out: side x (price / later - 1).
    later = price / (1 + sign * pl.col(f"markout_{horizon}_bp") / BASIS_POINTS)
    doubled = 2 * sign / mid * BASIS_POINTS
    width = (pl.col("ask_px") - pl.col("bid_px")).cast(pl.Float64)
    return marked.with_columns(
        quoted_spread_bp=width / mid * BASIS_POINTS,
        effective_spread_bp=doubled * (price - mid),
        realised_spread_bp=doubled * (price - later),
        impact_bp=doubled * (later - mid),
    )


@declares("reversion_bp")
def reversion(
    windows: pl.LazyFrame, market_mids: pl.LazyFrame | Track, *, after: str = "5m", max_age: str = MAX_AGE
) -> pl.LazyFrame:
    """Return how much of the price came back once an order was done.

    Args:
        windows: ``benchmarks.order_windows``.
        market_mids: ``benchmarks.mids``.
        after: How long after the last fill.
        max_age: Older mids do not count.

    Returns:
        The windows with ``reversion_bp`` = side x (mid at the last fill / mid later - 1) x 10,000. Positive:
        the price fell back after a purchase (rose after a sale), so the order had pushed it. Null without a
        fill or a mid.
    """
    rows = mid_at(windows, market_mids, time="last_fill_time", name="_then", max_age=max_age)
    rows = rows.with_columns(_at=pl.col("last_fill_time").dt.offset_by(after))
    rows = mid_at(rows, market_mids, time="_at", name="_later", max_age=max_age)
    ratio = pl.col("_then").cast(pl.Float64) / pl.col("_later").cast(pl.Float64)
    found = side_sign().cast(pl.Float64) * (ratio - 1) * BASIS_POINTS
    return rows.with_columns(reversion_bp=found).drop("_at", "_then", "_later")


@declares("participation")
def participation_rate(filled: str = "filled_qty", market: str = "market_qty") -> pl.Expr:
    """Return filled quantity / market quantity over the same interval. Unit: fraction, Float64.

    Null where the market's volume is not known. Above 1 only where the market data miss trades.
    """
    volume = pl.col(market).cast(pl.Float64)
    return pl.when(volume > 0).then(pl.col(filled).cast(pl.Float64) / volume)


def weighted_band(
    values: Floats,
    weights: Floats,
    clusters: Sequence[object] | npt.NDArray[np.generic],
    *,
    generator: np.random.Generator,
    confidence: float = 0.95,
    draws: int = _DRAWS,
) -> tuple[float, float] | None:
    """Return the bootstrap percentile interval of a weighted mean, whole clusters drawn with replacement.

    Args:
        values: One per observation, finite.
        weights: As many, >= 0.
        clusters: What belongs together (an order or a day): its fills share one price path, and drawing them
            apart would make the interval far too narrow.
        generator: Seeded by the caller; the same state gives the same interval.
        confidence: In (0, 1).
        draws: Resamples.

    Returns:
        (low, high) in the unit of ``values``; None with fewer than 2 clusters or no weight.

    Source: Efron and Tibshirani, An introduction to the bootstrap, 1993, ch. 13. Checked against
    scipy.stats.bootstrap where every cluster is one value of equal weight.
    """
    found = _bands(
        values[:, None], weights[:, None], clusters, generator=generator, confidence=confidence, draws=draws
    )
    return found[0]


def _bands(
    values: Floats,
    weights: Floats,
    clusters: Sequence[object] | npt.NDArray[np.generic],
    *,
    generator: np.random.Generator,
    confidence: float,
    draws: int,
) -> list[tuple[float, float] | None]:
    # One column per measure, weight 0 where an observation lacks it. Every draw serves all columns.
    _, place = np.unique(np.asarray(clusters), return_inverse=True)
    size = int(place.max(initial=-1)) + 1
    if size > _HEAPS:
        # Dealt at random into heaps that are drawn as a whole: the band's own noise stays below two per cent,
        # and its cost no longer grows with the number of orders.
        place, size = generator.permutation(size)[place] % _HEAPS, _HEAPS
    top, bottom = np.zeros((size, values.shape[1])), np.zeros((size, values.shape[1]))
    np.add.at(top, place, values * weights)
    np.add.at(bottom, place, weights)
    there = (bottom > 0).sum(axis=0)
    if size < 2:
        return [None] * values.shape[1]
    chances, parts = np.full(size, 1 / size), []
    step = max(1, _CELLS // size)
    for first in range(0, draws, step):
        counts = generator.multinomial(size, chances, size=min(step, draws - first)).astype(np.float64)
        weight = counts @ bottom
        parts.append(np.divide(counts @ top, weight, out=np.full_like(weight, np.nan), where=weight > 0))
    means = np.concatenate(parts)
    edges = [(1 - confidence) / 2, (1 + confidence) / 2]
    found: list[tuple[float, float] | None] = []
    for column, count in zip(means.T, there, strict=True):
        low, high = np.nanquantile(column, edges) if count > 1 else (np.nan, np.nan)
        found.append((float(low), float(high)) if count > 1 else None)
    return found


def markout_curve(
    marked: pl.DataFrame,
    *,
    generator: np.random.Generator,
    by: Sequence[str] = (),
    cluster: str = "order_id",
    weight: str = "notional",
    draws: int = _DRAWS,
) -> pl.DataFrame:
    """Return the notional-weighted mean mark-out of each group and horizon with its bootstrap band.

    Args:
        marked: ``with_markouts`` collected, with the columns ``weight`` and ``cluster`` (an execution without
            one is its own, by ``exec_id``).
        generator: Seeded by the caller.
        by: Columns of the group; none gives one.
        cluster: Column of what is drawn as a whole.
        weight: Column of the weight, one currency.
        draws: Resamples.

    Returns:
        ``by``, ``horizon`` (in the order of ALL_HORIZONS), ``n`` (executions with a mark-out), ``clusters``,
        ``markout_bp`` (positive = cost), ``low``, ``high`` (null with fewer than 2 clusters). A group has all
        its horizons; one without a price has n 0 and nulls. Rows in any order give the same figures.
    """
    keys = list(by)
    whole = marked.with_columns(_cluster=pl.coalesce(cluster, formatted("exec {}", "exec_id")))
    groups = (
        whole.sort(*keys, "_cluster", "exec_id").partition_by(keys, maintain_order=True) if keys else [whole]
    )
    rows: list[dict[str, object]] = []
    for group in groups:
        # Sorted, so that the draws meet the same clusters however the rows came.
        ordered = group.sort("_cluster", "exec_id")
        named = dict(zip(keys, ordered.select(keys).row(0), strict=True)) if keys else {}
        rows += [{**named, **found} for found in _points(ordered, weight, generator, draws)]
    schema = {name: marked.schema[name] for name in keys} | {
        "horizon": pl.String(),
        "n": pl.Int64(),
        "clusters": pl.Int64(),
        **dict.fromkeys(("markout_bp", "low", "high"), pl.Float64()),
    }
    return pl.DataFrame(rows, schema=schema)


def _points(
    group: pl.DataFrame, weight: str, generator: np.random.Generator, draws: int
) -> list[dict[str, object]]:
    x = group.select(f"markout_{name}_bp" for name in ALL_HORIZONS).cast(pl.Float64).to_numpy()
    w = group.select(pl.col(weight).cast(pl.Float64).fill_null(0.0).clip(lower_bound=0.0)).to_numpy()
    weights = np.where(np.isnan(x), 0.0, w)
    values = np.nan_to_num(x)
    # Places instead of names: sorting numbers is many times faster, and their order is the same.
    ids = group["_cluster"].rank("dense")
    names = ids.to_numpy()
    bands = _bands(values, weights, names, generator=generator, confidence=0.95, draws=draws)
    points: list[dict[str, object]] = []
    for k, name in enumerate(ALL_HORIZONS):
        known, total = weights[:, k] > 0, float(weights[:, k].sum())
        low, high = bands[k] or (None, None)
        mean = float(values[:, k] @ weights[:, k]) / total if total > 0 else None
        count = int(known.sum())
        clusters = ids.filter(pl.Series(known)).n_unique() if count else 0
        points.append(
            {"horizon": name, "n": count, "clusters": clusters, "markout_bp": mean, "low": low, "high": high}
        )
    return points


def _against(later: pl.Expr) -> pl.Expr:
    price, then = pl.col("last_px").cast(pl.Float64), later.cast(pl.Float64)
    return pl.when(then > 0).then(side_sign().cast(pl.Float64) * (price / then - 1) * BASIS_POINTS)
