"""Who tried to get where his role may not: on record, once in a quarter of an hour for the same way."""

from datetime import timedelta

from sqlalchemy import select

from app.scope import Identity
from app.storage.database import Database
from app.storage.records import audit
from app.storage.records._base import now
from app.storage.records.alerts import Alert
from app.storage.records.audit import AuditEntry, stamp
from app.storage.records.cases import Case
from app.storage.records.supervision import SupervisionItem

ACTION = "door.refused"
SAME_TRY = timedelta(minutes=15)
_IDS = {"case": Case.id, "alert": Alert.alert_id, "supervision": SupervisionItem.id}


def refused(database: Database, actor: Identity, kind: str, way: str, *, named: str | None) -> None:
    """Put on record that somebody was refused at the door of surveillance.

    Args:
        database: The records.
        actor: Who.
        kind: ``alert``, ``case`` or ``supervision``: admins do not read of it.
        way: Method and rule of the route, or the page.
        named: The id in the path. It is kept only where the organisation has such a thing: what a caller makes
            up, or knows of another organisation, does not get into the trail.
    """
    at, model = now(), _IDS[kind]
    with database.session(actor.org) as session:
        about = session.scalar(select(model).where(model == named)) if named is not None else None
    name, after = about or way, {"role": actor.role, "way": way}
    recent = select(AuditEntry.seq).where(
        AuditEntry.object_kind == kind, AuditEntry.object_id == name, AuditEntry.action == ACTION,
        AuditEntry.actor_id == actor.user_id, AuditEntry.after == audit.canonical(after),
        AuditEntry.time > stamp(at - SAME_TRY),
    ).limit(1)  # fmt: skip
    with database.session(actor.org) as session:
        if session.scalar(recent) is not None:
            return
    with database.session(actor.org, write=True) as session:
        audit.record(session, actor=actor, action=ACTION, object_kind=kind, object_id=name, after=after)
