"""Breaches of limits are settled by two people: one acknowledges with a comment, another one confirms.

Neither may be somebody whom the breach concerns, and a key is no person.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.actions._roles import require, text
from app.errors import Conflict, Forbidden, NotFound
from app.scope import Identity
from app.storage.database import Database
from app.storage.records import audit
from app.storage.records._base import now
from app.storage.records.counters import bump
from app.storage.records.limits import LimitBreach
from app.storage.records.lists import Limit

SETTLERS = ("risk", "compliance")
RECORDS = "limit_breaches"
Own = frozenset[str]


def acknowledge(
    database: Database, actor: Identity, breach_id: str, *, comment: str, own_accounts: Own
) -> LimitBreach:
    """Say that a breach has been seen, and what is done about it.

    Args:
        database: The records.
        actor: Risk or compliance, and not somebody it concerns.
        breach_id: Which.
        comment: What is done; needed.
        own_accounts: Accounts that are the actor's own, or their desk's.

    Raises:
        Forbidden: If the actor may not: the role, a key, their own account, desk or trading.
        NotFound: If the id is unknown or foreign.
        Conflict: If it is acknowledged already.
        Invalid: Without a comment.
    """

    def settle(found: LimitBreach, at: datetime) -> None:
        if found.acknowledged_by is not None:
            raise Conflict(f"It is acknowledged already, by {found.acknowledged_name}.")
        found.comment = text("comment", comment, longest=2000)
        found.acknowledged_by, found.acknowledged_name = actor.user_id, actor.name[:200]
        found.acknowledged_person, found.acknowledged_at = actor.person_id, at

    return _settled(
        database, actor, breach_id, action="breach.acknowledge", settle=settle, own_accounts=own_accounts
    )


def confirm(
    database: Database, actor: Identity, breach_id: str, *, comment: str = "", own_accounts: Own
) -> LimitBreach:
    """Confirm what somebody else acknowledged.

    Raises:
        Forbidden: If the actor acknowledged it, or may not settle it at all.
        NotFound: If the id is unknown or foreign.
        Conflict: If nobody has acknowledged it yet, or it is confirmed already.
    """

    def settle(found: LimitBreach, at: datetime) -> None:
        if found.acknowledged_by is None:
            raise Conflict("Nobody has acknowledged it yet: that comes first.")
        if found.confirmed_by is not None:
            raise Conflict(f"It is confirmed already, by {found.confirmed_name}.")
        same_person = actor.person_id is not None and actor.person_id == found.acknowledged_person
        if actor.user_id == found.acknowledged_by or same_person:
            raise Forbidden("You acknowledged this breach yourself: a second person must confirm it.")
        found.confirm_comment = text("comment", comment, longest=2000) if comment.strip() else None
        found.confirmed_by, found.confirmed_name = actor.user_id, actor.name[:200]
        found.confirmed_at = at

    return _settled(
        database, actor, breach_id, action="breach.confirm", settle=settle, own_accounts=own_accounts
    )


def _settled(
    database: Database,
    actor: Identity,
    breach_id: str,
    *,
    action: str,
    settle: Callable[[LimitBreach, datetime], None],
    own_accounts: Own,
) -> LimitBreach:
    if actor.role not in SETTLERS:
        raise Forbidden("A breach is settled by risk and compliance, never by the desk it concerns.")
    require(actor, *SETTLERS)
    if not actor.user_id.startswith("u_"):
        raise Forbidden("A breach is settled by two people; a key is nobody. Sign in to do it.")
    at = now()
    with database.session(actor.org, write=True) as session:
        # Locked, so that two people who press at once do not both become the first.
        found = session.scalar(select(LimitBreach).where(LimitBreach.id == breach_id).with_for_update())
        if found is None:
            raise NotFound("There is no such breach.")
        _unconcerned(session, actor, found, own_accounts)
        before = _shown(found)
        settle(found, at)
        found.updated_at = at
        bump(session, actor.org, RECORDS)
        audit.record(
            session, actor=actor, action=action, object_kind="limit_breach", object_id=found.id,
            before=before, after=_shown(found),
        )  # fmt: skip
    return found


def _unconcerned(session: Session, actor: Identity, breach: LimitBreach, own_accounts: Own) -> None:
    limit = session.scalar(select(Limit).where(Limit.id == breach.limit_id))
    if limit is None:
        raise NotFound("There is no such breach.")
    concerned = {
        "account": limit.subject_id in own_accounts,
        "desk": limit.subject_id in (actor.desks or ()),
        "trader": limit.subject_id == actor.person_id,
    }
    if concerned.get(limit.subject_kind, False):
        raise Forbidden(f"The breach is of your own {limit.subject_kind}: somebody else must settle it.")


def _shown(found: LimitBreach) -> dict[str, Any]:
    names = (
        "limit_id",
        "opened",
        "peak",
        "current",
        "acknowledged_by",
        "comment",
        "confirmed_by",
        "confirm_comment",
    )
    return {name: getattr(found, name) for name in names}
