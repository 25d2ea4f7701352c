"""Returns of a portfolio, and what they compound to."""

import numpy as np
import numpy.typing as npt
import polars as pl

from analytics.definitions import declares

Floats = npt.NDArray[np.float64]


def daily_returns(nav: pl.DataFrame, *, timing: str = "start") -> pl.DataFrame:
    """Return the time-weighted return of each session.

    Args:
        nav: ``date``, ``nav`` and ``flow`` (external, signed) in one currency.
        timing: When a flow counts. ``start``: it earns that day's return, so
            r = nav / (nav before + flow) - 1. ``end``: it does not, r = (nav - flow) / nav before - 1.

    Returns:
        ``date``, ``return`` (fraction, Float64), sorted by date. The first session has a return only if a
        flow opened it (timing start). Null where a value is null or the denominator is not positive.

    Raises:
        ValueError: For another timing.
    """
    if timing not in {"start", "end"}:
        raise ValueError("a flow counts at the start or at the end of its day")
    frame = nav.sort("date").select("date", pl.col("nav", "flow").cast(pl.Float64))
    before = pl.col("nav").shift(1)
    flow = pl.col("flow").fill_null(0.0)
    if timing == "start":
        # Before the first row there was nothing; later, a null stays a null.
        base = pl.when(pl.int_range(pl.len()) == 0).then(0.0).otherwise(before) + flow
        earned = pl.col("nav") / base - 1
    else:
        base = before
        earned = (pl.col("nav") - flow) / base - 1
    return frame.select("date", pl.when(base > 0).then(earned).alias("return"))


@declares("total_return", "time_weighted_return")
def total_return(returns: Floats) -> float | None:
    """Return the compounded return. Unit: fraction. None without a return."""
    return float(np.prod(1.0 + returns) - 1.0) if returns.size else None


def wealth(returns: Floats) -> Floats:
    """Return the growth of 1, with the starting 1.0 in front: one longer than ``returns``."""
    return np.concatenate([[1.0], np.cumprod(1.0 + returns)])


@declares("drawdown")
def drawdown(returns: Floats) -> Floats:
    """Return the distance from the highest value so far, the starting value counted.

    Unit: fraction, 0 or negative; one value per return.
    """
    value = wealth(returns)
    depth: Floats = value / np.maximum.accumulate(value) - 1.0
    return depth[1:]
