"""The moment an action happens: the server's, and another one only while a demo is being made."""

from collections.abc import Callable
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.errors import Forbidden
from app.storage.records._base import now
from app.storage.records.people import Organisation

Clock = Callable[[], datetime]


def moment_of(session: Session, org: str, clock: Clock | None) -> tuple[datetime, bool]:
    """Return the moment, and whether it is the demo's: another clock counts only while a demo is made.

    Args:
        session: Of the action.
        org: The organisation's slug.
        clock: Instead of the server's; None outside of a demo's making.

    Raises:
        Forbidden: If a clock is given and the organisation is no demo, or a complete one.
    """
    if clock is None:
        return now(), False
    found = session.scalar(select(Organisation).where(Organisation.slug == org))
    if found is None or not found.demo or found.settings.get("demo", {}).get("complete"):
        raise Forbidden("The time is the server's.")
    return clock(), True


def seeded_mark(*, seeded: bool) -> dict[str, bool]:
    """Return what the trail says beside an action of a demo's making; nothing for everybody else's."""
    return {"seeded": True} if seeded else {}
