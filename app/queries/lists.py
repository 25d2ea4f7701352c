"""The control room's lists as each role may read them."""

from datetime import datetime, timedelta
from typing import Any

import polars as pl
from sqlalchemy import select
from sqlalchemy.orm import Session

from analytics.datasets import INSTRUMENTS
from app.desk import Desk
from app.errors import FieldError, Forbidden, Invalid
from app.scope import DATA_ROLES, SURVEILLANCE_ROLES
from app.storage.records._base import now
from app.storage.records.lists import LIST_KINDS, ListEntry
from app.storage.records.people import User

STATES = ("valid", "coming", "ended")
SOON = timedelta(days=7)  # an entry that ends within it is worth a look


def entries(desk: Desk, *, kind: str | None = None, state: str | None = None) -> list[dict[str, Any]]:
    """Return entries that the identity may read: those in force first, newest first.

    Everybody who trades reads the restricted list, without why and by whom: the reason is itself a secret.
    Of entries that name one person only that person reads. Watch and insider lists are told to
    surveillance alone; to others it is as if they did not exist.

    Args:
        desk: Who asks; its instruments, where the scope names any, narrow the answer.
        kind: restricted, watch or insider; all that may be read when None.
        state: valid, coming or ended; all when None.

    Returns:
        entry_id, kind, instrument_id, valid_from, valid_to (exclusive, null: until further notice), state;
        for surveillance also person_id, project, reason, added_by, added_at, ended_by, ended_at,
        ended_reason. For others these are null.

    Raises:
        Forbidden: If the role reads no data.
        Invalid: If there is no such kind or state.
    """
    identity = desk.identity
    if identity.role not in DATA_ROLES:
        raise Forbidden("Your role administers; it does not read the organisation's data.")
    _known("kind", kind, LIST_KINDS)
    _known("state", state, STATES)
    watches = identity.role in SURVEILLANCE_ROLES
    query = select(ListEntry).order_by(ListEntry.created_at.desc(), ListEntry.id)
    if kind is not None:
        query = query.where(ListEntry.kind == kind)
    if not watches:
        mine = ListEntry.person_id.is_(None) | (ListEntry.person_id == (identity.person_id or ""))
        query = query.where(ListEntry.kind == "restricted", mine)
    if desk.scope.instrument:
        query = query.where(ListEntry.instrument_id.in_(desk.scope.instrument))
    at = now()
    with desk.session() as session:
        found = list(session.scalars(query))
        names = _names(session) if watches else {}
    rows = [_told(entry, names, at, whole=watches) for entry in found]
    shown = [row for row in rows if state in {None, row["state"]}]
    return sorted(shown, key=lambda row: STATES.index(row["state"]))


def summary(desk: Desk) -> dict[str, Any]:
    """Return how many entries are in force by kind, and how many of them end soon.

    Watch and insider are null for those who may not know of them.
    """
    rows = [row for row in entries(desk) if row["state"] == "valid"]
    watches = desk.identity.role in SURVEILLANCE_ROLES
    counts: dict[str, Any] = {
        kind: sum(row["kind"] == kind for row in rows) if watches or kind == "restricted" else None
        for kind in LIST_KINDS
    }
    soon = now() + SOON
    ending = sum(row["valid_to"] is not None and row["valid_to"] <= soon for row in rows)
    return counts | {"in_force": len(rows), "ending": ending}


def projects(desk: Desk) -> list[dict[str, Any]]:
    """Return who is inside, by project: project, instrument_ids, people, since.

    Entries without a project go by their reason.

    Raises:
        Forbidden: Unless the role reads surveillance.
    """
    if desk.identity.role not in SURVEILLANCE_ROLES:
        raise Forbidden("Insider lists are read by compliance only.")
    held: dict[str, list[dict[str, Any]]] = {}
    for row in entries(desk, kind="insider", state="valid"):
        held.setdefault(row["project"] or row["reason"] or "no project", []).append(row)
    return [
        {
            "project": project,
            "instrument_ids": sorted({row["instrument_id"] for row in rows if row["instrument_id"]}),
            "people": sorted({row["person_id"] for row in rows}),
            "since": min(row["valid_from"] for row in rows),
        }
        for project, rows in sorted(held.items())
    ]


def told(desk: Desk, entry: ListEntry) -> dict[str, Any]:
    """Return one entry as ``entries`` tells it to surveillance, and ``instrument_known`` (null without one).

    A name may be restricted before its instrument is imported; who wrote it is told, for it may be a slip.
    """
    with desk.session() as session:
        names = _names(session)
    return _told(entry, names, now(), whole=True) | {
        "instrument_known": _in_reference(desk, entry.instrument_id)
    }


def _in_reference(desk: Desk, instrument_id: str | None) -> bool | None:
    if instrument_id is None:
        return None
    rows = desk.rows(INSTRUMENTS, dated=False, scoped=False).filter(pl.col("instrument_id") == instrument_id)
    return not desk.collect(rows.select("instrument_id").head(1)).is_empty()


def _names(session: Session) -> dict[str, str]:
    return {row.id: row.name for row in session.execute(select(User.id, User.name))}


def _told(entry: ListEntry, names: dict[str, str], at: datetime, *, whole: bool) -> dict[str, Any]:
    def by(user: str | None) -> str | None:
        return None if user is None or not whole else names.get(user, user)

    ended = entry.valid_to is not None and entry.valid_to <= at
    secret: dict[str, Any] = {
        "person_id": entry.person_id,
        "project": entry.project,
        "reason": entry.reason or None,
        "added_at": entry.created_at,
        "ended_at": entry.removed_at,
        "ended_reason": entry.removed_reason,
    }
    return {
        "entry_id": entry.id,
        "kind": entry.kind,
        "instrument_id": entry.instrument_id,
        "valid_from": entry.valid_from,
        "valid_to": entry.valid_to,
        "state": "ended" if ended else "valid" if entry.valid_from <= at else "coming",
        "added_by": by(entry.created_by),
        "ended_by": by(entry.removed_by),
        **(secret if whole else dict.fromkeys(secret)),
    }


def _known(field: str, value: str | None, allowed: tuple[str, ...]) -> None:
    if value is not None and value not in allowed:
        raise Invalid(
            "Some parameters do not fit.",
            errors=[FieldError(field, f"must be one of {', '.join(allowed)}", value[:80])],
        )
