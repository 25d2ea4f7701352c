"""Imports: one row for each file or body taken in, and the mappings that read foreign CSV."""

from datetime import datetime

from sqlalchemy import BigInteger, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.storage.records._base import Document, Listing, OrgScoped, new_id, now

IMPORT_STATES = ("queued", "running", "done", "failed", "interrupted")


class Import(OrgScoped):
    """One intake. When done: accepted + rejected + duplicate == records."""

    __tablename__ = "imports"
    __table_args__ = (
        UniqueConstraint("org", "idempotency_key"),
        Index("ix_imports_org_created_at", "org", "created_at"),
        Index("ix_imports_org_sha256", "org", "sha256"),
    )

    id: Mapped[str] = mapped_column(String(40), primary_key=True, default=lambda: new_id("imp"))
    dataset: Mapped[str | None] = mapped_column(String(63))
    feed: Mapped[str] = mapped_column(String(200), default="")
    filename: Mapped[str] = mapped_column(String(400), default="")
    sha256: Mapped[str] = mapped_column(String(64), default="")
    bytes: Mapped[int] = mapped_column(BigInteger, default=0)
    format: Mapped[str] = mapped_column(String(40), default="auto")
    mapping: Mapped[str | None] = mapped_column(String(200))
    zone: Mapped[str | None] = mapped_column(String(64))
    options: Mapped[Document] = mapped_column(default=dict)  # what else was said of the file
    status: Mapped[str] = mapped_column(String(12), default="queued", index=True)
    records: Mapped[int] = mapped_column(BigInteger, default=0)
    accepted: Mapped[int] = mapped_column(BigInteger, default=0)
    rejected: Mapped[int] = mapped_column(BigInteger, default=0)
    duplicate: Mapped[int] = mapped_column(BigInteger, default=0)
    warnings: Mapped[Listing] = mapped_column(default=list)
    errors: Mapped[Listing] = mapped_column(default=list)  # the first rejects, for the answer
    rows: Mapped[Document] = mapped_column(default=dict)  # data set -> rows added
    versions: Mapped[Document] = mapped_column(default=dict)  # data set -> version after this import
    error: Mapped[str | None] = mapped_column(Text)  # why it failed, in words a user understands
    idempotency_key: Mapped[str | None] = mapped_column(String(255))
    payload_hash: Mapped[str | None] = mapped_column(String(64))  # same key with another payload is refused
    user_id: Mapped[str] = mapped_column(String(40), default="")
    spool: Mapped[str | None] = mapped_column(String(400))  # where the body waits, within the home folder
    created_at: Mapped[datetime] = mapped_column(default=now)
    started_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]


class Mapping(OrgScoped):
    """How to read a foreign CSV; a change is a new version, the highest one holds."""

    __tablename__ = "mappings"

    org: Mapped[str] = mapped_column(String(63), primary_key=True)
    name: Mapped[str] = mapped_column(String(200), primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True)
    spec: Mapped[Document]
    created_by: Mapped[str] = mapped_column(String(40))
    created_at: Mapped[datetime] = mapped_column(default=now)
