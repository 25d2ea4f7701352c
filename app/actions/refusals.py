"""Who tried to get where his role may not: on record, once in a quarter of an hour for the same way."""

from datetime import timedelta

from sqlalchemy import select

from app.scope import Identity
from app.storage.database import Database
from app.storage.records import audit
from app.storage.records._base import now
from app.storage.records.audit import AuditEntry, stamp

SAME_TRY = timedelta(minutes=15)


def refused(database: Database, actor: Identity, kind: str, method: str, path: str) -> None:
    """Put on record that somebody was refused at the door of surveillance.

    Args:
        database: The records.
        actor: Who.
        kind: ``alert`` or ``case``: admins do not read of it.
        method: What he would have done.
        path: Where.
    """
    at, way = now(), f"{method} {path}"[:200]
    recent = select(AuditEntry.seq).where(
        AuditEntry.object_kind == kind, AuditEntry.object_id == way, AuditEntry.actor_id == actor.user_id,
        AuditEntry.time > stamp(at - SAME_TRY),
    ).limit(1)  # fmt: skip
    with database.session(actor.org) as session:
        if session.scalar(recent) is not None:
            return
    with database.session(actor.org, write=True) as session:
        after = {"role": actor.role}
        audit.record(
            session, actor=actor, action="door.refused", object_kind=kind, object_id=way, after=after
        )
