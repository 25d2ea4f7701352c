"""The audit trail: append-only, hash-chained per organisation."""

import hashlib
import json
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, cast

from sqlalchemy import BigInteger, Index, String, Table, Text, bindparam, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Mapped, Session, mapped_column

from app.errors import Forbidden
from app.scope import Identity
from app.storage.records._base import OrgScoped, now

INSTALLATION = "_installation"  # whose trail holds what outlives an organisation; never a slug
CHANGED = "audited"  # key of session.info: organisation -> (seq, hash) of the newest entry of the transaction
_SECRETS = ("password", "secret", "token", "hash", "authorization", "cookie", "api_key")

HASHED = (
    "org", "seq", "time", "actor_kind", "actor_id", "actor_name", "action",
    "object_kind", "object_id", "before", "after", "request_id", "ip", "prev_hash",
)  # fmt: skip


class AuditEntry(OrgScoped):
    """Who did what to what, and when. ``before`` and ``after`` are canonical JSON texts.

    The time is kept as text: the hash covers exactly what is stored, on every database.
    """

    __tablename__ = "audit_entries"
    __table_args__ = (
        Index("ix_audit_entries_org_object", "org", "object_kind", "object_id"),
        Index("ix_audit_entries_org_time", "org", "time"),
    )

    org: Mapped[str] = mapped_column(String(63), primary_key=True)
    seq: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    time: Mapped[str] = mapped_column(String(27))  # 2026-11-20T14:30:00.123456Z
    actor_kind: Mapped[str] = mapped_column(String(12))  # user key console system
    actor_id: Mapped[str] = mapped_column(String(40), index=True)
    actor_name: Mapped[str] = mapped_column(String(200))
    action: Mapped[str] = mapped_column(String(63), index=True)  # "user.create"
    object_kind: Mapped[str] = mapped_column(String(40))
    object_id: Mapped[str] = mapped_column(String(200))
    before: Mapped[str | None] = mapped_column(Text)
    after: Mapped[str | None] = mapped_column(Text)
    request_id: Mapped[str | None] = mapped_column(String(80))
    ip: Mapped[str | None] = mapped_column(String(64))
    prev_hash: Mapped[str] = mapped_column(String(64))
    hash: Mapped[str] = mapped_column(String(64))


class AuditHead(OrgScoped):
    """Where the chain of an organisation ends; the row every new entry locks first."""

    __tablename__ = "audit_heads"

    org: Mapped[str] = mapped_column(String(63), primary_key=True)
    seq: Mapped[int] = mapped_column(BigInteger)
    hash: Mapped[str] = mapped_column(String(64))


_HEADS = cast("Table", AuditHead.__table__)
# Takes the next number and locks the head until the end of the transaction, on either database.
_TAKE = (
    update(_HEADS)
    .where(_HEADS.c.org == bindparam("owner"))
    .values(seq=_HEADS.c.seq + 1)
    .returning(_HEADS.c.seq, _HEADS.c.hash)
)
_ADD = insert(cast("Table", AuditEntry.__table__))
_CLOSE = update(_HEADS).where(_HEADS.c.org == bindparam("owner")).values(hash=bindparam("newest"))

# Made once: making it takes longer than writing an entry.
_encode = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode


def genesis(org: str) -> str:
    """Return the hash before the first entry; it differs by organisation."""
    return hashlib.sha256(f"quarterdeck audit {org}".encode()).hexdigest()


def canonical(value: Any) -> str:
    """Return ``value`` as JSON text that is the same wherever it is written."""
    return _encode(value)


def digest(fields: dict[str, Any]) -> str:
    """Return the hash of an entry from its hashed fields (``HASHED``)."""
    text = canonical({name: fields[name] for name in HASHED})
    return hashlib.sha256(text.encode()).hexdigest()


def stamp(moment: datetime) -> str:
    """Return an instant as the trail writes it: UTC, microseconds, always 27 characters."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


@dataclass(frozen=True)
class Origin:
    """Where an action came from; set once by the gateway for each request."""

    request_id: str | None = None
    ip: str | None = None


origin: ContextVar[Origin | None] = ContextVar("origin", default=None)


def record(
    session: Session,
    *,
    actor: Identity,
    action: str,
    object_kind: str,
    object_id: str,
    before: Any = None,
    after: Any = None,
    org: str | None = None,
    moment: datetime | None = None,
) -> int:
    """Append an entry in the transaction of ``session`` and return its number.

    The entry stands or falls with the action: what cannot be recorded does not happen.

    Args:
        session: Opened with ``write=True``, so that entries of one organisation queue up.
        actor: Who did it.
        action: Verb after the subject, ``user.create``.
        object_kind: What was acted on, ``user``.
        object_id: Which one.
        before: JSON-able state before; values under names of secrets are left out.
        after: JSON-able state after.
        org: Whose trail; the actor's organisation when None.
        moment: When; this instant when None.
    """
    org = org or actor.org
    if session.info.get("org") not in {None, org}:
        raise Forbidden("A record of another organisation cannot be written here.")
    # Statements made once, on the connection: 0.2 ms of CPU an entry instead of 2.7 through the ORM.
    connection = session.connection()
    head = connection.execute(_TAKE, {"owner": org}).one_or_none()
    if head is None:
        upsert = sqlite.insert if connection.dialect.name == "sqlite" else postgresql.insert
        connection.execute(upsert(_HEADS).values(org=org, seq=0, hash=genesis(org)).on_conflict_do_nothing())
        head = connection.execute(_TAKE, {"owner": org}).one()
    where = origin.get() or Origin()
    fields = {
        "org": org,
        "seq": head.seq,
        "time": stamp(moment or now()),
        "actor_kind": _kind(actor),
        "actor_id": actor.user_id,
        "actor_name": actor.name[:200],
        "action": action,
        "object_kind": object_kind,
        "object_id": object_id[:200],
        "before": _state(before),
        "after": _state(after),
        "request_id": where.request_id,
        "ip": where.ip,
        "prev_hash": head.hash,
    }
    fields["hash"] = digest(fields)
    connection.execute(_ADD, fields)
    connection.execute(_CLOSE, {"owner": org, "newest": fields["hash"]})
    session.info.setdefault(CHANGED, {})[org] = (head.seq, fields["hash"])
    return int(head.seq)


def head_of(session: Session, org: str) -> tuple[int, str]:
    """Return number and hash of the newest entry of an organisation; 0 and the genesis before the first."""
    row = session.execute(select(AuditHead.seq, AuditHead.hash).where(AuditHead.org == org)).one_or_none()
    return (0, genesis(org)) if row is None else (row.seq, row.hash)


def _kind(actor: Identity) -> str:
    if actor.user_id == "console":
        return "console"
    return {"u_": "user", "k_": "key"}.get(actor.user_id[:2], "system")


def _state(value: Any) -> str | None:
    return None if value is None else canonical(_plain(value))


def _plain(value: Any) -> Any:
    """Return JSON-able values without secrets."""
    if isinstance(value, dict):
        kept = {str(k): v for k, v in value.items() if not any(word in str(k).lower() for word in _SECRETS)}
        return {k: _plain(v) for k, v in kept.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [_plain(item) for item in value]
    if isinstance(value, datetime):
        return stamp(value)
    if isinstance(value, (date, Decimal)):
        return str(value)
    return value
