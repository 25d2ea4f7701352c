"""The audit trail: append-only, hash-chained per organisation."""

import hashlib
import json
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import BigInteger, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from app.storage.records._base import OrgScoped

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


def genesis(org: str) -> str:
    """Return the hash before the first entry; it differs by organisation."""
    return hashlib.sha256(f"quarterdeck audit {org}".encode()).hexdigest()


def canonical(value: Any) -> str:
    """Return ``value`` as JSON text that is the same wherever it is written."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def digest(fields: dict[str, Any]) -> str:
    """Return the hash of an entry from its hashed fields (``HASHED``)."""
    text = canonical({name: fields[name] for name in HASHED})
    return hashlib.sha256(text.encode()).hexdigest()


def stamp(moment: datetime) -> str:
    """Return an instant as the trail writes it: UTC, microseconds, always 27 characters."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
