"""Breaches of limits on record: opened, continued and closed as the figures say."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from hashlib import sha256
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from analytics.portfolio.limit_episodes import Episode
from app.actions._roles import system
from app.actions.breaches import RECORDS as BREACHES
from app.jobs import _limit_alert as alerts
from app.jobs._watch import named
from app.storage.records import audit
from app.storage.records._base import now
from app.storage.records.counters import bump
from app.storage.records.limits import LimitBreach
from app.storage.records.lists import Limit

RETIRED, RESTATED = "retired", "restated"
_FIELDS = ("last_day", "closed", "closed_why", "peak", "peak_day", "current", "driver")


@dataclass(frozen=True)
class Course:
    """One limit, and what its measure was on each session."""

    limit: Limit
    rows: list[dict[str, Any]]
    episodes: list[Episode]


def follow(
    session: Session,
    org: str,
    courses: Sequence[Course],
    days: tuple[date, ...],
    versions: Mapping[str, str],
) -> tuple[dict[str, int], list[tuple[Limit, Episode, date]]]:
    """Bring the breaches on record to what was measured, audited in the same transaction.

    Returns:
        Counts of breaches ``opened``, ``closed`` and ``breached`` (lasting); and every episode with its limit
        and its first day on record.
    """
    on_record: dict[str, list[LimitBreach]] = {}
    for breach in session.scalars(select(LimitBreach).order_by(LimitBreach.opened)):
        on_record.setdefault(breach.limit_id, []).append(breach)
    counts = {"opened": 0, "closed": 0, "breached": 0}
    found: list[tuple[Limit, Episode, date]] = []
    changed = False
    for course in courses:
        left = on_record.pop(course.limit.id, [])
        for episode in course.episodes:
            known = next((one for one in left if same(one, episode, days)), None)
            if known is None:
                known = _opened(session, org, course.limit, episode, versions)
                counts["opened"] += 1
                changed = True
            else:
                left.remove(known)
                lasted = known.closed is None
                if _continued(known, episode, versions):
                    changed = True
                    if lasted and known.closed is not None:
                        counts["closed"] += 1
                        _record(session, org, "breach.close", known)
            found.append((course.limit, episode, known.opened))
            counts["breached"] += episode.closed is None
        for breach in left:
            # The figures it was found in have been corrected: it stays on record, as what it was.
            if days and breach.opened >= days[0] and breach.closed_why != RESTATED:
                changed = True
                counts["closed"] += 1
                _close(session, org, breach, breach.closed or breach.last_day, RESTATED)
    changed |= _retire(session, org, [one for rest in on_record.values() for one in rest])
    if changed:
        bump(session, org, BREACHES)
    return counts, found


def same(breach: LimitBreach, episode: Episode, days: tuple[date, ...]) -> bool:
    overlap = breach.opened <= episode.last_day and episode.opened <= breach.last_day
    # An episode older than what is measured again begins at the first day measured.
    cut = breach.closed is None and bool(days) and breach.opened < days[0] == episode.opened
    return overlap or cut


def _opened(
    session: Session, org: str, limit: Limit, episode: Episode, versions: Mapping[str, str]
) -> LimitBreach:
    name = "lb_" + sha256("|".join((org, limit.id, str(episode.opened))).encode()).hexdigest()[:24]
    breach = LimitBreach(
        org=org, id=name, limit_id=limit.id, opened=episode.opened, bound=limit.value, hard=limit.hard,
        data_versions=dict(versions), **{field: getattr(episode, field) for field in _FIELDS},
    )  # fmt: skip
    breach.alert_id = named(
        alerts.SOURCE, alerts.VERSION, alerts.PARAMETERS, {"key": alerts.key(limit, episode.opened)}
    )["alert_id"]
    session.add(breach)
    _record(session, org, "breach.open", breach)
    return breach


def _continued(breach: LimitBreach, episode: Episode, versions: Mapping[str, str]) -> bool:
    """Write what an episode has become; return whether that differs from what was known."""
    values = {field: getattr(episode, field) for field in _FIELDS}
    if breach.opened < episode.opened and breach.peak > episode.peak:
        values |= {"peak": breach.peak, "peak_day": breach.peak_day, "driver": breach.driver}
    if all(getattr(breach, field) == value for field, value in values.items()):
        return False
    for field, value in values.items():
        setattr(breach, field, value)
    breach.data_versions = dict(versions)
    breach.updated_at = now()
    return True


def _retire(session: Session, org: str, breaches: Sequence[LimitBreach]) -> bool:
    """Close what lasts of limits that are out of force."""
    lasting = [one for one in breaches if one.closed is None]
    for breach in lasting:
        limit = session.scalar(select(Limit).where(Limit.id == breach.limit_id))
        ended = limit.valid_to if limit is not None else None
        _close(session, org, breach, max(ended or breach.last_day, breach.last_day), RETIRED)
    return bool(lasting)


def _close(session: Session, org: str, breach: LimitBreach, day: date, why: str) -> None:
    breach.closed, breach.closed_why, breach.updated_at = day, why, now()
    _record(session, org, "breach.close", breach)


def _record(session: Session, org: str, action: str, breach: LimitBreach) -> None:
    names = ("limit_id", "opened", "last_day", "closed", "closed_why", "bound", "peak")
    audit.record(
        session, actor=system(org, "Limits"), action=action, object_kind="limit_breach", object_id=breach.id,
        after={name: getattr(breach, name) for name in names},
    )  # fmt: skip
