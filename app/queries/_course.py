"""The price of an instrument over some time, by the finest source that is known."""

from datetime import datetime

import polars as pl

from analytics.datasets import BARS, PRICES, QUOTES, TAPE
from app.desk import Desk

MOST = 1_200  # points of a chart
LEAST_TRADES = 5  # fewer say nothing of a course
_CLOSES = 60  # sessions shown where nothing finer is known


def course(desk: Desk, instrument: str | None, begin: datetime, finish: datetime) -> tuple[str, pl.DataFrame]:
    """Return the price of ``instrument`` between two instants, both included, and of what kind it is.

    Returns:
        ``quotes`` (time, bid, ask), ``bars`` (time, price, low, high), ``tape`` or ``fills`` (time, price:
        everybody's trades, or those of the firm that the asker may see) or ``closes`` (time, price: the last
        sessions up to the end). Oldest first, at most MOST rows; prices as floats: they are only drawn.
    """
    months = (pl.col("month") >= f"{begin:%Y-%m}") & (pl.col("month") <= f"{finish:%Y-%m}")
    during = pl.col("transact_time").is_between(begin, finish)
    own = (pl.col("instrument_id") == instrument) & months

    quotes = desk.rows(QUOTES, dated=False, scoped=False).filter(own, during).sort("transact_time", "seq")
    found = desk.collect(
        quotes.select(_float("bid_px", "bid"), _float("ask_px", "ask"), time="transact_time")
    )
    if found.height >= 2:
        return "quotes", _thinned(found)
    bars = desk.rows(BARS, dated=False, scoped=False).filter(
        own, pl.col("bar_start").is_between(begin, finish)
    )
    shortest = bars.sort("bar_start", pl.col("freq").str.len_chars(), "freq").unique(
        "bar_start", keep="first"
    )
    levels = (_float(name, name) for name in ("low", "high"))
    found = desk.collect(
        shortest.sort("bar_start").select(_float("close", "price"), *levels, time="bar_start")
    )
    if found.height >= 2:
        return "bars", _thinned(found)
    trades = {
        "tape": desk.rows(TAPE, dated=False, scoped=False),
        "fills": desk.executions(dated=False, scoped=False),
    }
    for kind, rows in trades.items():
        ordered = rows.filter(own, during).sort("transact_time_ns")
        found = desk.collect(ordered.select(_float("last_px", "price"), time="transact_time"))
        if found.height >= LEAST_TRADES:
            return kind, _thinned(found)
    closes = desk.rows(PRICES, dated=False, scoped=False).filter(
        pl.col("instrument_id") == instrument, pl.col("date") <= finish.date()
    )
    daily = closes.sort("date", "adj_basis").unique("date", keep="last").sort("date").tail(_CLOSES)
    at_midnight = pl.col("date").cast(pl.Datetime("us", "UTC"))
    return "closes", desk.collect(daily.select(_float("close", "price"), time=at_midnight))


def _float(column: str, name: str) -> pl.Expr:
    return pl.col(column).cast(pl.Float64).alias(name)


def _thinned(rows: pl.DataFrame) -> pl.DataFrame:
    return rows.gather_every(max(1, -(-rows.height // MOST)))
