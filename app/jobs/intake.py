"""Uploads from routes and pages: small ones at once, large ones through the worker."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from sqlalchemy import select

from app.context import Context
from app.errors import NotFound, QuarterdeckError
from app.jobs import ingest
from app.jobs._job import Job
from app.jobs._queue import JobQueue
from app.jobs.ingest import ImportResult, Upload
from app.scope import Identity
from app.storage.records.imports import Import


def take(context: Context, actor: Identity, upload: Upload) -> ImportResult:
    """Import now, and have the worker bring up to date what rests on it."""
    result = ingest.run(context, actor, upload)
    changed = ingest.touched(result)
    if changed and result.status == "done":
        JobQueue(context).put(actor.org, "refresh", {"datasets": sorted(changed)}, once=True)
    return result


def put(context: Context, actor: Identity, upload: Upload) -> dict[str, Any]:
    """Leave the file, which is spooled in the home folder, to the worker; return the queued import."""
    try:
        earlier = ingest.announce(context, actor, upload)
    except BaseException:
        upload.path.unlink(missing_ok=True)
        raise
    if earlier.status != "queued":
        upload.path.unlink(missing_ok=True)
        return earlier.as_dict()
    params = {"import_id": earlier.import_id, "actor": actor.user_id, "name": actor.name, "role": actor.role}
    params |= {"currency": actor.currency}
    JobQueue(context).put(actor.org, "import", params)
    return earlier.as_dict()


def _run(context: Context, org: str, params: Mapping[str, Any]) -> dict[str, Any]:
    actor = Identity(
        org=org,
        user_id=str(params["actor"]),
        name=str(params["name"]),
        role=str(params["role"]),
        currency=str(params["currency"]),
    )
    with context.database.session(org) as session:
        record = session.scalar(select(Import).where(Import.id == params["import_id"]))
        if record is None:
            raise NotFound("The import is gone.")
        if record.status == "done":
            return {"import_id": record.id}
        upload = ingest.upload_of(record)
    try:
        result = ingest.run(context, actor, replace(upload, import_id=record.id))
    except QuarterdeckError as error:
        # Told in the import's own record; trying the same file again would fail the same way.
        upload.path.unlink(missing_ok=True)
        return {"import_id": record.id, "error": error.detail}
    upload.path.unlink(missing_ok=True)
    JobQueue(context).put(org, "refresh", {"datasets": sorted(ingest.touched(result))}, once=True)
    return {"import_id": record.id, "accepted": result.accepted}


JOB = Job("import", "Large uploads", _run)
