"""Whether the value at risk was right: what came, against what was said the evening before."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from analytics.portfolio.passport import Passport, passport
from analytics.portfolio.risk import WINDOW
from analytics.portfolio.var import METHODS
from analytics.portfolio.var_backtest import (
    Verdict,
    acerbi_szekely,
    basel_zone,
    christoffersen_coverage,
    christoffersen_independence,
    kupiec,
)
from analytics.portfolio.var_calibration import pit_uniformity, volatility_bias
from analytics.portfolio.var_forecast import ES_CONFIDENCE, Evenings, forecasts, replayed
from app.desk import Desk
from app.errors import FieldError, Invalid
from app.queries._evenings import BOOK, Course, course
from app.queries._money import currency, number
from app.queries._risk_stored import METHOD as STORED
from app.queries._risk_stored import RECORDS, stored
from app.storage.cache import cached

Floats = npt.NDArray[np.float64]

SESSIONS = 250
LEVEL = 0.05
WATCHED = 0.01  # a p-value below it is a failure, between the two a reason to watch
STORED_CONFIDENCES = (0.95, 0.975, 0.99)

ROWS: dict[str, pl.DataType] = {
    "date": pl.Date(),
    "made": pl.Date(),
    "pnl": pl.Float64(),
    "hypothetical": pl.Float64(),
    "var": pl.Float64(),
    "es": pl.Float64(),
    "exception": pl.Boolean(),
    "reason": pl.String(),
}


@cached(*BOOK, records=RECORDS)
def backtest(
    desk: Desk, *, method: str = "historical", confidence: float = 0.99, sessions: int = SESSIONS
) -> dict[str, Any]:
    """Return the daily P&L of the last sessions against the value at risk made the evening before.

    Args:
        desk: Whose book.
        method: One of ``analytics.portfolio.var.METHODS``. Each evening's holdings are replayed over the up to
            500 sessions known that evening.
        confidence: Of the VaR.
        sessions: How many sessions are judged.

    Returns:
        ``rows``: date, made (the evening), pnl (actual, after costs), hypothetical (of the evening's
        holdings, untraded), var (positive = loss), es (at 97.5 %), exception, reason; ``tests``: name,
        value, p_value, n, result (holds, watch, fails, unknown), reason, convention; ``metrics``:
        exceptions and what was expected, as passports; ``zone``; ``exceptions``: the dated ones, latest
        first; ``method``, ``confidence``, ``currency``, ``reasons``.

    Raises:
        Invalid: For a method, confidence or number of sessions that is not offered.
    """
    check(method=method, confidence=confidence)
    if not 30 <= sessions <= WINDOW:
        said = f"must lie between 30 and {WINDOW}"
        raise Invalid(
            "So many sessions are not judged.", errors=[FieldError("sessions", said, str(sessions))]
        )
    book = course(desk)
    if method == STORED:
        rows, series, why = _from_job(desk, book, confidence=confidence, sessions=sessions)
    else:
        rows, series = judged_rows(book, method=method, confidence=confidence, sessions=sessions)
        why = book.why
    judged = judge(rows, series, confidence=confidence)
    first = judged["metrics"][0]
    reasons = {} if first["value"] is not None else {"rows": why or first["reason"]}
    return judged | {
        "rows": rows,
        "method": method,
        "confidence": confidence,
        "currency": currency(desk),
        "reasons": reasons,
    }


def check(*, method: str, confidence: float) -> None:
    """Refuse a method or confidence that is not offered.

    Raises:
        Invalid: Naming the field.
    """
    errors = []
    if method not in METHODS:
        errors.append(FieldError("method", f"must be one of {', '.join(METHODS)}", method[:80]))
    if not 0.5 < confidence < 1:
        errors.append(FieldError("confidence", "must lie between 0.5 and 1", str(confidence)[:80]))
    if errors:
        raise Invalid("Value at risk is not measured like this.", errors=errors)


@dataclass(frozen=True)
class Series:
    """What the judgement needs beside the rows: tails at 97.5 %, volatility and PIT, NaN where not known."""

    tail_var: Floats
    tail_es: Floats
    volatility: Floats
    pit: Floats


def evenings_of(book: Course, *, sessions: int) -> tuple[Evenings, int]:
    """Return the last evenings that have a session after them, and the place of the first one."""
    first = max(len(book.dates) - 1 - sessions, 0)
    values = book.values[:-1]
    simulated = replayed(values, book.returns[:-1], window=WINDOW, last=len(book.dates) - 1 - first)
    held = [bool(np.any(np.nan_to_num(row, nan=1.0) != 0)) for row in values[first:]]
    return Evenings(simulated, held, book.realised[1:][first:]), first


def judged_rows(
    book: Course, *, method: str, confidence: float, sessions: int
) -> tuple[pl.DataFrame, Series]:
    """Return the rows of a back-test of one of the methods that are computed on request."""
    if len(book.dates) < 2:
        return _joined(book, len(book.dates), pl.DataFrame()), _series(pl.DataFrame())
    evenings, first = evenings_of(book, sessions=sessions)
    told = forecasts(evenings, method=method, confidence=confidence)
    return _joined(book, first, told), _series(told)


def judge(rows: pl.DataFrame, series: Series, *, confidence: float) -> dict[str, Any]:
    """Return tests, zone, metrics and dated exceptions of a back-test's rows."""
    pnl = rows["pnl"].fill_null(float("nan")).to_numpy()
    known = rows.filter(pl.col("exception").is_not_null())
    hits = known["exception"].to_numpy().astype(np.bool_)
    n, count = int(hits.size), int(hits.sum())
    verdicts: Sequence[tuple[Verdict, Mapping[str, Any]]] = (
        (kupiec(count, n, confidence=confidence, level=LEVEL), {"distribution": "chi-square, 1"}),
        (christoffersen_independence(hits, level=LEVEL), {"distribution": "chi-square, 1"}),
        (
            christoffersen_coverage(hits, confidence=confidence, level=LEVEL),
            {"distribution": "chi-square, 2"},
        ),
        (
            acerbi_szekely(pnl, series.tail_var, series.tail_es, confidence=ES_CONFIDENCE, level=LEVEL),
            {"distribution": "simulated, normal tail", "confidence": ES_CONFIDENCE},
        ),
        (pit_uniformity(series.pit, level=LEVEL), {"distribution": "Kolmogorov, exact"}),
        (
            volatility_bias(pnl, series.volatility, level=LEVEL),
            {"distribution": "normal, robust to kurtosis"},
        ),
    )
    zone = basel_zone(count, n, confidence=confidence)
    why = _why(rows)
    shared: dict[str, Any] = {
        "confidence": confidence,
        "pnl": "actual, after costs",
        "sign": "positive = loss",
    }
    found = passport("exceptions", float(count) if n else None, unit="count", n=n, reason=why, **shared)
    expected = passport("expected_exceptions", n * (1 - confidence) if n else None, unit="count", n=n,
                        reason=why, **shared)  # fmt: skip
    untraded = known.filter(pl.col("hypothetical") < -pl.col("var")).height
    clean = passport("hypothetical_exceptions", float(untraded) if n else None, unit="count", n=n, reason=why,
                     **(shared | {"pnl": "of the evening's holdings"}))  # fmt: skip
    metrics: list[Passport] = [found, expected, clean]
    return {
        "tests": [_told(verdict, more) for verdict, more in verdicts],
        "zone": None
        if zone is None
        else {
            "zone": zone.zone, "exceptions": zone.exceptions, "n": zone.n, "probability": zone.probability,
            "from_yellow": zone.from_yellow, "from_red": zone.from_red, "add_on": zone.add_on,
        },
        "metrics": metrics,
        "exceptions": known.filter("exception").sort("date", descending=True)
        .select("date", "pnl", "var", "es").to_dicts(),
    }  # fmt: skip


def result(p_value: float | None) -> str:
    """Return the word for a p-value: holds, watch, fails; unknown without one."""
    if p_value is None:
        return "unknown"
    return "holds" if p_value >= LEVEL else "watch" if p_value >= WATCHED else "fails"


def _told(verdict: Verdict, more: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "name": verdict.test,
        "value": number(verdict.statistic),
        "p_value": number(verdict.p_value),
        "n": verdict.n,
        "result": result(verdict.p_value),
        "reason": verdict.reason,
        "convention": {"level": verdict.level, "counts": dict(verdict.counts), **more},
    }


def _why(rows: pl.DataFrame) -> str:
    found = rows["reason"].drop_nulls()
    return f"No evening could be judged: {found[-1]}." if found.len() else "No session can be judged yet."


def _joined(book: Course, first: int, told: pl.DataFrame) -> pl.DataFrame:
    if told.is_empty():
        return pl.DataFrame(schema=ROWS)
    values, returns = book.values[first:-1], book.returns[first + 1 :]
    untraded = np.where(values != 0, values * returns, 0.0).sum(axis=1)
    frame = told.select("var", es="tail_es", reason="reason").with_columns(
        date=pl.Series(book.dates[first + 1 :], dtype=pl.Date),
        made=pl.Series(book.dates[first:-1], dtype=pl.Date),
        pnl=pl.Series(book.realised[first + 1 :], nan_to_null=True),
        hypothetical=pl.Series(untraded, nan_to_null=True),
    )
    unknown = pl.when(pl.col("pnl").is_null()).then(pl.lit("the P&L of the day is not known"))
    return frame.with_columns(
        exception=pl.col("pnl") < -pl.col("var"), reason=pl.coalesce("reason", unknown)
    ).select(*ROWS)


def _series(told: pl.DataFrame) -> Series:
    def floats(name: str) -> Floats:
        if told.is_empty():
            return np.empty(0)
        return told[name].fill_null(float("nan")).to_numpy().astype(np.float64)

    return Series(*(floats(name) for name in ("tail_var", "tail_es", "volatility", "pit")))


def _from_job(
    desk: Desk, book: Course, *, confidence: float, sessions: int
) -> tuple[pl.DataFrame, Series, str | None]:
    """Return the rows of the method that only the worker computes."""
    last = book.dates[-1] if book.dates else None
    kept, why = stored(desk, day=last) if last is not None else (None, book.why)
    if kept is not None and _offered(confidence) is None:
        offered = ", ".join(f"{c:g}" for c in STORED_CONFIDENCES)
        kept, why = None, f"Filtered historical simulation is kept at {offered} only."
    evenings = kept.evenings if kept is not None else []
    rows, series = kept_rows(book, evenings, confidence=confidence, sessions=sessions if kept else 0)
    return rows, series, why


def _offered(confidence: float) -> float | None:
    return next((c for c in STORED_CONFIDENCES if abs(c - confidence) < 1e-9), None)


def kept_rows(
    book: Course, evenings: Sequence[Mapping[str, Any]], *, confidence: float, sessions: int
) -> tuple[pl.DataFrame, Series]:
    """Return the rows of a back-test of forecasts that were made before, as app/jobs/risk_models.py keeps them."""
    first = max(len(book.dates) - 1 - sessions, 0)
    by_evening = {date.fromisoformat(row["made"]): row for row in evenings}
    level = _offered(confidence) or confidence
    told = pl.DataFrame(
        [_kept(by_evening.get(evening), level) for evening in book.dates[first:-1]],
        schema={"var": pl.Float64, "tail_var": pl.Float64, "tail_es": pl.Float64, "volatility": pl.Float64,
                "pit": pl.Float64, "reason": pl.String},
        orient="row",
    )  # fmt: skip
    return _joined(book, first, told), _series(told)


def _kept(row: Mapping[str, Any] | None, level: float) -> tuple[Any, ...]:
    if row is None:
        return (None, None, None, None, None, "the worker has no forecast of this evening")
    tail = f"{ES_CONFIDENCE:g}"
    var = row["var"]
    return (var.get(f"{level:g}"), var.get(tail), row["es"].get(tail), row["volatility"], row["pit"],
            row["reason"])  # fmt: skip
