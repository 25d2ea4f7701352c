"""Mappings: how to read a foreign CSV, saved under a name; a change is a new version."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import select

from app.actions._roles import require, text
from app.errors import NotFound
from app.scope import Identity
from app.storage.database import Database
from app.storage.records import audit
from app.storage.records.counters import bump
from app.storage.records.imports import Mapping

WRITERS = ("trader", "portfolio_manager", "risk", "compliance", "admin")


@dataclass(frozen=True)
class SavedMapping:
    """One version of a mapping. ``spec`` is what ``app.sources`` reads."""

    name: str
    version: int
    spec: dict[str, Any]


def save(database: Database, actor: Identity, name: str, spec: dict[str, Any]) -> SavedMapping:
    """Save a mapping as the next version of its name; the same spec again changes nothing.

    Raises:
        Forbidden: If the actor may not write.
        Invalid: If the name does not fit.
    """
    require(actor, *WRITERS)
    name = text("name", name, longest=100)
    with database.session(actor.org, write=True) as session:
        latest = session.scalar(
            select(Mapping)
            .where(Mapping.name == name)
            .order_by(Mapping.version.desc())
            .limit(1)
            .with_for_update()
        )
        if latest is not None and latest.spec == spec:
            return SavedMapping(name, latest.version, latest.spec)
        version = 1 if latest is None else latest.version + 1
        session.add(Mapping(org=actor.org, name=name, version=version, spec=spec, created_by=actor.user_id))
        bump(session, actor.org, "mappings")
        audit.record(
            session,
            actor=actor,
            action="mapping.save",
            object_kind="mapping",
            object_id=f"{name}@{version}",
            before=None if latest is None else latest.spec,
            after=spec,
        )
    return SavedMapping(name, version, spec)


def get(database: Database, actor: Identity, name: str, *, version: int | None = None) -> SavedMapping:
    """Return a mapping: its newest version, or the one asked for.

    Raises:
        NotFound: If there is none.
    """
    query = select(Mapping).where(Mapping.name == name).order_by(Mapping.version.desc()).limit(1)
    if version is not None:
        query = query.where(Mapping.version == version)
    with database.session(actor.org) as session:
        found = session.scalar(query)
    if found is None:
        raise NotFound(f"There is no mapping {name!r}.")
    return SavedMapping(found.name, found.version, found.spec)


def every(database: Database, actor: Identity) -> list[SavedMapping]:
    """Return the newest version of every mapping, by name."""
    with database.session(actor.org) as session:
        rows = session.scalars(select(Mapping).order_by(Mapping.name, Mapping.version))
        newest = {row.name: SavedMapping(row.name, row.version, row.spec) for row in rows}
    return list(newest.values())
