"""The shape of what a detector says, and how single hits grow into episodes."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import polars as pl

from analytics.datasets import INSTANT
from analytics.text import formatted

TEXTS = pl.List(pl.String())
METRIC = pl.Struct(
    {
        "name": pl.String(),
        "value": pl.Float64(),
        "threshold": pl.Float64(),
        "percentile": pl.Float64(),
        "unit": pl.String(),
    }
)
ALERT_SCHEMA: dict[str, pl.DataType] = {
    "alert_id": pl.String(),
    "kind": pl.String(),  # alert, or data_gap: the detector could not look
    "detector": pl.String(),
    "detector_version": pl.String(),
    "parameters_version": pl.String(),
    "severity": pl.String(),
    "score": pl.Float64(),
    "actor_group": pl.String(),
    "actors": pl.List(pl.Struct({"kind": pl.String(), "id": pl.String()})),
    "instrument_ids": TEXTS,
    "window_start": INSTANT,
    "window_end": INSTANT,
    "first_seq": pl.String(),
    "last_seq": pl.String(),
    "order_ids": TEXTS,
    "exec_ids": TEXTS,
    "message_ids": TEXTS,
    "post_ids": TEXTS,
    "event_seqs": pl.List(pl.Int64()),
    "metrics": pl.List(METRIC),
    "story": TEXTS,
    "regulation": TEXTS,
}
# Columns every detector's episodes carry; more are its own.
EPISODE = ("actor_group", "instrument_id", "window_start", "window_end", "first_seq", "last_seq")
BANDS = ((90.0, "critical"), (70.0, "high"), (40.0, "medium"))
MERGE_GAP = timedelta(minutes=5)
MAX_EVIDENCE = 500  # ids kept on one alert; the window finds the rest


@dataclass(frozen=True)
class Metric:
    """One number behind a score, beside the threshold it is measured against."""

    name: str
    value: float | None
    threshold: float | None = None
    unit: str = ""
    percentile: float | None = None

    def steady(self) -> dict[str, Any]:
        """Return it as a row of ``METRIC``, its numbers to twelve digits.

        The engine divides by a constant or multiplies by its reciprocal, as the rows happen to lie: beyond
        that, the last digits would tell how a table was cut up, and not what is in it.
        """
        return {
            "name": self.name,
            "value": steady(self.value),
            "threshold": steady(self.threshold),
            "percentile": steady(self.percentile),
            "unit": self.unit,
        }


@dataclass(frozen=True)
class Told:
    """What a detector says about one episode."""

    score: float
    metrics: Sequence[Metric]
    story: Sequence[str]
    actors: Sequence[tuple[str, str]]  # (kind, id)
    order_ids: Sequence[str] = ()
    exec_ids: Sequence[str] = ()
    event_seqs: Sequence[int] = ()
    message_ids: Sequence[str] = ()
    post_ids: Sequence[str] = ()
    instrument_ids: Sequence[str] = field(default=())  # beyond the episode's own


def steady(number: float | None) -> float | None:
    """Return a number to twelve significant digits."""
    return None if number is None else float(f"{number:.12g}")


def severity(score: float) -> str:
    """Return the band of a score: low, medium (from 40), high (from 70), critical (from 90)."""
    return next((name for floor, name in BANDS if score >= floor), "low")


def alert_id(*parts: str) -> str:
    """Return the id of an alert: the same parts give the same id, in any run."""
    return hashlib.sha256("\x1f".join(parts).encode()).hexdigest()


def sequence(ns: str = "transact_time_ns", seq: str | None = None) -> pl.Expr:
    """Return a sortable text that names one event: nanoseconds, then the source's own number."""
    number = pl.lit(0, pl.Int64) if seq is None else pl.col(seq).fill_null(0)
    return formatted("{}.{}", pl.col(ns), number)


def with_episode(hits: pl.LazyFrame, *, ns: str = "transact_time_ns", by: Sequence[str] = ()) -> pl.LazyFrame:
    """Number the episodes of each actor group and instrument.

    A hit less than five minutes after the one before belongs to the same episode. The result is sorted
    by group, instrument and time, whatever the order of the input, and has one more column, ``episode``.
    """
    keys = list(by) or ["actor_group", "instrument_id"]
    gap = int(MERGE_GAP.total_seconds()) * 10**9
    apart = (pl.col(ns) - pl.col(ns).shift(1).over(keys)) >= gap
    ties = [c for c in ("event_seq", "order_id", "exec_id", "match_id") if c in hits.collect_schema()]
    return hits.sort([*keys, ns, *ties], nulls_last=True).with_columns(
        episode=apart.fill_null(value=False).cast(pl.Int32).cum_sum().over(keys)
    )


def listed(column: str) -> pl.Expr:
    """Return the distinct values of a column within a group, sorted, bounded in number."""
    return pl.col(column).drop_nulls().unique().sort().head(MAX_EVIDENCE)


def flattened(column: str) -> pl.Expr:
    """Return the distinct values of a list column within a group, sorted, bounded in number."""
    return pl.col(column).explode().drop_nulls().unique().sort().head(MAX_EVIDENCE)
