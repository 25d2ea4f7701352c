"""Pieces of time: overlapping windows, episodes that grow from them, small tables computed once."""

from collections.abc import Sequence

import polars as pl
import polars.selectors as cs

from analytics.compliance._shared import computed
from analytics.compliance.alerts import EPISODE, MERGE_GAP, flattened, sequence

MINUTE_NS = 60 * 10**9
_GAP_NS = int(MERGE_GAP.total_seconds()) * 10**9


def settled(rows: pl.LazyFrame) -> pl.LazyFrame:
    """Compute a small table that several steps read, once, so that the plan does not grow with every reader."""
    return computed(rows).lazy()


def is_empty(rows: pl.LazyFrame) -> bool:
    """Tell whether there is no row at all: where nothing can follow, the steps that follow are not even planned."""
    return computed(rows.limit(1)).is_empty()


def no_episodes() -> pl.LazyFrame:
    """Return what a detector finds where there is nothing to look at."""
    return pl.LazyFrame(schema=dict.fromkeys(EPISODE, pl.Null))


def steadied(episodes: pl.LazyFrame) -> pl.LazyFrame:
    """Round statistics to nine decimals: sums of floats depend on the order of rows in their last bits."""
    return episodes.with_columns(cs.float().round(9))


def in_windows(rows: pl.LazyFrame, *, minutes: int, ns: str = "transact_time_ns") -> pl.LazyFrame:
    """Put each row into the two windows of ``minutes`` it belongs to; they overlap by half.

    Adds ``window``, a number: what lasts at most half a window lies wholly in one of them.
    """
    half = minutes * MINUTE_NS // 2
    later = rows.with_columns(window=pl.col(ns) // half)
    return pl.concat([later, later.with_columns(pl.col("window") - 1)])


def numbered(
    spans: pl.LazyFrame, by: Sequence[str], *, first: str = "first_ns", last: str = "last_ns"
) -> pl.LazyFrame:
    """Number the episodes of spans of time: one that begins within five minutes of the last end goes on.

    The result is sorted by ``by`` and time and has one more column, ``episode``.
    """
    reached = pl.col(last).cum_max().shift(1).over(by)
    apart = (pl.col(first) - reached >= _GAP_NS).fill_null(value=False)
    return (
        spans.sort(*by, first, last)
        .with_columns(apart=apart)
        .with_columns(episode=pl.col("apart").cast(pl.Int32).cum_sum().over(by))
        .drop("apart")
    )


def merged_spans(
    hits: pl.LazyFrame, by: Sequence[str], *, told: Sequence[str], best: Sequence[str], **more: pl.Expr
) -> pl.LazyFrame:
    """Merge windows into episodes, a row each: whom and what they concern, and the figures of their worst window.

    ``hits`` carries ``window_start``, ``window_end``, ``first_ns``, ``last_ns`` and the lists ``exec_ids``,
    ``order_ids``, ``accounts`` and ``traders``. The figures ``told`` are those of the window that sorts last
    by ``best``; ``more`` adds aggregates of an episode's windows.
    """
    return (
        numbered(hits, by)
        .group_by(*by, "episode")
        .agg(
            pl.col("window_start").min(),
            pl.col("window_end").max(),
            first_seq=sequence("first_ns").sort_by("first_ns").first(),
            last_seq=sequence("last_ns").sort_by("last_ns").last(),
            **{name: flattened(name) for name in ("exec_ids", "order_ids", "accounts", "traders")},
            **{name: pl.col(name).sort_by(*best).last() for name in told},
            **more,
        )
    )
