"""An import's own record: begun, answered again under its key, closed or failed; what it says of itself."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.context import Context
from app.errors import Conflict, Invalid
from app.jobs import interrupted
from app.scope import Identity
from app.storage.records import audit, counters
from app.storage.records._base import now
from app.storage.records.imports import Import


@dataclass(frozen=True)
class Upload:
    """One file and how to read it."""

    path: Path
    filename: str
    dataset: str | None = None  # None: the format says (FIX, Flex)
    format: str = "auto"
    mapping: str | None = None
    zone: str | None = None
    account: str | None = None
    instrument: str | None = None  # of a file about one instrument
    day: date | None = None  # of a file whose times are seconds after midnight
    idempotency_key: str | None = None
    dry_run: bool = False
    import_id: str | None = None  # of an import announced before


@dataclass(frozen=True)
class ImportResult:
    """What became of a file. ``accepted + rejected + duplicate == records``."""

    import_id: str
    status: str
    dataset: str | None
    filename: str
    records: int = 0
    accepted: int = 0
    rejected: int = 0
    duplicate: int = 0
    rows: Mapping[str, int] = field(default_factory=dict)  # rows added by data set
    errors: tuple[Mapping[str, Any], ...] = ()  # the first 100
    warnings: tuple[str, ...] = ()
    versions: Mapping[str, str] = field(default_factory=dict)

    def as_dict(self) -> dict[str, Any]:
        """Return the fields as JSON-able values."""
        return asdict(self)


def upload_of(record: Import) -> Upload:
    """Return the upload an announced import described."""
    return Upload(
        path=Path(record.spool or ""),
        filename=record.filename,
        dataset=record.dataset,
        format=record.format,
        mapping=record.mapping,
        zone=record.zone,
        account=(record.options or {}).get("account"),
    )


def replay(context: Context, actor: Identity, upload: Upload, digest: str) -> ImportResult | None:
    """Return the earlier result of the same idempotency key, if there is one."""
    if not upload.idempotency_key:
        return None
    with context.database.session(actor.org) as session:
        found = session.scalar(select(Import).where(Import.idempotency_key == upload.idempotency_key))
        if found is None or found.status in {"failed", "interrupted"}:
            return None
        if found.sha256 != digest:
            raise Invalid("This Idempotency-Key was used for another file.")
        if found.status == "running" and interrupted.release(context, found.id):
            return None
        if found.status != "done":
            raise Conflict("The import with this Idempotency-Key is still running.")
        return result_of(found)


def result_of(record: Import) -> ImportResult:
    """Return what a stored import says of itself."""
    return ImportResult(
        import_id=record.id,
        status=record.status,
        dataset=record.dataset,
        filename=record.filename or "",
        records=record.records or 0,
        accepted=record.accepted or 0,
        rejected=record.rejected or 0,
        duplicate=record.duplicate or 0,
        rows=record.rows or {},
        errors=tuple(record.errors or ()),
        warnings=tuple(record.warnings or ()),
        versions=record.versions or {},
    )


def take_up(context: Context, actor: Identity, import_id: str) -> None:
    """Mark a waiting import as running."""
    with context.database.session(actor.org, write=True) as session:
        record = session.get_one(Import, import_id)
        record.status, record.started_at = "running", now()


def begin(
    context: Context,
    actor: Identity,
    upload: Upload,
    digest: str,
    *,
    import_id: str,
    status: str = "running",
) -> str:
    """Write the record of an import that begins (or waits), and return its id."""
    with context.database.session(actor.org, write=True) as session:
        if upload.idempotency_key:
            _free_key(session, upload.idempotency_key)
        record = Import(
            id=import_id,
            org=actor.org,
            dataset=upload.dataset,
            filename=upload.filename,
            sha256=digest,
            bytes=upload.path.stat().st_size,
            format=upload.format,
            mapping=upload.mapping,
            zone=upload.zone,
            status=status,
            spool=str(upload.path) if status == "queued" else None,
            options={"account": upload.account} if upload.account else {},
            idempotency_key=upload.idempotency_key,
            user_id=actor.user_id,
            started_at=now(),
        )
        session.add(record)
    return import_id


def _free_key(session: Session, key: str) -> None:
    """Take the key off an attempt that came to nothing, so that the retry can carry it."""
    earlier = session.scalar(select(Import).where(Import.idempotency_key == key))
    if earlier is not None:
        earlier.idempotency_key = None
        session.flush()


def close(session: Session, actor: Identity, result: ImportResult, feed: str) -> None:
    """Mark an import as done with its counts, audited, in the transaction that makes its rows visible."""
    record = session.get_one(Import, result.import_id)
    record.status, record.feed = "done", feed
    record.records, record.accepted = result.records, result.accepted
    record.rejected, record.duplicate = result.rejected, result.duplicate
    record.rows, record.errors = dict(result.rows), [dict(e) for e in result.errors]
    record.warnings, record.versions = list(result.warnings), dict(result.versions)
    record.finished_at = now()
    counters.bump(session, actor.org, "imports")
    audit.record(
        session,
        actor=actor,
        action="import.done",
        object_kind="import",
        object_id=record.id,
        after={"filename": record.filename, "accepted": record.accepted, "rejected": record.rejected},
    )


def fail(context: Context, actor: Identity, import_id: str, reason: str) -> None:
    """Mark an import as failed, with the reason."""
    if import_id == "dry_run":
        return
    with context.database.session(actor.org, write=True) as session:
        record = session.get_one(Import, import_id)
        if record.status == "done":
            return  # the connection broke after the records database had taken it all
        record.status, record.error, record.finished_at = "failed", reason, now()
        counters.bump(session, actor.org, "imports")
