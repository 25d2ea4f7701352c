"""How likely it is that pulls fall around fills by chance: measured on the day itself."""

import math
from dataclasses import dataclass

import polars as pl

from analytics.compliance._order_lives import DAY, SECOND
from analytics.compliance._shared import computed
from analytics.compliance._spans import settled

_HOUR = 3600.0


def log10_tail(hits: str, trials: str, rate: str) -> pl.Expr:
    """Bound log10 of the probability of as many hits among independent trials at a rate, from above (Chernoff).

    It is at most 0, and 0 where there are no more hits than expected.
    """
    count, p = pl.col(trials).cast(pl.Float64), pl.col(rate)
    hit = (pl.col(hits) / count).clip(upper_bound=1.0)
    miss = 1 - hit
    rest = pl.when(miss > 0).then(miss * (miss / (1 - p)).log()).otherwise(0.0)
    bound = -count * (hit * (hit / p).log() + rest) / math.log(10)
    return pl.when(hit > p).then(bound).otherwise(0.0)


@dataclass(frozen=True)
class Looked:
    """What was looked at: see ``Pulls`` for the frames; ``width`` is that of a bucket, in nanoseconds."""

    lives: pl.LazyFrame
    pulled: pl.LazyFrame
    windows: pl.LazyFrame
    sizes: pl.LazyFrame
    levels: int
    width: int
    floor: float  # the least coverage


def chance_of(cycles: pl.LazyFrame, looked: Looked) -> pl.LazyFrame:
    """Return book, buying, day, cycles of the day, trials, coverage and log10 of the chance.

    ``trials`` are the moments at which as much was pulled, around fills or not. The chance that so many
    of them fall into windows that cover ``coverage`` of the day is bounded by Chernoff: an upper bound,
    so nothing looks less likely than it is.
    """
    keys = ["book", "buying", "day"]
    days = cycles.group_by(keys).agg(
        pl.col("instrument_id").first(), day_cycles=pl.len(), least=pl.col("pulled_qty").min()
    )
    days = settled(days)
    # Names and books asked of the rows as they lie: of all pulls most are in others, and need not be joined.
    asked = computed(days.select("instrument_id", "book"))
    of_names = pl.col("instrument_id").is_in(asked["instrument_id"].unique().implode())
    of_books = pl.col("book").is_in(asked["book"].unique().implode())
    moments = _moments(days, looked, of_books)
    windows = (
        looked.windows.select("book", "buying", "bucket", day=pl.col("ns") // DAY)
        .unique()
        .join(days.select(*keys, "instrument_id"), on=keys, how="inner")
    )
    pulled = looked.pulled.with_columns(buying=~pl.col("buying"), day=pl.col("out") // DAY)
    by_bucket = settled(
        pulled.filter(of_names).group_by("instrument_id", "buying", "bucket", "day").agg(n=pl.len())
    )
    theirs = settled(pulled.filter(of_books))
    own = theirs.group_by("book", "buying", "bucket").agg(own=pl.len())
    in_windows = (
        windows.join(by_bucket, on=["instrument_id", "buying", "bucket", "day"], how="left")
        .join(own, on=["book", "buying", "bucket"], how="left")
        .group_by(keys)
        .agg(
            buckets=pl.len(),
            near=(pl.col("n").fill_null(0).cast(pl.Int64) - pl.col("own").fill_null(0).cast(pl.Int64)).sum(),
        )
    )
    whole = by_bucket.group_by("instrument_id", "buying", "day").agg(all_pulls=pl.col("n").sum())
    mine = theirs.group_by(keys).agg(my_pulls=pl.len())
    span = (pl.col("out").max() - pl.col("entered").min()) / SECOND
    sessions = (
        looked.lives.filter(of_names)
        .with_columns(day=pl.col("entered") // DAY)
        .join(days.select("instrument_id", "day").unique(), on=["instrument_id", "day"], how="semi")
        .group_by("instrument_id", "day")
        .agg(seconds=pl.max_horizontal(span, pl.lit(_HOUR)).fill_null(_HOUR))
    )
    joined = (
        days.join(in_windows, on=keys, how="left")
        .join(moments, on=keys, how="left")
        .join(whole, on=["instrument_id", "buying", "day"], how="left")
        .join(mine, on=keys, how="left")
        .join(sessions, on=["instrument_id", "day"], how="left")
    )
    others = pl.col("all_pulls").cast(pl.Int64) - pl.col("my_pulls").fill_null(0).cast(pl.Int64)
    by_time = pl.col("buckets") * (looked.width / SECOND) / pl.col("seconds")
    by_others = (pl.col("near") + 20 * by_time) / (others + 20)
    coverage = pl.max_horizontal(by_time, by_others, pl.lit(looked.floor)).clip(upper_bound=0.999)
    trials = pl.max_horizontal(pl.col("trials").fill_null(0), "day_cycles").cast(pl.Float64)
    return (
        joined.with_columns(coverage=coverage, trials=trials)
        .with_columns(log_chance=log10_tail("day_cycles", "trials", "coverage"))
        .select(*keys, "day_cycles", "trials", "coverage", "log_chance")
    )


def _moments(days: pl.LazyFrame, looked: Looked, of_books: pl.Expr) -> pl.LazyFrame:
    """Return book, buying (of the fills) and day, with the moments at which as much was pulled."""
    keys = ["book", "buying", "day"]
    levels = (
        looked.pulled.filter(of_books)
        .with_columns(buying=~pl.col("buying"), day=pl.col("out") // DAY, moment=pl.col("bucket") // 3)
        .join(days.select(keys), on=keys, how="semi")
        .group_by(*keys, "instrument_id", "moment", "px")
        .agg(qty=pl.col("qty").sum())
        .join(looked.sizes, on="instrument_id", how="left")
        .filter(pl.col("qty") >= pl.col("floor").fill_null(0.0))
    )
    return (
        levels.group_by(*keys, "moment")
        .agg(levels=pl.len(), qty=pl.col("qty").sum())
        .join(days.select(*keys, "least"), on=keys, how="inner")
        .filter((pl.col("levels") >= looked.levels) & (pl.col("qty") >= pl.col("least")))
        .group_by(keys)
        .agg(trials=pl.len())
    )
