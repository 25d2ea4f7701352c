"""One Delta table on disk: write parts and commits durably, open a version as an immutable snapshot."""

import json
import os
import threading
import uuid
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

import polars as pl
from deltalake import CommitProperties, DeltaTable, PostCommitHookProperties
from deltalake.exceptions import DeltaError
from deltalake.transaction import AddAction

from analytics.datasets import Dataset
from app.errors import Unavailable
from app.storage.collect import is_panic, unreadable
from app.storage.commit import fsync_file, fsync_folder, make_folder, sha256_of
from app.storage.gate import MONTH, stored_schema

CHECKPOINT_INTERVAL = 10
QUARANTINE = "_quarantine"
_LOG = "_delta_log"
# No clean-up of the log behind our back: pinned versions must stay readable, and checkpoints are ours to
# write, after publishing, so that none ever holds a commit that was taken back.
_CONFIGURATION = {
    "delta.checkpointInterval": str(CHECKPOINT_INTERVAL),
    "delta.enableExpiredLogCleanup": "false",
}
_NO_HOOKS = PostCommitHookProperties(create_checkpoint=False, cleanup_expired_logs=False)


@dataclass(frozen=True)
class Commit:
    """A commit that is on disk, fsynced, and not yet published."""

    version: int
    kind: str
    import_id: str
    rows: int  # added by it
    total: int  # in the table after it
    content: bytes  # of its log file
    files: dict[str, str]  # path -> sha256 of each file it added

    @property
    def sha256(self) -> str:
        """SHA-256 of the log file."""
        return sha256(self.content).hexdigest()


@dataclass(frozen=True)
class Snapshot:
    """One version of a table, immutable: safe to share between threads."""

    version: int
    sha256: str
    rows: int
    bytes: int
    files: tuple[tuple[str, int], ...]  # absolute path, size
    frame: pl.LazyFrame


class DeltaFolder:
    """The folder of one table. Writing expects the organisation's lock to be held."""

    def __init__(self, root: Path, org: str, dataset: Dataset) -> None:
        self.root = root
        self.dataset = dataset
        self.path = root / org / dataset.name
        self.log = self.path / _LOG
        self._lock = threading.Lock()
        self._table: DeltaTable | None = None
        self._snapshot: Snapshot | None = None

    # --- reading -----------------------------------------------------------------------------------
    def commit_file(self, version: int) -> Path:
        """Return the path of the log file of ``version``."""
        return self.log / f"{version:020d}.json"

    def versions(self) -> list[int]:
        """Return the versions that have a log file, ascending."""
        if not self.log.is_dir():
            return []
        names = (entry.name for entry in os.scandir(self.log))
        return sorted(int(name[:-5]) for name in names if name.endswith(".json") and name[:-5].isdigit())

    def snapshot(self, version: int, digest: str, rows: int, *, keep: bool = True) -> Snapshot:
        """Open ``version`` and check it against the ledger's word.

        Args:
            version: Published version.
            digest: SHA-256 the ledger holds for its log file.
            rows: Rows the ledger holds for the table at this version.
            keep: Keep the handle for the next reader (False for old versions).

        Raises:
            Unavailable: If the log or a data file is damaged. Never an answer with fewer rows.
        """
        kept = self._snapshot
        if kept is not None and (kept.version, kept.sha256) == (version, digest):
            return kept
        with self._lock:
            kept = self._snapshot
            if kept is not None and (kept.version, kept.sha256) == (version, digest):
                return kept
            found = self._open(version, digest, rows, keep=keep)
            if keep:
                self._snapshot = found
            return found

    def forget(self) -> None:
        """Drop what is kept in memory."""
        with self._lock:
            self._table = self._snapshot = None

    def _open(self, version: int, digest: str, rows: int, *, keep: bool) -> Snapshot:
        try:
            if sha256_of(self.commit_file(version)) != digest:
                raise Unavailable(f"{self.dataset.title}: the newest entry of the table's log is damaged.")
            table = self._at(version, keep=keep)
            added = pl.DataFrame(table.get_add_actions()).sort("path")
        except Unavailable:
            self._table = None
            raise
        except BaseException as error:
            self._table = None
            if isinstance(error, Exception) or is_panic(error):
                raise unreadable(error) from error
            raise
        return self._checked(version, digest, rows, added)

    def _at(self, version: int, *, keep: bool) -> DeltaTable:
        # Following the log from a kept handle costs 2 ms, opening 17; but it goes to the end of the log,
        # which may hold a commit that is not published yet.
        table = self._table
        if table is not None and keep and table.version() <= version:
            table.update_incremental()
            if table.version() == version:
                return table
        table = DeltaTable(self.path, version=version)
        if keep:
            self._table = table
        return table

    def _checked(self, version: int, digest: str, rows: int, added: pl.DataFrame) -> Snapshot:
        total = int(added["num_records"].sum() or 0)
        if total != rows:
            raise Unavailable(f"{self.dataset.title}: the table's log names {total} of {rows} rows.")
        paths = [str(self.path / path) for path in added["path"]]
        files = tuple(zip(paths, added["size_bytes"], strict=True))
        check_sizes(self.dataset, files)
        size = sum(size for _, size in files)
        return Snapshot(version, digest, rows, size, files, self._scan(paths))

    def _scan(self, paths: list[str]) -> pl.LazyFrame:
        schema = stored_schema(self.dataset)
        if not paths:
            return pl.LazyFrame(schema=schema)
        return pl.scan_parquet(
            paths,
            schema=self.dataset.schema,
            hive_partitioning=True,
            hive_schema={MONTH: pl.String()},
            try_parse_hive_dates=False,
            glob=False,
            missing_columns="insert",
        ).select(list(schema))

    # --- writing -----------------------------------------------------------------------------------
    def append(self, frame: pl.DataFrame, *, kind: str, import_id: str, total: int) -> list[Commit]:
        """Add a conformed frame (sorted by ``month``) as one commit; create the table if need be.

        Returns:
            The commits made, oldest first; all fsynced, none published.
        """
        commits, table = self._for_writing(import_id)
        adds, digests = self._write_parts(frame)
        mode = "overwrite" if kind == "replace" else "append"
        rows = frame.height
        commits.append(
            self._commit(
                table, adds, digests, mode=mode, kind=kind, import_id=import_id, rows=rows, total=total
            )
        )
        return commits

    def checkpoint(self, version: int) -> None:
        """Write a checkpoint of a published ``version``, so that opening stays flat as commits add up."""
        DeltaTable(self.path, version=version).create_checkpoint()
        for name in (f"{version:020d}.checkpoint.parquet", "_last_checkpoint"):
            fsync_file(self.log / name)
        fsync_folder(self.log)

    def _for_writing(self, import_id: str) -> tuple[list[Commit], DeltaTable]:
        if self.versions():
            return [], DeltaTable(self.path)
        make_folder(self.log, under=self.root)
        schema = pl.DataFrame(schema=stored_schema(self.dataset)).to_arrow().schema
        table = DeltaTable.create(
            self.path, schema=schema, partition_by=[MONTH], configuration=_CONFIGURATION
        )
        content = self._make_durable(0)
        return [Commit(0, "create", import_id, 0, 0, content, {})], table

    def _write_parts(self, frame: pl.DataFrame) -> tuple[list[AddAction], dict[str, str]]:
        adds: list[AddAction] = []
        digests: dict[str, str] = {}
        for (month,), part in frame.partition_by(MONTH, as_dict=True, maintain_order=True).items():
            folder = self.path / f"{MONTH}={month}"
            make_folder(folder, under=self.root)
            path = folder / f"part-{uuid.uuid4().hex}.parquet"
            part.drop(MONTH).write_parquet(path, compression="zstd", compression_level=3)
            fsync_file(path)
            name = f"{MONTH}={month}/{path.name}"
            digests[name] = sha256_of(path)
            status = path.stat()
            adds.append(
                AddAction(
                    path=name,
                    size=status.st_size,
                    partition_values={MONTH: str(month)},
                    modification_time=int(status.st_mtime * 1000),
                    data_change=True,
                    stats=json.dumps(_stats(self.dataset, part)),
                )
            )
        for folder in {(self.path / name).parent for name in digests}:
            fsync_folder(folder)
        return adds, digests

    def _commit(
        self,
        table: DeltaTable,
        adds: list[AddAction],
        digests: dict[str, str],
        *,
        mode: str,
        kind: str,
        import_id: str,
        rows: int,
        total: int,
    ) -> Commit:
        expected = table.version() + 1
        schema = pl.DataFrame(schema=stored_schema(self.dataset)).to_arrow().schema
        table.create_write_transaction(
            list(adds),
            mode,
            schema,
            [MONTH],
            # A conflict means somebody writes past our lock: nothing to merge with, start over.
            commit_properties=CommitProperties(
                custom_metadata={"import_id": import_id, "kind": kind}, max_commit_retries=0
            ),
            post_commithook_properties=_NO_HOOKS,
        )
        content = self._make_durable(expected)
        if import_id.encode() not in content:
            raise DeltaError(f"version {expected} is not ours")
        return Commit(expected, kind, import_id, rows, total, content, digests)

    def _make_durable(self, version: int) -> bytes:
        path = self.commit_file(version)
        fsync_file(path)
        fsync_folder(self.log)
        return path.read_bytes()


def check_sizes(dataset: Dataset, files: tuple[tuple[str, int], ...]) -> None:
    """Raise Unavailable if a data file is missing or not of the size the log says."""
    for path, size in files:
        try:
            found = os.stat(path).st_size  # noqa: PTH116 - a third of the cost of Path.stat
        except OSError as error:
            raise Unavailable(f"{dataset.title}: a data file is missing.") from error
        if found != size:
            raise Unavailable(f"{dataset.title}: a data file has {found} of {size} bytes.")


def _stats(dataset: Dataset, part: pl.DataFrame) -> dict[str, Any]:
    """Return Delta's file statistics: the row count and the range of the column that orders the rows."""
    stats: dict[str, Any] = {"numRecords": part.height}
    column = dataset.time or dataset.day
    if column is not None:
        low, high = part[column].min(), part[column].max()
        if low is not None:
            stats["minValues"] = {column: _text(low)}
            stats["maxValues"] = {column: _text(high)}
        stats["nullCount"] = {column: part[column].null_count()}
    return stats


def _text(value: Any) -> str:
    return f"{value:%Y-%m-%dT%H:%M:%S.%fZ}" if hasattr(value, "hour") else f"{value:%Y-%m-%d}"
