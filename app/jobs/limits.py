"""Measure every limit session by session, keep what was used, and follow what is passed."""

import time
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any

from sqlalchemy import delete, insert, select
from sqlalchemy.orm import Session

from analytics.portfolio.limit_episodes import Reading, episodes
from app.context import Context
from app.desk import Desk
from app.jobs import _limit_alert as alerts
from app.jobs._desk import desk_of
from app.jobs._job import Job
from app.jobs._limit_breaches import Course, follow, same
from app.jobs._queue import JobQueue
from app.jobs._watch import Watch, named, open_alerts
from app.queries import limits
from app.storage.records._base import now
from app.storage.records.alerts import Alert
from app.storage.records.counters import bump
from app.storage.records.limits import LimitBreach, LimitUse
from app.storage.records.lists import Limit

NAME = "Limits"  # who asks, for what is recorded
USES = "limit_uses"


def monitor(context: Context, org: str, *, cause: str) -> dict[str, Any]:
    """Measure all limits of an organisation, keep their history, and open, continue or close breaches.

    Running it twice on the same tables changes nothing. Every breach becomes one alert, however long it lasts.

    Args:
        context: The installation's stores.
        org: The organisation's slug.
        cause: Why it runs, for the log of jobs.

    Returns:
        ``limits`` (in force), ``breached`` (lasting), ``opened``, ``closed``, ``alerts`` (new), ``seconds``.
    """
    began = time.perf_counter()
    if any("+" in context.lake.version(org, dataset) for dataset in limits.READS):
        context.lake.flush(org)  # an alert pins Delta versions, so live rows move there first
    desk = desk_of(context, org, NAME)
    with context.lake.steady():
        versions = desk.versions(*limits.READS)
        days = limits.sessions(desk)
        courses = _courses(desk, limits.seen(desk), days, today=now().date())
    with context.database.session(org, write=True) as session:
        _keep(session, org, courses, days, versions)
        said, found = follow(session, org, courses, days, versions)
    rows = [
        alerts.of_episode(limit, episode, opened=opened, currency=_money(limit, desk))
        for limit, episode, opened in found
    ]
    recorded = open_alerts(
        context, org, source=alerts.SOURCE, version=alerts.VERSION, parameters_version=alerts.PARAMETERS,
        rows=rows, data_versions=versions, titles=alerts.TITLE,
    )  # fmt: skip
    return said | {
        "limits": len(courses),
        "alerts": len(recorded.new),
        "cause": cause,
        "seconds": round(time.perf_counter() - began, 3),
    }


def soon(context: Context, org: str) -> None:
    """Have the worker measure the limits: one was set or retired."""
    JobQueue(context).put(org, "limits", once=True)


# --- measuring -------------------------------------------------------------------------------------
def _courses(desk: Desk, chosen: Sequence[Limit], days: tuple[date, ...], *, today: date) -> list[Course]:
    measured = limits.courses(desk, chosen, days=days)
    until = [day - timedelta(days=1) for day in days[1:]] + [today]
    found = []
    for limit in chosen:
        rows = measured[limit.id].to_dicts()
        readings = [
            Reading(row["date"], row["value"], row["driver"], limits.applies(limit, row["date"], until=last))
            for row, last in zip(rows, until if days else [], strict=True)
        ]
        found.append(Course(limit, rows, episodes(readings, bound=float(limit.value))))
    return found


def _money(limit: Limit, desk: Desk) -> str:
    return limits.money_of(limit, desk.identity.currency)


# --- keeping ---------------------------------------------------------------------------------------
def _keep(
    session: Session,
    org: str,
    courses: Sequence[Course],
    days: tuple[date, ...],
    versions: Mapping[str, str],
) -> None:
    """Write what was used of each limit: only what is new or reads otherwise than before."""
    if not days:
        return
    ids = [course.limit.id for course in courses]
    columns = (LimitUse.limit_id, LimitUse.day, LimitUse.value, LimitUse.driver, LimitUse.reason)
    kept = {
        (row[0], row[1]): tuple(row[2:])
        for row in session.execute(
            select(*columns).where(LimitUse.limit_id.in_(ids), LimitUse.day >= days[0])
        )
    }
    at = now()
    fresh = []
    for course in courses:
        bound = float(course.limit.value)
        for row in course.rows:
            value = row["value"]
            reason = None if value is not None else (row["reason"] or "")[:300]
            if kept.get((course.limit.id, row["date"])) == (value, row["driver"], reason):
                continue
            fresh.append({
                "org": org, "limit_id": course.limit.id, "day": row["date"], "value": value,
                "utilisation": None if value is None else value / bound, "driver": row["driver"],
                "reason": reason, "data_versions": dict(versions), "measured_at": at,
            })  # fmt: skip
    for course in courses:
        changed = [row["day"] for row in fresh if row["limit_id"] == course.limit.id]
        if changed:
            session.execute(
                delete(LimitUse).where(LimitUse.limit_id == course.limit.id, LimitUse.day.in_(changed))
            )
    if fresh:
        session.execute(insert(LimitUse), fresh)
        bump(session, org, USES)


# --- again -----------------------------------------------------------------------------------------
def _again(context: Context, org: str, stored: Alert) -> Mapping[str, Any] | None:
    """Find an episode again from the tables that its alert is pinned to."""
    with context.database.session(org) as session:
        breach = session.scalar(select(LimitBreach).where(LimitBreach.alert_id == stored.alert_id))
        if breach is None:
            return None
        limit = session.get_one(Limit, breach.limit_id)
    desk = desk_of(context, org, NAME, versions=stored.data_versions)
    days = limits.sessions(desk)
    (course,) = _courses(desk, [limit], days, today=stored.created_at.date())
    episode = next((one for one in course.episodes if same(breach, one, days)), None)
    if episode is None:
        return None
    row = alerts.of_episode(limit, episode, opened=breach.opened, currency=_money(limit, desk))
    return named(alerts.SOURCE, alerts.VERSION, alerts.PARAMETERS, row)


def _run(context: Context, org: str, params: Mapping[str, Any]) -> dict[str, Any]:
    return monitor(context, org, cause=str(params.get("cause", "scheduled")))


JOB = Job("limits", "Measure limits", _run, hour=5)
WATCH = Watch(
    source=alerts.SOURCE,
    title=alerts.TITLE,
    version=alerts.VERSION,
    parameters_version=alerts.PARAMETERS,
    again=_again,
    description="A measure is above a limit that risk has set; one alert for as long as it lasts.",
    false_positives=("A limit that was set below what is held already.", "A price that is corrected later."),
)
