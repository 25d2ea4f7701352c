"""What could be lost: by every method, by holding, in the worst stretch on record; and the page's figures."""

from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from analytics.datasets import BENCHMARKS
from analytics.portfolio.factors import market_beta
from analytics.portfolio.passport import Passport, passport
from analytics.portfolio.risk import (
    MIN_HISTORY,
    WINDOW,
    History,
    expected_shortfall,
    stressed_value_at_risk,
    value_at_risk,
)
from analytics.portfolio.var import CONFIDENCES, HORIZONS, METHODS, tail_risk, tail_table
from analytics.portfolio.var_parts import PARTS, historical_parts
from app.desk import Desk
from app.errors import FieldError, Invalid
from app.queries import portfolio
from app.queries._benchmark import benchmark_returns
from app.queries._book import NOTHING_HELD, nav_days, unvalued
from app.queries._book import holdings as held_now
from app.queries._evenings import BOOK, course
from app.queries._limit_of import limit_of
from app.queries._money import Reasons, Values, currency
from app.queries._performance import nav_series
from app.queries._period import Period, period
from app.queries._risk_stored import METHOD as STORED
from app.queries._risk_stored import RECORDS, WHEN, stored
from app.queries.risk_backtest import backtest, check
from app.storage.cache import cached

Floats = npt.NDArray[np.float64]

COMPUTED = tuple(name for name in METHODS if name != STORED)
STRESS_WINDOW = 250  # sessions of a stressed period: Basel's twelve months
BETA_WINDOW = 250
SPARK = 60  # sessions of the tile's course
NO_BENCHMARK = "No benchmark is named by the accounts, and none or several are known."


@cached(*BOOK, records=("limits", *RECORDS))
def report(
    desk: Desk, *, method: str = "historical", confidence: float = 0.99, horizon: int = 1
) -> dict[str, Any]:
    """Return value at risk and expected shortfall of what is held, by every method.

    Args:
        desk: Whose book.
        method: One of ``analytics.portfolio.var.METHODS``: of ``metrics``.
        confidence: Of ``metrics``.
        horizon: Sessions held, of ``metrics``.

    Returns:
        What ``portfolio.risk`` answers, and ``metrics`` (value_at_risk and expected_shortfall as asked),
        ``table``: both by six methods, 95 and 99 %, 1 and 10 sessions, all as passports; ``method``,
        ``confidence``, ``horizon``. Filtered historical simulation comes from the worker's last fit.

    Raises:
        Invalid: For a method, confidence or horizon that is not offered.
    """
    check(method=method, confidence=confidence)
    if not 1 <= horizon <= 60:
        said = "must lie between 1 and 60"
        raise Invalid("No such horizon.", errors=[FieldError("horizon", said, str(horizon))])
    known = portfolio.risk(desk)
    pnl = known["pnl"]["pnl"].to_numpy().astype(np.float64)
    table = _empty_handed(known) or tail_table(pnl, methods=COMPUTED) + _from_job(desk, known)
    why = known["reasons"].get("var_99_1d")
    if why:
        table = [record | {"reason": why} if record["value"] is None else record for record in table]
    ordered = sorted(table, key=lambda record: METHODS.index(record["convention"]["method"]))
    asked = [r for r in ordered if _is(r, method, confidence, horizon)]
    if not asked and method == STORED:
        asked = _unknown(
            method, confidence, horizon, "It is kept at 95 and 99 %, over 1 and 10 sessions only."
        )
    return known | {
        "metrics": asked or _metrics(pnl, method, confidence, horizon, why),
        "table": ordered,
        "method": method,
        "confidence": confidence,
        "horizon": horizon,
    }


def _is(record: Passport, method: str, confidence: float, horizon: int) -> bool:
    told = record["convention"]
    return bool(
        told["method"] == method and abs(told["confidence"] - confidence) < 1e-9 and told["days"] == horizon
    )


def _metrics(pnl: Floats, method: str, confidence: float, horizon: int, why: str | None) -> list[Passport]:
    found = tail_risk(pnl, method=method, confidence=confidence, days=horizon)
    told: dict[str, Any] = {
        "method": method, "confidence": confidence, "days": horizon, "scaling": found.scaling,
        "sign": "positive = loss",
    }  # fmt: skip
    return [
        passport(name, value, unit="currency", n=found.n, reason=why or found.reason, **told)
        for name, value in (("value_at_risk", found.var), ("expected_shortfall", found.es))
    ]


def _unknown(method: str, confidence: float, horizon: int, why: str) -> list[Passport]:
    told: dict[str, Any] = {
        "method": method, "confidence": confidence, "days": horizon, "scaling": "paths of resampled residuals",
        "sign": "positive = loss",
    }  # fmt: skip
    return [
        passport(name, None, unit="currency", n=0, reason=why, **told)
        for name in ("value_at_risk", "expected_shortfall")
    ]


def _empty_handed(known: dict[str, Any]) -> list[Passport]:
    """Return zeros where nothing is held: there is nothing to lose, by any method."""
    if known["n"] or known["var_99_1d"] != 0.0:
        return []
    return [
        record | {"value": 0.0, "reason": None}
        for method in METHODS
        for confidence in CONFIDENCES
        for days in HORIZONS
        for record in _unknown(method, confidence, days, "")
    ]


def _from_job(desk: Desk, known: dict[str, Any]) -> list[Passport]:
    kept, why = stored(desk, day=known["date"])
    if kept is not None and kept.table:
        more = {"computed_at": kept.computed_at.isoformat(), "data_versions": kept.versions}
        return [record | {"convention": record["convention"] | more} for record in kept.table]  # type: ignore[misc]
    return [
        record
        for confidence in CONFIDENCES
        for days in HORIZONS
        for record in _unknown(STORED, confidence, days, why or WHEN)
    ]


@cached(*BOOK, shared=True)
def parts(desk: Desk, *, confidence: float = 0.99) -> dict[str, Any]:
    """Return what each holding adds to the one-day historical value at risk.

    Returns:
        ``rows``: instrument_id, symbol, sector, value, component (they sum to ``total``), share, marginal
        (per unit of value), incremental (VaR with it less VaR without), largest component first; ``total``
        = the VaR, ``n`` sessions, ``confidence``, ``currency``, ``date``, ``reasons``. Positive adds risk.

    Raises:
        Invalid: For a confidence that is not offered.
    """
    check(method="historical", confidence=confidence)
    book = course(desk)
    carried = book.carried()
    names = tuple(name for name, held in zip(book.instruments, carried, strict=True) if held)
    why = (
        book.why
        or _unpriced(desk)
        or (None if names else NOTHING_HELD if not book.dates else "Nothing is held.")
    )
    rows, total, n = pl.DataFrame(schema=PARTS), None, 0
    if not why:
        recent = History(book.dates[-WINDOW:], names, book.returns[-WINDOW:][:, carried])
        values = book.now[carried]
        whole = ~np.isnan(recent.returns).any(axis=1)
        n = int(whole.sum())
        rows = historical_parts(recent, values, confidence=confidence)
        total = value_at_risk(recent.returns[whole] @ values, confidence=confidence)
        if total is None:
            why = f"Only {n} sessions have a return for everything held; {MIN_HISTORY} are needed."
    described = rows.with_columns(
        symbol=pl.col("instrument_id").replace_strict(book.symbols, default=None, return_dtype=pl.String),
        sector=pl.col("instrument_id").replace_strict(book.sectors, default=None, return_dtype=pl.String),
    )
    return {
        "rows": described.sort("component", "instrument_id", descending=[True, False], nulls_last=True),
        "total": total,
        "n": n,
        "confidence": confidence,
        "currency": currency(desk),
        "date": book.dates[-1] if book.dates else None,
        "reasons": {"rows": why} if why else {},
    }


def _unpriced(desk: Desk) -> str | None:
    return unvalued(desk, held_now(desk))


@cached(*BOOK, shared=True)
def stressed(desk: Desk, *, confidence: float = 0.99) -> dict[str, Any]:
    """Return the one-day VaR of what is held in the 250 sessions on record that were worst for it.

    Returns:
        ``value`` (money, positive = loss), ``es_975``, ``from``, ``to`` (days of the window), ``n``
        (sessions on record), ``reason``.
    """
    book = course(desk)
    carried = book.carried()
    why = book.why or _unpriced(desk) or (None if carried.any() else "Nothing is held.")
    if why:
        return _no_stress(why, 0)
    whole = ~np.isnan(book.returns[:, carried]).any(axis=1)
    pnl = book.returns[whole][:, carried] @ book.now[carried]
    worst = stressed_value_at_risk(pnl, window=STRESS_WINDOW, confidence=confidence)
    if worst is None:
        return _no_stress(
            f"A stressed window has {STRESS_WINDOW} sessions; {pnl.size} are on record.", pnl.size
        )
    days = np.array(book.dates, dtype=object)[whole]
    return {
        "value": worst.value,
        "es_975": expected_shortfall(pnl[worst.first : worst.last + 1], confidence=0.975),
        "from": days[worst.first],
        "to": days[worst.last],
        "n": int(pnl.size),
        "reason": None,
    }


def _no_stress(why: str, n: int) -> dict[str, Any]:
    return {"value": None, "es_975": None, "from": None, "to": None, "n": n, "reason": why}


@cached(*BOOK, BENCHMARKS, shared=True)
def beta(desk: Desk) -> dict[str, Any]:
    """Return the beta of what is held to the benchmark, from its holdings, and how it came here.

    Returns:
        ``value`` (NAV's return per unit of the benchmark's), ``before`` (of the evening before, same
        loadings: what trading changed), ``course`` (the last 60 evenings), ``benchmark``, ``n``, ``reason``.
    """
    name, moved = benchmark_returns(desk)
    book = course(desk)
    why = book.why or (NO_BENCHMARK if name is None else None)
    found: dict[str, Any] = {"value": None, "before": None, "course": [], "benchmark": name, "n": 0}
    if why or not book.dates:
        return found | {"reason": why or NOTHING_HELD}
    dates = pl.DataFrame({"date": list(book.dates)}, schema={"date": pl.Date})
    base = (
        dates.join(moved, on="date", how="left", maintain_order="left")["return"]
        .to_numpy()
        .astype(np.float64)
    )
    market, returns = base[-BETA_WINDOW:], book.returns[-BETA_WINDOW:]
    betas = np.array([market_beta(column, market) for column in returns.T], dtype=np.float64)
    last = book.values[-SPARK:]
    unknown = np.isnan(betas)
    if (last[-1][unknown] != 0).any():
        lacking = next(n for n, u, v in zip(book.instruments, unknown, last[-1], strict=True) if u and v)
        return found | {"reason": f"{lacking} has too few sessions beside {name}."}
    span = Period(book.dates[-len(last)], book.dates[-1], len(last), book.dates[-1])
    nav, reasons = nav_days(desk, days=span)
    worth = dates.tail(len(last)).join(
        nav.select("date", pl.col("nav").cast(pl.Float64)), on="date", how="left"
    )
    level = worth.sort("date")["nav"].fill_null(float("nan")).to_numpy()
    with np.errstate(divide="ignore", invalid="ignore"):
        told = np.where(level > 0, (last @ np.nan_to_num(betas)) / level, np.nan)
    run = [float(value) if np.isfinite(value) else None for value in told]
    why = None if run[-1] is not None else reasons.get("nav", "Net asset value is not positive.")
    before = run[-2] if len(run) > 1 else None
    n = int(np.isfinite(market).sum())
    return found | {"value": run[-1], "before": before, "course": run, "n": n, "reason": why}


@cached(*BOOK, BENCHMARKS, records=("limits", *RECORDS))
def kpis(desk: Desk, *, method: str = "historical") -> tuple[Values, Reasons]:
    """Return the page's key figures at the last session, and why one is null.

    Values: var_99_1d, es_975_1d, stressed_var_99_1d (money) with stressed_from and stressed_to; exceptions
    (of ``exceptions_n``, at 99 % by ``method``), exceptions_expected, zone and red_from; beta, beta_before, benchmark
    and beta_course; leverage; drawdown (of now, of the whole history), max_drawdown; for var_99_1d, es_975_1d,
    leverage and drawdown the ``<name>_limit``. Limits are in the organisation's own currency.
    """
    tails, worst, judged, slope = (
        portfolio.risk(desk),
        stressed(desk),
        backtest(desk, method=method),
        beta(desk),
    )
    whole, why = portfolio.totals(desk)
    sunk = nav_series(desk.with_scope(start=None))
    known = sunk["rows"].select("drawdown").drop_nulls()["drawdown"]
    count, expected = judged["metrics"][0], judged["metrics"][1]
    zone = judged["zone"]
    values: Values = {
        "var_99_1d": tails["var_99_1d"],
        "es_975_1d": tails["es_975_1d"],
        "stressed_var_99_1d": worst["value"],
        "stressed_from": worst["from"],
        "stressed_to": worst["to"],
        "exceptions": count["value"],
        "exceptions_n": count["n"],
        "exceptions_expected": expected["value"],
        "zone": zone["zone"] if zone else None,
        "red_from": zone["from_red"] if zone else None,
        "beta": slope["value"],
        "beta_before": slope["before"],
        "beta_course": slope["course"],
        "benchmark": slope["benchmark"],
        "leverage": whole["leverage"],
        "drawdown": known[-1] if known.len() else None,
        "max_drawdown": known.min(),
    }
    no_nav = sunk["reasons"].get("nav") or "No return is known yet."
    reasons: Reasons = {
        "stressed_var_99_1d": worst["reason"] or "",
        "exceptions": judged["reasons"].get("rows", ""),
        "beta": slope["reason"] or "",
        "leverage": why.get("leverage", NOTHING_HELD),
        "drawdown": no_nav,
        "max_drawdown": no_nav,
        **{name: tails["reasons"].get(name, NOTHING_HELD) for name in ("var_99_1d", "es_975_1d")},
    }
    day = period(desk).last
    for name in ("var_99_1d", "es_975_1d", "leverage", "drawdown"):
        same = name in ("leverage", "drawdown") or currency(desk) == desk.identity.currency
        bound, none = limit_of(desk, name, day=day) if same else (None, "The limit is in another currency.")
        values[f"{name}_limit"] = bound
        if none:
            reasons[f"{name}_limit"] = none
    return values, {name: said for name, said in reasons.items() if values.get(name) is None}
