"""One currency for an answer, and the reasons where that is not possible."""

from decimal import Decimal
from typing import Any

import polars as pl

from analytics.datasets import FX_RATES
from analytics.portfolio.currency import rates
from app.desk import Desk

Values = dict[str, Any]
Reasons = dict[str, str]


def currency(desk: Desk) -> str:
    """Return the currency an answer is in: the scope's, else the organisation's."""
    return desk.scope.currency or desk.identity.currency


def converted(desk: Desk, frame: pl.DataFrame, *columns: str, date: str = "date") -> pl.DataFrame:
    """Return ``frame`` with ``columns`` converted from its ``currency`` into the answer's currency.

    Each row is converted at the last rate known on its ``date``. Where there is none the values are null,
    and ``missing_rate`` names the row's currency (null elsewhere); nothing is ever taken at 1.
    """
    to = currency(desk)
    foreign = frame.filter(pl.col("currency") != to)
    if foreign.is_empty():
        known = pl.when(pl.col("currency").is_not_null())
        return frame.with_columns(
            *(known.then(pl.col(name)).alias(name) for name in columns),
            missing_rate=pl.when(pl.col("currency").is_null()).then(pl.lit("an unknown currency")),
        )
    pairs = frame.lazy().select("currency", base=pl.lit(to))
    known_rates = rates(
        desk.rows(FX_RATES, dated=False, scoped=False), pairs=pairs, days=frame.lazy().select(date=date)
    )
    table = desk.collect(known_rates).select("currency", pl.col("date").alias(date), "fx_rate")
    joined = frame.join(table, on=["currency", date], how="left", maintain_order="left")
    lacking = pl.col("fx_rate").is_null()
    return joined.with_columns(
        *((pl.col(name) * pl.col("fx_rate")).alias(name) for name in columns),
        missing_rate=pl.when(lacking).then(pl.col("currency").fill_null("an unknown currency")),
    ).drop("fx_rate")


def no_rate(desk: Desk, frame: pl.DataFrame) -> str | None:
    """Return why amounts of a ``converted`` frame are null, or None when none is for lack of a rate."""
    lacking = frame["missing_rate"].drop_nulls().unique().sort().to_list()
    return f"No rate from {', '.join(lacking)} to {currency(desk)} is known." if lacking else None


def total(frame: pl.DataFrame, column: str) -> float | None:
    """Return the sum of a column: None if any value is null, 0 for no rows."""
    values = frame[column]
    return None if values.null_count() else number(values.sum())


def number(value: Decimal | float | None) -> float | None:
    """Return a value as a float for an answer; None stays None, and so does what is not finite."""
    if value is None:
        return None
    found = float(value)
    return found if abs(found) < float("inf") else None
