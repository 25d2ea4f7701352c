"""Talking his book: whether somebody buys before he praises and sells after, more than chance would have it."""

from dataclasses import dataclass

import numpy as np
import polars as pl

WINDOW = 5  # sessions before, and after, a statement
LEAST = 5  # statements with trades around them; fewer are not tested
DRAWS = 2000
_SEED = 20260
_COUNTED = 11  # clusters up to which every turn of their signs is counted

CASES = {
    "instrument_id": pl.String,
    "date": pl.Date,
    "side": pl.Int64,
    "before": pl.Float64,
    "after": pl.Float64,
    "score": pl.Float64,
}


@dataclass(frozen=True)
class BookTalk:
    """What the test found. ``reason`` says why there is no p-value; ``cases`` has ``CASES``, the plainest first.

    ``score`` is the mean over statements with trades around them of a number from -1 to 1: 1 = all that was
    traded before went the way of the statement and all after it against it, -1 = the reverse.
    """

    statements: int
    traded: int
    score: float | None
    p_value: float | None  # one-sided: such a score, or a higher one, where the turns go either way by chance
    reason: str | None
    cases: pl.DataFrame


def book_talk(
    statements: pl.DataFrame,
    trades: pl.DataFrame,
    sessions: pl.DataFrame,
    *,
    window: int = WINDOW,
    draws: int = DRAWS,
) -> BookTalk:
    """Test whether trades turn around what the same person says.

    Args:
        statements: instrument_id, date (its first session not before it was said), side (+1 praises or
            is long, -1 warns or is short). Several of a day, name and side count once.
        trades: instrument_id, date, value (money, buys positive, sells negative) of his own account.
        sessions: date, one row a session, ascending, covering both.
        window: Sessions looked at before and after; the day itself is in neither.
        draws: Random turns, where there are too many to count all.

    Returns:
        The result; without a p-value where fewer than ``LEAST`` statements have trades around them.

    The null hypothesis is that his trades turn with and against what he says alike: the sign of each score is drawn
    anew. Statements on one name whose windows overlap share their trades and are turned together. All turns are
    counted where there are few, else ``draws`` of them, with one added above and below: Phipson and Smyth, SAGMB
    9(1), 2010.
    """
    days = sessions["date"].unique().sort()
    said = (
        statements.select("instrument_id", "date", pl.col("side").cast(pl.Int64))
        .filter(pl.col("side") != 0)
        .unique()
        .join(days.to_frame().with_row_index("at"), on="date", how="inner")
        .sort("date", "instrument_id", "side")
    )
    names = said["instrument_id"].unique().sort()
    flows = (
        trades.filter(pl.col("instrument_id").is_in(names.implode()))
        .join(days.to_frame().with_row_index("at"), on="date", how="inner")
        .group_by("instrument_id", "at")
        .agg(pl.col("value").cast(pl.Float64).sum())
        .join(names.to_frame().with_row_index("name"), on="instrument_id", how="inner")
    )
    total = len(days)
    if said.is_empty() or flows.is_empty() or total <= 2 * window + 1:
        return _untested(said.height, 0, None, "He did not trade what he spoke of.")
    signed = np.zeros((len(names), total))
    signed[flows["name"].to_numpy(), flows["at"].to_numpy()] = flows["value"].to_numpy()
    net, gross = _sums(signed), _sums(np.abs(signed))
    place = said.join(names.to_frame().with_row_index("name"), on="instrument_id", how="left")
    row, at = place["name"].to_numpy().astype(np.int64), place["at"].to_numpy().astype(np.int64)
    side = place["side"].to_numpy().astype(np.float64)
    before, after = _around(net, row, at, window)
    busy_before, busy_after = _around(gross, row, at, window)
    scores = _scores(side, before, after, busy_before, busy_after)
    traded = ~np.isnan(scores)
    cases = (
        said.select("instrument_id", "date", "side")
        .with_columns(
            before=pl.Series(before), after=pl.Series(after), score=pl.Series(scores).fill_nan(None)
        )
        .filter(pl.col("score").is_not_null())
        .sort("score", "date", "instrument_id", descending=[True, False, False])
        .cast(CASES)  # type: ignore[arg-type]
    )
    count = int(traded.sum())
    score = float(scores[traded].mean()) if count else None
    if count < LEAST or score is None:
        text = f"Fewer than {LEAST} statements have trades around them."
        return _untested(said.height, count, score, text, cases)
    groups = _clusters(row[traded], at[traded], 2 * window)
    sums = np.bincount(groups, weights=scores[traded])
    return BookTalk(said.height, count, score, _p_value(sums, draws), None, cases)


def _untested(
    statements: int, traded: int, score: float | None, why: str, cases: pl.DataFrame | None = None
) -> BookTalk:
    none = pl.DataFrame(schema=CASES)
    return BookTalk(statements, traded, score, None, why, none if cases is None else cases)


def _sums(values: np.ndarray) -> np.ndarray:
    """Return running sums by row with a leading zero, so that a window is a difference."""
    return np.concatenate([np.zeros((values.shape[0], 1)), values.cumsum(axis=1)], axis=1)


def _around(sums: np.ndarray, row: np.ndarray, at: np.ndarray, window: int) -> tuple[np.ndarray, np.ndarray]:
    """Return what was traded in the sessions before and after each statement, cut at the calendar's ends."""
    total = sums.shape[1] - 1
    before = sums[row, at] - sums[row, np.maximum(at - window, 0)]
    after = sums[row, np.minimum(at + 1 + window, total)] - sums[row, np.minimum(at + 1, total)]
    return before, after


def _scores(
    side: np.ndarray, before: np.ndarray, after: np.ndarray, busy_before: np.ndarray, busy_after: np.ndarray
) -> np.ndarray:
    """Return -1..1 per statement; NaN without a trade around it."""
    busy = busy_before + busy_after
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(busy > 0, side * (before - after) / busy, np.nan)


def _clusters(row: np.ndarray, at: np.ndarray, reach: int) -> np.ndarray:
    """Number statements so that those on one name at most ``reach`` sessions from the one before share a number."""
    order = np.lexsort((at, row))
    new = np.ones(len(order), dtype=bool)
    new[1:] = (np.diff(row[order]) != 0) | (np.diff(at[order]) > reach)
    groups = np.empty(len(order), dtype=np.int64)
    groups[order] = np.cumsum(new) - 1
    return groups


def _p_value(sums: np.ndarray, draws: int) -> float:
    """Return the share of turns of the clusters' signs that reach their sum."""
    seen = float(sums.sum()) - 1e-9
    if sums.size <= _COUNTED:
        turns = 1 - 2 * ((np.arange(2**sums.size)[:, None] >> np.arange(sums.size)) & 1)
        return float((turns @ sums >= seen).mean())
    turns = np.random.default_rng(_SEED).choice((-1, 1), size=(draws, sums.size))
    return (1 + int((turns @ sums >= seen).sum())) / (1 + draws)
