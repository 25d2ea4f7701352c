"""Taking tables out: who took which, how much of it, under which view."""

from typing import Any

from app.scope import Identity
from app.storage.database import Database
from app.storage.records import audit


def note(database: Database, actor: Identity, *, kind: str, name: str, details: dict[str, Any]) -> None:
    """Write into the audit trail that a table left the house.

    Args:
        database: Records.
        actor: Who takes it.
        kind: ``table`` (of a page) or ``report``.
        name: Which one.
        details: Format, rows, view.
    """
    with database.session(actor.org, write=True) as session:
        audit.record(
            session, actor=actor, action=f"export.{kind}", object_kind=kind, object_id=name, after=details
        )
