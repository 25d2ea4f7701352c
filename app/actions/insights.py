"""What a person says of an insight, what he has seen, and how he wants to be told."""

from datetime import timedelta
from typing import Any

from sqlalchemy import select, update

from app.actions import preferences
from app.errors import FieldError, Forbidden, Invalid
from app.scope import Identity
from app.storage.database import Database
from app.storage.records import audit
from app.storage.records._base import now
from app.storage.records.counters import bump
from app.storage.records.insights import InsightFeedback, InsightFollow, InsightVisit
from app.storage.records.notifications import Notification

VERDICTS = ("useful", "not_useful")
LONGEST_SNOOZE = 90  # days
DIGEST = {"on": True, "mail": False}  # what holds until somebody says otherwise
RECORDS = "insight_feedback"


def say(
    database: Database,
    actor: Identity,
    insight_id: str,
    rule: str,
    *,
    verdict: str | None = None,
    snooze_days: int | None = None,
    comment: str | None = None,
) -> dict[str, Any]:
    """Keep what a person thinks of an insight, and return it.

    What is None stays as it was; an empty verdict takes it back, 0 days end a snooze. Whoever calls has made sure
    that the actor may read the insight.

    Raises:
        Forbidden: For a key: it has no opinion.
        Invalid: If nothing is said, or what cannot be.
    """
    _person(actor)
    if verdict is None and snooze_days is None and comment is None:
        raise Invalid("Nothing is said.", errors=[FieldError("verdict", "or snooze_days must be given")])
    if verdict not in {None, "", *VERDICTS}:
        raise Invalid("There is no such verdict.", errors=[FieldError("verdict", f"must be one of {', '.join(VERDICTS)}", verdict)])  # fmt: skip
    if snooze_days is not None and not 0 <= snooze_days <= LONGEST_SNOOZE:
        raise Invalid(
            "That is too long.", errors=[FieldError("snooze_days", f"must be from 0 to {LONGEST_SNOOZE}")]
        )
    with database.session(actor.org, write=True) as session:
        mine = InsightFeedback.user_id == actor.user_id, InsightFeedback.insight_id == insight_id
        row = session.scalar(select(InsightFeedback).where(*mine))
        before = _told(row) if row is not None else None
        if row is None:
            row = InsightFeedback(org=actor.org, insight_id=insight_id, user_id=actor.user_id, verdict="")
            session.add(row)
        row.rule = rule
        if verdict is not None:
            row.verdict, row.created_at = verdict, now()
        if snooze_days is not None:
            row.snoozed_until = now() + timedelta(days=snooze_days) if snooze_days else None
        if comment is not None:
            row.comment = comment
        session.flush()
        after = _told(row)
        audit.record(session, actor=actor, action="insight.feedback", object_kind="insight", object_id=insight_id,
                     before=before, after=after)  # fmt: skip
        bump(session, actor.org, RECORDS)
    return after


def follow(database: Database, actor: Identity, insight_id: str, rule: str, *, href: str) -> None:
    """Note that a link of an insight was followed: that is what acting on it begins with.

    Raises:
        Forbidden: For a key.
        Invalid: If the link leads out of the application.
    """
    _person(actor)
    if not href.startswith("/") or href.startswith("//"):
        raise Invalid("That is no page of ours.", errors=[FieldError("href", "must be a path", href[:80])])
    with database.session(actor.org, write=True) as session:
        session.add(
            InsightFollow(
                org=actor.org, insight_id=insight_id, rule=rule, user_id=actor.user_id, href=href[:500]
            )
        )


def seen(database: Database, actor: Identity) -> dict[str, Any]:
    """Take everything told until now as seen, and every notification as read.

    Raises:
        Forbidden: For a key.
    """
    _person(actor)
    at = now()
    with database.session(actor.org, write=True) as session:
        visit = session.get(InsightVisit, (actor.org, actor.user_id))
        if visit is None:
            session.add(InsightVisit(org=actor.org, user_id=actor.user_id, seen_at=at))
        else:
            visit.seen_at = at
        mine = Notification.user_id == actor.user_id, Notification.read_at.is_(None)
        session.execute(update(Notification).where(*mine).values(read_at=at))
    return {"seen_at": at}


def digest(database: Database, actor: Identity) -> dict[str, bool]:
    """Return whether the actor gets a daily digest, and whether by mail as well."""
    held = preferences.of(database, actor).get("digest")
    known = held if isinstance(held, dict) else {}
    return {name: bool(known.get(name, default)) for name, default in DIGEST.items()}


def change_digest(database: Database, actor: Identity, **values: bool | None) -> dict[str, bool]:
    """Set how the actor gets his digest; None leaves a setting as it is.

    Raises:
        Forbidden: For a key.
    """
    _person(actor)
    merged = digest(database, actor) | {name: value for name, value in values.items() if value is not None}
    preferences.change(database, actor, {"digest": merged})
    return merged


def _person(actor: Identity) -> None:
    if not actor.user_id.startswith("u_"):
        raise Forbidden("A key reads insights; only a person says what they are worth.")


def _told(row: InsightFeedback) -> dict[str, Any]:
    return {"verdict": row.verdict or None, "snoozed_until": row.snoozed_until, "comment": row.comment or ""}
