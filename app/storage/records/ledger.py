"""What the lake has acknowledged: the published version of each table, and every commit's own bytes."""

from datetime import datetime

from sqlalchemy import BigInteger, LargeBinary, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.storage.records._base import OrgScoped, now


class LakeTable(OrgScoped):
    """The head of one table: what readers see. Changed only in the transaction that publishes."""

    __tablename__ = "lake_tables"

    org: Mapped[str] = mapped_column(String(63), primary_key=True)
    dataset: Mapped[str] = mapped_column(String(63), primary_key=True)
    version: Mapped[int] = mapped_column(BigInteger)  # -1: rows are in the live log only
    sha256: Mapped[str] = mapped_column(String(64))  # of the commit file of ``version``
    rows: Mapped[int] = mapped_column(BigInteger)
    live_seq: Mapped[int] = mapped_column(BigInteger, default=0)  # last live batch that is in Delta
    last_ingest: Mapped[datetime | None]


class LakeCommit(OrgScoped):
    """One published commit, with the bytes of its log file so that a damaged one can be put back."""

    __tablename__ = "lake_commits"

    org: Mapped[str] = mapped_column(String(63), primary_key=True)
    dataset: Mapped[str] = mapped_column(String(63), primary_key=True)
    version: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    kind: Mapped[str] = mapped_column(String(16))  # create, append, replace, flush, compact
    import_id: Mapped[str] = mapped_column(String(120))
    published: Mapped[datetime] = mapped_column(default=now, index=True)
    rows: Mapped[int] = mapped_column(BigInteger)  # in the table after this commit
    sha256: Mapped[str] = mapped_column(String(64))
    size: Mapped[int] = mapped_column(BigInteger)
    content: Mapped[bytes] = mapped_column(LargeBinary)  # zlib of the log file
    files: Mapped[str] = mapped_column(Text, default="{}")  # JSON: path -> sha256 of each file it added


class LakePin(OrgScoped):
    """A version that something points at as evidence: vacuum keeps its files."""

    __tablename__ = "lake_pins"
    __table_args__ = (UniqueConstraint("org", "dataset", "version", "reason"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    dataset: Mapped[str] = mapped_column(String(63))
    version: Mapped[int] = mapped_column(BigInteger)
    reason: Mapped[str] = mapped_column(String(120))
    at: Mapped[datetime] = mapped_column(default=now)


class LakeFinding(OrgScoped):
    """Something start-up, a write or a repair found wrong in a table, and what became of it."""

    __tablename__ = "lake_findings"

    id: Mapped[int] = mapped_column(primary_key=True)
    dataset: Mapped[str] = mapped_column(String(63))
    kind: Mapped[str] = mapped_column(String(32))
    detail: Mapped[str] = mapped_column(String(400))
    healed: Mapped[bool]
    at: Mapped[datetime] = mapped_column(default=now)
