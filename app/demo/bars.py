"""Five-minute bars: what the quotes and the day's volume say, cut into pieces."""

import numpy as np
import polars as pl

from analytics.datasets import BARS
from app.demo.ledger import conform, instant
from app.demo.market import MICROSECOND, Floats, Market
from app.demo.microstructure import Quotes
from app.demo.pressure import Pressure
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


def follow(bars: pl.DataFrame, quotes: pl.DataFrame, pressure: Pressure, market: Market) -> pl.DataFrame:
    """Return the bars with those of pushed days drawn anew from the quotes; volumes stay.

    Args:
        bars: As ``bars`` returns them.
        quotes: The quotes file, pushed.
        pressure: What was pushed.
        market: Whose sessions the pressure counts.
    """
    if not pressure.shifts:
        return bars
    cells = pl.DataFrame(
        {
            "instrument_id": [SYMBOLS[instrument] for _, instrument in pressure.shifts],
            "day": [market.sessions[session] for session, _ in pressure.shifts],
        }
    )
    keyed = bars.with_columns(day=pl.col("bar_start").dt.date())
    by = ["instrument_id", "day"]
    mids = (
        quotes.with_columns(day=pl.col("transact_time").dt.date())
        .join(cells, on=by, how="semi")
        .select(
            *by,
            "transact_time",
            "seq",
            mid=(pl.col("bid_px").cast(pl.Float64) + pl.col("ask_px").cast(pl.Float64)) / 2,
        )
        .sort("transact_time", "seq")
    )
    inside = mids.group_by(*by, bar_start=pl.col("transact_time").dt.truncate(FREQ), maintain_order=True).agg(
        top=pl.col("mid").max(), bottom=pl.col("mid").min(), last=pl.col("mid").last()
    )
    standing = pl.coalesce("mid", pl.col("opened"))
    high, low = pl.max_horizontal("standing", "top"), pl.min_horizontal("standing", "bottom")
    pushed = (
        keyed.join(cells, on=by, how="semi")
        .sort("bar_start")
        .join_asof(
            mids.drop("seq"),
            left_on="bar_start",
            right_on="transact_time",
            by=by,
            allow_exact_matches=False,
            check_sortedness=False,
        )
        .join(inside, on=[*by, "bar_start"], how="left")
        .join(mids.group_by(by, maintain_order=True).agg(opened=pl.col("mid").first()), on=by, how="left")
        .with_columns(standing=standing)
        .with_columns(
            open=pl.col("standing"),
            high=high,
            low=low,
            close=pl.coalesce("last", "standing"),
            vwap=pl.col("vwap").cast(pl.Float64).clip(low, high),
        )
    )
    rest = keyed.join(cells, on=by, how="anti").drop("day")
    return pl.concat([rest, conform(pushed, BARS)]).sort("bar_start", "instrument_id", maintain_order=True)
