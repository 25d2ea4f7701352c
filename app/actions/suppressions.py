"""Keeping known findings out of the queue for a while. They stay on record; the worst are never kept out."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.actions._casework import (
    LEAST_RATIONALE,
    prose,
    refuse_own,
    require_person,
    taken,
)
from app.actions._roles import text
from app.errors import Conflict, FieldError, Forbidden, Invalid, NotFound
from app.scope import Identity, Line
from app.storage.database import Database
from app.storage.records import audit
from app.storage.records._base import new_id, now
from app.storage.records.alerts import Alert
from app.storage.records.counters import bump
from app.storage.records.people import User
from app.storage.records.workflow import Suppression

RECORDS = "suppressions"
FIELDS = (
    "detector",
    "actor_group",
    "instrument_id",
    "reason",
    "rationale",
    "valid_from",
    "valid_to",
    "status",
)  # what a suppression says, to the record and to who asks
LONGEST = timedelta(days=90)
NEVER = "critical"  # of this severity nothing is kept out of the queue


def propose(
    database: Database,
    actor: Identity,
    *,
    alert_id: str,
    reason: str,
    rationale: str,
    valid_to: datetime,
    line: Line,
    every_instrument: bool = False,
) -> Suppression:
    """Propose to keep findings like an alert's out of the queue; it holds when a second person agrees.

    Args:
        database: The records.
        actor: Compliance, not concerned.
        alert_id: Whose detector, actor group and instrument are meant.
        reason: In short.
        rationale: Why nobody needs to look.
        valid_to: Until when, exclusive; at most 90 days ahead.
        line: The actor's own people and accounts.
        every_instrument: Not only the alert's.

    Raises:
        NotFound: If there is no such alert.
        Forbidden: If the actor may not, or it concerns him.
        Conflict: If the detector names no group, the same is proposed already, or holds as long.
        Invalid: If a field does not fit, or the alert is about several instruments and only one is meant.
    """
    require_person(actor)
    at = now()
    if not at < valid_to <= at + LONGEST:
        message = f"must be ahead, and at most {LONGEST.days} days"
        raise Invalid("The suppression does not fit.", errors=[FieldError("valid_to", message)])
    code, words = text("reason", reason, longest=63), prose("rationale", rationale, least=LEAST_RATIONALE)

    def act(session: Session, moment: datetime) -> Suppression:
        alert = session.scalar(select(Alert).where(Alert.alert_id == alert_id))
        if alert is None:
            raise NotFound("There is no such alert.")
        refuse_own(actor, alert.actors, line)
        if not alert.actor_group:
            raise Conflict("Its detector names no group of owners: there is nothing to go by.")
        if len(alert.instrument_ids) > 1 and not every_instrument:
            message = "is needed: the alert is about several instruments at once"
            raise Invalid("The suppression does not fit.", errors=[FieldError("every_instrument", message)])
        where = None if every_instrument else next(iter(alert.instrument_ids), None)
        _not_yet(session, alert, where, moment, valid_to)
        made = Suppression(
            org=actor.org, id=new_id("sup"), detector=alert.detector, actor_group=alert.actor_group,
            instrument_id=where, reason=code, rationale=words, valid_from=moment, valid_to=valid_to, status="proposed", created_by=actor.user_id,
            created_by_name=actor.name[:200], created_at=moment,
        )  # fmt: skip
        session.add(made)
        _noted(session, actor, "suppression.propose", made)
        return made

    return taken(database, actor, "suppression", alert_id, act)  # type: ignore[no-any-return]


def settle(
    database: Database, actor: Identity, suppression_id: str, *, decision: str, line: Line
) -> Suppression:
    """Agree to a proposed suppression, or send it back.

    Raises:
        NotFound: If there is none of this id.
        Forbidden: If the actor proposed it, under this or another sign-in, or it concerns his line.
        Conflict: If it does not wait, or would have ended by now.
    """
    require_person(actor)
    if decision not in {"approve", "return"}:
        raise Invalid(
            "There is no such answer.", errors=[FieldError("decision", "must be approve or return")]
        )

    def act(session: Session, at: datetime) -> Suppression:
        found = _get(session, suppression_id)
        about = select(Alert.actors).where(
            Alert.detector == found.detector, Alert.actor_group == found.actor_group
        )
        concerned = [one for actors in session.scalars(about) for one in actors]
        refuse_own(actor, [*concerned, {"id": found.actor_group}], line, what="suppression")
        if found.status != "proposed":
            raise Conflict(f"It is {found.status} already.")
        proposer = session.scalar(select(User.person_id).where(User.id == found.created_by))
        if actor.user_id == found.created_by or (proposer is not None and proposer == actor.person_id):
            raise Forbidden("You proposed it yourself: a second person must agree to it.")
        if decision == "approve" and found.valid_to <= at:
            raise Conflict("It would have ended by now: send it back, or let it be proposed anew.")
        found.status = "active" if decision == "approve" else "returned"
        found.approved_by, found.approved_by_name, found.approved_at = actor.user_id, actor.name[:200], at
        _noted(session, actor, f"suppression.{decision}", found)
        return found

    return taken(database, actor, "suppression", suppression_id, act)  # type: ignore[no-any-return]


def end(database: Database, actor: Identity, suppression_id: str) -> Suppression:
    """End a suppression now; one person may, since it only shows more.

    Raises:
        NotFound: If there is none of this id.
        Conflict: If it does not hold any more.
    """
    require_person(actor)

    def act(session: Session, at: datetime) -> Suppression:
        found = _get(session, suppression_id)
        if found.status not in {"proposed", "active"} or found.valid_to <= at:
            raise Conflict("It does not hold any more.")
        found.status, found.valid_to, found.ended_by = "ended", at, actor.user_id
        _noted(session, actor, "suppression.end", found)
        return found

    return taken(database, actor, "suppression", suppression_id, act)  # type: ignore[no-any-return]


def in_force(session: Session, at: datetime) -> list[Suppression]:
    """Return the suppressions that hold at an instant."""
    return list(
        session.scalars(
            select(Suppression).where(
                Suppression.status == "active", Suppression.valid_from <= at, Suppression.valid_to > at
            )
        )
    )


def covering(holding: Iterable[Suppression], finding: Mapping[str, Any]) -> Suppression | None:
    """Return the suppression that keeps a finding out of the queue; None when somebody must look."""
    if finding["severity"] == NEVER:
        return None
    group, instruments = finding.get("actor_group"), set(finding["instrument_ids"])
    for one in holding:
        fits = one.detector == finding["detector"] and group is not None and one.actor_group == group
        # Every instrument of the finding must be meant: a wider finding is a new one.
        if fits and (one.instrument_id is None or instruments == {one.instrument_id}):
            return one
    return None


def _not_yet(
    session: Session, alert: Alert, instrument: str | None, at: datetime, valid_to: datetime
) -> None:
    """Refuse what would keep out nothing more.

    Raises:
        Conflict: If the same waits for a second person, or holds as long and at least as widely.
    """
    like = select(Suppression).where(
        Suppression.detector == alert.detector, Suppression.actor_group == alert.actor_group,
        Suppression.status.in_(("proposed", "active")), Suppression.valid_to > at,
    )  # fmt: skip
    for one in session.scalars(like):
        if one.status == "proposed" and one.instrument_id == instrument:
            raise Conflict(f"{one.created_by_name} proposed it already: it waits for a second person.")
        if one.status == "active" and one.instrument_id in {None, instrument} and one.valid_to >= valid_to:
            raise Conflict(f"It is kept out already, until {one.valid_to:%d %b %Y %H:%M} UTC.")


def _get(session: Session, suppression_id: str) -> Suppression:
    found = session.scalar(select(Suppression).where(Suppression.id == suppression_id).with_for_update())
    if found is None:
        raise NotFound("There is no such suppression.")
    return found


def _noted(session: Session, actor: Identity, action: str, found: Suppression) -> None:
    bump(session, actor.org, RECORDS)
    after = {name: getattr(found, name) for name in FIELDS}
    audit.record(
        session, actor=actor, action=action, object_kind="suppression", object_id=found.id, after=after
    )
