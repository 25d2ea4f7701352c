"""What surveillance found, and what it could see. Nobody reads of an alert about himself."""

from collections import Counter
from collections.abc import Mapping
from datetime import UTC, datetime, time, timedelta
from typing import Any

import polars as pl
from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import defer

from analytics.compliance.detector import all_detectors
from analytics.compliance.workflow import DONE
from analytics.datasets import ACCOUNTS, PEOPLE
from app.desk import Desk
from app.errors import FieldError, Forbidden, Invalid, NotFound
from app.queries._case_counts import open_and_overdue
from app.queries._line import own_line
from app.queries._spoken import Say, speaker
from app.queries.limits import READS, breached
from app.scope import SURVEILLANCE_ROLES
from app.storage.cache import cached
from app.storage.records.alerts import SEVERITIES, Alert
from app.storage.records.surveillance import DetectorRun

CLOSED = DONE
DENIED = "surveillance is read by compliance"
UNRANKED = "the triage model has not shown skill on this organisation's decided alerts yet"
_SORTS = {
    "score": lambda a: (a.score, a.created_at),
    "severity": lambda a: (SEVERITIES.index(a.severity), a.score),
    "created_at": lambda a: (a.created_at, a.score),
    "window": lambda a: (a.window_start or a.created_at, a.score),
    # Whatever no model has ranked comes after what one has, by its score.
    "triage": lambda a: ((a.triage or {}).get("probability", -1.0), a.score),
}
_LONG = ("evidence", "metrics", "story", "regulation", "data_versions")
_FILTERS = frozenset({"status", "severity", "detector", "actor", "open"})


def may_read(desk: Desk) -> bool:
    """Whether this identity reads surveillance at all."""
    return desk.identity.role in SURVEILLANCE_ROLES


def summary(desk: Desk) -> tuple[dict[str, Any], dict[str, str]]:
    """Return the overview's compliance figures, and for each null why it is null.

    Values: alerts_open (count by severity), cases_open, cases_overdue, limit_breaches (counts), coverage
    (fraction of detectors whose last run saw all it needs).
    """
    values, reasons = _summary(desk)
    if may_read(desk):
        # What is overdue changes with the clock, not with the records: never kept.
        values = values | open_and_overdue(desk)
    return values, reasons


@cached(*READS, PEOPLE, records=("alerts", "limits", "detector_runs"), ttl=3600)
def _summary(desk: Desk) -> tuple[dict[str, Any], dict[str, str]]:
    names = ("alerts_open", "cases_open", "cases_overdue", "limit_breaches", "coverage")
    values: dict[str, Any] = dict.fromkeys(names)
    if not may_read(desk):
        return values, dict.fromkeys(names, DENIED)
    reasons: dict[str, str] = {}
    # What is open is open whatever dates are looked at.
    undated = desk.with_scope(start=None, end=None)
    open_now = Counter(
        a.severity for a in _in_scope(undated, visible(desk, light=True)) if a.status not in CLOSED
    )
    values["alerts_open"] = {severity: open_now[severity] for severity in SEVERITIES}
    values["limit_breaches"], why = breached(desk)
    if why:
        reasons["limit_breaches"] = why
    seen = [row["state"] == "ok" for row in coverage(desk)]
    values["coverage"] = sum(seen) / len(seen) if seen else None
    return values, reasons


@cached(ACCOUNTS, PEOPLE, records=("alerts",))
def alerts(
    desk: Desk,
    *,
    filters: Mapping[str, str] | None = None,
    sort: str = "-score",
    limit: int | None = None,
    offset: int = 0,
) -> dict[str, Any]:
    """Return one page of alerts.

    Args:
        desk: The scope's accounts, traders, instruments and dates narrow the list.
        filters: status, severity, detector, actor (exact, comma lists), open (``true``).
        sort: score, severity, created_at, window or triage; a leading minus means largest first.
        limit: Rows of the page; the scope's limit when None.
        offset: Rows to skip.

    Returns:
        ``rows`` (fields of CONTRACT section 5), ``total`` and ``facets`` (counts by severity, status and
        detector before the page is cut).

    Raises:
        Forbidden: If the role does not read surveillance.
        Invalid: If a filter or the sort is unknown.
    """
    door(desk)
    chosen = dict(filters or {})
    unknown = sorted(set(chosen) - _FILTERS)
    if unknown:
        raise Invalid("Unknown filter.", errors=[FieldError(u, "is not a filter of alerts") for u in unknown])
    if sort.removeprefix("-") not in _SORTS:
        raise Invalid("Unknown sort.", errors=[FieldError("sort", f"must be one of {', '.join(_SORTS)}")])
    found = [alert for alert in _in_scope(desk, visible(desk, light=True)) if _matches(alert, chosen)]
    found.sort(key=lambda alert: alert.alert_id)
    found.sort(key=_SORTS[sort.removeprefix("-")], reverse=sort.startswith("-"))
    size = desk.scope.limit if limit is None else limit
    page = [alert.alert_id for alert in found[offset : offset + size]]
    whole = {alert.alert_id: alert for alert in visible(desk, Alert.alert_id.in_(page))}
    say = speaker(desk)
    return {
        "rows": [as_dict(whole[name], say) for name in page if name in whole],
        "total": len(found),
        "facets": {
            name: dict(sorted(Counter(getattr(alert, name) for alert in found).items()))
            for name in ("severity", "status", "detector")
        },
    }


@cached(ACCOUNTS, PEOPLE, records=("alerts",))
def alert(desk: Desk, alert_id: str) -> dict[str, Any]:
    """Return one alert in full, with related ones of the same actors (``related``).

    Raises:
        Forbidden: If the role does not read surveillance.
        NotFound: If there is none of this id here, or it is about the one who asks.
    """
    door(desk)
    found = next(iter(visible(desk, Alert.alert_id == alert_id)), None)
    if found is None:
        raise NotFound("There is no such alert.")
    who = {(a["kind"], a["id"]) for a in found.actors}
    related = [
        {
            "alert_id": a.alert_id,
            "title": a.title,
            "severity": a.severity,
            "status": a.status,
            "score": a.score,
        }
        for a in sorted(visible(desk, light=True), key=lambda a: a.created_at, reverse=True)
        if a.alert_id != alert_id and who & {(x["kind"], x["id"]) for x in a.actors}
    ]
    return as_dict(found, speaker(desk)) | {"related": related[:20]}


def detectors() -> list[dict[str, Any]]:
    """Return what each detector looks for: name, title, rule, inputs, parameters, known false positives."""
    return [
        {
            "name": name,
            "code": kind.code,
            "title": kind.title,
            "version": kind.version,
            "description": kind.description,
            "regulation": list(kind.regulation),
            "inputs": list(kind.inputs),
            "helpful": list(kind.helpful),
            "false_positives": list(kind.false_positives),
            "parameters": kind.Params.describe(),
            "parameters_version": kind.Params().version,
        }
        for name, kind in all_detectors().items()
    ]


@cached(records=("detector_runs",))
def coverage(desk: Desk) -> list[dict[str, Any]]:
    """Return one row per detector: state (ok, gap, failed, not_run), gaps, alerts found, last run.

    Raises:
        Forbidden: If the role does not read surveillance.
    """
    door(desk)
    with desk.session() as session:
        runs = {run.detector: run for run in session.scalars(select(DetectorRun))}
    return [_covered(name, kind.title, runs.get(name)) for name, kind in all_detectors().items()]


def told_story(alert: Alert, say: Say) -> list[str]:
    """Return an alert's sentences with names and days as people write them; what is stored stays as it is."""
    about = {str(actor["id"]) for actor in alert.actors}
    return [say(str(sentence), about) for sentence in alert.story]


def as_dict(alert: Alert, say: Say) -> dict[str, Any]:
    """Return an alert's public fields (CONTRACT section 5); its story is spoken (``speaker``)."""
    return {
        "alert_id": alert.alert_id,
        "title": alert.title,
        "detector": alert.detector,
        "detector_version": alert.detector_version,
        "parameters_version": alert.parameters_version,
        "severity": alert.severity,
        "score": alert.score,
        "status": alert.status,
        "assignee": alert.assignee,
        "case_id": alert.case_id,
        "reason": alert.reason,
        "due_at": alert.due_at,
        "closed_at": alert.closed_at,
        "suppression_id": alert.suppression_id,
        "version": alert.version,
        "state": alert.state,
        "gone_at": alert.gone_at,
        "actors": alert.actors,
        "instrument_ids": alert.instrument_ids,
        "window": {"start": alert.window_start, "end": alert.window_end},
        "evidence": alert.evidence,
        "metrics": alert.metrics,
        "story": told_story(alert, say),
        "regulation": alert.regulation,
        "data_versions": alert.data_versions,
        "triage": alert.triage or {"probability": None, "reasons": [], "reason": UNRANKED},
        "created_at": alert.created_at,
    }


def door(desk: Desk) -> None:
    """Let only those in who read surveillance.

    Raises:
        Forbidden: For other roles.
    """
    if not may_read(desk):
        raise Forbidden("Surveillance is read by compliance.")


def visible(desk: Desk, *which: ColumnElement[bool], light: bool = False) -> list[Alert]:
    """Return the organisation's alerts without those about the one who asks.

    Args:
        desk: Who asks.
        which: Conditions on ``Alert`` that all must hold; without any every alert.
        light: Leave out what is long (evidence, measures, story, rules, versions): reading it then fails.
    """
    query = select(Alert).where(*which)
    if light:
        query = query.options(*(defer(getattr(Alert, name), raiseload=True) for name in _LONG))
    with desk.session() as session:
        found = list(session.scalars(query))
    own = own_line(desk).own
    return [alert for alert in found if not own & {actor["id"] for actor in alert.actors}] if own else found


def _in_scope(desk: Desk, found: list[Alert]) -> list[Alert]:
    scope = desk.scope
    if scope.instrument:
        found = [a for a in found if set(scope.instrument) & set(a.instrument_ids)]
    if scope.trader:
        found = [a for a in found if _names(a, "trader") & set(scope.trader)]
    accounts = set(scope.account) or None
    if scope.desk:
        rows = desk.lake.scan(desk.org, ACCOUNTS).filter(pl.col("desk").is_in(list(scope.desk)))
        of_desks = set(desk.collect(rows.select("account_id"))["account_id"])
        accounts = of_desks if accounts is None else accounts & of_desks
    if accounts is not None:
        found = [a for a in found if _names(a, "account") & accounts]
    if scope.start is not None:
        floor = datetime.combine(scope.start, time(), UTC)
        found = [a for a in found if (a.window_end or a.created_at) >= floor]
    if scope.end is not None:
        ceiling = datetime.combine(scope.end + timedelta(days=1), time(), UTC)
        found = [a for a in found if (a.window_start or a.created_at) < ceiling]
    if scope.as_of is not None:
        found = [a for a in found if a.created_at <= scope.as_of]
    return found


def _names(alert: Alert, kind: str) -> set[str]:
    return {actor["id"] for actor in alert.actors if actor["kind"] == kind}


def _matches(alert: Alert, filters: Mapping[str, str]) -> bool:
    for name, wanted in filters.items():
        values = set(wanted.split(","))
        if name == "open":
            if (alert.status not in CLOSED) != (wanted == "true"):
                return False
        elif name == "actor":
            if not values & {actor["id"] for actor in alert.actors}:
                return False
        elif getattr(alert, name) not in values:
            return False
    return True


def _covered(name: str, title: str, run: DetectorRun | None) -> dict[str, Any]:
    if run is None:
        return {"detector": name, "title": title, "state": "not_run", "reason": "It has not run yet.",
                "gaps": [], "found": 0, "seconds": None, "cause": "", "data_versions": {}, "ran_at": None}  # fmt: skip
    return {"detector": name, "title": title} | {
        field: getattr(run, field)
        for field in ("state", "reason", "gaps", "found", "seconds", "cause", "data_versions", "ran_at")
    }
