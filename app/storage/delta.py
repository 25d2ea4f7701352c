"""One Delta table on disk: write parts and commits durably, open a version as an immutable snapshot."""

import os
import threading
import time
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

import polars as pl
from deltalake import CommitProperties, DeltaTable, PostCommitHookProperties
from deltalake.exceptions import DeltaError
from deltalake.transaction import AddAction, RemoveAction

from analytics.datasets import Dataset
from app.errors import Unavailable
from app.storage.collect import collect, is_panic, unreadable
from app.storage.commit import fsync_file, fsync_folder, make_folder, sha256_of, write_durably
from app.storage.gate import MONTH, in_order, stored_schema
from app.storage.parts import check_sizes, write_parts

CHECKPOINT_INTERVAL = 10
QUARANTINE = "_quarantine"
DAMAGED = "damaged"  # file in there: why the table must not be read
_LOOK_AGAIN = 10.0  # seconds
_COMPARE_UP_TO = 256 * 2**20  # bytes
_LOG = "_delta_log"
# No clean-up of the log behind our back: pinned versions must stay readable, and checkpoints are ours to
# write, after publishing, so that none ever holds a commit that was taken back.
_CONFIGURATION = {
    "delta.checkpointInterval": str(CHECKPOINT_INTERVAL),
    "delta.enableExpiredLogCleanup": "false",
}
_NO_HOOKS = PostCommitHookProperties(create_checkpoint=False, cleanup_expired_logs=False)

Digests = Callable[[], Mapping[str, str]]


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
        self._look_again = 0.0  # monotonic time at which the files are looked at again
        self._verified: dict[str, int] = {}  # path -> time of change when its content was compared

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

    def snapshot(
        self, version: int, digest: str, rows: int, *, digests: Digests, keep: bool = True
    ) -> Snapshot:
        """Open ``version`` and check it against the ledger's word.

        What was opened is looked at again every few seconds: files of the lake never change, so one
        that did is damaged.

        Args:
            version: Published version.
            digest: SHA-256 the ledger holds for its log file.
            rows: Rows the ledger holds for the table at this version.
            digests: Asked for path -> SHA-256 of data files when there are new ones to compare.
            keep: Keep the handle for the next reader (False for old versions).

        Raises:
            Unavailable: If the log or a data file is damaged. Never an answer with fewer rows.
        """
        kept = self._snapshot
        if kept is not None and (kept.version, kept.sha256) == (version, digest):
            if time.monotonic() < self._look_again:
                return kept
            self._recheck(kept)
        with self._lock:
            kept = self._snapshot
            if kept is not None and (kept.version, kept.sha256) == (version, digest):
                return kept
            found = self._open(version, digest, rows, digests=digests, keep=keep)
            if keep:
                self._snapshot, self._look_again = found, time.monotonic() + _LOOK_AGAIN
            return found

    def forget(self, *, verified: bool = False) -> None:
        """Drop what is kept in memory; with ``verified`` also which files were compared."""
        with self._lock:
            self._table = self._snapshot = None
            if verified:
                self._verified = {}

    def mark(self, trouble: str) -> None:
        """Leave word for all processes that the table must not be read, or (empty) that it may be."""
        path = self.path / QUARANTINE / DAMAGED
        if trouble:
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            write_durably(path, trouble.encode())
        else:
            path.unlink(missing_ok=True)
        self._look_again = 0.0

    def is_marked(self) -> bool:
        """Tell whether a check left word that the table must not be read."""
        return (self.path / QUARANTINE / DAMAGED).exists()

    def verify_all(self, digests: Mapping[str, str]) -> None:
        """Compare the content of every file of the open version.

        Raises:
            Unavailable: If one differs.
        """
        for path, _ in self._snapshot.files if self._snapshot else ():
            self._verify(path, digests)

    def _recheck(self, kept: Snapshot) -> None:
        sizes_stand = not self.is_marked()
        for path, size in kept.files:
            try:
                status = os.stat(path)  # noqa: PTH116 - a third of the cost of Path.stat
            except OSError:
                sizes_stand = False
                continue
            if status.st_size != size or self._verified.get(path, status.st_mtime_ns) != status.st_mtime_ns:
                self._verified.pop(path, None)
                sizes_stand = False
        if sizes_stand:
            self._look_again = time.monotonic() + _LOOK_AGAIN
        else:
            self.forget()

    def _open(self, version: int, digest: str, rows: int, *, digests: Digests, keep: bool) -> Snapshot:
        damaged = self.path / QUARANTINE / DAMAGED
        try:
            if damaged.exists():
                raise Unavailable(f"{self.dataset.title}: {damaged.read_text()}")
            if sha256_of(self.commit_file(version)) != digest:
                raise Unavailable(f"{self.dataset.title}: an entry of the table's log is damaged.")
            table = self._at(version, keep=keep)
            added = pl.DataFrame(table.get_add_actions()).sort("path")
            return self._checked(version, digest, rows, added, digests)
        except BaseException as error:
            self._table = None
            if isinstance(error, Unavailable):
                raise
            if isinstance(error, Exception) or is_panic(error):
                raise unreadable(error) from error
            raise

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

    def _checked(
        self, version: int, digest: str, rows: int, added: pl.DataFrame, digests: Digests
    ) -> Snapshot:
        total = int(added["num_records"].sum() or 0)
        if total != rows:
            raise Unavailable(f"{self.dataset.title}: the table's log names {total} of {rows} rows.")
        paths = [str(self.path / path) for path in added["path"]]
        files = tuple(zip(paths, added["size_bytes"], strict=True))
        check_sizes(self.dataset, files)
        fresh = [(path, size) for path, size in files if path not in self._verified]
        # Flipped bits inside a page read as other numbers, without an error: new files are compared once
        # per process. Above this size it would be felt; the nightly deep check covers those.
        if fresh and sum(size for _, size in fresh) <= _COMPARE_UP_TO:
            known = digests()
            for path, _ in fresh:
                self._verify(path, known)
        return Snapshot(version, digest, rows, sum(size for _, size in files), files, self._scan(paths))

    def _verify(self, path: str, digests: Mapping[str, str]) -> None:
        before = os.stat(path).st_mtime_ns  # noqa: PTH116
        known = digests.get(str(Path(path).relative_to(self.path)))
        if known is not None and sha256_of(Path(path)) != known:
            raise Unavailable(f"{self.dataset.title}: the content of a data file has changed.")
        self._verified[path] = before

    def rows(self, paths: list[str]) -> pl.LazyFrame:
        """Return the rows of some of the table's files, which a published version names."""
        return self._scan(paths)

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
    def append(
        self, frame: pl.DataFrame, *, after: int, kind: str, import_id: str, total: int
    ) -> list[Commit]:
        """Add a conformed frame (sorted by ``month``) as one commit; create the table if need be.

        Args:
            frame: Rows with ``month``.
            after: Version to follow; -1 where there is no table.
            kind: append, replace or flush.
            import_id: Named in the commit.
            total: Rows in the table afterwards.

        Returns:
            The commits made, oldest first; all fsynced, none published.
        """
        commits = self._create(import_id) if after < 0 else []
        adds, digests = write_parts(self.path, self.dataset, frame)
        rows = frame.height
        after = max(after, 0)
        one = self._commit(after, adds, digests, kind=kind, import_id=import_id, rows=rows, total=total)
        return [*commits, one]

    def merge(self, *, after: int, at_least: int, smaller_than: int, total: int) -> list[Commit]:
        """Put one file in the place of the small ones of each month that has many; rows do not change.

        Args:
            after: Version to follow.
            at_least: Months with fewer small files are left alone.
            smaller_than: Bytes up to which a file counts as small.
            total: Rows in the table.

        Returns:
            The commit, or nothing when there was nothing to do.
        """
        with self._lock:
            table = self._at(after, keep=True)
        small = pl.DataFrame(table.get_add_actions()).filter(pl.col("size_bytes") < smaller_than)
        adds: list[AddAction | RemoveAction] = []
        digests: dict[str, str] = {}
        for (folder,), files in small.group_by(
            pl.col("path").str.split("/").list.first(), maintain_order=True
        ):
            if files.height < at_least:
                continue
            month = str(folder).removeprefix(f"{MONTH}=")
            rows = collect(self._scan([str(self.path / path) for path in files["path"]]))
            if rows.height != files["num_records"].sum():
                raise Unavailable(f"{self.dataset.title}: the files of {month} hold {rows.height} rows.")
            parts, made = write_parts(
                self.path, self.dataset, in_order(self.dataset, rows), data_change=False
            )
            adds += [*parts, *(_removal(path, size, month) for path, size in _paths(files))]
            digests |= made
        if not adds:
            return []
        note = f"compact-{uuid.uuid4().hex[:12]}"
        return [self._commit(after, adds, digests, kind="compact", import_id=note, rows=0, total=total)]

    def checkpoint(self, version: int) -> None:
        """Write a checkpoint of a published ``version``, so that opening stays flat as commits add up."""
        DeltaTable(self.path, version=version).create_checkpoint()
        for name in (f"{version:020d}.checkpoint.parquet", "_last_checkpoint"):
            fsync_file(self.log / name)
        fsync_folder(self.log)

    def _create(self, import_id: str) -> list[Commit]:
        make_folder(self.log)
        schema = pl.DataFrame(schema=stored_schema(self.dataset)).to_arrow().schema
        DeltaTable.create(self.path, schema=schema, partition_by=[MONTH], configuration=_CONFIGURATION)
        return [Commit(0, "create", import_id, 0, 0, self._make_durable(0), {})]

    def _commit(
        self,
        after: int,
        actions: Sequence[AddAction | RemoveAction],
        digests: dict[str, str],
        *,
        kind: str,
        import_id: str,
        rows: int,
        total: int,
    ) -> Commit:
        expected = after + 1
        schema = pl.DataFrame(schema=stored_schema(self.dataset)).to_arrow().schema
        with self._lock:
            self._at(after, keep=True).create_write_transaction(
                list(actions),
                "overwrite" if kind == "replace" else "append",
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


def _paths(files: pl.DataFrame) -> Iterator[tuple[str, int]]:
    return zip(files["path"], files["size_bytes"], strict=True)


def _removal(path: str, size: int, month: str) -> RemoveAction:
    instant = int(time.time() * 1000)
    return RemoveAction(path, False, instant, size, {MONTH: month})
