"""Paper mirrors of an author's ideas: begun and ended by who owns them. They send no order."""

from decimal import Decimal
from math import isfinite

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.actions._clock import Clock, moment_of
from app.actions.ideas import AUTHORS, author_of
from app.errors import Conflict, FieldError, Forbidden, Invalid, NotFound
from app.scope import Identity
from app.storage.database import Database
from app.storage.records import audit
from app.storage.records.counters import bump
from app.storage.records.ideas import RECORDS, Mirror

MOST = 20  # mirrors that run at once, of one person
_LIMITS = {"weight": (0.001, 1.0), "max_loss": (0.001, 1.0), "adv_share": (0.0001, 0.25)}


def start(
    database: Database,
    actor: Identity,
    *,
    author_id: str,
    author_name: str,
    capital: Decimal,
    weight: float,
    max_loss: float,
    adv_share: float,
    clock: Clock | None = None,
) -> Mirror:
    """Begin to mirror an author on paper: every idea of his that is sealed from now on passes the gate.

    Args:
        database: The records.
        actor: A person who is signed in; the mirror is his.
        author_id: Whose ideas; somebody who is known to the caller.
        author_name: His name.
        capital: Paper money, in the organisation's currency.
        weight: Share of it that one idea takes, 0.001 to 1.
        max_loss: Share of it that may be lost, open stops included, 0.001 to 1.
        adv_share: Share of usual daily volume that one idea may take, 0.0001 to 0.25.
        clock: As ``app.actions.ideas.post``.

    Raises:
        Forbidden: For keys and roles without ideas of their own.
        Invalid: If a bound does not fit, or it would be one's own ideas.
        Conflict: If the actor mirrors this author already, or too many.
    """
    _require(actor)
    errors = [
        FieldError(name, f"must be {low:g} to {high:g}", str(given)[:40])
        for name, given in (("weight", weight), ("max_loss", max_loss), ("adv_share", adv_share))
        for low, high in (_LIMITS[name],)
        if not (isfinite(given) and low <= given <= high)
    ]
    if not (capital.is_finite() and Decimal(1000) <= capital <= Decimal("1e12")):
        errors.append(FieldError("capital", "must be 1,000 to 10^12", str(capital)[:40]))
    if author_id == author_of(actor):
        errors.append(FieldError("author_id", "is you: one's own ideas are not mirrored"))
    if errors:
        raise Invalid("The mirror does not fit.", errors=errors)
    with database.session(actor.org, write=True) as session:
        at, seeded = moment_of(session, actor.org, clock)
        mine = (Mirror.owner_user == actor.user_id) & Mirror.stopped_at.is_(None)
        if session.scalar(select(Mirror.id).where(mine, Mirror.author_id == author_id).limit(1)):
            raise Conflict("You mirror this author already.")
        if (session.scalar(select(func.count()).select_from(Mirror).where(mine)) or 0) >= MOST:
            raise Conflict(f"At most {MOST} mirrors run at once: stop one first.")
        made = Mirror(
            org=actor.org, owner_user=actor.user_id, owner_id=author_of(actor), owner_name=actor.name[:200],
            author_id=author_id, author_name=author_name[:200], capital=capital, weight=weight, max_loss=max_loss,
            adv_share=adv_share, started_at=at, seeded=seeded,
        )  # fmt: skip
        session.add(made)
        session.flush()
        _record(session, actor, "mirror.start", made)
    return made


def stop(
    database: Database, actor: Identity, mirror_id: str, *, why: str = "Stopped by its owner."
) -> Mirror:
    """End a mirror: what it took runs on to its end, nothing new is judged.

    Raises:
        NotFound: If there is no such mirror of the actor's.
        Conflict: If it has ended.
    """
    _require(actor)
    with database.session(actor.org, write=True) as session:
        found = session.scalar(select(Mirror).where(Mirror.id == mirror_id).with_for_update())
        if found is None or found.owner_user != actor.user_id:
            raise NotFound("There is no such mirror.")
        if found.stopped_at is not None:
            raise Conflict("It has ended already.")
        found.stopped_at, _ = moment_of(session, actor.org, None)
        found.stopped_why = why[:300]
        _record(session, actor, "mirror.stop", found)
    return found


def _require(actor: Identity) -> None:
    if not actor.user_id.startswith("u_") or "write" not in actor.scopes:
        raise Forbidden("A mirror belongs to a person: sign in to do it.")
    if actor.role not in AUTHORS:
        raise Forbidden("Your role keeps no mirrors.")


def _record(session: Session, actor: Identity, action: str, found: Mirror) -> None:
    bump(session, actor.org, RECORDS)
    names = ("author_id", "capital", "weight", "max_loss", "adv_share", "started_at", "stopped_at", "seeded")
    audit.record(
        session, actor=actor, action=action, object_kind="mirror", object_id=found.id,
        after={name: getattr(found, name) for name in names},
    )  # fmt: skip
