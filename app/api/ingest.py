"""/api/ingest: bring rows in from a script."""

import tempfile
from pathlib import Path
from typing import IO

from flask import Response, request

from app.api._page import next_cursor, offset_of
from app.api._schema import (
    INTAKE_PROBLEMS,
    PROBLEMS,
    Answer,
    DatasetPath,
    ImportAnswer,
    ImportPath,
    IngestQuery,
    ScopeQuery,
)
from app.errors import FieldError, Invalid, TooLarge, UnsupportedMedia
from app.gateway.auth import current_context, current_desk
from app.gateway.resource import answer, resource
from app.jobs import intake
from app.jobs.ingest import Upload
from app.queries import operations
from app.scope import ROLES

WRITERS = frozenset({"trader", "portfolio_manager", "risk", "compliance", "admin"})
READERS = frozenset(ROLES) - {"operator"}
blueprint = resource("ingest", roles=READERS, write_roles=WRITERS, write_scope="ingest", tag="Ingest")

CHUNK = 1024 * 1024
MAX_BYTES = 256 * CHUNK
SYNCHRONOUS_BYTES = 8 * CHUNK  # up to here the answer waits for the result
FORMATS = {
    "text/csv": "csv",
    "application/x-ndjson": "ndjson",
    "application/vnd.apache.parquet": "parquet",
    "application/xml": "flex",
    "text/xml": "flex",
    "text/plain": "fix",
}
SUFFIXES = {"csv": "csv", "ndjson": "ndjson", "parquet": "parquet", "flex": "xml", "fix": "fix"}


@blueprint.post(
    "/<dataset>", summary="Import a body", responses={201: ImportAnswer, 202: ImportAnswer, **INTAKE_PROBLEMS}
)
def ingest(path: DatasetPath, query: IngestQuery) -> Response:
    """Import the body: 201 with the counts, or 202 for large ones; then ask for the import.

    ``dataset`` is ``auto`` for FIX and Flex, which know their data sets. ``Idempotency-Key``: the same key
    and body answer the first result again; with another body 422; while it runs 409.
    """
    desk = current_desk(own=frozenset(IngestQuery.model_fields))
    media = request.mimetype or ""
    if media not in FORMATS:
        raise UnsupportedMedia(f"Send one of {', '.join(FORMATS)}.")
    kind = FORMATS[media]
    key = request.headers.get("Idempotency-Key")
    if key is not None and not (1 <= len(key) <= 255 and key.isprintable()):
        raise Invalid(
            "The Idempotency-Key does not fit.", errors=[FieldError("Idempotency-Key", "1 to 255 characters")]
        )
    context = current_context()
    spool = _spool(context.settings.root / "spool" / desk.org)
    upload = Upload(
        path=spool,
        filename=query.filename or f"body.{SUFFIXES[kind]}",
        dataset=None if path.dataset == "auto" else path.dataset,
        format="csv" if query.mapping else kind,
        mapping=query.mapping,
        zone=query.zone,
        account=query.account,
        idempotency_key=key,
        dry_run=query.dry_run,
    )
    if spool.stat().st_size > SYNCHRONOUS_BYTES and not query.dry_run:
        queued = intake.put(context, desk.identity, upload)
        return answer(desk, queued, status=202, headers={"Location": f"/api/ingest/{queued['import_id']}"})
    try:
        result = intake.take(context, desk.identity, upload)
    finally:
        spool.unlink(missing_ok=True)
    return answer(desk, result.as_dict(), status=201, headers={"Location": f"/api/ingest/{result.import_id}"})


@blueprint.get("/<import_id>", summary="What became of an import", responses={200: ImportAnswer, **PROBLEMS})
def one(path: ImportPath, query: ScopeQuery) -> Response:
    """Answer its status and counts."""
    desk = current_desk()
    return answer(desk, operations.one_import(desk, path.import_id))


@blueprint.get(
    "/<import_id>/rejects", summary="What an import set aside", responses={200: Answer, **PROBLEMS}
)
def rejects(path: ImportPath, query: ScopeQuery) -> Response:
    """Answer one page of rejected records: line, column, value, code, message, record."""
    desk = current_desk()
    start = offset_of(desk)
    rows, total = operations.rejects(desk, path.import_id, limit=desk.scope.limit, offset=start)
    return answer(desk, rows, next_cursor=next_cursor(desk, start, len(rows), total))


def _spool(folder: Path) -> Path:
    """Write the body to a file, so that memory does not grow with it; nothing is left of a body cut short."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    with tempfile.NamedTemporaryFile(dir=folder, prefix="body-", delete=False) as file:
        spool = Path(file.name)
        try:
            _receive(file)
        except BaseException:
            spool.unlink(missing_ok=True)
            raise
    return spool


def _receive(file: IO[bytes]) -> None:
    seen = 0
    while chunk := request.stream.read(CHUNK):
        seen += len(chunk)
        if seen > MAX_BYTES:
            raise TooLarge("A body may hold 256 MB.")
        file.write(chunk)
    if not seen:
        raise Invalid("The body is empty.")
    if request.content_length is not None and seen != request.content_length:
        raise Invalid("The body ended early; nothing was stored.")
