"""Decide, record by record, what an import adds: accepted, duplicate or set aside."""

from collections.abc import Mapping
from dataclasses import dataclass

import polars as pl

from analytics.datasets import DATASETS, EXECUTIONS, Dataset

REJECT_SCHEMA = {
    "line": pl.Int64(),
    "column": pl.String(),
    "value": pl.String(),
    "code": pl.String(),
    "message": pl.String(),
    "record": pl.String(),
}
# A statement describes its instruments and accounts in passing: a second description is not a conflict.
_IN_PASSING = {"instruments", "accounts"}


@dataclass(frozen=True)
class Settled:
    """What an import adds, and the arithmetic of its records."""

    tables: dict[str, pl.DataFrame]  # business columns + line, dq_flags, raw_id
    raw: pl.DataFrame
    rejects: pl.DataFrame
    records: int
    accepted: int
    rejected: int
    duplicate: int
    warnings: tuple[str, ...]


def settle(
    *,
    records: int,
    tables: Mapping[str, pl.DataFrame],
    raw: pl.DataFrame,
    rejects: pl.DataFrame,
    repeats: pl.DataFrame,
    known_raw: pl.DataFrame,
    known: Mapping[str, pl.DataFrame],
) -> Settled:
    """Compare what was read with what is stored.

    Args:
        records: Source records read.
        tables: Rows by data set, each with the ``line`` of its record.
        raw: One row per record: line, record, occurrence, raw_id, datasets.
        rejects: What the source set aside already (``REJECT_SCHEMA``).
        repeats: Lines of rows that the source left out as repeats of earlier ones of the file.
        known_raw: raw_id of those records that are stored already.
        known: By data set, the stored rows that share a key with the new ones.

    Returns:
        The rows to add. ``accepted + rejected + duplicate == records``: a record is accepted when any of
        its rows is new (or it has none and is only kept verbatim), rejected when it was set aside and
        nothing of it landed, else a duplicate.
    """
    seen = raw.join(known_raw, on="raw_id", how="semi").select("line")
    new_tables, clashes, warnings = {}, [rejects.select(list(REJECT_SCHEMA))], []
    landed, same = [seen.clear()], [seen, repeats.select("line")]
    for name, frame in tables.items():
        dataset = DATASETS[name]
        rows = frame.join(seen, on="line", how="anti")
        rows = _versioned(rows, known[name]) if dataset is EXECUTIONS else rows
        verdict = _verdict(rows, known[name], dataset)
        new_tables[name] = rows.filter(verdict == "new")
        landed.append(new_tables[name].select("line"))
        same.append(rows.filter(verdict == "same").select("line"))
        conflict = rows.filter(verdict == "conflict")
        if conflict.is_empty():
            continue
        if len(tables) > 1 and name in _IN_PASSING:
            warnings.append(
                f"{conflict.height} rows describe {name} that are already known otherwise; kept as they were."
            )
            same.append(conflict.select("line"))
        else:
            clashes.append(_clash(conflict, raw, dataset))
    all_rejects = pl.concat(clashes, how="vertical_relaxed")
    status = _status(raw, landed=pl.concat(landed), rejected=all_rejects.select("line"), same=pl.concat(same))
    counts = dict(status.group_by("status").len().iter_rows())
    # Rows of the live log whose verbatim record a crash cut off: the retry brings the record.
    stored = pl.concat([frame.select("raw_id") for frame in known.values()] or [known_raw])
    bereft = raw.join(stored, on="raw_id", how="semi").join(seen, on="line", how="anti").select("line")
    keep = pl.concat([status.filter(pl.col("status") == "accepted").select("line"), bereft])
    kept = raw.join(keep, on="line", how="semi")
    ids = raw.select("line", "raw_id")
    # Records a source could not even split off (a torn tail) are counted but have no verbatim row.
    beyond = records - raw.height
    return Settled(
        tables={
            n: f.join(ids, on="line", how="left", maintain_order="left")
            for n, f in new_tables.items()
            if f.height
        },
        raw=kept,
        rejects=all_rejects,
        records=records,
        accepted=counts.get("accepted", 0),
        rejected=counts.get("rejected", 0) + beyond,
        duplicate=counts.get("duplicate", 0),
        warnings=tuple(warnings),
    )


def _status(
    raw: pl.DataFrame, *, landed: pl.DataFrame, rejected: pl.DataFrame, same: pl.DataFrame
) -> pl.DataFrame:
    """Return line, status; what landed wins over what was set aside, that over what was known."""
    line = pl.col("line")
    return raw.select("line").with_columns(
        status=pl.when(line.is_in(landed["line"].implode()))
        .then(pl.lit("accepted"))
        .when(line.is_in(rejected["line"].implode()))
        .then(pl.lit("rejected"))
        .when(line.is_in(same["line"].implode()))
        .then(pl.lit("duplicate"))
        .otherwise(pl.lit("accepted"))
    )


def _verdict(rows: pl.DataFrame, known: pl.DataFrame, dataset: Dataset) -> pl.Series:
    """Say of each row: new, same (key and content known) or conflict (key known, other content)."""
    keys, content = list(dataset.key), [c for c in dataset.columns if c not in dataset.key]
    if known.is_empty() and not rows.select(pl.struct(keys).is_duplicated().any()).item():
        # The usual case of a large file: nothing to compare, and the joins below hold every row three times.
        return pl.repeat("new", rows.height, dtype=pl.String, eager=True).alias("verdict")
    first = rows.unique(subset=keys, keep="first", maintain_order=True).select(
        *keys, *content, first_line="line"
    )
    stored = known.select(*keys, *content).unique(subset=keys, keep="last", maintain_order=True)
    joined = rows.with_row_index("nr").join(
        stored.with_columns(stored=pl.lit(value=True)),
        on=keys,
        how="left",
        nulls_equal=True,
        suffix="_stored",
    )
    joined = joined.join(first, on=keys, how="left", nulls_equal=True, suffix="_first").sort("nr")
    equal_stored = pl.all_horizontal(
        [pl.lit(value=True), *(pl.col(c).eq_missing(pl.col(f"{c}_stored")) for c in content)]
    )
    equal_first = pl.all_horizontal(
        [pl.lit(value=True), *(pl.col(c).eq_missing(pl.col(f"{c}_first")) for c in content)]
    )
    return joined.select(
        verdict=pl.when(pl.col("stored").is_not_null())
        .then(pl.when(equal_stored).then(pl.lit("same")).otherwise(pl.lit("conflict")))
        .when(pl.col("line") == pl.col("first_line"))
        .then(pl.lit("new"))
        .otherwise(pl.when(equal_first).then(pl.lit("same")).otherwise(pl.lit("conflict")))
    )["verdict"]


def _versioned(rows: pl.DataFrame, known: pl.DataFrame) -> pl.DataFrame:
    """Number corrections and busts after the latest version of the execution that they refer to."""
    if rows.is_empty() or not rows["exec_status"].is_in(["corrected", "busted"]).any():
        return rows
    root = pl.coalesce("exec_ref_id", "exec_id").alias("root")
    latest = known.select(root, "version").group_by("root").agg(latest=pl.col("version").max())
    rows = rows.with_columns(root).join(latest, on="root", how="left", maintain_order="left")
    later = pl.col("exec_status") != "new"
    rank = later.cum_sum().over("root")
    renumber = later & (pl.col("version").fill_null(1) <= 1)
    return rows.with_columns(
        version=pl.when(renumber)
        .then(pl.col("latest").fill_null(1) + rank)
        .otherwise(pl.col("version").fill_null(1))
    ).drop("root", "latest")


def _clash(conflict: pl.DataFrame, raw: pl.DataFrame, dataset: Dataset) -> pl.DataFrame:
    key = pl.concat_str([pl.col(k).cast(pl.String).fill_null("") for k in dataset.key], separator=" / ")
    found = conflict.select("line", value=key).join(raw.select("line", "record"), on="line", how="left")
    return found.select(
        "line",
        column=pl.lit(dataset.key[0]),
        value="value",
        code=pl.lit("CONFLICT"),
        message=pl.lit(
            f"{dataset.title}: a row with this key is stored with other content; it was kept as it was."
        ),
        record="record",
    )
