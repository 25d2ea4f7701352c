"""The market of the demo: real closing prices moved to today, with a synthetic day around them."""

import importlib.util
import warnings
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from app.demo.universe import INDEX_FUND, STOCKS, SYMBOLS
from app.errors import Unavailable

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
MICROSECOND = 1_000_000
# Real sessions before the first demo session, for strategies that look back. Never published.
WARMUP = 65
EUR_USD = 1.08


@dataclass(frozen=True)
class Market:
    """Prices of the instruments of ``SYMBOLS`` over the demo's sessions.

    Matrices have one row per session (oldest first) and one column per instrument. ``opens_us`` and
    ``closes_us`` are the venue's opening and closing instants, microseconds since 1970 in UTC. ``close`` is
    the source's own figure; everything else of the day is synthetic.
    """

    sessions: tuple[date, ...]
    originals: tuple[date, ...]
    opens_us: Ints
    closes_us: Ints
    before: Floats  # the WARMUP closes that come before the first session
    open: Floats
    high: Floats
    low: Floats
    close: Floats
    volume: Floats
    index_level: Floats
    eur_usd: Floats

    @cached_property
    def history(self) -> Floats:
        """Closes with the warm-up in front: row ``WARMUP + s`` is session ``s``."""
        return np.vstack([self.before, self.close])

    @property
    def adv(self) -> Floats:
        """Average daily volume per instrument, in shares."""
        return np.array([stock.adv for stock in STOCKS], dtype=np.float64)


def load(*, seed: int, today: date, sessions: int) -> Market:
    """Return the market whose last session is the last one before ``today``.

    Args:
        seed: Of what the source does not hold: opens, ranges, volumes and currency rates.
        today: The day the demo is made.
        sessions: How many sessions to lay out.

    Raises:
        Unavailable: If the price package is not installed.
    """
    days, opens_us, closes_us = _calendar(today, sessions)
    table = _read("sp500_dataset.csv.gz").join(_read("sp500_index.csv.gz"), on="Date").sort("Date")
    table = table.tail(WARMUP + sessions)
    level = table["SP500"].to_numpy().astype(np.float64)
    frame = table.with_columns((pl.col("SP500") / 10).round(3).alias(INDEX_FUND)).select(SYMBOLS)
    closes = frame.to_numpy().astype(np.float64)
    rng = np.random.default_rng([seed, 1])
    close, previous = closes[WARMUP:], closes[WARMUP - 1 : -1]
    move = np.log(close / previous)
    sigma = np.std(np.diff(np.log(closes), axis=0), axis=0)
    # About a third of a day's move happens overnight.
    first = previous * np.exp(0.35 * move + rng.normal(0, 0.15, move.shape) * sigma)
    high = np.maximum(first, close) * np.exp(np.abs(rng.normal(0, 0.30, move.shape)) * sigma)
    low = np.minimum(first, close) * np.exp(-np.abs(rng.normal(0, 0.30, move.shape)) * sigma)
    adv = np.array([stock.adv for stock in STOCKS], dtype=np.float64)
    volume = adv * np.exp(rng.normal(-0.03, 0.22, move.shape)) * (0.85 + 10 * np.abs(move))
    rate = EUR_USD * np.exp(np.cumsum(rng.normal(0, 0.0045, sessions)))
    return Market(
        sessions=days,
        originals=tuple(table["Date"].to_list()[WARMUP:]),
        opens_us=opens_us,
        closes_us=closes_us,
        before=closes[:WARMUP],
        open=first.round(2),
        high=np.maximum(high.round(2), np.maximum(first.round(2), close)),
        low=np.minimum(low.round(2), np.minimum(first.round(2), close)),
        close=close,
        volume=np.floor(volume / 100) * 100,
        index_level=level[WARMUP:],
        eur_usd=rate.round(6),
    )


def _read(name: str) -> pl.DataFrame:
    # Read from the package's folder: importing skfolio itself would load its whole numerical stack.
    spec = importlib.util.find_spec("skfolio")
    if spec is None or not spec.submodule_search_locations:
        raise Unavailable("The demo's prices come with the skfolio package, which is not installed.")
    path = Path(spec.submodule_search_locations[0]) / "datasets" / "data" / name
    return pl.read_csv(path.read_bytes(), try_parse_dates=True)


def _calendar(today: date, sessions: int) -> tuple[tuple[date, ...], Ints, Ints]:
    import exchange_calendars  # 0.7 s to import

    start = today - timedelta(days=int(sessions * 1.6) + 30)
    with warnings.catch_warnings():
        # The calendar library still reads its own table in a way that newer pandas warns about.
        warnings.simplefilter("ignore")
        calendar: Any = exchange_calendars.get_calendar("XNYS", start=str(start), end=str(today))
    schedule = calendar.schedule
    schedule = schedule[schedule.index < str(today)].tail(sessions)
    days = tuple(stamp.date() for stamp in schedule.index)
    edges = [
        schedule[name].dt.tz_convert(None).to_numpy().astype("datetime64[us]") for name in ("open", "close")
    ]
    return days, edges[0].astype(np.int64), edges[1].astype(np.int64)
