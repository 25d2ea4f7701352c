"""What reading a file gives: tables, raw records, rejects; and how raw records get their identity."""

import hashlib
from collections.abc import Mapping as Map
from collections.abc import Sequence
from dataclasses import dataclass, field

import polars as pl

from app.sources import _rejects
from app.sources._conform import Conformed

RAW = {
    "line": pl.Int64,
    "record": pl.String,
    "occurrence": pl.Int64,
    "raw_id": pl.String,
    "datasets": pl.String,
}
_HASHED = 50_000  # records that are Python objects at a time
DUPLICATES = {"line": pl.Int64, "dataset": pl.String, "of_line": pl.Int64}


@dataclass
class Reading:
    """One file, read.

    Attributes:
        feed: Format and source, such as ``csv:executions``; part of every ``raw_id``.
        records: Source records seen.
        tables: Data set name to rows: business columns in the data set's types, ``transact_time_ns`` where
            it has a time, ``line`` and ``dq_flags``. Keys are unique within each table.
        raw: One row a source record: line, record (verbatim), occurrence (n-th of these bytes in the file),
            raw_id, datasets (comma separated names of the tables it landed in).
        rejects: line, column, value, code, message, record.
        duplicates: Rows left out because an earlier row of the file has their key and content: line,
            dataset, of_line.
        warnings: What the reader should know, in sentences.
    """

    feed: str
    records: int
    tables: dict[str, pl.DataFrame]
    raw: pl.DataFrame
    rejects: pl.DataFrame
    duplicates: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=DUPLICATES))
    warnings: list[str] = field(default_factory=list)

    def outcome(self) -> pl.DataFrame:
        """Say per record (line) whether it is ``accepted``, ``rejected`` or ``duplicate`` within this file.

        Rejected: at least one reject and in no table. Duplicate: only repeats of earlier rows. Otherwise
        accepted, which includes records that are kept without a table of their own.
        """
        empty = pl.col("datasets") == ""
        rejected = empty & pl.col("line").is_in(self.rejects["line"].implode())
        repeated = empty & pl.col("line").is_in(self.duplicates["line"].implode())
        status = pl.when(rejected).then(pl.lit("rejected")).when(repeated).then(pl.lit("duplicate"))
        return self.raw.select("line", status.otherwise(pl.lit("accepted")).alias("outcome"))

    def counts(self) -> dict[str, int]:
        """Return how many records are accepted, rejected, duplicate; they add up to ``records``."""
        found = dict(self.outcome().group_by("outcome").len().iter_rows())
        return {name: found.get(name, 0) for name in ("accepted", "rejected", "duplicate")}


def raw_ids(feed: str, record: pl.Series, occurrence: pl.Series) -> pl.Series:
    """Identify records: sha256 of feed, occurrence and verbatim bytes, separated by NUL, in hex (64)."""
    sha256 = hashlib.sha256
    frame = pl.DataFrame({"n": occurrence, "r": record})
    parts = [pl.Series("raw_id", [], dtype=pl.String)]
    for piece in frame.iter_slices(_HASHED):
        whole = piece.select(
            pl.concat_str(pl.lit(f"{feed}\0"), pl.col("n").cast(pl.String), pl.lit("\0"), "r")
        )
        made = [sha256(one).hexdigest() for one in whole.to_series().cast(pl.Binary)]
        parts.append(pl.Series("raw_id", made, dtype=pl.String))
    return pl.concat(parts)


def occurrences(record: pl.Series) -> pl.Series:
    """Count from 1 the n-th time that these bytes occur."""
    # Distinct hashes prove distinct texts; only where two are equal are the texts themselves compared.
    if record.hash().n_unique() == len(record):
        return pl.repeat(1, len(record), dtype=pl.Int64, eager=True)
    return (
        pl.DataFrame({"r": record}).select(pl.int_range(1, pl.len() + 1).over("r").cast(pl.Int64)).to_series()
    )


def reading(
    feed: str,
    raw: pl.DataFrame,
    tables: Map[str, Conformed],
    *,
    rejects: Sequence[pl.DataFrame] = (),
    warnings: Sequence[str] = (),
) -> Reading:
    """Put the parts of a reading together.

    Args:
        feed: Format and source.
        raw: ``line`` (unique) and ``record`` of every source record.
        tables: What became of the rows, by data set.
        rejects: Rejects from before the tables, without the record.
        warnings: Sentences for the reader.
    """
    seen = occurrences(raw["record"])
    landed = pl.lit("")
    parts = []
    for name, made in tables.items():
        inside = pl.col("line").is_in(made.rows["line"].unique().implode())
        parts.append(pl.when(inside).then(pl.lit(name)))
    if parts:
        landed = pl.concat_str(parts, separator=",", ignore_nulls=True)
    frame = raw.select(pl.col("line").cast(pl.Int64), "record").with_columns(
        occurrence=seen, raw_id=raw_ids(feed, raw["record"], seen), datasets=landed
    )
    refused = pl.concat([_rejects.frame(), *rejects, *(t.rejects for t in tables.values())])
    short = raw.select(pl.col("line").cast(pl.Int64), pl.col("record"))
    refused = refused.join(
        short.filter(pl.col("line").is_in(refused["line"].unique().implode())), on="line", how="left"
    )
    refused = refused.with_columns(pl.col("record").str.slice(0, _rejects.RECORD_CUT)).sort(
        "line", maintain_order=True
    )
    repeats = [
        t.duplicates.select("line", pl.lit(name).alias("dataset"), "of_line") for name, t in tables.items()
    ]
    return Reading(
        feed=feed,
        records=frame.height,
        tables={name: made.rows for name, made in tables.items() if made.rows.height},
        raw=frame.select(list(RAW)),
        rejects=refused,
        duplicates=pl.concat([pl.DataFrame(schema=DUPLICATES), *repeats]),
        warnings=list(warnings),
    )
