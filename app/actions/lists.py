"""The control room's lists: restricted and watched instruments, insiders. Compliance keeps them."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.actions._casework import prose
from app.actions._roles import require, text
from app.errors import FieldError, Invalid, NotFound
from app.scope import SURVEILLANCE_ROLES, Identity
from app.storage.database import Database
from app.storage.records import audit
from app.storage.records._base import now
from app.storage.records.counters import bump
from app.storage.records.lists import LIST_KINDS, ListEntry

RECORDS = "lists"
_LONGEST = 2000


def add(
    database: Database,
    actor: Identity,
    *,
    kind: str,
    instrument_id: str | None = None,
    person_id: str | None = None,
    project: str | None = None,
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
        project: The deal or mandate behind it.
        reason: Why.
        valid_from: From when; now when None.
        valid_to: Until when, exclusive; until further notice when None.

    Raises:
        Forbidden: Unless the actor is compliance.
        Invalid: If a field does not fit.
    """
    require(actor, "compliance")
    start = valid_from or now()
    if errors := misfits(
        kind=kind, instrument_id=instrument_id, person_id=person_id, valid_from=start, valid_to=valid_to
    ):
        raise Invalid("The entry does not fit.", errors=errors)
    made = ListEntry(
        org=actor.org,
        kind=kind,
        instrument_id=text("instrument_id", instrument_id) if instrument_id else None,
        person_id=text("person_id", person_id) if person_id else None,
        project=text("project", project) if project else None,
        reason=text("reason", reason, longest=_LONGEST) if reason else "",
        valid_from=start,
        valid_to=valid_to,
        created_by=actor.user_id,
    )
    with database.session(actor.org, write=True) as session:
        keep(session, actor, made)
    return made


def keep(session: Session, actor: Identity, made: ListEntry) -> None:
    """Put an entry on record with its line in the trail, in the caller's transaction."""
    session.add(made)
    session.flush()
    bump(session, actor.org, RECORDS)
    audit.record(
        session, actor=actor, action="list.add", object_kind="list_entry", object_id=made.id,
        after=_shown(made),
    )  # fmt: skip


def misfits(
    *,
    kind: str,
    instrument_id: str | None,
    person_id: str | None,
    valid_from: datetime,
    valid_to: datetime | None,
) -> list[FieldError]:
    """Return what does not fit about an entry; nothing when all is well."""
    errors = []
    if kind not in LIST_KINDS:
        errors.append(FieldError("kind", f"must be one of {', '.join(LIST_KINDS)}", kind[:80]))
    if kind == "insider" and not person_id:
        errors.append(FieldError("person_id", "is needed on an insider list"))
    if kind != "insider" and not instrument_id:
        errors.append(FieldError("instrument_id", "is needed on this list"))
    if valid_to is not None and valid_to <= valid_from:
        errors.append(FieldError("valid_to", "must be after the start"))
    return errors


def remove(
    database: Database, actor: Identity, entry_id: str, *, reason: str = "", at: datetime | None = None
) -> ListEntry:
    """End an entry. It stays in the records: what was restricted until then stays answerable.

    Args:
        database: The records.
        actor: Compliance.
        entry_id: Which.
        reason: Why it ends.
        at: When, not in the past; now when None.

    Raises:
        Forbidden: Unless the actor is compliance.
        NotFound: If the id is unknown or foreign, or the entry has ended.
        Invalid: If the end lies in the past or after the end it has.
    """
    require(actor, "compliance")
    moment = now()
    why = prose("reason", reason, longest=_LONGEST) if reason.strip() else None
    with database.session(actor.org, write=True) as session:
        found = session.scalar(select(ListEntry).where(ListEntry.id == entry_id))
        if found is None or (found.valid_to is not None and found.valid_to <= moment):
            raise NotFound("There is no such entry.")
        ends = at or moment
        if ends < moment or (found.valid_to is not None and ends > found.valid_to):
            raise Invalid(
                "The entry does not fit.",
                errors=[FieldError("at", "must not be past, nor after the end it has", ends.isoformat())],
            )
        before = _shown(found)
        found.valid_to = max(ends, found.valid_from)
        found.removed_by, found.removed_at, found.removed_reason = actor.user_id, moment, why
        bump(session, actor.org, RECORDS)
        audit.record(
            session, actor=actor, action="list.remove", object_kind="list_entry", object_id=entry_id,
            before=before, after=_shown(found) | ({"removed_reason": why} if why else {}),
        )  # fmt: skip
    return found


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
    extra = ("project", "source_id")
    told: dict[str, object] = {name: getattr(entry, name) for name in names}
    return told | {name: value for name in extra if (value := getattr(entry, name)) is not None}
