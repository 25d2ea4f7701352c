"""How a case goes on: step by step, up the levels, to an end that two people agree on."""

from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from analytics.compliance.deadlines import CASE_DAYS
from analytics.compliance.reasons import needed
from analytics.compliance.workflow import CASE_CLOSED, CASE_STEPS, LEVELS, OUTCOMES
from app.actions._cases import changed, locked_case
from app.actions._casework import (
    ask_second,
    calendar,
    may_follow,
    pending,
    prose,
    reason_for,
    require_person,
    step,
    taken,
)
from app.actions._roles import text
from app.actions.alert_workflow import move
from app.errors import Conflict, FieldError, Invalid
from app.scope import Identity, Line
from app.storage.database import Database
from app.storage.records.alerts import Alert
from app.storage.records.cases import Case


def transition(
    database: Database,
    actor: Identity,
    case_id: str,
    *,
    to: str,
    line: Line,
    version: int | None,
    reason: str | None = None,
    rationale: str | None = None,
    reference: str | None = None,
) -> Case:
    """Move a case.

    Args:
        database: The records.
        actor: A person of compliance, not concerned.
        case_id: Which.
        to: Its new state. ``closed`` asks a second person first; ``stor_draft`` and ``stor_approved`` follow
            from the decision on a report (``app.actions.case_reports``).
        line: The actor's own people and accounts.
        version: The version that was seen.
        reason: A code, where the state needs one.
        rationale: Words, where the state needs them.
        reference: What the regulator calls the report, with ``stor_submitted``.

    Raises:
        NotFound: If there is no such case for the actor.
        Forbidden: If the actor may not.
        Conflict: If that step does not exist now: checks are open, a decision is missing or waits.
        Invalid: If a field does not fit.
    """
    require_person(actor)
    if to not in CASE_STEPS or to in {"stor_draft", "stor_approved"}:
        states = ", ".join(s for s in CASE_STEPS if s not in {"stor_draft", "stor_approved"})
        raise Invalid(
            "There is no such step.", errors=[FieldError("to", f"must be one of {states}", to[:30])]
        )

    def act(session: Session, at: datetime) -> Case:
        found = locked_case(session, actor, case_id, line=line, version=version, closed=to == "reopened")
        _nothing_waits(session, case_id)
        may_follow(CASE_STEPS, found.status, to)
        code, words = reason_for(to, reason, rationale) if needed(to) else (None, None)
        if to in {*OUTCOMES, CASE_CLOSED}:
            ready_to_end(found, to)
        if to == CASE_CLOSED:
            ask_second(
                session, actor, "case", case_id, why="case", to=to, reason=code or "", rationale=words or ""
            )
            changed(session, actor, "case.close_asked", found, to=to, reason=code, rationale=words)
            return found
        before = found.status
        if to in OUTCOMES:
            found.outcome, found.outcome_reason = to, code
        if to == "stor_submitted":
            found.submitted_ref, found.submitted_at = text("reference", reference or ""), at
            found.outcome, found.outcome_reason = to, code
        if to == "reopened":
            _reopen(session, actor, found, at, code=code, words=words)
        found.status = to
        _moved(session, actor, found, before, at, reason=code, rationale=words)
        return found

    return taken(database, actor, "case", case_id, act)  # type: ignore[no-any-return]


def escalate(
    database: Database,
    actor: Identity,
    case_id: str,
    *,
    to: str,
    rationale: str,
    line: Line,
    version: int | None,
) -> Case:
    """Hand a case up: from the second level to the lead, from there to legal.

    Raises:
        NotFound: If there is no such case for the actor.
        Conflict: If that is not the next level.
    """
    require_person(actor)

    def act(session: Session, _: datetime) -> Case:
        found = locked_case(session, actor, case_id, line=line, version=version)
        if to not in LEVELS or LEVELS.index(to) != LEVELS.index(found.level) + 1:
            raise Conflict(f"It is with {found.level}: it cannot go to {to[:20]} from there.")
        before = found.level
        found.level = to
        found.owner, found.owner_name = None, None  # somebody of that level takes it
        words = prose("rationale", rationale, least=10, longest=4000)
        changed(session, actor, "case.escalate", found, before={"level": before}, level=to, rationale=words)
        return found

    return taken(database, actor, "case", case_id, act)  # type: ignore[no-any-return]


# --- steps -----------------------------------------------------------------------------------------
def _nothing_waits(session: Session, case_id: str) -> None:
    for kind in ("case", "stor"):
        if pending(session, kind, case_id) is not None:
            raise Conflict("A decision on it waits for a second person: that comes first.")


def ready_to_end(found: Case, to: str) -> None:
    """Refuse to end a case whose mandatory checks are open, or whose suspicion nobody has answered.

    Raises:
        Conflict: Naming what is left.
    """
    left = [item["text"] for item in found.checklist if item["mandatory"] and item["state"] == "open"]
    if left:
        raise Conflict(f"{len(left)} mandatory checks are open: {'; '.join(left[:3])}.")
    decided: dict[str, Any] = found.decision or {}
    # Once a suspicion was formed, that nothing is reported needs reasons and a second person.
    if (
        found.suspicion_at is not None
        and to in OUTCOMES
        and not (decided.get("submit") is False and decided.get("approved_by"))
    ):
        raise Conflict("A suspicion was formed: two people must first decide that nothing is reported.")


def _reopen(
    session: Session, actor: Identity, found: Case, at: datetime, *, code: str | None, words: str | None
) -> None:
    found.closed_at, found.outcome, found.outcome_reason = None, None, None
    found.due_at = calendar(session, actor.org).due(at, CASE_DAYS[found.severity])
    for row in session.scalars(select(Alert).where(Alert.case_id == found.id)):
        row.closed_at, row.reason = None, None
        move(session, actor, row, "escalated", at, reason=code, rationale=words)


def _moved(
    session: Session,
    actor: Identity,
    found: Case,
    before: str,
    at: datetime,
    *,
    reason: str | None,
    rationale: str | None,
    review_id: str | None = None,
) -> None:
    step(session, actor, "case", found.id, (before, found.status), at=at, reason=reason, rationale=rationale,
         review_id=review_id)  # fmt: skip
    changed(session, actor, "case.transition", found, before={"status": before}, status=found.status, reason=reason,
            rationale=rationale, review=review_id)  # fmt: skip
