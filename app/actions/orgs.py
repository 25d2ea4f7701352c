"""Organisations: made, listed, changed, handed out and taken away as a whole."""

import logging
import re
import shutil
import unicodedata
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol

from sqlalchemy import delete as sql_delete
from sqlalchemy import func, select
from sqlalchemy import text as sql
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from analytics.registry import modules
from app.actions._roles import require, require_installation, text
from app.actions.case_access import on_hold
from app.errors import Conflict, FieldError, Invalid, NotFound
from app.scope import Identity
from app.storage import records
from app.storage.anchors import Anchors
from app.storage.database import Database
from app.storage.records import audit
from app.storage.records._base import Base, OrgScoped
from app.storage.records.costing import ASKED, KEPT, locked
from app.storage.records.jobs import Job
from app.storage.records.people import Organisation

SLUG = re.compile(r"[a-z0-9][a-z0-9-]{1,61}")
CURRENCY = re.compile(r"[A-Z]{3}")
log = logging.getLogger(__name__)
COSTING = frozenset({ASKED, KEPT})  # settings that are not replaced with the others
RESERVED = frozenset({"api", "admin", "static", "assets", "livez", "readyz", "metrics"})


class Purgeable(Protocol):
    """A store that can forget an organisation: the lake, the cache."""

    def delete(self, org: str) -> None:
        """Remove everything of ``org``."""


def create(
    database: Database, actor: Identity, *, slug: str, name: str, currency: str = "USD", demo: bool = False
) -> Organisation:
    """Make an organisation.

    Raises:
        Forbidden: Unless an operator or the command line asks.
        Invalid: If slug, name or currency do not fit.
        Conflict: If the slug, or a name that looks the same, is taken.
    """
    require_installation(actor)
    errors = []
    if not SLUG.fullmatch(slug) or slug in RESERVED:
        errors.append(FieldError("slug", "must be 2 to 62 of a-z, 0-9 and -, not starting with -", slug[:80]))
    if not CURRENCY.fullmatch(currency):
        errors.append(FieldError("currency", "must be an ISO code like USD", currency[:80]))
    if errors:
        raise Invalid("The organisation does not fit.", errors=errors)
    made = Organisation(slug=slug, name=text("name", name), base_currency=currency, demo=demo)
    made.name_key = _key(made.name)
    with database.session(None, write=True) as session:
        taken = (Organisation.slug == slug) | (Organisation.name_key == made.name_key)
        if session.scalar(select(func.count()).select_from(Organisation).where(taken)):
            raise Conflict("An organisation with this slug or name exists already.")
        session.add(made)
        audit.record(
            session,
            actor=actor,
            action="organisation.create",
            object_kind="organisation",
            object_id=slug,
            after={"name": made.name, "base_currency": currency, "demo": demo},
            org=slug,
        )
    return made


def find(database: Database, slug: str) -> Organisation:
    """Return one organisation.

    Raises:
        NotFound: If there is none of that slug.
    """
    with database.session(None) as session:
        return _get(session, slug)


def every(database: Database, *, disabled: bool = True) -> list[Organisation]:
    """Return all organisations by slug; without the disabled ones on request."""
    with database.session(None) as session:
        query = select(Organisation).order_by(Organisation.slug)
        return list(session.scalars(query if disabled else query.where(Organisation.disabled.is_(False))))


def set_settings(database: Database, actor: Identity, settings: dict[str, Any]) -> Organisation:
    """Replace the settings of the actor's organisation.

    How its book is kept stays as it was: ``app.actions.costing`` sets it, and a derive notes what it did.

    Raises:
        Forbidden: Unless the actor is its admin.
    """
    require(actor, "admin")
    with database.session(None, write=True) as session:
        found = locked(session, actor.org) or _get(session, actor.org)
        before = {"settings": found.settings}
        others = {name: value for name, value in settings.items() if name not in COSTING}
        found.settings = others | {
            name: value for name, value in (found.settings or {}).items() if name in COSTING
        }
        _audit(session, actor, "organisation.settings", found, before)
    return found


def set_disabled(database: Database, actor: Identity, slug: str, *, disabled: bool) -> None:
    """Lock an organisation out, or let it in again; sessions and keys stop at once.

    Raises:
        Forbidden: Unless an operator or the command line asks.
        NotFound: If there is none of that slug.
    """
    require_installation(actor)
    with database.session(None, write=True) as session:
        found = _get(session, slug)
        before = {"disabled": found.disabled}
        found.disabled = disabled
        _audit(session, actor, "organisation.disable" if disabled else "organisation.enable", found, before)


def delete(
    database: Database,
    actor: Identity,
    slug: str,
    *,
    stores: Sequence[Purgeable] = (),
    folders: Sequence[Path] = (),
) -> dict[str, int]:
    """Remove an organisation with everything it has; a tombstone stays in the installation's trail.

    Args:
        database: The records.
        actor: An operator or the command line.
        slug: Which organisation.
        stores: Stores that forget it too (lake, cache).
        folders: Folders of its own (spool, artefacts, reports).

    Returns:
        Rows removed by table.

    Raises:
        Forbidden: Unless an operator or the command line asks.
        NotFound: If there is none of that slug.
        Conflict: While a case of it is on legal hold: its records must be kept.
    """
    require_installation(actor)
    with database.session(slug) as session:
        held = on_hold(session)
    if held:
        raise Conflict(f"Its records are on legal hold by case {', '.join(f'C-{n:04d}' for n in held)}.")
    with database.session(None, write=True) as session:
        found = _get(session, slug)
        found.disabled = True  # nobody gets in while its stores are emptied
    for store in stores:
        store.delete(slug)
    for folder in folders:
        if folder.exists():
            shutil.rmtree(folder)
    with database.session(None, write=True) as session:
        if database.sqlite:
            session.execute(sql("PRAGMA secure_delete = ON"))
        seq, head = audit.head_of(session, slug)
        removed = {}
        for model in scoped_models():
            rows = session.execute(sql_delete(model).where(model.org == slug))
            removed[model.__tablename__] = _count(rows)
        removed["jobs"] = _count(session.execute(sql_delete(Job).where(Job.org == slug)))
        session.execute(sql_delete(Organisation).where(Organisation.slug == slug))
        audit.record(
            session,
            actor=actor,
            action="organisation.delete",
            object_kind="organisation",
            object_id=slug,
            before={"entries": seq, "head": head, "rows": sum(removed.values())},
            org=audit.INSTALLATION,
        )
    anchors = Anchors.of(database)
    if anchors is not None:
        anchors.forget(slug)
    _shred(database)
    return {table: rows for table, rows in removed.items() if rows}


def scoped_models() -> list[type[OrgScoped]]:
    """Return every model whose rows belong to an organisation."""
    modules(records)
    found = {m.class_ for m in Base.registry.mappers if issubclass(m.class_, OrgScoped)}
    return sorted(found, key=lambda model: model.__tablename__)


def _shred(database: Database) -> None:
    # Freed pages and the write-ahead log still hold what rows held before they were changed.
    if not database.sqlite:
        return
    try:
        with database.engine.connect() as connection:
            connection.exec_driver_sql("VACUUM")
            connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    except OperationalError:
        log.exception("the records file is busy: run VACUUM on it to wipe what was deleted")


def _get(session: Session, slug: str) -> Organisation:
    found = session.get(Organisation, slug)
    if found is None:
        raise NotFound(f"There is no organisation {slug!r}.")
    return found


def _audit(session: Session, actor: Identity, action: str, found: Organisation, before: Any) -> None:
    audit.record(
        session,
        actor=actor,
        action=action,
        object_kind="organisation",
        object_id=found.slug,
        before=before,
        after={name: getattr(found, name) for name in before},
        org=found.slug,
    )


def _count(result: Any) -> int:
    return int(result.rowcount)


def _key(name: str) -> str:
    return unicodedata.normalize("NFKC", name).casefold()
