"""One file that holds an installation: records, tables, anchors, artefacts, each with its hash.

The records are copied as SQLite whatever database they are in, so a backup moves between databases.
While it is taken no table is committed to; live rows are still acknowledged, and readers never wait.
"""

import hashlib
import io
import json
import os
import shutil
import sqlite3
import tarfile
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing
from pathlib import Path
from typing import IO, Any

from sqlalchemy import func, insert, select

from analytics.registry import modules
from app.errors import Invalid
from app.storage import records, schema
from app.storage.database import Database
from app.storage.lake import Lake
from app.storage.records._base import Base, now
from app.storage.records.people import Organisation

RECORDS = "records.db"
MANIFEST = "manifest.json"
# What is computed again, belongs to a running process, or is copied in another way.
SKIPPED = frozenset({"cache", "run", "spool"})
SECRET = "secret_key"  # noqa: S105 - the file's name; without it anchors could not be proven after a restore
_BATCH = 1000


def take(database: Database, lake: Lake, home: Path, file: Path) -> dict[str, int]:
    """Write a backup to ``file``, complete or not at all.

    Returns:
        Numbers of files and bytes in it.

    Raises:
        Invalid: If the file exists, or the tables are outside the home folder.
    """
    if file.exists():
        raise Invalid(f"{file} exists already: name a new file.")
    if not lake.root.is_relative_to(home):
        raise Invalid("The tables are outside the home folder: back them up with the tools of their store.")
    partial = file.with_name(f".{file.name}.part")
    manifest: dict[str, dict[str, Any]] = {}
    try:
        with ExitStack() as held, tempfile.TemporaryDirectory(prefix=".backup-", dir=file.parent) as folder:
            for org in _organisations(database):
                held.enter_context(lake.writing(org))
            copy = Path(folder) / RECORDS
            _copy_out(database, copy)
            descriptor = os.open(partial, os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o600)
            with os.fdopen(descriptor, "w+b") as raw:
                with tarfile.open(fileobj=raw, mode="w:gz", compresslevel=1) as archive:
                    _add(archive, copy, RECORDS, manifest)
                    for path in _files(home):
                        _add(archive, path, path.relative_to(home).as_posix(), manifest)
                    _add_manifest(archive, manifest)
                raw.flush()
                os.fsync(raw.fileno())
        partial.replace(file)
    finally:
        partial.unlink(missing_ok=True)
    return {"files": len(manifest), "bytes": sum(entry["bytes"] for entry in manifest.values())}


def restore(database: Database, home: Path, file: Path) -> dict[str, int]:
    """Put a backup into an empty home and database, after proving every file of it.

    Raises:
        Invalid: If home or database are not empty, or the backup is damaged; nothing is changed then.
    """
    _refuse_used(database, home)
    home.mkdir(parents=True, exist_ok=True, mode=0o700)
    with tempfile.TemporaryDirectory(prefix=".restore-", dir=home.parent) as name:
        folder = Path(name)
        manifest = _unpack(file, folder)
        copy = folder / RECORDS
        for item in folder.iterdir():
            if item != copy:
                target = home / item.name
                if target.is_dir():
                    shutil.rmtree(target)  # holds no file: _refuse_used has looked
                item.replace(target)
        # The records come last: a home without them is not taken for a whole one.
        source = Database(f"sqlite:///{copy}")
        try:
            schema.upgrade(source)
            if database.sqlite:
                _into_sqlite(source, database)
            else:
                schema.upgrade(database)
                _copy_rows(source, database)
        finally:
            source.close()
    return {"files": len(manifest), "bytes": sum(entry["bytes"] for entry in manifest.values())}


# --- records ---------------------------------------------------------------------------------------
def _organisations(database: Database) -> Sequence[str]:
    with database.session(None) as session:
        return session.scalars(select(Organisation.slug).order_by(Organisation.slug)).all()


def _copy_out(database: Database, path: Path) -> None:
    if database.sqlite and database.url.database:
        with closing(sqlite3.connect(database.url.database)) as live, closing(sqlite3.connect(path)) as copy:
            live.backup(copy)
            copy.execute("PRAGMA journal_mode = DELETE")
        return
    target = Database(f"sqlite:///{path}")
    try:
        schema.upgrade(target)
        _copy_rows(database, target)
        with target.engine.connect() as connection:
            connection.exec_driver_sql("PRAGMA journal_mode = DELETE")
    finally:
        target.close()


def _into_sqlite(source: Database, target: Database) -> None:
    source.close()
    target.close()
    place = target.url.database
    if place is None or source.url.database is None:
        raise Invalid("A backup cannot be put into a database in memory.")
    with closing(sqlite3.connect(source.url.database)) as copy, closing(sqlite3.connect(place)) as live:
        copy.backup(live)


def _copy_rows(source: Database, target: Database) -> None:
    """Copy every table in one transaction on either side; the source is seen as of one moment."""
    modules(records)
    seeing = source.engine.connect()
    if not source.sqlite:
        seeing = seeing.execution_options(isolation_level="REPEATABLE READ")
    with seeing, target.engine.connect() as filled:
        if target.sqlite:
            filled.exec_driver_sql("BEGIN IMMEDIATE")
        for table in Base.metadata.sorted_tables:
            found = seeing.execution_options(yield_per=_BATCH).execute(select(table))
            for part in found.mappings().partitions(_BATCH):
                filled.execute(insert(table), [dict(row) for row in part])
            if not target.sqlite:
                _advance(filled, table)
        filled.commit()


def _advance(connection: Any, table: Any) -> None:
    # Rows came with their numbers; PostgreSQL's counters still stand at the start.
    column = table.autoincrement_column
    if column is None:
        return
    highest = connection.scalar(select(func.max(column)))
    if highest is not None:
        sequence = func.pg_get_serial_sequence(table.name, column.name)
        connection.execute(select(func.setval(sequence, highest)))


# --- files -----------------------------------------------------------------------------------------
def _files(home: Path) -> Iterator[Path]:
    if (home / SECRET).exists():
        yield home / SECRET
    # Other files at the top are databases, queues and earlier backups.
    for top in sorted(path for path in home.iterdir() if path.is_dir()):
        if top.name not in SKIPPED and not top.name.startswith("."):
            inside = sorted(top.rglob("*"))
            yield from (p for p in inside if p.is_file() and not p.is_symlink() and ".locks" not in p.parts)


def _add(archive: tarfile.TarFile, path: Path, name: str, manifest: dict[str, dict[str, Any]]) -> None:
    with path.open("rb") as file:
        info = archive.gettarinfo(arcname=name, fileobj=file)
        info.uid = info.gid = 0
        info.uname = info.gname = ""
        # A live log may grow meanwhile: only the bytes of now are taken.
        hashing = _Hashing(file)
        archive.addfile(info, hashing)
    manifest[name] = {"sha256": hashing.sha256.hexdigest(), "bytes": info.size}


def _add_manifest(archive: tarfile.TarFile, manifest: dict[str, dict[str, Any]]) -> None:
    text = json.dumps({"format": 1, "created": now().isoformat(), "files": manifest}, indent=1).encode()
    info = tarfile.TarInfo(MANIFEST)
    info.size, info.mode = len(text), 0o600
    archive.addfile(info, io.BytesIO(text))


class _Hashing:
    """A file that hashes what is read from it."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self.sha256 = hashlib.sha256()

    def read(self, size: int = -1) -> bytes:
        data = self._file.read(size)
        self.sha256.update(data)
        return data


def _refuse_used(database: Database, home: Path) -> None:
    used = [
        path
        for name in ("lake", "anchors", "artifacts")
        for path in (home / name).rglob("*")
        if path.is_file() and ".locks" not in path.parts
    ]
    if used:
        raise Invalid(f"{home} is not empty: restore into a new home folder (QUARTERDECK_HOME).")
    if schema.exists(database) and _organisations(database):
        raise Invalid("The records database is not empty: restore into a new one.")


def _unpack(file: Path, folder: Path) -> dict[str, Any]:
    try:
        with tarfile.open(file, "r:gz") as archive:
            archive.extractall(folder, filter="data")
        manifest: dict[str, Any] = json.loads((folder / MANIFEST).read_text())["files"]
    except (OSError, tarfile.TarError, EOFError, ValueError, KeyError) as error:
        raise Invalid(f"{file} is no whole backup of Quarterdeck: {error}") from error
    (folder / MANIFEST).unlink()
    found = {p.relative_to(folder).as_posix(): p for p in folder.rglob("*") if p.is_file()}
    if found.keys() != manifest.keys():
        raise Invalid(f"{file} is damaged: its files are not those of its manifest.")
    for name, path in found.items():
        with path.open("rb") as opened:
            if hashlib.file_digest(opened, "sha256").hexdigest() != manifest[name]["sha256"]:
                raise Invalid(f"{file} is damaged: {name} is not what was backed up.")
    return manifest
