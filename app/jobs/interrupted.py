"""Imports whose process died: found by a lock that the kernel releases, ended, and swept up after."""

import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

from sqlalchemy import select, update

from app.context import Context
from app.errors import Unavailable
from app.storage.commit import FileLock
from app.storage.records._base import now
from app.storage.records.imports import Import
from app.storage.records.jobs import Job as JobRecord

SAID = "The import stopped before it was done; nothing of it is visible. Send the file again."
ANNOUNCED_AT_MOST = timedelta(seconds=60)  # between an import's announcement and its job
LEFT_BEHIND_S = 3600.0  # a file that nobody names and nobody touched for so long is nobody's


@contextmanager
def at_work(context: Context, import_id: str) -> Iterator[None]:
    """Within, the import counts as being done by this process.

    Raises:
        Unavailable: If another process is doing it.
    """
    lock = FileLock(_lock_of(context, import_id))
    with lock.held(timeout=1.0):
        try:
            yield
        finally:
            lock.remove()


def is_at_work(context: Context, import_id: str) -> bool:
    """Tell whether a living process is doing the import."""
    path = _lock_of(context, import_id)
    if not path.exists():
        return False
    lock = FileLock(path)
    try:
        with lock.held(timeout=0.0):
            lock.remove()
    except Unavailable:
        return True
    return False


def release(context: Context, import_id: str) -> bool:
    """End a running import whose process is gone; tell whether that was so."""
    if is_at_work(context, import_id):
        return False
    return _ended(context, import_id, "running")


def recover(context: Context) -> list[str]:
    """End what dead processes left running or never queued, and delete the files they left.

    At start and every minute. Imports that the queue will take up again go back to waiting.

    Returns:
        The ids of imports that were marked interrupted.
    """
    jobs = _in_the_queue(context)
    with context.database.session(None) as session:
        columns = (Import.id, Import.status, Import.created_at)
        open_ones = session.execute(select(*columns).where(Import.status.in_(("queued", "running")))).all()
    ended = []
    for import_id, status, created in open_ones:
        if status == "queued" and (import_id in jobs or created > now() - ANNOUNCED_AT_MOST):
            continue
        if status == "running" and is_at_work(context, import_id):
            continue
        if import_id in jobs:
            _set(context, import_id, status, status_after="queued")
        elif _ended(context, import_id, status):
            ended.append(import_id)
    for lock in (context.settings.root / "run" / "imports").glob("*"):
        is_at_work(context, lock.name)  # a lock that nobody holds goes
    _sweep_spool(context, jobs)
    _sweep(Path(tempfile.gettempdir()).glob("quarterdeck-read-*"))
    return ended


def _in_the_queue(context: Context) -> set[str]:
    """Return the ids of imports that a job will do, or do again."""
    with context.database.session(None) as session:
        query = select(JobRecord.params).where(
            JobRecord.kind == "import", JobRecord.state.in_(("queued", "running"))
        )
        return {str((params or {}).get("import_id")) for params in session.scalars(query)}


def _ended(context: Context, import_id: str, status: str) -> bool:
    return _set(context, import_id, status, status_after="interrupted", error=SAID, finished_at=now())


def _set(context: Context, import_id: str, status: str, *, status_after: str, **values: object) -> bool:
    """Change an import that is still in ``status``: its process may have finished it a moment ago."""
    with context.database.session(None, write=True) as session:
        done = session.execute(
            update(Import)
            .where(Import.id == import_id, Import.status == status)
            .values(status=status_after, **values)
        )
        return bool(getattr(done, "rowcount", 0))


def _sweep_spool(context: Context, jobs: set[str]) -> None:
    with context.database.session(None) as session:
        kept = select(Import.spool).where(
            Import.spool.is_not(None), Import.status.in_(("queued", "running")) | Import.id.in_(jobs)
        )
        wanted = {str(path) for path in session.scalars(kept)}
    _sweep(path for path in (context.settings.root / "spool").rglob("body-*") if str(path) not in wanted)


def _sweep(paths: Iterator[Path]) -> None:
    for path in paths:
        try:
            if time.time() - path.stat().st_mtime < LEFT_BEHIND_S:
                continue
            shutil.rmtree(path) if path.is_dir() else path.unlink()
        except (FileNotFoundError, PermissionError):
            continue  # somebody else's, or gone meanwhile


def _lock_of(context: Context, import_id: str) -> Path:
    return context.settings.root / "run" / "imports" / import_id
