"""What a data set is: its columns, the key that makes a row unique, the time that orders it."""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

import polars as pl

# Fixed point with twelve decimals: sums are exact whatever the threads or engine, and the smallest
# crypto price seen in real files (1e-8) and the largest amount (4e9) both fit with room for their product.
DECIMAL = pl.Decimal(38, 12)
INSTANT = pl.Datetime("us", "UTC")


class Unit(StrEnum):
    """What a number counts."""

    PRICE = "currency per unit"
    QUANTITY = "units"
    MONEY = "currency"
    FRACTION = "fraction"
    SIGNED_QUANTITY = "units, signed"
    SIGNED_MONEY = "currency, signed"
    COUNT = "count"


@dataclass(frozen=True)
class Column:
    """One column: its type, meaning and the rule a value must obey."""

    dtype: pl.DataType
    doc: str
    unit: Unit | None = None
    required: bool = False
    values: tuple[str, ...] = ()  # closed vocabulary, lower case
    default: Any = None  # what an absent value means (only where the contract names one)
    positive: bool = False  # > 0
    fix: int | None = None  # FIX 4.4 tag


@dataclass(frozen=True)
class Dataset:
    """A fact table.

    ``columns`` are the business columns, in file-header order. The lake adds ``SYSTEM`` columns to every
    row, and ``transact_time_ns`` where the data set has a ``time``.
    """

    name: str
    title: str
    columns: dict[str, Column]
    key: tuple[str, ...]
    time: str | None = None  # the instant column that orders rows
    day: str | None = None  # the calendar-day column, where there is no instant
    derived: bool = False  # computed by a job, replaced as a whole; never imported
    schema: dict[str, pl.DataType] = field(init=False)

    def __post_init__(self) -> None:
        """Lay out the stored schema: business columns, then the lake's own."""
        schema = {name: column.dtype for name, column in self.columns.items()}
        if self.time:
            schema["transact_time_ns"] = pl.Int64()
        object.__setattr__(self, "schema", schema | SYSTEM)

    @property
    def required(self) -> tuple[str, ...]:
        """Names of the columns that a row must fill."""
        return tuple(name for name, column in self.columns.items() if column.required)

    def empty(self) -> pl.LazyFrame:
        """Return no rows in the stored schema."""
        return pl.LazyFrame(schema=self.schema)


# Columns the lake keeps beside every row: where it came from, when we knew, what looked odd.
SYSTEM: dict[str, pl.DataType] = {
    "raw_id": pl.String(),
    "import_id": pl.String(),
    "ingest_time": INSTANT,
    "dq_flags": pl.List(pl.String()),
}


def text(doc: str, *, required: bool = False, values: tuple[str, ...] = (), **more: Any) -> Column:
    """Declare a text column; ``values`` closes its vocabulary."""
    return Column(pl.String(), doc, required=required, values=values, **more)


def number(doc: str, unit: Unit, *, required: bool = False, **more: Any) -> Column:
    """Declare a fixed-point number (price, quantity or money)."""
    return Column(DECIMAL, doc, unit, required, **more)


def statistic(doc: str, unit: Unit | None = None, *, required: bool = False, **more: Any) -> Column:
    """Declare a floating-point statistic."""
    return Column(pl.Float64(), doc, unit, required, **more)


def count(doc: str, *, required: bool = False, **more: Any) -> Column:
    """Declare a whole number."""
    return Column(pl.Int64(), doc, Unit.COUNT, required, **more)


def instant(doc: str, *, required: bool = False, **more: Any) -> Column:
    """Declare an instant in UTC, microseconds."""
    return Column(INSTANT, doc, required=required, **more)


def day(doc: str, *, required: bool = False, **more: Any) -> Column:
    """Declare a calendar day in the venue's zone."""
    return Column(pl.Date(), doc, required=required, **more)


def flag(doc: str, **more: Any) -> Column:
    """Declare a yes/no column."""
    return Column(pl.Boolean(), doc, **more)


def texts(doc: str, **more: Any) -> Column:
    """Declare a list of texts (in CSV: separated by ``|``)."""
    return Column(pl.List(pl.String()), doc, **more)


EXT = text("What has no column: JSON list of [field, value] in source order.")
