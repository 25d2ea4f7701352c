"""The gate before every write: exact types, filled columns, finite numbers.

deltalake casts in silence (0.73 stored as 0, nanoseconds cut), so types are compared for equality here
and never "castable".
"""

from datetime import UTC, datetime

import polars as pl

from analytics.datasets import INSTANT, SYSTEM, Dataset
from app.errors import FieldError, Invalid

MONTH = "month"
TIMELESS_MONTH = "0000-00"
# Columns a writer may leave to the lake.
_FILLED = frozenset({*SYSTEM, "transact_time_ns"})


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
    errors = _shape(dataset, frame)
    if not errors:
        frame = _completed(dataset, frame, import_id=import_id)
        errors = _values(dataset, frame)
    if errors:
        raise Invalid(f"{dataset.title}: the rows do not fit the table.", errors=errors)
    return in_order(dataset, frame)


def in_order(dataset: Dataset, rows: pl.DataFrame) -> pl.DataFrame:
    """Sort stored rows by month, then time or day; equal ones keep their order."""
    within = "transact_time_ns" if dataset.time else dataset.day
    if within and rows[within].is_sorted():
        return rows
    return rows.sort([MONTH, within] if within else [MONTH], maintain_order=True)


def _shape(dataset: Dataset, frame: pl.DataFrame) -> list[FieldError]:
    found = frame.schema
    errors = []
    for name, dtype in dataset.schema.items():
        if name not in found:
            if name not in _FILLED:
                errors.append(FieldError(name, "is missing"))
        elif found[name] != dtype:
            errors.append(FieldError(name, f"is {found[name]}, not {dtype}"))
    return errors + [FieldError(name, "is not a column") for name in found if name not in dataset.schema]


def _completed(dataset: Dataset, frame: pl.DataFrame, *, import_id: str) -> pl.DataFrame:
    """Return all columns in stored order, the lake's own filled, and the month; in one pass."""
    defaults = {"import_id": pl.lit(import_id), "ingest_time": pl.lit(datetime.now(UTC), INSTANT)}
    given = set(frame.columns)
    columns = []
    for name, dtype in dataset.schema.items():
        if name in given:
            column = pl.col(name).fill_null(defaults[name]) if name in defaults else pl.col(name)
        elif name == "transact_time_ns" and dataset.time:
            column = pl.col(dataset.time).dt.epoch("us") * 1000
        else:
            column = defaults.get(name, pl.lit(None, dtype))
        columns.append(column.alias(name))
    return frame.select(*columns, _month(dataset))


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
