"""Opening cases and bringing alerts into them."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from analytics.compliance.checklists import ABUSE_TYPES, abuse_type, checklist
from analytics.compliance.deadlines import CASE_DAYS
from analytics.compliance.workflow import ALERT_STEPS
from app.actions._cases import RECORDS, changed, locked_case
from app.actions._casework import (
    calendar,
    may_follow,
    pending,
    reason_for,
    refuse_own,
    require_compliance,
    step,
    taken,
)
from app.actions._roles import text
from app.actions.alert_workflow import bring_to_review, locked, move
from app.errors import Conflict, FieldError, Invalid
from app.scope import Identity, Line
from app.storage.database import Database
from app.storage.records import audit
from app.storage.records._base import new_id
from app.storage.records.alerts import SEVERITIES, Alert
from app.storage.records.cases import Case
from app.storage.records.counters import bump
from app.storage.records.people import User

MOST_ALERTS = 200


def open_case(
    database: Database,
    actor: Identity,
    *,
    line: Line,
    alert_ids: Sequence[str] = (),
    title: str | None = None,
    kind: str | None = None,
    severity: str | None = None,
    reason: str | None = None,
    rationale: str | None = None,
    actors: Sequence[dict[str, str]] = (),
    instrument_ids: Sequence[str] = (),
    restricted: bool = False,
) -> Case:
    """Open a case, of alerts or of something a person noticed.

    Args:
        database: The records.
        actor: Compliance; the case is his until somebody takes it.
        line: The actor's own people and accounts.
        alert_ids: Alerts that are escalated into it.
        title: What it is called; the first alert's title when None.
        kind: Kind of abuse, of ``ABUSE_TYPES``; what the first alert's detector looks for when None.
        severity: The worst of the alerts' when None.
        reason: Why the alerts are escalated, a code for ``escalated``; ``suspicion`` when None.
        rationale: Why, in words.
        actors: Who it concerns beside the alerts' actors.
        instrument_ids: Instruments beside the alerts' ones.
        restricted: Whether only people on its list may know of it.

    Raises:
        NotFound: If an alert is unknown.
        Forbidden: If the actor may not, or it concerns him or his line.
        Conflict: If an alert cannot be escalated.
        Invalid: If a field does not fit.
    """
    require_compliance(actor)
    ids = list(dict.fromkeys(alert_ids))
    if len(ids) > MOST_ALERTS:
        raise Invalid("Too many alerts.", errors=[FieldError("alert_ids", f"must be at most {MOST_ALERTS}")])
    if not ids and title is None:
        raise Invalid("The case does not fit.", errors=[FieldError("title", "is needed without an alert")])
    if kind is not None and kind not in ABUSE_TYPES:
        said = FieldError("abuse_type", f"must be one of {', '.join(ABUSE_TYPES)}", kind[:40])
        raise Invalid("The case does not fit.", errors=[said])
    if severity is not None and severity not in SEVERITIES:
        said = FieldError("severity", f"must be one of {', '.join(SEVERITIES)}", severity[:20])
        raise Invalid("The case does not fit.", errors=[said])
    code, words = reason_for("escalated", reason or "suspicion", rationale)

    def act(session: Session, at: datetime) -> Case:
        return opened(
            session, actor, at, line=line, alert_ids=ids, title=title, kind=kind, severity=severity, reason=code,
            rationale=words, actors=actors, instrument_ids=instrument_ids, restricted=restricted,
        )  # fmt: skip

    return taken(database, actor, "case", ids[0] if ids else "new", act)  # type: ignore[no-any-return]


def opened(
    session: Session,
    actor: Identity,
    at: datetime,
    *,
    line: Line,
    reason: str,
    rationale: str,
    alert_ids: Sequence[str] = (),
    title: str | None = None,
    kind: str | None = None,
    severity: str | None = None,
    actors: Sequence[dict[str, str]] = (),
    instrument_ids: Sequence[str] = (),
    restricted: bool = False,
) -> Case:
    """Open a case within a transaction that does more; the fields are those of ``open_case``, checked before.

    Raises:
        NotFound: If an alert is unknown.
        Forbidden: If it concerns the actor or his line.
        Conflict: If an alert cannot be escalated.
    """
    rows = [locked(session, one) for one in alert_ids]
    worst = max((row.severity for row in rows), key=SEVERITIES.index, default="medium")
    chosen = kind or (abuse_type(rows[0].detector) if rows else "other")
    level = severity or worst
    made = Case(
        id=new_id("case"), org=actor.org, number=_number(session), title=text("title", title or rows[0].title, longest=300),
        abuse_type=chosen, severity=level, status="investigation", level="l2", owner=actor.user_id,
        owner_name=actor.name[:200], actors=_people(actors), instrument_ids=[str(i)[:200] for i in instrument_ids][:50],
        checklist=[
            {"key": item.key, "text": item.text, "mandatory": item.mandatory, "state": "open"}
            for item in checklist(chosen)
        ],
        restricted=restricted, access=[actor.user_id], report={}, created_by=actor.user_id,
        created_by_name=actor.name[:200], created_at=at, updated_at=at, version=1, legal_hold=False,
        due_at=calendar(session, actor.org).due(at, CASE_DAYS[level]),
    )  # fmt: skip
    refuse_own(actor, made.actors, line, what="case")
    session.add(made)
    session.flush()
    _bring(session, actor, made, rows, line=line, at=at, reason=reason, rationale=rationale)
    step(session, actor, "case", made.id, ("", "investigation"), at=at, reason=reason, rationale=rationale)
    bump(session, actor.org, RECORDS)
    audit.record(
        session, actor=actor, action="case.open", object_kind="case", object_id=made.id,
        after={"number": made.number, "title": made.title, "abuse_type": chosen, "severity": level,
               "alerts": list(alert_ids), "restricted": restricted, "reason": reason, "rationale": rationale},
    )  # fmt: skip
    return made


def add_alerts(
    database: Database,
    actor: Identity,
    case_id: str,
    alert_ids: Sequence[str],
    *,
    line: Line,
    rationale: str,
    reason: str = "linked_conduct",
    version: int | None = None,
) -> Case:
    """Escalate further alerts into a case.

    Raises:
        NotFound: If case or alert is unknown.
        Forbidden: If the actor may not.
        Conflict: If the case is closed, or an alert cannot be escalated.
    """
    require_compliance(actor)
    code, words = reason_for("escalated", reason, rationale)

    def act(session: Session, at: datetime) -> Case:
        found = locked_case(session, actor, case_id, line=line, version=version)
        rows = [locked(session, one) for one in dict.fromkeys(alert_ids)]
        if not 1 <= len(rows) <= MOST_ALERTS:
            raise Invalid(
                "No alert is named.", errors=[FieldError("alert_ids", f"must be 1 to {MOST_ALERTS}")]
            )
        _bring(session, actor, found, rows, line=line, at=at, reason=code, rationale=words)
        changed(session, actor, "case.alerts", found, added=[row.alert_id for row in rows], rationale=words)
        return found

    return taken(database, actor, "case", case_id, act)  # type: ignore[no-any-return]


def take(
    database: Database,
    actor: Identity,
    case_id: str,
    *,
    line: Line,
    owner: str | None = None,
    version: int | None = None,
) -> Case:
    """Take a case over, or give it to somebody of compliance, who may know of it from then on.

    Args:
        database: The records.
        actor: Compliance, not concerned.
        case_id: Which.
        line: The actor's own people and accounts.
        owner: User id of who has it from now on; the actor himself when None.
        version: The version that was seen.

    Raises:
        NotFound: If there is no such case.
        Forbidden: If the actor may not.
        Conflict: If it is closed.
        Invalid: If the owner is nobody of compliance, or it concerns him.
    """
    require_compliance(actor)

    def act(session: Session, _: datetime) -> Case:
        found = locked_case(session, actor, case_id, line=line, version=version)
        before = {"owner": found.owner, "access": found.access}
        found.owner, found.owner_name = _owner(session, actor, found, owner)
        found.access = sorted({*found.access, found.owner})
        changed(session, actor, "case.take", found, before=before, owner=found.owner, access=found.access)
        return found

    return taken(database, actor, "case", case_id, act)  # type: ignore[no-any-return]


def _owner(session: Session, actor: Identity, found: Case, owner: str | None) -> tuple[str, str]:
    if owner is None or owner == actor.user_id:
        return actor.user_id, actor.name[:200]
    known = session.scalar(
        select(User).where(User.id == owner, User.role == "compliance", User.disabled.is_(False))
    )
    if known is None or known.person_id in {one["id"] for one in found.actors}:
        message = "must be a person of compliance who is not concerned"
        raise Invalid("The owner does not fit.", errors=[FieldError("owner", message, owner[:40])])
    return known.id, known.name[:200]


def _bring(
    session: Session,
    actor: Identity,
    case: Case,
    rows: Sequence[Alert],
    *,
    line: Line,
    at: datetime,
    reason: str,
    rationale: str,
) -> None:
    actors, instruments = list(case.actors), list(case.instrument_ids)
    for row in rows:
        refuse_own(actor, row.actors, line)
        if pending(session, "alert", row.alert_id) is not None:
            raise Conflict(f"A decision on {row.alert_id} waits for a second person: that comes first.")
        bring_to_review(session, actor, row, at)
        may_follow(ALERT_STEPS, row.status, "escalated")
        row.case_id = case.id
        move(session, actor, row, "escalated", at, reason=reason, rationale=rationale)
        actors += [one for one in row.actors if one not in actors]
        instruments += [one for one in row.instrument_ids if one not in instruments]
    case.actors, case.instrument_ids = actors, instruments


def _people(actors: Sequence[dict[str, str]]) -> list[dict[str, Any]]:
    return [{"kind": str(one["kind"])[:40], "id": str(one["id"])[:200]} for one in actors][:50]


def _number(session: Session) -> int:
    return int(session.scalar(select(func.max(Case.number))) or 0) + 1
