"""Why a record is set aside: the codes, what each expects, and the frame that carries them."""

from collections.abc import Iterable
from typing import Any

import polars as pl

SCHEMA: dict[str, Any] = {
    "line": pl.Int64,
    "column": pl.String,
    "value": pl.String,
    "code": pl.String,
    "message": pl.String,
}
VALUE_CUT, RECORD_CUT = 200, 4_000

MESSAGES: dict[str, str] = {
    "MISSING": "A value is required here.",
    "BAD_NUMBER": "Expected a number with a decimal point and no thousands mark.",
    "NOT_FINITE": "Expected a finite number.",
    "PRECISION": "Expected at most 12 decimals.",
    "OVERFLOW": "Expected at most 26 digits before the decimal point.",
    "NOT_POSITIVE": "Expected a number above zero.",
    "BAD_INTEGER": "Expected a whole number of at most 18 digits.",
    "BAD_TIME": "Expected an ISO 8601 instant such as 2026-03-02T14:30:00.25Z.",
    "ZONE_MISSING": "The time has no zone; add an offset or name the zone of the file.",
    "AMBIGUOUS_TIME": "This local time happened twice (clocks went back); add an offset.",
    "NONEXISTENT_TIME": "This local time never happened (clocks went forward).",
    "LEAP_SECOND": "Second 60 cannot be stored; use :59 with a fraction.",
    "TIME_RANGE": "Expected a year from 1678 to 2261.",
    "BAD_DATE": "Expected a date such as 2026-03-02.",
    "BAD_FLAG": "Expected true or false.",
    "UNKNOWN_VALUE": "Expected one of the listed values.",
    "BAD_CURRENCY": "Expected a currency code such as USD.",
    "INVISIBLE": "Holds control or invisible characters.",
    "TOO_LONG": "Longer than the limit.",
    "BAD_JSON": "Expected valid JSON.",
    "BAD_LIST": "Expected a list of texts.",
    "RAGGED": "The number of fields differs from the header.",
    "BAD_QUOTING": "A quotation mark stands in the middle of a field.",
    "NOT_UTF8": "The line is not valid UTF-8.",
    "CONFLICT": "An earlier row of this file has the same key and other content.",
}


def frame(rows: Iterable[tuple[int | None, str | None, str | None, str, str]] = ()) -> pl.DataFrame:
    """Build the frame from (line, column, value, code, message) tuples."""
    return pl.DataFrame(list(rows), schema=SCHEMA, orient="row")


def from_codes(
    line: pl.Series, column: str, text: pl.Series | None, code: pl.Series, hint: str = ""
) -> pl.DataFrame:
    """Turn a column of codes (null = fine) into rejects.

    Args:
        line: Line of each row.
        column: The column to blame.
        text: The value found in each row.
        code: The code of each row, or null.
        hint: Overrides the code's usual message, where a list of choices says more.
    """
    value = (
        text.cast(pl.String) if text is not None else pl.repeat(None, len(line), dtype=pl.String, eager=True)
    )
    made = (
        pl.DataFrame({"line": line, "code": code})
        .with_columns(value=value)
        .filter(pl.col("code").is_not_null())
    )
    message = pl.col("code").replace_strict(MESSAGES, default="Refused.")
    if hint:
        message = pl.when(pl.col("code") == "UNKNOWN_VALUE").then(pl.lit(hint)).otherwise(message)
    return made.select(
        pl.col("line").cast(pl.Int64),
        pl.lit(column).alias("column"),
        pl.col("value").str.slice(0, VALUE_CUT),
        "code",
        message.alias("message"),
    )
