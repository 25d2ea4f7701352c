"""What somebody follows: authors, instruments, rooms. Own records only, on the trail."""

from datetime import datetime

from sqlalchemy import func, select

from app.actions._clock import Clock, moment_of, seeded_mark
from app.actions._roles import text
from app.errors import Conflict, FieldError, Forbidden, Invalid
from app.scope import DATA_ROLES, Identity
from app.storage.database import Database
from app.storage.records import audit
from app.storage.records.counters import bump
from app.storage.records.rooms import FOLLOWED, UserFollow

RECORDS = "follows"
MOST = 500


def follow(
    database: Database, actor: Identity, kind: str, target: str, *, clock: Clock | None = None
) -> datetime:
    """Follow something; return since when. Following it again changes nothing.

    Args:
        database: The records.
        actor: Who.
        kind: author, instrument or room.
        target: Its id; whether there is such a thing for the actor is looked at before.
        clock: Only while a demo is made.

    Raises:
        Forbidden: If the role reads no data, or the key may not write.
        Invalid: If the kind is none, or the id is not printable.
        Conflict: If there are too many, or it is himself.
    """
    _may(actor)
    _check(kind)
    name = text("id", target)
    me = actor.person_id or actor.user_id
    if kind == "author" and name in {me, actor.user_id}:
        raise Conflict("That is you.")
    with database.session(actor.org, write=True) as session:
        found = session.get(UserFollow, (actor.user_id, kind, name))
        if found is not None:
            return found.since
        held = session.scalar(
            select(func.count()).select_from(UserFollow).where(UserFollow.user_id == actor.user_id)
        )
        if (held or 0) >= MOST:
            raise Conflict(f"You follow {MOST} already.")
        at, seeded = moment_of(session, actor.org, clock)
        made = UserFollow(
            org=actor.org, user_id=actor.user_id, kind=kind, target_id=name, follower_id=me, since=at
        )
        session.add(made)
        bump(session, actor.org, RECORDS)
        audit.record(
            session, actor=actor, action="follow.add", object_kind="follow", object_id=f"{kind}:{name}"[:200],
            after={"kind": kind, "id": name} | seeded_mark(seeded=seeded),
        )  # fmt: skip
        return made.since


def unfollow(database: Database, actor: Identity, kind: str, target: str) -> bool:
    """Follow something no more; return whether it was followed. Raises as ``follow``."""
    _may(actor)
    _check(kind)
    with database.session(actor.org, write=True) as session:
        found = session.get(UserFollow, (actor.user_id, kind, target))
        if found is None:
            return False
        session.delete(found)
        bump(session, actor.org, RECORDS)
        audit.record(
            session, actor=actor, action="follow.remove", object_kind="follow", object_id=f"{kind}:{target}"[:200],
            before={"kind": kind, "id": target},
        )  # fmt: skip
        return True


def _may(actor: Identity) -> None:
    if actor.role not in DATA_ROLES - {"auditor"} or not actor.scopes & {"write", "write:social"}:
        raise Forbidden("Your role reads; it follows nobody.")


def _check(kind: str) -> None:
    if kind not in FOLLOWED:
        raise Invalid(
            "It cannot be followed.",
            errors=[FieldError("kind", f"must be one of {', '.join(FOLLOWED)}", kind[:20])],
        )
