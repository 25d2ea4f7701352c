"""Performance through time: drawdowns one by one, rolling measures, months of the calendar, distribution."""

from collections.abc import Sequence
from datetime import date

import numpy as np
import numpy.typing as npt
import polars as pl

from analytics.conventions import SESSIONS_PER_YEAR
from analytics.portfolio.performance import MIN_RETURNS
from analytics.portfolio.returns import drawdown

Floats = npt.NDArray[np.float64]

DRAWDOWNS = {
    "peak": pl.Date(),
    "trough": pl.Date(),
    "recovery": pl.Date(),
    "depth": pl.Float64(),
    "length": pl.Int64(),
    "to_trough": pl.Int64(),
    "to_recovery": pl.Int64(),
}


def drawdown_table(dates: Sequence[date], returns: Floats, *, top: int | None = 10) -> pl.DataFrame:
    """Return every fall from a high until it was made good, deepest first.

    Args:
        dates: Last day of each period, oldest first.
        returns: Simple returns of those periods, finite; the value before the first one counts as a high.
        top: How many; None for all.

    Returns:
        ``peak`` (day of the high; null: the start), ``trough``, ``recovery`` (null: not yet), ``depth``
        (fraction, negative), ``length`` (periods from peak to recovery, or to the end), ``to_trough``,
        ``to_recovery`` (null: not yet). No rows without a fall.

    Raises:
        ValueError: If days and returns differ in number.
    """
    _same(dates, returns)
    depth = drawdown(returns)
    # Rounding of a product of returns is not a fall.
    under = depth < -1e-12
    rows = []
    edges = np.diff(np.concatenate([[False], under, [False]]).astype(np.int8))
    starts, stops = np.flatnonzero(edges == 1).tolist(), np.flatnonzero(edges == -1).tolist()
    for start, stop in zip(starts, stops, strict=True):
        low = start + int(np.argmin(depth[start:stop]))
        back = stop if stop < returns.size else None
        rows.append(
            {
                "peak": dates[start - 1] if start else None,
                "trough": dates[low],
                "recovery": None if back is None else dates[back],
                "depth": float(depth[low]),
                "length": (returns.size - 1 if back is None else back) - start + 1,
                "to_trough": low - start + 1,
                "to_recovery": None if back is None else back - low,
            }
        )
    found = pl.DataFrame(rows, schema=DRAWDOWNS).sort("depth", "trough")
    return found if top is None else found.head(top)


def rolling(
    dates: Sequence[date],
    returns: Floats,
    *,
    window: int,
    benchmark: Floats | None = None,
    periods: int = SESSIONS_PER_YEAR,
) -> pl.DataFrame:
    """Return measures of the last ``window`` periods, at each day that has as many behind it.

    Returns:
        ``date``; ``return`` (compounded over the window, fraction), ``volatility`` (annualised, ddof 1),
        ``sharpe`` (arithmetic, rf 0; null without spread), ``max_drawdown`` (0 or negative); ``beta`` and
        ``tracking_error`` (annualised), null without a benchmark. No rows with fewer periods than the window.

    Raises:
        ValueError: For a window below 2, or series that differ in length.
    """
    _same(dates, returns)
    if window < MIN_RETURNS:
        raise ValueError("a window holds two periods or more")
    if benchmark is not None:
        _same(dates, benchmark)
    names = ("return", "volatility", "sharpe", "max_drawdown", "beta", "tracking_error")
    schema: dict[str, pl.DataType] = {"date": pl.Date()} | {name: pl.Float64() for name in names}
    if returns.size < window:
        return pl.DataFrame(schema=schema)
    seen = np.lib.stride_tricks.sliding_window_view(returns, window)
    mean, spread = seen.mean(axis=1), seen.std(axis=1, ddof=1)
    moves = spread > 1e-14 * np.maximum(1.0, np.abs(seen).max(axis=1))
    worth = np.concatenate([np.ones((seen.shape[0], 1)), np.cumprod(1 + seen, axis=1)], axis=1)
    falls = worth / np.maximum.accumulate(worth, axis=1) - 1
    empty = np.full(seen.shape[0], np.nan)
    slope, error = empty.copy(), empty.copy()
    if benchmark is not None:
        other = np.lib.stride_tricks.sliding_window_view(benchmark, window)
        centred = other - other.mean(axis=1, keepdims=True)
        variance = (centred**2).sum(axis=1)
        np.divide((seen * centred).sum(axis=1), variance, out=slope, where=variance > 1e-28)
        error = (seen - other).std(axis=1, ddof=1) * np.sqrt(periods)
    columns = {
        "date": list(dates[window - 1 :]),
        "return": worth[:, -1] - 1,
        "volatility": spread * np.sqrt(periods),
        "sharpe": np.divide(mean, spread, out=empty.copy(), where=moves) * np.sqrt(periods),
        "max_drawdown": falls.min(axis=1),
        "beta": slope,
        "tracking_error": error,
    }
    return pl.DataFrame(columns, schema=schema).with_columns(pl.col(names).fill_nan(None))


def monthly_returns(dates: Sequence[date], returns: Floats) -> pl.DataFrame:
    """Return compounded returns by month and year, for a calendar.

    Returns:
        ``year``, ``month`` (1 to 12; 0 = the whole year), ``return`` (fraction), ``periods`` (how many it is
        made of), sorted. Months without a period have no row.

    Raises:
        ValueError: If days and returns differ in number.
    """
    _same(dates, returns)
    frame = pl.DataFrame({"date": list(dates), "r": returns}, schema={"date": pl.Date, "r": pl.Float64})
    growth = {"return": (1 + pl.col("r")).product() - 1, "periods": pl.len().cast(pl.Int64)}
    year = pl.col("date").dt.year().cast(pl.Int64).alias("year")
    month = pl.col("date").dt.month().cast(pl.Int64).alias("month")
    months = frame.group_by(year, month).agg(**growth)
    years = frame.group_by(year).agg(**growth).with_columns(month=pl.lit(0, pl.Int64))
    return pl.concat([months, years.select(months.columns)]).sort("year", "month")


def return_distribution(returns: Floats, *, bins: int = 40) -> pl.DataFrame:
    """Return how often returns fell where, beside what a normal of the same mean and spread would give.

    Returns:
        ``low``, ``high`` (fraction; low <= r < high, the last one closed), ``count``, ``normal`` (expected
        count). Values that are not finite are left out. One bin for a constant series, with ``normal`` null; no rows without a return.
    """
    from scipy.stats import norm

    schema = {"low": pl.Float64, "high": pl.Float64, "count": pl.Int64, "normal": pl.Float64}
    returns = returns[np.isfinite(returns)]
    if not returns.size:
        return pl.DataFrame(schema=schema)
    low, high = float(returns.min()), float(returns.max())
    spread = float(np.std(returns, ddof=1)) if returns.size >= MIN_RETURNS else 0.0
    if spread <= 1e-14 * max(1.0, abs(low), abs(high)):
        return pl.DataFrame([(low, high, returns.size, None)], schema=schema, orient="row")
    count, edges = np.histogram(returns, bins=bins)
    expected = np.diff(norm.cdf(edges, float(np.mean(returns)), spread)) * returns.size
    columns = {"low": edges[:-1], "high": edges[1:], "count": count, "normal": expected}
    return pl.DataFrame(columns, schema=schema)


def _same(dates: Sequence[date], returns: Floats) -> None:
    if len(dates) != returns.size:
        raise ValueError("one return a day is needed")
