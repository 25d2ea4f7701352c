"""Reading messages that no detector named: a sample is drawn, and a person says of each what it is.

Nobody chooses what is drawn: the seed is the server's, and it is on record with all that a draw rests on.
"""

import hashlib
import secrets
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from analytics.compliance.sampling import LARGEST, REASONS, Message, Population, drawn
from app.actions._casework import (
    LEAST_RATIONALE,
    Concealed,
    prose,
    reason_for,
    refuse_own,
    require_compliance,
    require_person,
    taken,
)
from app.actions._pins import pin
from app.actions.alerts import record_findings
from app.actions.cases import opened
from app.errors import Conflict, FieldError, Invalid, NotFound
from app.scope import Identity, Line
from app.storage.database import Database
from app.storage.records import audit
from app.storage.records._base import new_id
from app.storage.records.alerts import Alert, AlertState
from app.storage.records.counters import bump
from app.storage.records.supervision import SupervisionItem, SupervisionSample

RECORDS = "supervision"
SOURCE = "supervision"  # what an alert that a person raised says instead of a detector
TITLE = "Supervised message"
SCORES = {"low": 25.0, "medium": 50.0, "high": 75.0}  # what a person's own view of it counts as


def draw(
    database: Database, actor: Identity, population: Population, *, size: int, reason: str, rationale: str
) -> SupervisionSample:
    """Draw messages that no alert names and no earlier sample holds.

    Args:
        database: The records.
        actor: A person of compliance.
        population: Every message of the period, and which of them alerts name.
        size: How many; fewer where there are fewer.
        reason: A code of ``REASONS``.
        rationale: Why that many.

    Raises:
        Forbidden: If the actor may not.
        Conflict: If nothing is left to draw from.
        Invalid: If a field does not fit.
    """
    require_person(actor)
    if reason not in REASONS:
        message = f"must be one of {', '.join(REASONS)}"
        raise Invalid("The sample does not fit.", errors=[FieldError("reason", message, reason[:40])])
    if not 1 <= size <= LARGEST:
        raise Invalid("The sample does not fit.", errors=[FieldError("size", f"must be 1 to {LARGEST}")])
    words = prose("rationale", rationale, least=LEAST_RATIONALE, longest=4000)
    seed = secrets.randbelow(2**31)

    def act(session: Session, at: datetime) -> SupervisionSample:
        held = set(session.scalars(select(SupervisionItem.message_id)))
        named = population.alerted | named_by(session)  # an alert may have come since the plan was made
        alerted = [one for one in population.messages if one.id in named]
        before = [one for one in population.messages if one.id not in named and one.id in held]
        free = {one.id: one for one in population.messages if one.id not in named | held}
        if not free:
            raise Conflict("No message of the period is left: each is named by an alert or was drawn before.")
        chosen = [free[one] for one in drawn(free, seed=seed, size=size)]
        made = SupervisionSample(
            org=actor.org, id=new_id("sam"), seed=seed, start=population.start, end=population.end,
            channel=population.channel, population=len(population.messages), alerted=len(alerted), before=len(before),
            size=len(chosen), senders=len({one.people[0] for one in population.messages}),
            senders_drawn=len({one.people[0] for one in chosen}), reason=reason, rationale=words,
            data_versions=dict(population.versions), drawn_by=actor.user_id, drawn_name=actor.name[:200], drawn_at=at,
        )  # fmt: skip
        session.add(made)
        session.add_all(
            SupervisionItem(org=actor.org, sample_id=made.id, place=place, message_id=one.id, sent_at=one.sent_at,
                            people=list(one.people), state="open")
            for place, one in enumerate(chosen, 1)
        )  # fmt: skip
        pin(session, actor.org, population.versions)
        bump(session, actor.org, RECORDS)
        names = (
            "seed",
            "start",
            "end",
            "channel",
            "population",
            "alerted",
            "before",
            "size",
            "reason",
            "rationale",
        )
        audit.record(
            session, actor=actor, action="supervision.draw", object_kind=RECORDS, object_id=made.id,
            after={name: getattr(made, name) for name in names} | {"data_versions": made.data_versions},
        )  # fmt: skip
        return made

    return taken(database, actor, RECORDS, "sample", act)  # type: ignore[no-any-return]


def reviewed(
    database: Database, actor: Identity, item_id: str, *, line: Line, comment: str | None = None
) -> SupervisionItem:
    """Say that a drawn message was read and is nothing to follow.

    Raises:
        NotFound: If there is none of this id for the actor.
        Forbidden: If the actor may not, or it is from or to his line.
        Conflict: If somebody settled it already.
    """
    require_compliance(actor)
    words = prose("comment", comment, longest=2000) if comment and comment.strip() else None

    def act(session: Session, at: datetime) -> SupervisionItem:
        found = _open_item(session, actor, item_id, line)
        _settle(session, actor, found, "reviewed", at, comment=words)
        return found

    return taken(database, actor, RECORDS, item_id, act)  # type: ignore[no-any-return]


def escalate(
    database: Database,
    actor: Identity,
    item_id: str,
    message: Message,
    *,
    to: str,
    rationale: str,
    line: Line,
    severity: str = "medium",
    versions: Mapping[str, str] | None = None,
) -> SupervisionItem:
    """Raise an alert about a drawn message; with ``to="case"`` it is escalated into a new case with it.

    Message, alert and case change in one transaction: all of it is on record, or nothing.

    Args:
        database: The records.
        actor: A person of compliance, neither writer nor reader of it.
        item_id: Which drawn message.
        message: The message itself.
        to: ``alert`` or ``case``.
        rationale: What is suspected, in words.
        line: The actor's own people and accounts.
        severity: low, medium or high: the actor's own view.
        versions: Versions of the tables it was read from.

    Raises:
        NotFound: If there is none of this id for the actor.
        Forbidden: If the actor may not, or it is from or to his line.
        Conflict: If somebody settled it already.
        Invalid: If a field does not fit.
    """
    require_person(actor)
    if to not in {"alert", "case"}:
        raise Invalid("There is no such way.", errors=[FieldError("to", "must be alert or case", to[:20])])
    if severity not in SCORES:
        said = FieldError("severity", f"must be one of {', '.join(SCORES)}", severity[:20])
        raise Invalid("The severity does not fit.", errors=[said])
    words = prose("rationale", rationale, least=LEAST_RATIONALE, longest=4000)
    code, _ = reason_for("escalated", "suspicion", words)

    def act(session: Session, at: datetime) -> SupervisionItem:
        found = _open_item(session, actor, item_id, line)
        if found.message_id != message.id:
            raise NotFound("There is no such message.")
        finding = finding_of(message, found.sample_id, severity=severity, words=words, name=actor.name)
        recorded = record_findings(
            session, actor.org, [finding], actor=actor, titles={SOURCE: TITLE}, at=at,
            data_versions={SOURCE: dict(versions or {})},
        )  # fmt: skip
        pin(session, actor.org, versions or {})
        session.flush()
        # Another name where an alert that went its own way has this one.
        found.alert_id = recorded.new[0] if recorded.new else finding["alert_id"]
        if to == "case":
            made = opened(session, actor, at, line=line, alert_ids=[found.alert_id], kind="communications",
                          reason=code, rationale=words)  # fmt: skip
            found.case_id = made.id
        _settle(session, actor, found, "escalated", at, comment=words)
        if found.case_id is not None:
            audit.record(session, actor=actor, action="supervision.case", object_kind=RECORDS, object_id=item_id,
                         after={"case_id": found.case_id, "alert_id": found.alert_id})  # fmt: skip
        return found

    return taken(database, actor, RECORDS, item_id, act)  # type: ignore[no-any-return]


def finding_of(message: Message, sample_id: str, *, severity: str, words: str, name: str) -> dict[str, Any]:
    """Return what a raised message is on record as: a finding as detectors make them.

    Args:
        message: Which.
        sample_id: The draw it came from; it stands where detectors name their parameters.
        severity: low, medium or high: the reader's own view.
        words: What the reader suspects.
        name: Who read it.
    """
    return {
        "alert_id": f"sv-{hashlib.sha256(message.id.encode()).hexdigest()[:24]}", "detector": SOURCE,
        "detector_version": "1", "parameters_version": sample_id, "severity": severity, "score": SCORES[severity],
        "actors": [{"kind": "trader", "id": message.people[0]}], "instrument_ids": list(message.instrument_ids),
        "window_start": message.sent_at, "window_end": message.sent_at, "metrics": [], "regulation": [],
        "order_ids": [], "exec_ids": [], "message_ids": [message.id], "post_ids": [], "event_seqs": [],
        "subject": f"{message.channel or 'message'}, {message.sent_at:%d %b %Y %H:%M} UTC",
        "story": [f"{name} read this message in a random sample and saw reason to look further.", words],
    }  # fmt: skip


def named_by(session: Session, before: datetime | None = None) -> set[str]:
    """Return the ids of the messages that alerts name, or did name at an instant.

    Args:
        session: Of the organisation.
        before: Alerts as they were then, younger ones left out; as they are when None.
    """
    if before is None:
        return {
            one for kept in session.scalars(select(Alert.evidence)) for one in kept.get("message_ids") or ()
        }
    then = {
        row.alert_id: row.evidence
        for row in session.execute(select(Alert.alert_id, Alert.evidence).where(Alert.created_at < before))
    }
    older = select(AlertState.alert_id, AlertState.evidence).where(AlertState.until > before)
    # Of the states that ended later, the one that ended first was the one that was shown.
    for row in session.execute(older.order_by(AlertState.state.desc())):
        if row.alert_id in then:
            then[row.alert_id] = row.evidence
    return {one for kept in then.values() for one in kept.get("message_ids") or ()}


# --- steps -----------------------------------------------------------------------------------------
def _open_item(session: Session, actor: Identity, item_id: str, line: Line) -> SupervisionItem:
    found = session.scalar(select(SupervisionItem).where(SupervisionItem.id == item_id).with_for_update())
    if found is None:
        raise NotFound("There is no such message.")
    if actor.person_id in found.people:
        raise Concealed("There is no such message.")
    refuse_own(actor, [{"id": one} for one in found.people], line, what="message")
    if found.state != "open":
        raise Conflict(f"{found.decided_name} settled it already: it is {found.state}.")
    return found


def _settle(
    session: Session,
    actor: Identity,
    found: SupervisionItem,
    state: str,
    at: datetime,
    *,
    comment: str | None,
) -> None:
    found.state, found.comment = state, comment
    found.decided_by, found.decided_name, found.decided_at = actor.user_id, actor.name[:200], at
    bump(session, actor.org, RECORDS)
    audit.record(
        session, actor=actor, action=f"supervision.{state}", object_kind=RECORDS, object_id=found.id,
        before={"state": "open"},
        after={"state": state, "message_id": found.message_id, "sample_id": found.sample_id, "comment": comment,
               "alert_id": found.alert_id},
    )  # fmt: skip
