"""The second person's word on a case: on closing it, or on whether it is reported."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from analytics.compliance.workflow import CASE_CLOSED, CASE_STEPS, OUTCOMES
from app.actions._cases import changed, locked_case
from app.actions._casework import may_follow, pending, require_person, settle, step, taken
from app.actions.alert_workflow import move
from app.actions.case_steps import ready_to_end
from app.errors import Conflict, FieldError, Invalid
from app.scope import Identity, Line
from app.storage.database import Database
from app.storage.records.alerts import Alert
from app.storage.records.audit import stamp
from app.storage.records.cases import Case
from app.storage.records.workflow import Review

ANSWERS = ("approve", "return")
KINDS = ("case", "stor")  # closing it; whether it is reported


def review(
    database: Database,
    actor: Identity,
    case_id: str,
    *,
    decision: str,
    line: Line,
    comment: str | None = None,
    version: int | None = None,
) -> Case:
    """Agree to the decision on a case that waits, or send it back to the one who took it.

    Args:
        database: The records.
        actor: A person of compliance, not concerned, who did not take the decision.
        case_id: Which case.
        decision: One of ``ANSWERS``.
        line: The actor's own people and accounts.
        comment: What is missing; needed with ``return``.
        version: The version that was seen.

    Raises:
        NotFound: If there is no such case for the actor.
        Forbidden: If the actor took the decision himself.
        Conflict: If nothing waits, the case changed, or what is agreed to cannot be done now.
        Invalid: If it is sent back without a word why.
    """
    require_person(actor)
    if decision not in ANSWERS:
        message = f"must be {' or '.join(ANSWERS)}"
        raise Invalid("There is no such answer.", errors=[FieldError("decision", message, decision[:20])])

    def act(session: Session, at: datetime) -> Case:
        found = locked_case(session, actor, case_id, line=line, version=version)
        waits = next((one for kind in KINDS if (one := pending(session, kind, case_id)) is not None), None)
        if waits is None:
            raise Conflict("No decision on it waits for a second person.")
        settle(waits, actor, decision, comment, at)
        answer = _reported if waits.object_kind == "stor" else _closed
        answer(session, actor, found, waits, at)
        return found

    return taken(database, actor, "case", case_id, act)  # type: ignore[no-any-return]


def _closed(session: Session, actor: Identity, found: Case, waits: Review, at: datetime) -> None:
    """End a case and its alerts, or leave it as it was."""
    if waits.decision != "approved":
        changed(session, actor, "case.close_returned", found, comment=waits.comment)
        return
    may_follow(CASE_STEPS, found.status, CASE_CLOSED)
    ready_to_end(found, CASE_CLOSED)
    before = found.status
    found.status, found.closed_at = CASE_CLOSED, at
    for row in session.scalars(select(Alert).where(Alert.case_id == found.id, Alert.status == "escalated")):
        ended = found.outcome if found.outcome in OUTCOMES else CASE_CLOSED
        row.reason, row.closed_at = found.outcome_reason, at
        move(session, actor, row, str(ended), at, reason=found.outcome_reason, review_id=waits.id)
    why = {"reason": waits.reason, "rationale": waits.rationale}
    step(session, actor, "case", found.id, (before, found.status), at=at, review_id=waits.id, **why)
    changed(session, actor, "case.transition", found, before={"status": before}, status=found.status,
            review=waits.id, **why)  # fmt: skip


def _reported(session: Session, actor: Identity, found: Case, waits: Review, at: datetime) -> None:
    """Let the decision on a report count, or take it back."""
    before, decided = found.status, found.decision or {}
    if waits.decision != "approved":
        found.decision = None
        if before == "stor_draft":
            found.status = "investigation"
    else:
        if decided["submit"]:
            if not found.report.get("narrative"):
                # Once approved it is not rewritten: nobody could tell the story afterwards.
                raise Conflict("The report tells no story yet: write its narrative first.")
            may_follow(CASE_STEPS, before, "stor_approved")
            found.status = "stor_approved"
        found.decision = decided | {
            "approved_by": actor.user_id, "approved_name": actor.name[:200], "approved_at": stamp(at),
        }  # fmt: skip
    if found.status != before:
        step(session, actor, "case", found.id, (before, found.status), at=at, rationale=waits.comment,
             review_id=waits.id)  # fmt: skip
    changed(session, actor, f"case.decision_{waits.decision}", found, before={"status": before},
            status=found.status, submit=decided.get("submit"), comment=waits.comment)  # fmt: skip
