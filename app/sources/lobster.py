"""LOBSTER message files: every event of one stock's order book on one day, nanoseconds after midnight.

The day and the ticker come from the file's name (``AMZN_2012-06-21_..._message_10.csv``) unless the user
says them. The zone must be said: the seconds count from midnight at the venue.
"""

import re
from datetime import date
from typing import ClassVar

import polars as pl

from analytics.datasets import BOOK_EVENTS, TAPE
from analytics.text import formatted
from app.errors import FieldError, Invalid
from app.sources import _rejects
from app.sources._base import ReadOptions, Source
from app.sources._conform import conform
from app.sources._reading import Reading, reading
from app.sources._records import read_records

_NAME = re.compile(r"^([A-Za-z0-9.\-]+)_(\d{4}-\d{2}-\d{2})_.*message", re.IGNORECASE)
_HEADER = ["time", "type", "order_id", "size", "price", "direction"]
ACTIONS = {"1": "add", "2": "reduce", "3": "delete", "4": "fill", "5": "trade", "6": "trade", "7": "halt"}
_FACTOR = 10_000  # prices are US dollars times this


class Lobster(Source):
    """Book events of every row; a row of the tape beside each visible, hidden or cross execution."""

    name: ClassVar[str] = "lobster"
    title: ClassVar[str] = "LOBSTER message file"
    suffixes: ClassVar[tuple[str, ...]] = (".csv",)

    def sniff(self, head: bytes, filename: str) -> float:
        """Go by the name and six numbers in the first line."""
        first = head.partition(b"\n")[0].strip()
        numbers = re.fullmatch(rb"[0-9.]+,[1-7],[0-9]+,[0-9]+,-?[0-9]+,-?1", first) is not None
        return 0.95 if numbers and "message" in filename else 0.5 if numbers else 0.0

    def read(self, data: bytes, options: ReadOptions) -> Reading:
        """Read the events of one stock and day."""
        named = _NAME.match(options.filename)
        day = options.day or (_day(named[2]) if named else None)
        instrument = options.instrument or (named[1] if named else None)
        if day is None or instrument is None:
            field = "day" if day is None else "instrument"
            detail = f"The name of the file does not tell the {field}; say it."
            raise Invalid(detail, errors=[FieldError(field, detail)])
        records = read_records(data, quote=None, header=list(_HEADER))
        rows, bad = _typed(records.fields, day, instrument)
        events = conform(
            BOOK_EVENTS, rows.drop("last_px", "last_qty", "aggressor"), zone=options.zone, now=options.now
        )
        traded = rows.filter(pl.col("type").is_in(["4", "5", "6"]))
        tape = traded.select(
            "line",
            "instrument_id",
            "transact_time",
            "seq",
            "last_px",
            "last_qty",
            pl.col("aggressor").alias("side"),
        )
        # What is wrong with a row is told once, with its event.
        kept = tape.filter(pl.col("line").is_in(events.rows["line"].implode()))
        tables = {
            BOOK_EVENTS.name: events,
            TAPE.name: conform(TAPE, kept, zone=options.zone, now=options.now),
        }
        return reading("lobster", records.raw, tables, rejects=[records.rejects, bad])


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def _typed(fields: pl.DataFrame, day: date, instrument: str) -> tuple[pl.DataFrame, pl.DataFrame]:
    fields = fields.with_columns(pl.col(name).str.strip_chars() for name in _HEADER)
    whole = pl.col("time").str.extract(r"^([0-9]{1,5})(?:\.[0-9]{1,9})?$", 1).cast(pl.Int64, strict=False)
    part = pl.col("time").str.extract(r"^[0-9]+\.([0-9]{1,9})$", 1).fill_null("0").str.pad_end(9, "0")
    clock = formatted(
        "{}T{}:{}:{}.{}",
        pl.lit(day.isoformat()),
        (whole // 3600).cast(pl.String).str.zfill(2),
        (whole // 60 % 60).cast(pl.String).str.zfill(2),
        (whole % 60).cast(pl.String).str.zfill(2),
        part,
    )
    price = pl.col("price").str.extract(r"^(-?[0-9]{1,18})$", 1).cast(pl.Int64, strict=False)
    magnitude = price.abs()
    dollars = pl.concat_str(
        pl.when(price < 0).then(pl.lit("-")).otherwise(pl.lit("")),
        (magnitude // _FACTOR).cast(pl.String),
        pl.lit("."),
        (magnitude % _FACTOR).cast(pl.String).str.zfill(4),
    )
    text = pl.coalesce(dollars, pl.col("price"))  # what is no number stays, to be refused by name
    side = pl.col("direction").replace({"1": "buy", "-1": "sell"})
    halt = pl.col("type") == "7"
    known = pl.col("type").is_in(list(ACTIONS))
    rows = fields.with_columns(
        instrument_id=pl.lit(instrument),
        transact_time=pl.when(whole.is_not_null()).then(clock).otherwise(pl.col("time")),
        seq=pl.col("line").cast(pl.String),
        action=pl.col("type").replace(ACTIONS),
        book_order_id=pl.when(pl.col("order_id") != "0").then(pl.col("order_id")),
        side=pl.when(~halt).then(side),
        px=pl.when(~halt).then(text),
        qty=pl.when(~halt).then(pl.col("size")),
        last_px=text,
        last_qty=pl.col("size"),
        # The direction is that of the resting order; whoever took it came from the other side.
        aggressor=pl.when(pl.col("type") != "6").then(
            pl.col("direction").replace({"1": "sell", "-1": "buy"})
        ),
    )
    bad = rows.filter(~known).select(
        "line",
        pl.lit("type").alias("column"),
        pl.col("type").alias("value"),
        pl.lit("UNKNOWN_VALUE").alias("code"),
        pl.lit("Expected an event type from 1 to 7.").alias("message"),
    )
    return rows.filter(known), pl.concat([_rejects.frame(), bad])
