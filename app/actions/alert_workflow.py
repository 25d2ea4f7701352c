"""What people do with an alert: take it, look at it, ask about it, close it, open it again.

The states and their order are in ``analytics.compliance.workflow``. Every move is kept as a step and audited
in the same transaction; nobody moves an alert about himself or his reporting line.
"""

from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from analytics.compliance.deadlines import ALERT_DAYS
from analytics.compliance.reasons import needed
from analytics.compliance.workflow import ALERT_STEPS, BEFORE_REVIEW, CLOSINGS, checked_why
from app.actions._casework import (
    ask_second,
    calendar,
    expect_version,
    may_follow,
    pending,
    reason_for,
    refuse_own,
    require_compliance,
    require_person,
    settle,
    step,
    taken,
)
from app.errors import Conflict, FieldError, Invalid, NotFound
from app.scope import Identity, Line
from app.storage.database import Database
from app.storage.records import audit
from app.storage.records.alerts import Alert
from app.storage.records.counters import bump
from app.storage.records.people import User
from app.storage.records.workflow import Review

RECORDS = "alerts"


def transition(
    database: Database,
    actor: Identity,
    alert_id: str,
    *,
    to: str,
    line: Line,
    reason: str | None = None,
    rationale: str | None = None,
    assignee: str | None = None,
    version: int | None = None,
    through: bool = False,
) -> Review | None:
    """Move an alert.

    Args:
        database: The records.
        actor: Compliance, not concerned by it.
        alert_id: Which.
        to: Its new state; ``escalated`` goes through ``app.actions.cases``.
        line: The actor's own people and accounts.
        reason: A code, where the state needs one.
        rationale: Words, where the state needs them.
        assignee: User id of who takes it over, with ``assigned``; the actor himself when None.
        version: The version that was seen; a newer one on record is a conflict.
        through: Take it and begin to review it first, where that has not been done.

    Returns:
        The review that now waits for a second person, or None: it is done.

    Raises:
        NotFound: If there is no such alert.
        Forbidden: If the actor may not.
        Conflict: If that step does not exist, or somebody was faster.
        Invalid: If reason, words or assignee do not fit.
    """
    if to in CLOSINGS or to == "reopened":
        require_person(actor)
    else:
        require_compliance(actor)
    if to not in ALERT_STEPS or to == "escalated":
        states = ", ".join(state for state in ALERT_STEPS if state != "escalated")
        raise Invalid(
            "There is no such step.", errors=[FieldError("to", f"must be one of {states}", to[:30])]
        )

    def act(session: Session, at: datetime) -> Review | None:
        found = locked(session, alert_id)
        refuse_own(actor, found.actors, line)
        expect_version(found, version)
        if pending(session, "alert", alert_id) is not None:
            raise Conflict("A decision on it waits for a second person: that comes first.")
        if through:
            bring_to_review(session, actor, found, at)
        may_follow(ALERT_STEPS, found.status, to)
        code, words = reason_for(to, reason, rationale) if needed(to) else (None, None)
        if to in CLOSINGS:
            why = checked_why(found.alert_id, found.severity)
            if why is not None:
                made = ask_second(session, actor, "alert", alert_id, why=why, to=to, reason=code or "",
                                  rationale=words or "")  # fmt: skip
                found.version += 1
                bump(session, actor.org, RECORDS)
                noted(
                    session, actor, "alert.close_asked", found, to=to, reason=code, rationale=words, why=why
                )
                return made
        taker = _taker(session, actor, found, assignee) if to == "assigned" else None
        move(session, actor, found, to, at, reason=code, rationale=words, taker=taker)
        return None

    return taken(database, actor, "alert", alert_id, act)  # type: ignore[no-any-return]


def assign(
    database: Database,
    actor: Identity,
    alert_id: str,
    *,
    line: Line,
    assignee: str | None = None,
    version: int | None = None,
) -> None:
    """Give an alert to somebody of compliance (to the actor when None), whatever open state it is in.

    Raises:
        NotFound: If there is no such alert.
        Forbidden: If the actor may not.
        Conflict: If it is closed or with a case.
        Invalid: If the assignee is nobody of compliance.
    """
    require_compliance(actor)

    def act(session: Session, at: datetime) -> None:
        found = locked(session, alert_id)
        refuse_own(actor, found.actors, line)
        expect_version(found, version)
        taker = _taker(session, actor, found, assignee)
        if "assigned" in ALERT_STEPS[found.status]:
            move(session, actor, found, "assigned", at, taker=taker)
        elif found.status in {"assigned", "in_review", "info_requested"}:
            before = found.assignee
            found.assignee = taker
            found.version += 1
            bump(session, actor.org, RECORDS)
            noted(session, actor, "alert.assign", found, was=before, assignee=taker)
        else:
            raise Conflict(f"It is {found.status}: nobody has to take it.")

    taken(database, actor, "alert", alert_id, act)


def review(
    database: Database,
    actor: Identity,
    alert_id: str,
    *,
    decision: str,
    line: Line,
    comment: str | None = None,
) -> None:
    """Agree to the closing of an alert that somebody else decided, or send it back.

    Raises:
        NotFound: If there is no such alert.
        Forbidden: If the actor decided it himself, or may not act on it.
        Conflict: If nothing waits.
        Invalid: If it is sent back without a word why.
    """
    require_person(actor)

    def act(session: Session, at: datetime) -> None:
        found = locked(session, alert_id)
        waits = pending(session, "alert", alert_id)
        if waits is None:
            raise Conflict("No decision on it waits for a second person.")
        answer(session, actor, found, waits, decision=decision, comment=comment, line=line, at=at)

    taken(database, actor, "alert", alert_id, act)


def answer(
    session: Session,
    actor: Identity,
    found: Alert,
    waits: Review,
    *,
    decision: str,
    comment: str | None,
    line: Line,
    at: datetime,
) -> None:
    """Settle one waiting closing within a transaction."""
    refuse_own(actor, found.actors, line)
    if decision not in {"approve", "return"}:
        raise Invalid(
            "There is no such answer.", errors=[FieldError("decision", "must be approve or return")]
        )
    settle(waits, actor, decision, comment, at)
    if decision == "approve":
        may_follow(ALERT_STEPS, found.status, waits.to_state)
        move(session, actor, found, waits.to_state, at, reason=waits.reason, rationale=waits.rationale,
             review_id=waits.id)  # fmt: skip
        return
    found.version += 1
    bump(session, actor.org, RECORDS)
    noted(session, actor, "alert.close_returned", found, to=waits.to_state, comment=waits.comment)


# --- steps -----------------------------------------------------------------------------------------
def locked(session: Session, alert_id: str) -> Alert:
    """Return an alert for a change; nobody else changes it before this transaction ends.

    Raises:
        NotFound: If there is none.
    """
    found = session.scalar(select(Alert).where(Alert.alert_id == alert_id).with_for_update())
    if found is None:
        raise NotFound("There is no such alert.")
    return found


def bring_to_review(session: Session, actor: Identity, found: Alert, at: datetime) -> None:
    """Take an alert and begin to review it, each step on record, where that is still to be done."""
    for state in BEFORE_REVIEW.get(found.status, ()):
        move(session, actor, found, state, at, taker=actor.user_id if state == "assigned" else None)


def move(
    session: Session,
    actor: Identity,
    found: Alert,
    to: str,
    at: datetime,
    *,
    reason: str | None = None,
    rationale: str | None = None,
    taker: str | None = None,
    review_id: str | None = None,
) -> None:
    """Change the state of an alert with its step and its audit entry."""
    before = found.status
    found.status = to
    found.version += 1
    found.updated_at = at
    if to == "assigned":
        found.assignee = taker or actor.user_id
    if to in CLOSINGS:
        found.reason, found.closed_at = reason, at
    if to == "reopened":
        # A new look has a new deadline; the old one is on record with the step that ended it.
        found.reason, found.closed_at, found.case_id = None, None, None
        found.due_at = calendar(session, actor.org).due(at, ALERT_DAYS[found.severity])
    step(session, actor, "alert", found.alert_id, (before, to), at=at, detector=found.detector, reason=reason,
         rationale=rationale, review_id=review_id)  # fmt: skip
    bump(session, actor.org, RECORDS)
    noted(session, actor, "alert.transition", found, was=before, reason=reason, rationale=rationale,
          assignee=found.assignee, review=review_id)  # fmt: skip


def noted(
    session: Session, actor: Identity, action: str, found: Alert, *, was: str | None = None, **more: Any
) -> None:
    """Write the audit entry of something done to an alert."""
    audit.record(
        session, actor=actor, action=action, object_kind="alert", object_id=found.alert_id,
        before={"status": was} if was is not None else None,
        after={"status": found.status, "version": found.version} | {k: v for k, v in more.items() if v is not None},
    )  # fmt: skip


def _taker(session: Session, actor: Identity, found: Alert, assignee: str | None) -> str:
    if assignee is None or assignee == actor.user_id:
        return actor.user_id
    known = session.scalar(
        select(User).where(User.id == assignee, User.role == "compliance", User.disabled.is_(False))
    )
    if known is None or known.person_id in {one["id"] for one in found.actors}:
        message = "must be a person of compliance who is not concerned"
        raise Invalid("The assignee does not fit.", errors=[FieldError("assignee", message, assignee[:40])])
    return known.id
