"""The lake: one folder of Delta tables per organisation; what is visible is what the ledger published."""

import re
import shutil
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TypeVar

import polars as pl

from analytics.datasets import DATASETS, Dataset
from app.errors import BadSettings, NotFound, Unavailable
from app.storage import recovery
from app.storage.collect import collect
from app.storage.commit import FileLock
from app.storage.database import Database
from app.storage.delta import DeltaFolder, Snapshot
from app.storage.excerpts import Choose, Excerpts
from app.storage.gate import conform, stored_schema
from app.storage.ledger import Entry, Head, Ledger
from app.storage.livelog import Gap, LiveLog
from app.storage.recovery import Finding
from app.storage.writer import Staged, Writer

__all__ = ["Finding", "Lake", "Staged", "TableInfo", "Writer"]

T = TypeVar("T")
_ATTEMPTS = 20
_ORG = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")
_STEADY: ContextVar[dict[str, dict[str, Head]] | None] = ContextVar("lake_heads", default=None)


@dataclass(frozen=True)
class TableInfo:
    """State of one table, for the health page."""

    name: str
    rows: int
    files: int
    bytes: int
    version: str
    last_ingest: datetime | None
    state: str  # ok, corrupt
    reason: str = ""


class Lake:
    """All organisations' tables under one root. Shared by the threads of a process."""

    def __init__(self, root: str, database: Database, *, home: Path | None = None) -> None:
        """Remember where the lake is; nothing is read.

        Args:
            root: Folder of the tables.
            database: Its ledger.
            home: The installation's folder, where artefacts are kept; the one above the tables when None.

        Raises:
            BadSettings: If ``root`` is not on a local disk.
        """
        if "://" in root and not root.startswith("file://"):
            raise BadSettings("LAKE_URL: only folders of a local disk are supported.")
        self.root = Path(root.removeprefix("file://")).absolute()
        self.home = home or self.root.parent
        self.database = database
        self.ledger = Ledger(database)
        self._folders: dict[tuple[str, str], DeltaFolder] = {}
        self._lives: dict[tuple[str, str], LiveLog] = {}
        self._locks: dict[str, FileLock] = {}
        self._excerpts = Excerpts()
        self._guard = threading.Lock()

    # --- reading -----------------------------------------------------------------------------------
    def scan(
        self, org: str, dataset: Dataset, *, as_of: datetime | None = None, version: int | None = None
    ) -> pl.LazyFrame:
        """Return the published rows of a table, lazily: ``dataset.schema`` and ``month``.

        Args:
            org: Organisation's slug.
            dataset: What to read; no rows when there is no such table yet.
            as_of: Rows as known at this instant: those with ``ingest_time`` up to it, or, where the
                table is replaced as a whole, the version that was current then.
            version: This published Delta version (live rows left out; none at all for -1).

        Raises:
            NotFound: If ``version`` was never published.
            Unavailable: If the table is damaged, or the old version is no longer kept.
        """
        if version is not None and version < 0:
            return self._empty(dataset)
        if version is not None:
            return self._old(org, dataset, self.ledger.entry(org, dataset.name, version))
        if as_of is not None and dataset.derived and self.ledger.is_replaced(org, dataset.name):
            entry = self.ledger.entry_at(org, dataset.name, as_of)
            return self._empty(dataset) if entry is None else self._old(org, dataset, entry)
        rows = self._current(org, dataset)
        return rows if as_of is None else rows.filter(pl.col("ingest_time") <= as_of)

    def excerpt(
        self, org: str, dataset: Dataset, choose: Choose, *, as_of: datetime | None = None
    ) -> pl.DataFrame:
        """Return the few rows that ``choose``, a named function, takes from the published rows.

        Many questions need the same few; they are kept in memory until the table changes.

        Raises:
            Unavailable: If the table is damaged.
        """
        if as_of is not None:
            return collect(choose(self.scan(org, dataset, as_of=as_of)))
        token = self.version(org, dataset)
        found = self._excerpts.get(org, dataset.name, choose, token)
        if found is None:
            found = collect(choose(self.scan(org, dataset)))
            # Rows that came in between belong to the next version's excerpt.
            if self.version(org, dataset) == token:
                self._excerpts.put(org, dataset.name, choose, token, found)
        return found

    def version(self, org: str, dataset: Dataset) -> str:
        """Return a token that changes whenever the visible rows do; "-" when there are none."""
        head, live = self._state(org, dataset)
        if live > head.live_seq:
            return f"{head.version}+{live}"
        return str(head.version) if head.version >= 0 else "-"

    def head(self, org: str, dataset: Dataset) -> Head | None:
        """Return the published state of a table."""
        return self.heads(org).get(dataset.name)

    def heads(self, org: str) -> dict[str, Head]:
        """Return data set name to published state, for all tables of ``org``."""
        kept = _STEADY.get()
        if kept is None:
            return self.ledger.heads(self._known(org))
        if org not in kept:
            kept[org] = self.ledger.heads(self._known(org))
        return kept[org]

    def snapshot(self, org: str, dataset: Dataset, head: Head) -> Snapshot:
        """Open the published version of a table.

        Raises:
            Unavailable: If it is damaged.
        """
        return self.folder(org, dataset).snapshot(
            head.version,
            head.sha256,
            head.rows,
            digests=lambda: self.ledger.digests(org, dataset.name),
        )

    @contextmanager
    def steady(self) -> Iterator[None]:
        """Within, every table is read at one and the same published state, looked up once."""
        token = _STEADY.set({})
        try:
            yield
        finally:
            _STEADY.reset(token)

    def versions_at(self, org: str, instant: datetime) -> dict[str, int]:
        """Return data set name to the version that was current at ``instant``."""
        found = {name: self.ledger.entry_at(org, name, instant) for name in self.heads(org)}
        return {name: entry.version for name, entry in found.items() if entry is not None}

    def tables(self, org: str) -> list[TableInfo]:
        """Return the state of every table of ``org``, by name; damage is found by looking."""
        heads = self.heads(org)
        names = sorted(heads.keys() | self.logged(org))
        return [self._info(org, DATASETS[name], heads.get(name, Head())) for name in names]

    def logged(self, org: str) -> set[str]:
        """Return the names of data sets that have a live log."""
        return {name for name, dataset in DATASETS.items() if self.live(org, dataset).exists()}

    # --- writing -----------------------------------------------------------------------------------
    @contextmanager
    def writing(self, org: str, *, timeout: float = 120.0) -> Iterator[Writer]:
        """Be the only writer of ``org``, among all threads and processes. Not re-entrant.

        Commits that no transaction published are taken back, those of a writer that died before, and
        on the way out our own.

        Raises:
            Unavailable: If another writer is at work for longer than ``timeout`` seconds.
        """
        with self.lock(org).held(timeout=timeout):
            writer = Writer(self, org)
            try:
                yield writer
            finally:
                writer.close()

    def log(self, org: str, dataset: Dataset, frame: pl.DataFrame, *, import_id: str) -> int:
        """Acknowledge a small batch from the live log: on disk and visible when this returns.

        Needs no writer's lock. Live rows keep their order of arrival until ``flush`` moves them to Delta.

        Returns:
            The batch's number in the log of the table; 0 for no rows.

        Raises:
            Invalid: If the rows do not fit the table.
            Unavailable: If the disk is full or the log is damaged.
        """
        ready = conform(dataset, frame, import_id=import_id)
        return self.live(org, dataset).append(ready) if ready.height else 0

    def flush(self, org: str) -> list[Staged]:
        """Move the live rows of ``org`` to Delta, in one transaction with their place in the log."""
        if not self.has_live(org):
            return []
        with self.writing(org) as writer:
            staged = writer.take_live()
            if staged:
                with self.database.session(org, write=True) as session:
                    writer.publish(staged, session)
            return staged

    def has_live(self, org: str) -> bool:
        """Tell whether live rows wait to be moved to Delta."""
        return any("+" in self.version(org, DATASETS[name]) for name in self.logged(org))

    def pin(self, org: str, dataset: Dataset, version: int, reason: str) -> None:
        """Keep the files of a published version, because ``reason`` points at it as evidence."""
        self.ledger.pin(org, dataset.name, version, reason)

    def recover(self, org: str | None = None, *, deep: bool = False) -> list[Finding]:
        """Check tables against the ledger and mend them (see ``recovery.recover``); at start and nightly."""
        return recovery.recover(self, org, deep=deep)

    def findings(self, org: str) -> list[Finding]:
        """Return what checks found wrong in the tables of ``org``, newest first."""
        return [Finding(org, *row) for row in self.ledger.findings(org)]

    def lock(self, org: str) -> FileLock:
        """Return the lock of the organisation's one writer."""
        with self._guard:
            path = self.root / ".locks" / self._known(org)
            return self._locks.setdefault(org, FileLock(path))

    def folder(self, org: str, dataset: Dataset) -> DeltaFolder:
        """Return the folder of a table, one object per process."""
        with self._guard:
            key = (self._known(org), dataset.name)
            if key not in self._folders:
                self._folders[key] = DeltaFolder(self.root, org, dataset)
            return self._folders[key]

    def live(self, org: str, dataset: Dataset) -> LiveLog:
        """Return the live log of a table, one object per process."""
        with self._guard:
            key = (self._known(org), dataset.name)
            if key not in self._lives:
                self._lives[key] = LiveLog(self.root, org, dataset)
            return self._lives[key]

    def delete(self, org: str) -> None:
        """Delete all rows of ``org``: from the ledger, then from disk."""
        lock = self.lock(org)
        with lock.held():
            self.ledger.forget(org)
            if (self.root / org).exists():
                shutil.rmtree(self.root / org)
            with self._guard:
                self._folders = {key: kept for key, kept in self._folders.items() if key[0] != org}
                self._lives = {key: kept for key, kept in self._lives.items() if key[0] != org}
            self._excerpts.forget(org)
            lock.remove()

    # --- private -----------------------------------------------------------------------------------
    def _known(self, org: str) -> str:
        if not _ORG.fullmatch(org):
            raise NotFound("No such organisation.")
        return org

    def _current(self, org: str, dataset: Dataset) -> pl.LazyFrame:
        head, live = self._read(org, dataset, lambda log, head: log.read(head.live_seq))
        parts = [] if head.version < 0 else [self.snapshot(org, dataset, head).frame]
        if live is not None and live.height:
            parts.append(live.lazy())
        return pl.concat(parts) if parts else self._empty(dataset)

    def _state(self, org: str, dataset: Dataset) -> tuple[Head, int]:
        head, last = self._read(org, dataset, lambda log, head: log.last(head.live_seq))
        return head, last or 0

    def _read(self, org: str, dataset: Dataset, ask: Callable[[LiveLog, Head], T]) -> tuple[Head, T | None]:
        """Return the head and what ``ask`` finds in the live log behind it: no row twice, none missing."""
        log = self.live(org, dataset)
        for _ in range(_ATTEMPTS):
            head = self.head(org, dataset) or Head()
            try:
                return head, ask(log, head) if log.exists() else None
            except Gap:
                # Batches went to Delta between our look at the ledger and at the log.
                (_STEADY.get() or {}).pop(org, None)
        raise Unavailable(f"{dataset.title}: the live log does not join the table.")

    def _old(self, org: str, dataset: Dataset, entry: Entry | None) -> pl.LazyFrame:
        if entry is None:
            raise NotFound(f"{dataset.title}: there is no such version.")
        folder = self.folder(org, dataset)
        found = folder.snapshot(
            entry.version,
            entry.sha256,
            entry.rows,
            digests=lambda: self.ledger.digests(org, dataset.name),
            keep=False,
        )
        return found.frame

    def _info(self, org: str, dataset: Dataset, head: Head) -> TableInfo:
        version, rows, found, trouble = str(head.version), head.rows, None, ""
        try:
            version = self.version(org, dataset)
            found = self.snapshot(org, dataset, head) if head.version >= 0 else None
            log = self.live(org, dataset)
            rows += log.read(head.live_seq).height if log.exists() else 0
        except Gap:
            return self._info(org, dataset, self.head(org, dataset) or Head())
        except Unavailable as error:
            trouble = error.detail
        return TableInfo(
            dataset.name,
            rows,
            len(found.files) if found else 0,
            found.bytes if found else 0,
            version,
            head.last_ingest,
            "corrupt" if trouble else "ok",
            trouble,
        )

    def _empty(self, dataset: Dataset) -> pl.LazyFrame:
        return pl.LazyFrame(schema=stored_schema(dataset))
