"""The control room's lists: restricted and watched instruments, insiders. Compliance keeps them."""

from datetime import datetime

from sqlalchemy import select

from app.actions._roles import require, text
from app.errors import FieldError, Invalid, NotFound
from app.scope import SURVEILLANCE_ROLES, Identity
from app.storage.database import Database
from app.storage.records import audit
from app.storage.records._base import now
from app.storage.records.counters import bump
from app.storage.records.lists import LIST_KINDS, ListEntry


def add(
    database: Database,
    actor: Identity,
    *,
    kind: str,
    instrument_id: str | None = None,
    person_id: str | None = None,
    reason: str = "",
    valid_from: datetime | None = None,
    valid_to: datetime | None = None,
) -> ListEntry:
    """Put an instrument (or, for insiders, a person) on a list.

    Args:
        database: The records.
        actor: Compliance.
        kind: ``restricted``, ``watch`` or ``insider``.
        instrument_id: What; needed except for insiders of the firm as a whole.
        person_id: Who; needed for insiders.
        reason: Why.
        valid_from: From when; now when None.
        valid_to: Until when, exclusive; until further notice when None.

    Raises:
        Forbidden: Unless the actor is compliance.
        Invalid: If a field does not fit.
    """
    require(actor, "compliance")
    start = valid_from or now()
    errors = []
    if kind not in LIST_KINDS:
        errors.append(FieldError("kind", f"must be one of {', '.join(LIST_KINDS)}", kind[:80]))
    if kind == "insider" and not person_id:
        errors.append(FieldError("person_id", "is needed on an insider list"))
    if kind != "insider" and not instrument_id:
        errors.append(FieldError("instrument_id", "is needed on this list"))
    if valid_to is not None and valid_to <= start:
        errors.append(FieldError("valid_to", "must be after the start"))
    if errors:
        raise Invalid("The entry does not fit.", errors=errors)
    made = ListEntry(
        org=actor.org,
        kind=kind,
        instrument_id=text("instrument_id", instrument_id) if instrument_id else None,
        person_id=text("person_id", person_id) if person_id else None,
        reason=text("reason", reason, longest=2000) if reason else "",
        valid_from=start,
        valid_to=valid_to,
        created_by=actor.user_id,
    )
    with database.session(actor.org, write=True) as session:
        session.add(made)
        session.flush()
        bump(session, actor.org, "lists")
        audit.record(
            session,
            actor=actor,
            action="list.add",
            object_kind="list_entry",
            object_id=made.id,
            after=_shown(made),
        )
    return made


def remove(database: Database, actor: Identity, entry_id: str) -> None:
    """End an entry now. It stays in the records: what was restricted then stays answerable.

    Raises:
        Forbidden: Unless the actor is compliance.
        NotFound: If the id is unknown or foreign, or the entry has ended.
    """
    require(actor, "compliance")
    at = now()
    with database.session(actor.org, write=True) as session:
        found = session.scalar(select(ListEntry).where(ListEntry.id == entry_id))
        if found is None or (found.valid_to is not None and found.valid_to <= at):
            raise NotFound("There is no such entry.")
        before = _shown(found)
        found.valid_to = max(at, found.valid_from)
        found.removed_by = actor.user_id
        bump(session, actor.org, "lists")
        audit.record(
            session,
            actor=actor,
            action="list.remove",
            object_kind="list_entry",
            object_id=entry_id,
            before=before,
            after=_shown(found),
        )


def every(
    database: Database, actor: Identity, *, kind: str | None = None, at: datetime | None = None
) -> list[ListEntry]:
    """Return entries, newest first; of one kind, or valid at one instant, on request.

    Raises:
        Forbidden: Unless the actor reads surveillance; everybody in the firm may read the restricted list.
    """
    if kind != "restricted" and actor.role not in SURVEILLANCE_ROLES:
        require(actor, *SURVEILLANCE_ROLES)
    query = select(ListEntry).order_by(ListEntry.created_at.desc(), ListEntry.id)
    if kind is not None:
        query = query.where(ListEntry.kind == kind)
    if at is not None:
        query = query.where(
            ListEntry.valid_from <= at, ListEntry.valid_to.is_(None) | (ListEntry.valid_to > at)
        )
    with database.session(actor.org) as session:
        return list(session.scalars(query))


def _shown(entry: ListEntry) -> dict[str, object]:
    names = ("kind", "instrument_id", "person_id", "reason", "valid_from", "valid_to")
    return {name: getattr(entry, name) for name in names}
