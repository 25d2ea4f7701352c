"""API keys: shown once, kept as a hash, looked up by it."""

import hashlib
import re
import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select, update

from app.actions._roles import require, text
from app.errors import FieldError, Forbidden, Invalid, NotFound
from app.scope import ROLES, Identity
from app.storage.database import Database
from app.storage.records import audit
from app.storage.records._base import now
from app.storage.records.counters import bump
from app.storage.records.people import ApiKey, Organisation

KEY = re.compile(r"qd_[A-Za-z0-9_-]{43}", re.ASCII)
VERBS = frozenset({"read", "write", "ingest"})
SUBJECTS = frozenset({"trading", "portfolio", "compliance", "social", "intelligence", "admin"})
LONGEST_DAYS = 730
TOUCH_EVERY = timedelta(minutes=1)


def create(
    database: Database,
    actor: Identity,
    *,
    name: str,
    role: str,
    scopes: Sequence[str] = ("read",),
    desks: Sequence[str] | None = None,
    expires: int | None = None,
) -> tuple[ApiKey, str]:
    """Make a key of the actor's organisation.

    Args:
        database: The records.
        actor: An admin, or the command line.
        name: As shown.
        role: Any but operator.
        scopes: ``read``, ``write``, ``ingest``, each also for one subject: ``read:trading``.
        desks: Desks the key sees; None for all.
        expires: Days until it stops; None for never.

    Returns:
        The record, and the key itself: it cannot be shown again.

    Raises:
        Forbidden: If the actor may not.
        Invalid: If a field does not fit.
    """
    require(actor, "admin")
    _check(role, scopes, expires)
    plain = f"qd_{secrets.token_urlsafe(32)}"
    made = ApiKey(
        org=actor.org,
        name=text("name", name),
        role=role,
        scopes=sorted(set(scopes)),
        desks=None if desks is None else sorted({text("desk", desk) for desk in desks}),
        hash=_hash(plain),
        prefix=plain[:9],
        created_by=actor.user_id,
        expires_at=None if expires is None else now() + timedelta(days=expires),
    )
    with database.session(actor.org, write=True) as session:
        session.add(made)
        session.flush()
        bump(session, actor.org, "keys")
        audit.record(
            session,
            actor=actor,
            action="key.create",
            object_kind="key",
            object_id=made.id,
            after={"name": made.name, "role": role, "scopes": made.scopes, "expires": made.expires_at},
        )
    return made, plain


def find_key(database: Database, plain: str) -> Identity | None:
    """Return who comes with a key; None when it is unknown, revoked or expired, or its organisation disabled.

    The look-up is by SHA-256 of 256 random bits: its time tells nothing about stored keys.
    """
    at = now()
    query = (
        select(ApiKey, Organisation)
        .join(Organisation, Organisation.slug == ApiKey.org)
        .where(ApiKey.hash == _hash(plain), ApiKey.revoked_at.is_(None), Organisation.disabled.is_(False))
    )
    row = None
    if KEY.fullmatch(plain):
        with database.session(None) as session:
            row = session.execute(query).one_or_none()
    if row is None or (row.ApiKey.expires_at is not None and row.ApiKey.expires_at <= at):
        return None
    key: ApiKey = row.ApiKey
    _touch(database, key, at)
    return Identity(
        org=key.org,
        user_id=key.id,
        name=key.name,
        role=key.role,
        desks=None if key.desks is None else tuple(key.desks),
        scopes=frozenset(key.scopes),
        currency=row.Organisation.base_currency,
        org_name=row.Organisation.name,
        demo=row.Organisation.demo,
    )


def every(database: Database, actor: Identity) -> list[dict[str, Any]]:
    """Return the keys of the actor's organisation, newest first, without their hashes."""
    if actor.role not in {"admin", "auditor"}:
        raise Forbidden
    shown = (
        "id", "name", "prefix", "role", "scopes", "desks", "created_by", "created_at", "expires_at",
        "last_used_at", "revoked_at",
    )  # fmt: skip
    with database.session(actor.org) as session:
        found = session.scalars(select(ApiKey).order_by(ApiKey.created_at.desc(), ApiKey.id))
        return [{name: getattr(key, name) for name in shown} for key in found]


def revoke(database: Database, actor: Identity, key_id: str) -> None:
    """Stop a key at once, in every process.

    Raises:
        Forbidden: Unless the actor is an admin.
        NotFound: If the id is unknown or foreign.
    """
    require(actor, "admin")
    with database.session(actor.org, write=True) as session:
        found = session.scalar(select(ApiKey).where(ApiKey.id == key_id))
        if found is None:
            raise NotFound("There is no such key.")
        if found.revoked_at is not None:
            return
        found.revoked_at = now()
        bump(session, actor.org, "keys")
        audit.record(
            session,
            actor=actor,
            action="key.revoke",
            object_kind="key",
            object_id=key_id,
            before={"name": found.name, "role": found.role},
        )


def _check(role: str, scopes: Sequence[str], expires: int | None) -> None:
    errors = []
    if role not in ROLES or role == "operator":
        errors.append(FieldError("role", "must be a role of an organisation", role[:80]))
    for scope in scopes:
        verb, _, subject = scope.partition(":")
        if verb not in VERBS or (":" in scope and subject not in SUBJECTS):
            errors.append(
                FieldError("scope", "must be read, write or ingest, or one like read:trading", scope[:80])
            )
    if not scopes:
        errors.append(FieldError("scope", "at least one is needed"))
    if expires is not None and not 1 <= expires <= LONGEST_DAYS:
        errors.append(FieldError("expires", f"must be 1 to {LONGEST_DAYS} days", str(expires)))
    if errors:
        raise Invalid("The key does not fit.", errors=errors)


def _touch(database: Database, key: ApiKey, at: datetime) -> None:
    if key.last_used_at is not None and at - key.last_used_at < TOUCH_EVERY:
        return
    with database.session(key.org, write=True) as session:
        session.execute(update(ApiKey).where(ApiKey.id == key.id).values(last_used_at=at))


def _hash(plain: str) -> str:
    return hashlib.sha256(plain.encode("utf-8", "surrogatepass")).hexdigest()
