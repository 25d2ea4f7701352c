"""What every change of a case has in common: who may see it, who may change it, and what is told of it."""

from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from analytics.compliance.workflow import CASE_CLOSED
from app.actions._casework import Concealed, expect_version, refuse_own
from app.errors import Conflict, NotFound
from app.scope import Identity, Line
from app.storage.records import audit
from app.storage.records._base import now
from app.storage.records.cases import Case
from app.storage.records.counters import bump

RECORDS = "cases"
UNKNOWN = "There is no such case."


def readable(actor: Identity, found: Case, line: Line) -> bool:
    """Whether the actor may know of a case: never of one about himself, of a restricted one only when listed."""
    if line.own & {one["id"] for one in found.actors} or actor.person_id in {
        one["id"] for one in found.actors
    }:
        return False
    return not found.restricted or actor.role == "auditor" or actor.user_id in found.access


def locked_case(
    session: Session,
    actor: Identity,
    case_id: str,
    *,
    line: Line,
    version: int | None = None,
    closed: bool = False,
) -> Case:
    """Return a case for a change; nobody else changes it before this transaction ends.

    Args:
        session: A transaction that writes.
        actor: Who changes it.
        case_id: Which.
        line: The actor's own people and accounts.
        version: The version that was seen.
        closed: Whether the change is one that a closed case allows.

    Raises:
        NotFound: If there is none, or the actor must not know of it.
        Forbidden: If it concerns the actor's reporting line.
        Conflict: If it is closed, or somebody changed it in between.
    """
    found = session.scalar(select(Case).where(Case.id == case_id).with_for_update())
    if found is None:
        raise NotFound(UNKNOWN)
    if not readable(actor, found, line):
        raise Concealed(UNKNOWN)
    refuse_own(actor, found.actors, line, what="case")
    if found.status == CASE_CLOSED and not closed:
        raise Conflict("The case is closed and cannot be changed: reopen it first.")
    expect_version(found, version)
    return found


def changed(
    session: Session,
    actor: Identity,
    action: str,
    found: Case,
    *,
    before: dict[str, Any] | None = None,
    **after: Any,
) -> None:
    """Count a change of a case and write its audit entry."""
    found.version += 1
    found.updated_at = now()
    bump(session, actor.org, RECORDS)
    audit.record(
        session, actor=actor, action=action, object_kind="case", object_id=found.id, before=before,
        after={"version": found.version} | after,
    )  # fmt: skip
