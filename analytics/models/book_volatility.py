"""How much each book is likely to gain or lose over the next session, week and month, either way."""

from collections.abc import Mapping
from typing import ClassVar, Self

import numpy as np
import polars as pl

from analytics.models._base import Floats, Tables, Walk
from analytics.models._replays import measured
from analytics.models.value_at_risk import BOOKS, LEAST
from analytics.models.volatility import Volatility
from analytics.portfolio import garch

WORDS = {
    "day": "the last session's P&L of these holdings",
    "week": "their last week's",
    "month": "their last month's",
    "quarter": "their last quarter's",
    "fall": "the last session's loss",
    "jumps": "the part of the last month's swing that came in jumps",
    "whole": "the whole organisation's last week",
}
FEATURES = tuple(WORDS)
WHOLE = "organisation"
DECAY = 0.94
_SPANS = {"day": 1, "week": 5, "month": 22, "quarter": 66}
_QUIET = 0.01  # of the fading average: a session without a move is quiet, not infinitely calm
_EVERY, _FIRST = 250, 60  # evenings between fits of GARCH, and of a book without which it has none


class BookVolatility(Volatility):
    """The regression of ``Volatility`` on what tonight's holdings would have earned in the sessions before.

    Every number is a ratio to the fading average of tonight's replay, so that books of all sizes are learnt from
    together and trading changes nothing but the average. The target is the mean squared P&L that the book then had.
    """

    name = "book_volatility"
    title = "Volatility of books, next session"
    version = "1.0.0"
    purpose = "How much the organisation, a desk or an account is likely to gain or lose in the next session, either way."
    unit = "squared base currency per session"
    inputs: ClassVar[Mapping[str, tuple[str, ...]]] = {BOOKS: ("book", "date", "replay", "realised")}
    keys = ("book", "date")
    target_name = "squared P&L of the next session, after costs"
    baseline_name = "EWMA with decay 0.94 of what tonight's holdings would have earned"
    rivals: ClassVar[Mapping[str, str]] = {
        "garch": f"GARCH(1,1) on the same, refitted every {_EVERY} evenings; of the organisation and its desks"
    }
    limits = (
        "Positions are those of the evening: what is built and sold within the day is not in it",
        "The proxy is noisy: squared P&L of a day, not intraday",
        f"Fewer than {LEAST} sessions of prices give no figure",
    )
    # A book's replay holds up to 500 sessions before its first evening.
    walk = Walk(first=90, width=42)
    seeds: ClassVar[Mapping[str, int]] = {}
    columns: ClassVar[tuple[str, ...]] = FEATURES
    words: ClassVar[Mapping[str, str]] = WORDS

    def __init__(self, *, ridge: float = 1.0, trees: int = 0) -> None:
        super().__init__(ridge=ridge, trees=trees)

    def features(self, tables: Tables) -> pl.DataFrame:
        """Return one row per book and evening: ``FEATURES``, baseline, garch and target (base currency squared)."""
        table = tables[BOOKS].sort("book", "date")
        ahead = (pl.col("realised") ** 2).rolling_mean(self.horizon).shift(-self.horizon).over("book")
        table = table.with_columns(ahead=ahead.fill_nan(None)).filter(pl.col("replay").list.len() >= LEAST)
        names = ["baseline", *FEATURES[:-1]]
        figures = measured(table["replay"], len(FEATURES), _of_one_length)
        columns = pl.DataFrame(figures, schema=dict.fromkeys(names, pl.Float64))
        rows = pl.concat([table.select("book", "date", "ahead"), columns], how="horizontal")
        rows = rows.with_columns(garch=pl.Series(_garch(table, self.horizon), dtype=pl.Float64))
        rows = rows.filter(pl.col("baseline") > 0)
        whole = rows.filter(pl.col("book") == WHOLE).select("date", whole="week")
        return (
            rows.join(whole, on="date", how="left", maintain_order="left")
            .with_columns(
                whole=pl.col("whole").fill_null(0.0),
                target=pl.max_horizontal("ahead", pl.when(pl.col("ahead").is_not_null()).then(_QUIET * pl.col("baseline"))),
            )
            .select("book", "date", *FEATURES, "baseline", "garch", "target")
        )  # fmt: skip

    def drivers(self, rows: pl.DataFrame) -> list[str]:
        """Watch what each book has of its own: ``whole`` is the organisation's week again."""
        return [name for name in self.columns if name != "whole"]

    def fit(self, rows: pl.DataFrame) -> Self:
        """Fit the ratio to the fading average."""
        return super().fit(rows.with_columns(target=pl.col("target") / pl.col("baseline")))

    def predict(self, rows: pl.DataFrame) -> Floats:
        """Return the expected squared P&L per session, base currency squared."""
        found: Floats = super().predict(rows) * rows["baseline"].to_numpy()
        return found

    def latest(self, rows: pl.DataFrame) -> pl.DataFrame:
        """Return the last evening of each book: keys, predicted, baseline, and both as deviations over the horizon."""
        now = super().latest(rows)
        over = (pl.col(name) * self.horizon for name in ("predicted", "baseline"))
        said, base = (one.sqrt() for one in over)
        return now.with_columns(deviation=said, plain_deviation=base)


class WeeklyBookVolatility(BookVolatility):
    """The same for the mean over the next five sessions."""

    name = "book_volatility_5d"
    title = "Volatility of books, next five sessions"
    purpose = "How much the organisation, a desk or an account is likely to gain or lose over the next week, either way."
    target_name = "mean squared P&L of the next five sessions, after costs"
    horizon = 5


class MonthlyBookVolatility(BookVolatility):
    """The same for the mean over the next 21 sessions."""

    name = "book_volatility_21d"
    title = "Volatility of books, next 21 sessions"
    purpose = "How much the organisation, a desk or an account is likely to gain or lose over the next month, either way."
    target_name = "mean squared P&L of the next 21 sessions, after costs"
    horizon = 21


def _of_one_length(pnl: Floats) -> Floats:
    """Return fading average and ``FEATURES`` but the last of evenings (m, n), (m, 7)."""
    from scipy.signal import lfilter

    squares: Floats = pnl**2
    mean: Floats = squares.mean(axis=1, keepdims=True)
    course, _ = lfilter([1 - DECAY], [1.0, -DECAY], squares, axis=1, zi=DECAY * mean)
    base: Floats = np.maximum(np.asarray(course)[:, -1], 1e-4 * mean[:, 0])
    # Where nothing is held there is nothing to measure; such evenings have no average and are left out.
    safe = np.where(base > 0, base, 1.0)
    columns = [base]
    for span in _SPANS.values():
        level = squares[:, -span:].mean(axis=1) / safe
        columns.append(np.log(np.maximum(level, _QUIET)))
    month, size = _SPANS["month"], np.abs(pnl)
    whole = squares[:, -month:].mean(axis=1)
    smooth = np.pi / 2 * (size[:, -month:] * size[:, -month - 1 : -1]).mean(axis=1)
    columns.append(np.maximum(-pnl[:, -1], 0.0) / np.sqrt(safe))
    columns.append(np.where(whole > 0, np.clip(1 - smooth / np.where(whole > 0, whole, 1.0), 0.0, 1.0), 0.0))
    return np.column_stack(columns)


def _garch(table: pl.DataFrame, horizon: int) -> Floats:
    """Return GARCH(1,1)'s mean variance over the horizon of each evening's holdings; NaN where it has none.

    Coefficients are those of the last refit of the book: on its 61st evening and every 250 evenings after.
    """
    said = np.full(table.height, np.nan)
    rows = table.select("book", "replay").with_row_index("at")
    for (book,), own in rows.group_by("book", maintain_order=True):
        if str(book).startswith("account/"):
            continue
        places, replays = own["at"].to_numpy(), own["replay"].to_list()
        for start in range(_FIRST, len(replays), _EVERY):
            fitted = garch.fit(np.array(replays[start]))
            if isinstance(fitted, str):
                continue
            for at in range(start, min(start + _EVERY, len(replays))):
                said[places[at]] = _ahead(np.array(replays[at]), fitted, horizon)
    return said


def _ahead(pnl: Floats, fitted: garch.Garch, horizon: int) -> float:
    from scipy.signal import lfilter

    unit = float(np.std(pnl))
    if unit == 0:
        return float("nan")
    persistence = min(fitted.alpha + fitted.beta, 0.999)
    level = fitted.omega / (1 - persistence)
    shocks = (pnl / unit - fitted.mean) ** 2
    variance, _ = lfilter(
        [1.0], [1.0, -fitted.beta], fitted.omega + fitted.alpha * shocks, zi=[fitted.beta * level]
    )
    steps = (1 - persistence**horizon) / (horizon * (1 - persistence))
    return float((level + steps * (float(variance[-1]) - level)) * unit**2)
