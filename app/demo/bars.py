"""Five-minute bars: what the quotes and the day's volume say, cut into pieces."""

import numpy as np
import polars as pl

from analytics.datasets import BARS
from app.demo.ledger import conform, instant
from app.demo.market import MICROSECOND, Floats
from app.demo.microstructure import Quotes
from app.demo.universe import STOCKS, SYMBOLS

LENGTH = 300 * MICROSECOND
FREQ = "5m"
_TRADE = 120  # shares of a typical trade


def bars(quotes: Quotes, rng: np.random.Generator) -> pl.DataFrame:
    """Return the bars file: every instrument and session that has quotes, from open to close.

    Prices are the mids of the bar, the one that stood when it began among them. The volumes of a session sum
    to the day's, busy at its ends.
    """
    parts = []
    width = len(STOCKS)
    for block in range(len(quotes.time)):
        session, instrument = quotes.first_session + block // width, block % width
        opened, closed = quotes.market.opens_us[session], quotes.market.closes_us[session]
        starts = np.arange(opened, closed, LENGTH)
        mid = (quotes.bid[block] + quotes.ask[block]) / 2
        # First quote at or after each start; the mid before it still stands when the bar begins.
        first = np.searchsorted(quotes.time[block], starts)
        standing = mid[np.maximum(first - 1, 0)]
        place = np.clip(np.searchsorted(starts, quotes.time[block], side="right") - 1, 0, len(starts) - 1)
        high, low, close = standing.copy(), standing.copy(), standing.copy()
        np.maximum.at(high, place, mid)
        np.minimum.at(low, place, mid)
        close[place] = mid  # in order of time: the last one stays
        volume = _cut(float(quotes.market.volume[session, instrument]), len(starts), rng)
        leaning = rng.uniform(0.2, 0.8, len(starts))
        middle = (standing + close) / 2
        vwap = np.clip(middle + (leaning - 0.5) * (high - low), low, high)
        parts.append(
            pl.DataFrame(
                {
                    "instrument_id": [SYMBOLS[instrument]] * len(starts),
                    "time": starts,
                    "open": standing,
                    "high": high,
                    "low": low,
                    "close": close,
                    "volume": volume,
                    "vwap": vwap,
                }
            )
        )
    frame = pl.concat(parts).sort("time", "instrument_id", maintain_order=True)
    trades = (pl.col("volume") / _TRADE).ceil().cast(pl.Int64)
    return conform(frame.with_columns(bar_start=instant("time"), freq=pl.lit(FREQ), trades=trades), BARS)


def _cut(total: float, pieces: int, rng: np.random.Generator) -> Floats:
    # A day is busy at its ends; whole shares, and not one lost.
    middle = np.linspace(-1, 1, pieces)
    weight = (0.6 + 1.4 * middle**4 + 0.4 * middle**2) * np.exp(rng.normal(0, 0.35, pieces))
    edges = np.round(np.concatenate([[0.0], np.cumsum(weight)]) / weight.sum() * total)
    return np.diff(edges)
