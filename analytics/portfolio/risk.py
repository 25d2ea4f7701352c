"""Value at risk and expected shortfall of what is held now, by historical simulation."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl

from analytics.datasets import DECIMAL
from analytics.definitions import declares
from analytics.portfolio.facts import BASES

Floats = npt.NDArray[np.float64]

# Sessions of history that are replayed, and the fewest that can place a 1 % tail at all.
WINDOW = 500
MIN_HISTORY = 100


@declares("var_99_1d")
def value_at_risk(pnl: Floats, *, confidence: float) -> float | None:
    """Return the loss not exceeded with ``confidence``: minus the (1 - confidence) quantile, type 7.

    Unit: that of ``pnl``. Sign: positive = loss, so a tail that still gains is negative. None with fewer
    than ``MIN_HISTORY`` values.
    """
    if pnl.size < MIN_HISTORY:
        return None
    return -float(np.quantile(pnl, 1 - confidence, method="linear"))


@declares("es_975_1d")
def expected_shortfall(pnl: Floats, *, confidence: float) -> float | None:
    """Return the mean loss of the (1 - confidence) worst share of outcomes.

    The share need not be whole: with 500 values at 97.5 % the 12 worst count fully and half of the 13th
    (Acerbi and Tasche), which keeps it coherent. Unit and sign as ``value_at_risk``; never below it. None
    with fewer than ``MIN_HISTORY`` values.
    """
    if pnl.size < MIN_HISTORY:
        return None
    worst = np.sort(pnl)
    share = (1 - confidence) * pnl.size
    whole = int(np.floor(share + 1e-9))
    rest = max(share - whole, 0.0)
    tail = float(worst[:whole].sum()) + (rest * float(worst[whole]) if rest > 1e-9 else 0.0)
    return -tail / share


@dataclass(frozen=True)
class Stressed:
    """The worst window of a history: ``value`` its VaR, ``first`` and ``last`` the places of its sessions."""

    value: float
    first: int
    last: int


@declares("stressed_var_99_1d")
def stressed_value_at_risk(pnl: Floats, *, window: int, confidence: float) -> Stressed | None:
    """Return the largest value at risk that any ``window`` consecutive sessions give: quantile type 7.

    Unit: that of ``pnl``. Sign: positive = loss. None with fewer sessions than the window.
    Source: Basel Committee, Revisions to the Basel II market risk framework, 2009 (a year of stress).
    """
    if pnl.size < window:
        return None
    windows = np.lib.stride_tricks.sliding_window_view(pnl, window)
    tails = -np.quantile(windows, 1 - confidence, axis=1, method="linear")
    worst = int(np.argmax(tails))
    return Stressed(float(tails[worst]), worst, worst + window - 1)


@dataclass(frozen=True)
class History:
    """Daily returns of several instruments: one row per session, one column per instrument."""

    dates: tuple[object, ...]
    instruments: tuple[str, ...]
    returns: Floats  # fraction; NaN where one of the two closes is missing


def return_history(
    prices: pl.DataFrame, splits: pl.DataFrame, *, instruments: list[str], window: int = WINDOW
) -> History:
    """Return the last ``window`` daily returns of ``instruments``.

    Args:
        prices: Rows of PRICES. The basis of each instrument is the most adjusted one it has (split_div,
            split, raw): returns should not jump on an ex date. Raw closes are corrected for ``splits``.
        splits: ``instrument_id``, ``date`` (ex date), ``ratio``.
        instruments: Which; the columns of the answer, in this order.
        window: Sessions.

    A session is a day on which at least one of them has a close. Before an instrument's first close its
    returns are NaN; on a day without a close the last one is carried, so the return is 0 and the move shows
    on the next.
    """
    rank = pl.col("adj_basis").fill_null("raw").replace_strict(BASES, default=-1, return_dtype=pl.Int32)
    wanted = prices.filter(pl.col("instrument_id").is_in(instruments)).with_columns(rank=rank)
    chosen = wanted.filter(pl.col("rank") == pl.col("rank").max().over("instrument_id"))
    chosen = chosen.select("instrument_id", "date", "rank", close=pl.col("close").cast(pl.Float64))
    later = (
        chosen.filter(pl.col("rank") == BASES["raw"])
        .select("instrument_id", "date")
        .join(splits.rename({"date": "ex_date"}), on="instrument_id")
        .filter(pl.col("ex_date") > pl.col("date"))
        .group_by("instrument_id", "date")
        .agg(factor=pl.col("ratio").cast(pl.Float64).product())
    )
    adjusted = chosen.join(later, on=["instrument_id", "date"], how="left").with_columns(
        pl.col("close") / pl.col("factor").fill_null(1.0)
    )
    wide = adjusted.pivot(on="instrument_id", index="date", values="close", aggregate_function="last")
    wide = wide.sort("date").tail(window + 1)
    missing = [pl.lit(None, pl.Float64).alias(name) for name in instruments if name not in wide.columns]
    closes = wide.with_columns(missing).select(pl.col(instruments).forward_fill()).to_numpy()
    closes = closes.astype(np.float64).reshape(-1, len(instruments))
    with np.errstate(divide="ignore", invalid="ignore"):
        returns = closes[1:] / closes[:-1] - 1.0
    returns[~np.isfinite(returns)] = np.nan
    return History(tuple(wide["date"][1:]), tuple(instruments), returns)


def simulated_pnl(history: History, values: Floats) -> Floats:
    """Return what today's holdings would have earned on each session of the history.

    Args:
        history: Returns by session and instrument.
        values: Market value of each instrument now, signed, in one currency.

    Returns:
        P&L of the sessions on which every instrument held has a return, oldest first.
    """
    if not values.size:
        return np.empty(0)
    whole = ~np.isnan(history.returns).any(axis=1)
    pnl: Floats = history.returns[whole] @ values
    return pnl


def empty_splits() -> pl.DataFrame:
    """Return no splits, in the shape ``return_history`` reads."""
    return pl.DataFrame(schema={"instrument_id": pl.String, "date": pl.Date, "ratio": DECIMAL})
