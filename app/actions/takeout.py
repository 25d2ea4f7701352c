"""Everything of an organisation in one zip: its tables, its records, its audit trail."""

import base64
import io
import os
import tempfile
import zipfile
from pathlib import Path
from typing import Any, Protocol

import orjson
import polars as pl
from sqlalchemy import inspect, select
from sqlalchemy.orm import Session

from analytics.datasets import DATASETS, Dataset
from app.actions import audit as trail
from app.actions._roles import require_installation
from app.actions.orgs import scoped_models
from app.scope import Identity
from app.storage.collect import collect
from app.storage.database import Database
from app.storage.records import audit
from app.storage.records._base import OrgScoped

# Credentials are of use to a thief only; the lake's own book-keeping and the trail come in another form.
_LEFT_OUT = {"web_sessions", "audit_entries", "audit_heads", "counters", "lake_commits", "lake_tables"}
_SECRET = {"password_hash", "hash"}


class Tables(Protocol):
    """What of the lake is needed here."""

    def scan(self, org: str, dataset: Dataset) -> pl.LazyFrame:
        """Return the rows of a table."""


def write(database: Database, lake: Tables, actor: Identity, file: Path) -> dict[str, int]:
    """Write the organisation of ``actor`` to a zip file, complete or not at all.

    Returns:
        Numbers of tables, rows, records and audit entries written.

    Raises:
        Forbidden: Unless an operator or the command line asks.
    """
    require_installation(actor)
    tables = rows = records = 0
    partial = file.with_name(f".{file.name}.part")
    try:
        with zipfile.ZipFile(partial, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
            for dataset in DATASETS.values():
                found = _table(archive, lake, actor.org, dataset)
                tables, rows = tables + (found > 0), rows + found
            with database.session(actor.org) as session:
                for model in scoped_models():
                    records += _records(archive, session, model)
            text = io.StringIO()
            entries = trail.export(database, actor.org, text)
            archive.writestr("audit.ndjson", text.getvalue())
        partial.chmod(0o600)
        partial.replace(file)
    finally:
        partial.unlink(missing_ok=True)
    with database.session(actor.org, write=True) as session:
        audit.record(
            session,
            actor=actor,
            action="organisation.export",
            object_kind="organisation",
            object_id=actor.org,
            after={"file": file.name, "rows": rows, "records": records},
        )
    return {"tables": tables, "rows": rows, "records": records, "audit_entries": entries}


def _table(archive: zipfile.ZipFile, lake: Tables, org: str, dataset: Dataset) -> int:
    frame = collect(lake.scan(org, dataset))
    if frame.is_empty():
        return 0
    descriptor, name = tempfile.mkstemp(suffix=".parquet")
    os.close(descriptor)
    try:
        frame.write_parquet(name)
        archive.write(name, f"tables/{dataset.name}.parquet", compress_type=zipfile.ZIP_STORED)
    finally:
        Path(name).unlink()
    return frame.height


def _records(archive: zipfile.ZipFile, session: Session, model: type[OrgScoped]) -> int:
    if model.__tablename__ in _LEFT_OUT:
        return 0
    names = [column.key for column in inspect(model).columns if column.key not in _SECRET]
    lines = [
        orjson.dumps({name: _plain(getattr(row, name)) for name in names}, option=orjson.OPT_APPEND_NEWLINE)
        for row in session.scalars(select(model))
    ]
    if lines:
        archive.writestr(f"records/{model.__tablename__}.ndjson", b"".join(lines))
    return len(lines)


def _plain(value: Any) -> Any:
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    return value if value is None or isinstance(value, (bool, int, float, str, dict, list)) else str(value)
