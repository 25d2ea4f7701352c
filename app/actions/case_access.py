"""Who may know of a case, who looked at it, and whether its records must be kept whatever happens."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.actions._cases import changed, locked_case
from app.actions._casework import prose, require_person, taken
from app.errors import FieldError, Invalid
from app.scope import Identity, Line
from app.storage.database import Database
from app.storage.records import audit
from app.storage.records._base import now
from app.storage.records.audit import AuditEntry, stamp
from app.storage.records.cases import Case
from app.storage.records.people import User

SAME_LOOK = timedelta(minutes=15)  # a page that refreshes itself is one look


def restrict(
    database: Database,
    actor: Identity,
    case_id: str,
    *,
    restricted: bool,
    people: Sequence[str],
    line: Line,
    version: int | None,
) -> Case:
    """Say whether only listed people may know of a case, and who they are.

    Args:
        database: The records.
        actor: A person of compliance who knows of it.
        case_id: Which.
        restricted: Whether the list counts.
        people: User ids of compliance; the actor himself and the owner are always on it.
        line: The actor's own people and accounts.
        version: The version that was seen.

    Raises:
        NotFound: If there is no such case for the actor.
        Conflict: If it is closed, or changed in between.
        Invalid: If somebody listed is nobody of compliance.
    """
    require_person(actor)

    def act(session: Session, _: datetime) -> Case:
        found = locked_case(session, actor, case_id, line=line, version=version)
        asked = set(people)
        query = select(User).where(User.id.in_(asked), User.role == "compliance", User.disabled.is_(False))
        known = {user.id for user in session.scalars(query)} if asked else set()
        if asked - known - {actor.user_id}:
            message = "must be people of compliance"
            raise Invalid("The list does not fit.", errors=[FieldError("people", message)])
        before = {"restricted": found.restricted, "access": found.access}
        found.restricted = restricted
        found.access = sorted({*asked, actor.user_id, *([found.owner] if found.owner else [])})
        changed(
            session, actor, "case.access", found, before=before, restricted=restricted, access=found.access
        )
        return found

    return taken(database, actor, "case", case_id, act)  # type: ignore[no-any-return]


def hold(
    database: Database,
    actor: Identity,
    case_id: str,
    *,
    on: bool,
    rationale: str,
    line: Line,
    version: int | None,
) -> Case:
    """Put a case on legal hold, or take it off: while on, the organisation's records are not deleted.

    A closed case can be put on hold too: it is about keeping what stands there.

    Raises:
        NotFound: If there is no such case for the actor.
        Conflict: If it changed in between.
    """
    require_person(actor)

    def act(session: Session, _: datetime) -> Case:
        found = locked_case(session, actor, case_id, line=line, version=version, closed=True)
        words = prose("rationale", rationale, least=10, longest=4000)
        before = {"legal_hold": found.legal_hold}
        found.legal_hold, found.hold_reason = on, words if on else None
        changed(session, actor, "case.hold", found, before=before, legal_hold=on, rationale=words)
        return found

    return taken(database, actor, "case", case_id, act)  # type: ignore[no-any-return]


def looked_at(database: Database, actor: Identity, kind: str, name: str, *, what: str) -> None:
    """Put on record that somebody read what is sensitive: a restricted case, people's messages.

    What the same person looks at again within a quarter of an hour is the same look.

    Args:
        database: The records.
        actor: Who reads.
        kind: ``case`` or ``alert``.
        name: Its id.
        what: ``case`` or ``messages``.
    """
    action, at = f"{kind}.read", now()
    text = audit.canonical({"what": what})
    recent = select(AuditEntry.seq).where(
        AuditEntry.object_kind == kind, AuditEntry.object_id == name, AuditEntry.actor_id == actor.user_id,
        AuditEntry.action == action, AuditEntry.time > stamp(at - SAME_LOOK), AuditEntry.after == text,
    ).limit(1)  # fmt: skip
    with database.session(actor.org) as session:
        if session.scalar(recent) is not None:
            return
    with database.session(actor.org, write=True) as session:
        audit.record(
            session, actor=actor, action=action, object_kind=kind, object_id=name, after={"what": what}
        )


def on_hold(session: Session) -> list[int]:
    """Return the numbers of the cases on legal hold of the session's organisation."""
    return list(session.scalars(select(Case.number).where(Case.legal_hold.is_(True)).order_by(Case.number)))
