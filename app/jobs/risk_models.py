"""Fit what takes too long for a request, back-test the VaR methods of each book, speak up when one misleads."""

import time
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from datetime import time as clock
from typing import Any

import numpy as np
import polars as pl
from sqlalchemy import delete, select

from analytics.compliance.alerts import Metric
from analytics.datasets import ACCOUNTS
from analytics.portfolio.var import METHODS, tail_table
from analytics.portfolio.var_forecast import filtered_evenings
from app.context import Context
from app.desk import Desk
from app.errors import QuarterdeckError
from app.jobs._desk import desk_of
from app.jobs._job import Job
from app.jobs._watch import NONE, Watch, finding, named, open_alerts
from app.queries import portfolio
from app.queries._evenings import BOOK, Course, course
from app.queries._risk_stored import METHOD
from app.queries.risk_backtest import (
    SESSIONS,
    STORED_CONFIDENCES,
    evenings_of,
    judge,
    judged_rows,
    kept_rows,
)
from app.scope import Scope
from app.storage.records import counters
from app.storage.records._base import now
from app.storage.records.alerts import Alert
from app.storage.records.risk import RiskForecast

SOURCE = "var_model"
TITLE = "Value at risk misleads"
VERSION = "1.0.0"
CONFIDENCE = 0.99
# A book's models are those that its figures and limits rest on; the others are told beside them.
WATCHED = ("historical", METHOD)
REJECTED = 0.01  # Kupiec p-value from which down an alert opens
FEWEST = 100  # sessions judged; fewer say nothing about one per cent
PARAMETERS = f"level={REJECTED};sessions={SESSIONS};confidence={CONFIDENCE};fewest={FEWEST}"
PAUSE = timedelta(minutes=30)  # between two fits, while data keeps coming in

_Book = tuple[str, str]  # kind and id


def refresh_risk(context: Context, org: str, *, cause: str) -> dict[str, Any]:
    """Fit filtered historical simulation for every book, and back-test each organisation's and desk's models.

    Books are the organisation, its desks and its accounts; alerts are opened for the first two. Running it
    again on the same tables computes nothing and changes nothing.

    Args:
        context: The installation's stores.
        org: The organisation's slug.
        cause: Why it runs, for the log of jobs.

    Returns:
        ``books``, ``fitted`` (with forecasts), ``backtests``, ``misleading`` (models that fail now), ``alerts``
        (new ones), ``unchanged``, ``failed`` (book to reason), ``seconds``, ``cause``.
    """
    began = time.perf_counter()
    if any("+" in context.lake.version(org, dataset) for dataset in BOOK):
        context.lake.flush(org)  # an alert pins Delta versions, so live rows move there first
    said: dict[str, Any] = {"books": 0, "fitted": 0, "backtests": 0, "misleading": 0, "alerts": 0,
                            "unchanged": False, "failed": {}, "cause": cause}  # fmt: skip
    with context.lake.steady():
        versions = desk_of(context, org, "Risk").versions(*BOOK)
        if _kept(context, org) == (versions, VERSION):
            return said | {"unchanged": True, "seconds": round(time.perf_counter() - began, 3)}
        rows: list[RiskForecast] = []
        found: list[dict[str, Any]] = []
        for book, desk in _books(context, org):
            try:
                held = course(desk)
                document = _document(held, desk)
            except QuarterdeckError as error:
                said["failed"]["/".join(book)] = error.detail
                continue
            rows.append(_row(org, book, held, document, versions))
            if book[0] != "account":
                found += _misleading(book, held, document, desk.identity.currency)
                said["backtests"] += len(METHODS)
    _store(context, org, rows)
    recorded = open_alerts(
        context, org, source=SOURCE, version=VERSION, parameters_version=PARAMETERS, rows=found,
        data_versions=versions, titles=TITLE,
    )  # fmt: skip
    return said | {
        "books": len(rows),
        "fitted": sum(bool(row.document["table"]) for row in rows),
        "misleading": len(found),
        "alerts": len(recorded.new),
        "seconds": round(time.perf_counter() - began, 3),
    }


def due(context: Context, org: str) -> bool:
    """Return whether the kept forecasts rest on older tables and the last fit is half an hour ago."""
    versions = {dataset.name: context.lake.version(org, dataset) for dataset in BOOK}
    if versions["daily_positions"] == NONE:
        return False
    with context.database.session(org) as session:
        row = session.scalar(_whole())
    if row is None:
        return True
    same = (dict(row.data_versions), row.version) == (versions, VERSION)
    return not same and now() - row.computed_at > PAUSE


def _whole() -> Any:
    return select(RiskForecast).where(RiskForecast.book_kind == "organisation", RiskForecast.method == METHOD)


def _kept(context: Context, org: str) -> tuple[dict[str, str], str] | None:
    with context.database.session(org) as session:
        row = session.scalar(_whole())
        return None if row is None else (dict(row.data_versions), row.version)


def _books(context: Context, org: str) -> Iterator[tuple[_Book, Desk]]:
    """Yield the organisation, each desk and each account, and the desk that sees just that."""
    whole = desk_of(context, org, "Risk")
    yield ("organisation", ""), whole
    known = whole.collect(whole.rows(ACCOUNTS).select("account_id", "desk").unique())
    for name in known["desk"].drop_nulls().unique().sort():
        yield ("desk", name), desk_of(context, org, "Risk", scope=Scope(desk=(name,)))
    for name in known["account_id"].unique().sort():
        yield ("account", name), desk_of(context, org, "Risk", scope=Scope(account=(name,)))


# --- fitting ---------------------------------------------------------------------------------------
def _document(held: Course, desk: Desk) -> dict[str, Any]:
    """Return what filtered historical simulation says of a book, evening by evening and for the next days."""
    document: dict[str, Any] = {"evenings": [], "table": [], "reason": held.why}
    if len(held.dates) < 2:
        return document
    evenings, first = evenings_of(held, sessions=SESSIONS)
    told = filtered_evenings(evenings, confidences=STORED_CONFIDENCES)
    document["evenings"] = [
        {
            "made": evening.isoformat(),
            "var": {f"{level:g}": value for level, value in one.var.items()},
            "es": {f"{level:g}": value for level, value in one.es.items()},
            "volatility": one.volatility,
            "pit": one.pit,
            "n": one.n,
            "reason": one.reason,
        }
        for evening, one in zip(held.dates[first:-1], told, strict=True)
    ]
    known = portfolio.risk(desk)
    pnl = known["pnl"]["pnl"].to_numpy().astype(np.float64)
    document["table"] = [dict(record) for record in tail_table(pnl, methods=(METHOD,))]
    document["reason"] = known["reasons"].get("var_99_1d")
    return document


def _row(
    org: str, book: _Book, held: Course, document: dict[str, Any], versions: Mapping[str, str]
) -> RiskForecast:
    return RiskForecast(
        org=org,
        book_kind=book[0],
        book_id=book[1],
        method=METHOD,
        day=held.dates[-1] if held.dates else None,
        version=VERSION,
        document=document,
        data_versions=dict(versions),
        computed_at=now(),
    )


def _store(context: Context, org: str, rows: Sequence[RiskForecast]) -> None:
    with context.database.session(org, write=True) as session:
        session.execute(delete(RiskForecast).where(RiskForecast.org == org))
        session.add_all(rows)
        counters.bump(session, org, "risk_forecasts")


# --- judging ---------------------------------------------------------------------------------------
def _misleading(
    book: _Book, held: Course, document: Mapping[str, Any], currency: str
) -> list[dict[str, Any]]:
    """Return a finding for each watched model of a book that is in the red zone or fails Kupiec's test."""
    judged = {}
    for method in METHODS:
        if method == METHOD:
            rows, series = kept_rows(held, document["evenings"], confidence=CONFIDENCE, sessions=SESSIONS)
        else:
            rows, series = judged_rows(held, method=method, confidence=CONFIDENCE, sessions=SESSIONS)
        judged[method] = judge(rows, series, confidence=CONFIDENCE) | {"rows": rows, "currency": currency}
    return [row for method in WATCHED if (row := _finding(book, method, judged)) is not None]


def _finding(book: _Book, method: str, judged: Mapping[str, dict[str, Any]]) -> dict[str, Any] | None:
    found = judged[method]
    zone, tests = found["zone"], {test["name"]: test for test in found["tests"]}
    p_value = tests["kupiec_pof"]["p_value"]
    if zone is None or zone["n"] < FEWEST or p_value is None:
        return None
    hits, expected = zone["exceptions"], zone["n"] * (1 - CONFIDENCE)
    red = zone["zone"] == "red"
    if not red and p_value >= REJECTED:
        return None
    rows = found["rows"].filter(pl.col("exception").is_not_null())
    start, end = rows["date"][0], rows["date"][-1]
    whom = {"organisation": "the whole book", "desk": f"desk {book[1]}"}[book[0]]
    words = method.replace("_", " ")
    others = {
        name: other["zone"]["exceptions"]
        for name, other in judged.items()
        if name != method and other["zone"] is not None
    }
    story = [
        f"The {words} VaR at 99 % of {whom} was exceeded on {hits} of {zone['n']} sessions; {expected:g} were to be expected.",
        f"Basel's traffic light is {zone['zone']}; Kupiec's test has p = {p_value:.3g}.",
    ]
    if found["exceptions"]:
        last = found["exceptions"][0]
        story.append(
            f"The last time was {last['date']}: a loss of {-last['pnl']:,.0f} against a VaR of {last['var']:,.0f} "
            f"{found['currency']}."
        )
    better = sorted(
        (count, name) for name, count in others.items() if abs(count - expected) < abs(hits - expected)
    )
    if better:
        told = ", ".join(f"{name.replace('_', ' ')} {count}" for count, name in better)
        story.append(f"Nearer to what was expected: {told}.")
    # Many exceptions are a danger, too few are idle capital.
    score = min(95.0, 75.0 + 2.0 * (hits - zone["from_red"])) if red else 60.0 if hits > expected else 45.0
    metrics = [
        Metric("exceptions", float(hits), float(zone["from_red"]), "count"),
        Metric("expected_exceptions", _rounded(expected), None, "count"),
        Metric("kupiec_p_value", _rounded(p_value), REJECTED, "probability"),
        *(
            Metric(name, _rounded(test["p_value"]), 0.05, "probability")
            for name in ("conditional_coverage", "acerbi_szekely_z2")
            if (test := tests[name])["p_value"] is not None
        ),
        *(
            Metric(f"exceptions_{name}", float(count), None, "count")
            for name, count in sorted(others.items())
        ),
    ]
    return finding(
        # One alert a quarter for a model that keeps misleading.
        (*book, method, f"{end.year}Q{(end.month + 2) // 3}"),
        subject=f"{words}, {whom}",
        score=score,
        metrics=metrics,
        story=story,
        window=(datetime.combine(start, clock(), UTC), datetime.combine(end, clock(), UTC)),
        actors=[("desk", book[1])] if book[0] == "desk" else [],
        regulation=("Basel Committee, MAR99",),
    )


def _rounded(value: float) -> float:
    return float(f"{value:.9g}")  # the last digits of a float differ between machines and mean nothing


# --- again -----------------------------------------------------------------------------------------
def _again(context: Context, org: str, stored: Alert) -> Mapping[str, Any] | None:
    """Judge the book of an alert again, from the tables that it is pinned to."""
    name = next((actor["id"] for actor in stored.actors if actor["kind"] == "desk"), None)
    book = ("desk", name) if name else ("organisation", "")
    scope = Scope(desk=(name,)) if name else Scope()
    desk = desk_of(context, org, "Risk", scope=scope, versions=stored.data_versions)
    held = course(desk)
    rows = _misleading(book, held, _document(held, desk), desk.identity.currency)
    found = [named(SOURCE, VERSION, PARAMETERS, row) for row in rows]
    return next((row for row in found if row["alert_id"] == stored.alert_id), None)


def _run(context: Context, org: str, params: Mapping[str, Any]) -> dict[str, Any]:
    return refresh_risk(context, org, cause=str(params.get("cause", "scheduled")))


JOB = Job("risk_models", "Back-test the risk models", _run, hour=3, every_minute=True, due=due)
WATCH = Watch(
    source=SOURCE,
    title=TITLE,
    version=VERSION,
    parameters_version=PARAMETERS,
    again=_again,
    description=(
        "A value-at-risk model that figures and limits rest on was exceeded too often, or hardly ever: it is in "
        "Basel's red zone, or Kupiec's test rejects it."
    ),
    false_positives=(
        "A jump of the market that no history of prices held.",
        "Positions that were built and sold within the day: the evening's VaR knows nothing of them.",
    ),
    parameters=(
        {
            "name": "level",
            "value": REJECTED,
            "unit": "probability",
            "description": "Kupiec's p from which down.",
        },
        {"name": "sessions", "value": SESSIONS, "unit": "count", "description": "Sessions judged."},
        {"name": "fewest", "value": FEWEST, "unit": "count", "description": "Fewer sessions are not judged."},
    ),
)
