"""Rooms: who makes them, who is on their list, when they close. Posts are ``app.actions.posts``."""

import unicodedata
from collections.abc import Collection

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.actions._clock import Clock, moment_of, seeded_mark
from app.actions._roles import text
from app.errors import Conflict, FieldError, Forbidden, Invalid, NotFound
from app.scope import DATA_ROLES, Identity
from app.storage.database import Database
from app.storage.records import audit
from app.storage.records._base import new_id, now
from app.storage.records.counters import bump
from app.storage.records.people import User
from app.storage.records.rooms import ROOM_KINDS, Room, RoomMember

RECORDS = "rooms"
WRITERS = DATA_ROLES - {"auditor"}
MOST_ROOMS = 200  # open ones of an organisation
MOST_MEMBERS = 200


def may_write(actor: Identity) -> None:
    """Refuse who only reads: auditors, roles without data, keys without the scope.

    Raises:
        Forbidden: If so.
    """
    if actor.role not in WRITERS:
        raise Forbidden("Your role reads; it does not post.")
    if not actor.scopes & {"write", "write:social"}:
        raise Forbidden("This key may only read.")


def open_room(
    database: Database,
    actor: Identity,
    *,
    name: str,
    kind: str,
    desk: str | None = None,
    purpose: str = "",
    members: Collection[str] = (),
    clock: Clock | None = None,
) -> Room:
    """Open a room.

    Args:
        database: The records.
        actor: Who opens it; on the list of a room for members.
        name: Unique in the organisation, look-alikes included.
        kind: firm, desk or members.
        desk: Whose, for kind desk; one that the actor may see.
        purpose: What it is for.
        members: User ids on the list, for kind members.
        clock: Only while a demo is made.

    Raises:
        Forbidden: If the actor may not post, or opens one for the firm without being risk or compliance.
        Invalid: If a field does not fit.
        Conflict: If there is a room of that name, or too many.
    """
    may_write(actor)
    title = text("name", name, longest=80)
    errors = []
    if kind not in ROOM_KINDS:
        errors.append(FieldError("kind", f"must be one of {', '.join(ROOM_KINDS)}", kind[:20]))
    if (kind == "desk") != bool(desk):
        errors.append(FieldError("desk", "is needed for a desk's room, and for no other"))
    elif desk and actor.desks is not None and desk not in actor.desks:
        errors.append(FieldError("desk", "must be one of your desks", desk[:80]))
    if members and kind != "members":
        errors.append(FieldError("members", "is for a room of members"))
    if errors:
        raise Invalid("The room does not fit.", errors=errors)
    if kind == "firm" and actor.role not in {"risk", "compliance"}:
        raise Forbidden("A room for the whole firm is opened by risk or compliance.")
    made = Room(
        org=actor.org, id=new_id("room"), name=title, name_key=_key(title), kind=kind, desk=desk or None,
        purpose=text("purpose", purpose, longest=400) if purpose.strip() else "", created_by=actor.user_id,
        created_name=actor.name[:200],
    )  # fmt: skip
    with database.session(actor.org, write=True) as session:
        if session.scalar(select(Room.id).where(Room.name_key == made.name_key)) is not None:
            raise Conflict("There is a room of that name already.")
        held = session.scalar(select(func.count()).select_from(Room).where(Room.closed_at.is_(None))) or 0
        if held >= MOST_ROOMS:
            raise Conflict(f"There are {MOST_ROOMS} rooms: close one first.")
        made.created_at, seeded = moment_of(session, actor.org, clock)
        session.add(made)
        on_list = _people(session, {*members, actor.user_id}) if kind == "members" else []
        session.add_all(
            RoomMember(
                org=actor.org, room_id=made.id, user_id=one, added_by=actor.user_id, added_at=made.created_at
            )
            for one in on_list
        )
        bump(session, actor.org, RECORDS)
        audit.record(
            session, actor=actor, action="room.open", object_kind="room", object_id=made.id,
            after={"name": title, "kind": kind, "desk": made.desk, "purpose": made.purpose, "members": on_list}
            | seeded_mark(seeded=seeded),
        )  # fmt: skip
    return made


def set_members(database: Database, actor: Identity, room_id: str, *, members: Collection[str]) -> list[str]:
    """Put others on the list of a room in place of those on it; return the user ids.

    Raises:
        NotFound: If there is no such room for the actor.
        Forbidden: If he neither opened it nor is compliance.
        Conflict: If it has no list, or is closed.
        Invalid: If somebody on the list is nobody of the organisation.
    """
    may_write(actor)
    with database.session(actor.org, write=True) as session:
        found = _governed(session, actor, room_id)
        if found.kind != "members":
            raise Conflict("This room has no list: its desk, or everybody, is in it.")
        was = sorted(session.scalars(select(RoomMember.user_id).where(RoomMember.room_id == room_id)))
        wanted = _people(session, {*members, found.created_by})
        for row in session.scalars(select(RoomMember).where(RoomMember.room_id == room_id)):
            if row.user_id not in wanted:
                session.delete(row)
        session.add_all(
            RoomMember(org=actor.org, room_id=room_id, user_id=one, added_by=actor.user_id)
            for one in wanted
            if one not in was
        )
        bump(session, actor.org, RECORDS)
        audit.record(
            session, actor=actor, action="room.members", object_kind="room", object_id=room_id,
            before={"members": was}, after={"members": wanted},
        )  # fmt: skip
    return wanted


def close(database: Database, actor: Identity, room_id: str) -> Room:
    """Close a room: what was posted stays readable, nothing is posted any more.

    Raises:
        NotFound: If there is no such room for the actor.
        Forbidden: If he neither opened it nor is compliance.
        Conflict: If it is closed.
    """
    may_write(actor)
    with database.session(actor.org, write=True) as session:
        found = _governed(session, actor, room_id)
        found.closed_at = now()
        bump(session, actor.org, RECORDS)
        audit.record(
            session, actor=actor, action="room.close", object_kind="room", object_id=room_id,
            after={"name": found.name},
        )  # fmt: skip
    return found


def visible_to(session: Session, actor: Identity) -> list[Room]:
    """Return the rooms that somebody may read, closed ones too, by name.

    Compliance and auditors read every room: what is written in them is a communication of the firm.
    """
    rooms = list(session.scalars(select(Room).order_by(Room.name_key)))
    if actor.role in {"compliance", "auditor"}:
        return rooms
    mine = set(session.scalars(select(RoomMember.room_id).where(RoomMember.user_id == actor.user_id)))
    return [room for room in rooms if _admits(room, actor, mine)]


# --- steps -------------------------------------------------------------------------------------------
def _admits(room: Room, actor: Identity, mine: Collection[str]) -> bool:
    if room.kind == "members":
        return room.id in mine
    return room.kind == "firm" or actor.desks is None or room.desk in actor.desks


def _governed(session: Session, actor: Identity, room_id: str) -> Room:
    found = next((room for room in visible_to(session, actor) if room.id == room_id), None)
    if found is None:
        raise NotFound("There is no such room.")
    if actor.user_id != found.created_by and actor.role != "compliance":
        raise Forbidden("A room is changed by who opened it, or by compliance.")
    if found.closed_at is not None:
        raise Conflict("The room is closed.")
    return found


def _people(session: Session, wanted: Collection[str]) -> list[str]:
    """Return those of ``wanted`` as a list; keys count, since a script may open a room, too."""
    asked = {one for one in wanted if one.startswith("u_")}
    query = select(User.id).where(User.id.in_(asked), User.disabled.is_(False), User.role.in_(DATA_ROLES))
    unknown = asked - set(session.scalars(query)) if asked else set()
    strange = {one for one in wanted if not one.startswith(("u_", "k_"))}
    if unknown or strange or len(wanted) > MOST_MEMBERS:
        said = f"must be at most {MOST_MEMBERS} people of the organisation"
        raise Invalid("The list does not fit.", errors=[FieldError("members", said)])
    return sorted(wanted)


def _key(name: str) -> str:
    return unicodedata.normalize("NFKC", name).casefold()[:160]
