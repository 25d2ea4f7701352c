"""The one writer of an organisation: commits that become visible together, in the caller's transaction."""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl
from deltalake.exceptions import CommitFailedError, DeltaError
from sqlalchemy import event
from sqlalchemy.orm import Session

from analytics.datasets import DATASETS, Dataset
from app.errors import Conflict, Unavailable
from app.storage import ledger, recovery
from app.storage.collect import unreadable
from app.storage.delta import CHECKPOINT_INTERVAL, Commit
from app.storage.gate import MONTH, conform

if TYPE_CHECKING:
    from app.storage.lake import Lake

logger = logging.getLogger(__name__)
_ATTEMPTS = 5


@dataclass(frozen=True)
class Staged:
    """A commit that is safe on disk and not visible yet. ``version`` is -1 where nothing was written."""

    org: str
    dataset: str
    version: int
    rows: int
    sha256: str


class Writer:
    """Appends and replaces tables of one organisation; from ``Lake.writing`` only."""

    def __init__(self, lake: Lake, org: str) -> None:
        self._lake = lake
        self.org = org
        self._open = True
        self._staged: dict[str, list[Commit]] = defaultdict(list)
        self._checked: set[str] = set()
        self._heads = lake.ledger.heads(org)
        self._published: set[str] = set()
        self._taken: dict[str, int] = {}  # last live batch in a staged commit

    def append(self, dataset: Dataset, frame: pl.DataFrame, *, import_id: str) -> Staged:
        """Add rows to a table; on disk when this returns, visible once published.

        Args:
            dataset: Where to.
            frame: The data set's columns with their exact types; the lake's own may be absent.
            import_id: What the rows came with; also named in the commit.

        Raises:
            Invalid: If the rows do not fit the table.
            Unavailable: If the table is damaged.
        """
        return self._write(dataset, frame, kind="append", import_id=import_id)

    def replace(self, dataset: Dataset, frame: pl.DataFrame, *, cause: str) -> Staged:
        """Put ``frame`` in the place of all rows of a derived table. ``cause`` is named in the commit."""
        return self._write(dataset, frame, kind="replace", import_id=cause)

    def log(self, dataset: Dataset, frame: pl.DataFrame, *, import_id: str) -> int:
        """Acknowledge a small batch from the live log (see ``Lake.log``)."""
        return self._lake.log(self.org, dataset, frame, import_id=import_id)

    def take_live(self) -> list[Staged]:
        """Stage all live rows; their place in the log is published with them."""
        return [
            staged
            for name in sorted(self._lake.logged(self.org))
            if (staged := self._take_live(DATASETS[name])) is not None
        ]

    def compact(self, dataset: Dataset, *, at_least: int, smaller_than: int) -> Staged | None:
        """Stage the same rows in fewer files; None when there are few already."""
        self._sound(dataset)
        if self._version(dataset.name) < 0:
            return None
        folder = self._lake.folder(self.org, dataset)
        total = self._total(dataset.name)
        after = self._version(dataset.name)
        commits = folder.merge(after=after, at_least=at_least, smaller_than=smaller_than, total=total)
        self._staged[dataset.name].extend(commits)
        return Staged(self.org, dataset.name, commits[-1].version, 0, commits[-1].sha256) if commits else None

    def publish(self, staged: Sequence[Staged], session: Session) -> None:
        """Make commits visible, all together, when the caller's transaction commits.

        The transaction must end before the ``writing`` block does.

        Raises:
            Conflict: If something else than this writer's commits is given, or the block has ended.
        """
        self._still_open(session)
        event.listen(session, "before_commit", self._still_open)
        for name in dict.fromkeys(one.dataset for one in staged if one.version >= 0):
            upto = max(one.version for one in staged if one.dataset == name)
            commits = [commit for commit in self._staged[name] if commit.version <= upto]
            if upto not in (commit.version for commit in commits) and upto != self._version(name):
                raise Conflict(f"Version {upto} of {name} was not written here.")
            ledger.publish(session, self.org, name, commits, live_seq=self._taken.get(name))
            self._published.add(name)

    def close(self) -> None:
        """Take back what was not published, write due checkpoints. The writer is of no use afterwards."""
        self._open = False
        if not self._staged:
            return
        try:
            heads = self._lake.ledger.heads(self.org)
        except Unavailable:
            # The next writer takes back what the ledger does not know.
            logger.warning("records database gone while %s was written", self.org)
            return
        for name, commits in self._staged.items():
            if not commits:
                continue
            head = heads.get(name, ledger.Head())
            if head.version < commits[-1].version and name in self._published:
                # The connection may have been lost with the COMMIT on its way: wait until that is settled.
                head = self._lake.ledger.settled_head(self.org, name) or ledger.Head()
            self._finish(DATASETS[name], head, commits)

    def _finish(self, dataset: Dataset, head: ledger.Head, commits: list[Commit]) -> None:
        if head.version < commits[-1].version:
            recovery.take_back(self._lake, self.org, dataset, head.version)
        if head.live_seq:
            self._lake.live(self.org, dataset).drop(head.live_seq)
        if self._due(dataset.name, head.version, commits):
            try:
                self._lake.folder(self.org, dataset).checkpoint(head.version)
            except (DeltaError, OSError) as error:
                # The rows are acknowledged; without a checkpoint opening is slower, nothing else.
                logger.warning("no checkpoint of %s: %s", dataset.name, error)

    def _take_live(self, dataset: Dataset) -> Staged | None:
        log = self._lake.live(self.org, dataset)
        since = self._heads.get(dataset.name, ledger.Head()).live_seq
        last = log.rotate()
        if last <= since:
            return None
        frame = log.read(since, upto=last).drop(MONTH)
        self._taken[dataset.name] = last
        return self._write(dataset, frame, kind="flush", import_id=f"live-{last}")

    def _due(self, name: str, version: int, commits: list[Commit]) -> bool:
        before = commits[0].version - 1
        return (
            name in self._published and version // CHECKPOINT_INTERVAL > max(before, 0) // CHECKPOINT_INTERVAL
        )

    def _write(self, dataset: Dataset, frame: pl.DataFrame, *, kind: str, import_id: str) -> Staged:
        if not self._open:
            raise Conflict("This writer is closed.")
        ready = conform(dataset, frame, import_id=import_id)
        self._sound(dataset)
        if ready.is_empty() and (kind == "append" or self._version(dataset.name) < 0):
            return Staged(self.org, dataset.name, -1, 0, "")
        total = ready.height + (0 if kind == "replace" else self._total(dataset.name))
        commits = self._committed(dataset, ready, kind=kind, import_id=import_id, total=total)
        self._staged[dataset.name].extend(commits)
        last = commits[-1]
        return Staged(self.org, dataset.name, last.version, ready.height, last.sha256)

    def _committed(
        self, dataset: Dataset, ready: pl.DataFrame, *, kind: str, import_id: str, total: int
    ) -> list[Commit]:
        folder = self._lake.folder(self.org, dataset)
        for attempt in range(1, _ATTEMPTS + 1):
            try:
                after = self._version(dataset.name)
                return folder.append(ready, after=after, kind=kind, import_id=import_id, total=total)
            except CommitFailedError as error:
                # Somebody wrote past our lock: what they wrote is in no ledger, so it goes.
                logger.warning("commit %d of %s refused: %s", attempt, dataset.name, error)
                recovery.take_back(self._lake, self.org, dataset, self._version(dataset.name))
            except DeltaError as error:
                recovery.take_back(self._lake, self.org, dataset, self._version(dataset.name))
                raise unreadable(error) from error
        raise Unavailable(f"{dataset.title}: the table is being written by another program.")

    def _sound(self, dataset: Dataset) -> None:
        """Before the first write to a table: no tail of a dead writer, and a log that opens."""
        if dataset.name in self._checked:
            return
        self._heads[dataset.name] = recovery.settle(self._lake, self.org, dataset)
        self._checked.add(dataset.name)

    def _version(self, name: str) -> int:
        if self._staged[name]:
            return self._staged[name][-1].version
        head = self._heads.get(name)
        return -1 if head is None else head.version

    def _total(self, name: str) -> int:
        if self._staged[name]:
            return self._staged[name][-1].total
        head = self._heads.get(name)
        return 0 if head is None else head.rows

    def _still_open(self, _: Session) -> None:
        if not self._open:
            raise Conflict("This writer is closed: what it published must be committed before.")
