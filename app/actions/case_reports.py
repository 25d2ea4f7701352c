"""Whether a suspicion is reported: when it was formed, what was decided and why, and who agreed."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from analytics.compliance.deadlines import REPORT_DAYS
from analytics.compliance.workflow import CASE_STEPS
from app.actions._cases import changed, locked_case
from app.actions._casework import (
    LEAST_RATIONALE,
    ask_second,
    calendar,
    may_follow,
    prose,
    require_compliance,
    require_person,
    step,
    taken,
)
from app.errors import Conflict, FieldError, Invalid
from app.scope import Identity, Line
from app.storage.database import Database
from app.storage.records._base import now
from app.storage.records.audit import stamp
from app.storage.records.cases import Case

# What people write for a report; the rest is taken from the records.
FIELDS = (
    "narrative", "submitter_name", "submitter_position", "entity_name", "entity_lei", "entity_address",
    "acting_capacity", "activity_type", "relationship", "contact", "additional_information",
)  # fmt: skip


def suspect(
    database: Database,
    actor: Identity,
    case_id: str,
    *,
    line: Line,
    version: int | None,
    at: datetime | None = None,
) -> Case:
    """Say when a reasonable suspicion was formed: from then on a decision is due without delay.

    Raises:
        NotFound: If there is no such case for the actor.
        Conflict: If one was formed before, or the case changed.
        Invalid: If the instant lies ahead.
    """
    require_person(actor)
    moment = at or now()
    if moment > now():
        raise Invalid("The instant does not fit.", errors=[FieldError("suspicion_at", "must not lie ahead")])

    def act(session: Session, _: datetime) -> Case:
        found = locked_case(session, actor, case_id, line=line, version=version)
        if found.suspicion_at is not None:
            raise Conflict("The suspicion has its instant already: the clock is not set twice.")
        found.suspicion_at = moment
        due = calendar(session, actor.org).due(moment, REPORT_DAYS)
        found.due_at = min(found.due_at, due) if found.due_at is not None else due
        changed(session, actor, "case.suspicion", found, suspicion_at=moment, due_at=found.due_at)
        return found

    return taken(database, actor, "case", case_id, act)  # type: ignore[no-any-return]


def decide(
    database: Database,
    actor: Identity,
    case_id: str,
    *,
    submit: bool,
    reasons: str,
    line: Line,
    version: int | None,
) -> Case:
    """Decide whether the suspicion is reported; it counts when a second person agrees.

    Raises:
        NotFound: If there is no such case for the actor.
        Conflict: If no suspicion was formed, a decision waits, or the case is not under investigation.
        Invalid: If the reasons are too short.
    """
    require_person(actor)
    words = prose("reasons", reasons, least=LEAST_RATIONALE)

    def act(session: Session, at: datetime) -> Case:
        found = locked_case(session, actor, case_id, line=line, version=version)
        if found.suspicion_at is None:
            raise Conflict("First say when the suspicion was formed.")
        if found.status not in {"investigation", "stor_draft"}:
            raise Conflict(f"It is {found.status}: a report is decided on during the investigation.")
        to = "stor_approved" if submit else "not_reported"
        waits = ask_second(session, actor, "stor", case_id, why="stor", to=to, rationale=words)
        found.decision = {
            "submit": submit, "reasons": words, "by": actor.user_id, "by_name": actor.name[:200], "at": stamp(at),
            "approved_by": None, "approved_name": None, "approved_at": None, "review_id": waits.id,
        }  # fmt: skip
        before = found.status
        if submit and before != "stor_draft":
            may_follow(CASE_STEPS, before, "stor_draft")
            found.status = "stor_draft"
            step(session, actor, "case", case_id, (before, "stor_draft"), at=at, reason="suspicion", rationale=words,
                 review_id=waits.id)  # fmt: skip
        changed(session, actor, "case.decide", found, before={"status": before}, status=found.status, submit=submit,
                reasons=words)  # fmt: skip
        return found

    return taken(database, actor, "case", case_id, act)  # type: ignore[no-any-return]


def write(
    database: Database,
    actor: Identity,
    case_id: str,
    *,
    given: Mapping[str, str],
    line: Line,
    version: int | None,
) -> Case:
    """Write parts of the report (``FIELDS``); what is not given stays.

    Raises:
        NotFound: If there is no such case for the actor.
        Conflict: If the report is approved already, or the case changed.
        Invalid: If a part does not fit.
    """
    require_compliance(actor)
    unknown = sorted(set(given) - set(FIELDS))
    if unknown:
        raise Invalid(
            "There is no such part.", errors=[FieldError(name, "is no part of a report") for name in unknown]
        )
    clean = {
        name: prose(name, words, longest=20_000 if name == "narrative" else 2_000)
        for name, words in given.items()
    }

    def act(session: Session, _: datetime) -> Case:
        found = locked_case(session, actor, case_id, line=line, version=version)
        if found.status in {"stor_approved", "stor_submitted", "regulator_follow_up"}:
            raise Conflict("The report is approved: what two people agreed on is not rewritten.")
        before: dict[str, Any] = {name: found.report.get(name) for name in clean}
        found.report = found.report | clean
        changed(session, actor, "case.report", found, before=before, **clean)
        return found

    return taken(database, actor, "case", case_id, act)  # type: ignore[no-any-return]
