"""What insights are worth to those who read them, week by week and rule by rule; and what waits in the bell."""

from collections import defaultdict
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import select

from analytics.insights._rule import all_rules
from app.desk import Desk
from app.errors import Forbidden
from app.queries import insights as told
from app.scope import DATA_ROLES, SURVEILLANCE_ROLES
from app.storage.records._base import now
from app.storage.records.insights import Insight, InsightFeedback, InsightFollow
from app.storage.records.notifications import Notification

BELL = 8  # insights shown in the bell
NOTES = 20  # notifications shown in it
OLDEST = timedelta(days=30)  # notifications that are shown


def weekly(desk: Desk, *, weeks: int = told.WEEKS) -> list[dict[str, Any]]:
    """Return one row per rule and ISO week with insights, the newest week first.

    Fields: rule, title, week (its Monday), insights (told first or anew in it), voted, useful, share_useful (of those
    voted; null without a vote), acted (insights of which somebody followed a link in it), share_acted (of insights
    told; null without any).

    Who sees some desks only is not told what all desks say.

    Raises:
        Forbidden: If the role reads no data, or is bound to desks.
    """
    if desk.identity.role not in DATA_ROLES or desk.identity.desks is not None:
        raise Forbidden("What rules are worth is told to those who see every desk.")
    since = now() - timedelta(weeks=weeks)
    watches = desk.identity.role in SURVEILLANCE_ROLES
    rules = {name: rule for name, rule in all_rules().items() if watches or "compliance" not in rule.domains}
    with desk.session() as session:
        found = session.execute(
            select(Insight.id, Insight.kind, Insight.created_at, Insight.changed_at)
        ).all()
        said = session.execute(
            select(InsightFeedback.rule, InsightFeedback.verdict, InsightFeedback.created_at).where(
                InsightFeedback.created_at >= since, InsightFeedback.verdict != ""
            )
        ).all()
        went = session.execute(
            select(InsightFollow.rule, InsightFollow.insight_id, InsightFollow.created_at).where(
                InsightFollow.created_at >= since
            )
        ).all()
    shown: dict[tuple[str, date], set[str]] = defaultdict(set)
    for name, rule, created, changed in found:
        for moment in (created, changed):
            if moment is not None and moment >= since:
                shown[rule, _monday(moment)].add(name)
    votes: dict[tuple[str, date], list[str]] = defaultdict(list)
    for rule, verdict, moment in said:
        votes[rule, _monday(moment)].append(verdict)
    acted: dict[tuple[str, date], set[str]] = defaultdict(set)
    for rule, name, moment in went:
        acted[rule, _monday(moment)].add(name)
    keys = {*shown, *votes, *acted}
    return [
        _week(
            (rule, rules[rule].title),
            week,
            shown=shown[rule, week],
            votes=votes[rule, week],
            acted=acted[rule, week],
        )
        for rule, week in sorted(keys, key=lambda key: (-key[1].toordinal(), key[0]))
        if rule in rules
    ]


def _week(
    named: tuple[str, str], week: date, *, shown: set[str], votes: list[str], acted: set[str]
) -> dict[str, Any]:
    rule, title = named
    useful = votes.count(told.USEFUL)
    return {
        "rule": rule,
        "title": title,
        "week": week,
        "insights": len(shown | acted),
        "voted": len(votes),
        "useful": useful,
        "share_useful": useful / len(votes) if votes else None,
        "acted": len(acted),
        "share_acted": len(acted) / len(shown | acted) if shown | acted else None,
    }


def _monday(moment: datetime) -> date:
    return moment.date() - timedelta(days=moment.weekday())


def bell(desk: Desk) -> dict[str, Any]:
    """Return what waits for a person: ``unread``, ``insights`` (new ones, the weightiest first), ``notifications``.

    The scope does not narrow it: what waits, waits wherever one is.
    """
    whole = desk.with_scope(start=None, end=None, desk=(), account=(), trader=(), instrument=(), as_of=None)
    me = desk.identity
    found: dict[str, Any] = {"rows": [], "total": 0}
    if me.role in DATA_ROLES:
        found = told.insights(whole, limit=BELL, state="new")
    mine = (Notification.user_id == me.user_id) & (Notification.created_at >= now() - OLDEST)
    with desk.session() as session:
        rows = list(
            session.scalars(select(Notification).where(mine).order_by(Notification.created_at.desc()))
        )
    unread = sum(row.read_at is None for row in rows)
    return {
        "unread": found["total"] + unread,
        "new_insights": found["total"],
        "insights": [
            {
                name: row[name]
                for name in ("id", "kind", "title", "severity", "domains", "created_at", "changed_at")
            }
            for row in found["rows"]
        ],
        "notifications": [
            {
                "id": row.id,
                "kind": row.kind,
                "severity": row.severity,
                "title": row.title,
                "text": row.text,
                "href": row.href,
                "created_at": row.created_at,
                "read": row.read_at is not None,
            }
            for row in rows[:NOTES]
        ],
    }
