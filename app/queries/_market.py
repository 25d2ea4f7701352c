"""What is known of the market around the fills of a question: quotes, trades, bars, closes."""

from collections.abc import Sequence
from datetime import date, timedelta

import polars as pl

from analytics.datasets import BARS, PRICES, QUOTES, TAPE, Dataset
from analytics.trading.benchmarks import Market, closing_prices, mids
from app.desk import Desk

# Every question that asks for a market reads these.
MARKET = (QUOTES, TAPE, BARS, PRICES)
# Days on either side in which the session before and the one after are looked for.
AROUND = timedelta(days=7)
_READ: dict[str, tuple[str, ...]] = {
    QUOTES.name: ("instrument_id", "transact_time", "seq", "bid_px", "ask_px"),
    TAPE.name: ("instrument_id", "transact_time", "last_px", "last_qty"),
    BARS.name: ("instrument_id", "bar_start", "freq", "high", "low", "close", "volume", "vwap"),
    PRICES.name: ("instrument_id", "date", "adj_basis", "close", "volume"),
}


def market(desk: Desk, *, instruments: Sequence[str], start: date, end: date) -> Market:
    """Return the market of some instruments from ``start`` to ``end``, both days included.

    Read once and held in memory, since a dozen as-of joins look at it. ``prices`` holds raw closes and, for
    days without one, the last mid of the day's quotes (``closing_prices``), a week further on either side for
    the session before and the one after. Whatever the scope narrows, only ``instruments`` and the days count.
    """
    around = {"start": start - AROUND, "end": end + AROUND}
    asked = desk.with_scope(start=start, end=end)
    wide = desk.with_scope(**around)
    daily = _read(wide, PRICES, instruments)
    raw = daily.filter(pl.col("adj_basis").fill_null("raw") == "raw")
    # Quotes before and after are read only for who has no close of its own.
    lacking = sorted(set(instruments) - set(raw["instrument_id"].unique()))
    quotes = _read(asked, QUOTES, instruments)
    found = Market.of(
        quotes=quotes.lazy(),
        tape=_read(asked, TAPE, instruments).lazy(),
        bars=_read(asked, BARS, instruments).lazy(),
    )
    beside = [
        _last_mids(desk.with_scope(start=first, end=last), lacking)
        for first, last in (
            (around["start"], start - timedelta(days=1)),
            (end + timedelta(days=1), around["end"]),
        )
    ]
    known = (
        pl.concat([*beside, found.mids.select("instrument_id", "time", "mid").collect()]).sort("time").lazy()
    )
    closes = closing_prices(daily.lazy(), known).collect().lazy()
    return Market.of(
        quotes=found.quotes, tape=found.tape, bars=found.bars, prices=closes, computed=found.mids
    )


def daily_history(
    desk: Desk, *, instruments: Sequence[str], start: date, end: date, days: int = 60
) -> pl.LazyFrame:
    """Return the daily prices of some instruments from ``days`` calendar days before ``start`` to ``end``."""
    return _read(desk.with_scope(start=start - timedelta(days=days), end=end), PRICES, instruments).lazy()


def _read(desk: Desk, dataset: Dataset, instruments: Sequence[str]) -> pl.DataFrame:
    rows = desk.rows(dataset, scoped=False).filter(pl.col("instrument_id").is_in(list(instruments)))
    return desk.collect(rows.select(_READ[dataset.name]))


def _last_mids(desk: Desk, instruments: Sequence[str]) -> pl.DataFrame:
    rows = desk.rows(QUOTES, scoped=False).filter(pl.col("instrument_id").is_in(list(instruments)))
    day = pl.col("time").dt.date()
    return desk.collect(
        mids(rows)
        .group_by("instrument_id", day.alias("_day"), maintain_order=True)
        .agg(pl.col("time", "mid").last())
        .drop("_day")
    )
