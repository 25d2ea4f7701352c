"""The gate before every write: exact types, filled columns, finite numbers.

deltalake casts in silence (0.73 stored as 0, nanoseconds cut), so types are compared for equality here
and never "castable".
"""

from datetime import UTC, datetime

import polars as pl

from analytics.datasets import SYSTEM, Dataset
from app.errors import FieldError, Invalid

MONTH = "month"
TIMELESS_MONTH = "0000-00"


def stored_schema(dataset: Dataset) -> dict[str, pl.DataType]:
    """Return the schema of the stored table: the data set's, then the partition column."""
    return dataset.schema | {MONTH: pl.String()}


def conform(dataset: Dataset, frame: pl.DataFrame, *, import_id: str) -> pl.DataFrame:
    """Return ``frame`` ready to be stored: checked, completed, with ``month``, sorted by month and time.

    Columns of the lake itself may be absent; they are filled (``import_id``, ``ingest_time`` = now,
    ``transact_time_ns`` from the time). Business columns may not.

    Raises:
        Invalid: Naming each column that is absent, unknown, of another type, null where a value is
            required, or not finite.
    """
    frame = _complete(dataset, frame, import_id=import_id)
    errors = [*_shape(dataset, frame)] or [*_values(dataset, frame)]
    if errors:
        raise Invalid(f"{dataset.title}: the rows do not fit the table.", errors=errors)
    return in_order(dataset, frame.select(list(dataset.schema)).with_columns(_month(dataset)))


def in_order(dataset: Dataset, rows: pl.DataFrame) -> pl.DataFrame:
    """Sort stored rows by month, then time or day; equal ones keep their order."""
    within = "transact_time_ns" if dataset.time else dataset.day
    return rows.sort([MONTH, within] if within else [MONTH], maintain_order=True)


def _complete(dataset: Dataset, frame: pl.DataFrame, *, import_id: str) -> pl.DataFrame:
    fill: dict[str, pl.Expr] = {
        name: pl.lit(None, dtype).alias(name) for name, dtype in SYSTEM.items() if name not in frame.columns
    }
    known = frame.with_columns(list(fill.values()))
    if known.schema["import_id"] == pl.String and known.schema["ingest_time"] == SYSTEM["ingest_time"]:
        instant = pl.lit(datetime.now(UTC), SYSTEM["ingest_time"])
        known = known.with_columns(
            pl.col("import_id").fill_null(import_id), pl.col("ingest_time").fill_null(instant)
        )
    if dataset.time in known.columns and "transact_time_ns" not in known.columns:
        known = known.with_columns(transact_time_ns=pl.col(dataset.time).dt.epoch("us") * 1000)
    return known


def _shape(dataset: Dataset, frame: pl.DataFrame) -> list[FieldError]:
    found = frame.schema
    errors = [
        FieldError(name, "is missing")
        if name not in found
        else FieldError(name, f"is {found[name]}, not {dtype}")
        for name, dtype in dataset.schema.items()
        if name not in found or found[name] != dtype
    ]
    return errors + [FieldError(name, "is not a column") for name in found if name not in dataset.schema]


def _values(dataset: Dataset, frame: pl.DataFrame) -> list[FieldError]:
    must = [*dataset.required, *(["transact_time_ns"] if dataset.time else [])]
    errors = [
        FieldError(name, f"is empty in {nulls} rows") for name in must if (nulls := frame[name].null_count())
    ]
    for name, dtype in dataset.schema.items():
        if dtype.is_float() and not frame[name].is_finite().all(ignore_nulls=True):
            errors.append(FieldError(name, "has numbers that are not finite"))
    return errors


def _month(dataset: Dataset) -> pl.Expr:
    column = dataset.time or dataset.day
    if column is None:
        return pl.lit(TIMELESS_MONTH).alias(MONTH)
    return pl.col(column).dt.strftime("%Y-%m").fill_null(TIMELESS_MONTH).alias(MONTH)
