"""Ledger against log: what was never published is taken back, what is damaged is put back or shown.

Everything here expects the organisation's lock to be held, or takes it (``recover``).
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from analytics.datasets import DATASETS, Dataset
from app.errors import Unavailable
from app.storage.commit import fsync_folder, sha256_of, write_durably
from app.storage.delta import CHECKPOINT_INTERVAL, QUARANTINE, DeltaFolder
from app.storage.ledger import Entry, Head

if TYPE_CHECKING:
    from app.storage.lake import Lake

logger = logging.getLogger(__name__)

# Log files whose content is compared at every start; of older ones the size is.
_RECENT = 3 * CHECKPOINT_INTERVAL


@dataclass(frozen=True)
class Finding:
    """Something found wrong in a table. ``healed`` is False where rows cannot be read."""

    org: str
    dataset: str
    kind: str  # unpublished, commit_restored, checkpoint_discarded, live_tail_cut, corrupt
    detail: str
    healed: bool


def recover(lake: Lake, org: str | None = None, *, deep: bool = False) -> list[Finding]:
    """Check every table of one organisation, or of all; mend what can be mended and record it.

    Args:
        lake: The lake.
        org: One organisation; None for all (at start).
        deep: Compare the content of every data and log file, not only sizes.

    Returns:
        What was found, mended or not. A table that cannot be mended answers Unavailable; others are
        not affected.
    """
    found: list[Finding] = []
    for name in [org] if org is not None else sorted(lake.ledger.orgs() | _on_disk(lake)):
        try:
            with lake.lock(name).held(timeout=30.0):
                found += _recover(lake, name, deep=deep)
        except Unavailable:
            if org is not None:
                raise
            # A writer is at work; it has checked the tables it writes.
            logger.warning("%s was not checked: it is being written", name)
    return found


def repair_org(lake: Lake, org: str) -> list[Finding]:
    """Mend the tables of ``org`` from what the ledger kept, comparing every file's content."""
    return recover(lake, org, deep=True)


def settle(lake: Lake, org: str, dataset: Dataset) -> Head:
    """Make a table ready to be written: its log ends at the published version, and that opens.

    Raises:
        Unavailable: If the table is damaged beyond what the ledger can put back.
    """
    folder = lake.folder(org, dataset)
    head = lake.ledger.heads(org).get(dataset.name, Head())
    if not folder.commit_file(head.version + 1).exists() and _stands(lake, org, folder, head):
        return head
    found = mend(lake, org, dataset)
    lake.ledger.record(org, found)
    for one in found:
        if not one.healed:
            raise Unavailable(f"{dataset.title}: {one.detail}")
    return lake.ledger.heads(org).get(dataset.name, Head())


def take_back(lake: Lake, org: str, dataset: Dataset, version: int) -> list[int]:
    """Move the log files of all commits after ``version`` aside; they were never visible.

    Their numbers are used again. No checkpoint holds them, since those are written after publishing, and
    no reader has kept them, since the ledger never named them. Data files are left to vacuum.
    """
    folder = lake.folder(org, dataset)
    tail = [found for found in folder.versions() if found > version]
    # Newest first: a crash in between leaves a shorter tail, never a gap.
    for found in reversed(tail):
        _set_aside(folder, folder.commit_file(found))
    if tail:
        folder.forget()
        logger.warning("took back %d unpublished commits of %s/%s", len(tail), org, dataset.name)
    return tail


def mend(lake: Lake, org: str, dataset: Dataset, *, deep: bool = False) -> list[Finding]:
    """Bring one table's folder in line with the ledger and return what was wrong."""
    folder = lake.folder(org, dataset)
    head = lake.ledger.settled_head(org, dataset.name) or Head()

    def finding(kind: str, detail: str, *, healed: bool = True) -> Finding:
        return Finding(org, dataset.name, kind, detail, healed)

    deep = deep or folder.is_marked()
    found = []
    if tail := take_back(lake, org, dataset, head.version):
        found.append(finding("unpublished", f"{len(tail)} commits of an import that did not end"))
    if restored := _restore_log(lake, org, folder, head, deep=deep):
        found.append(finding("commit_restored", f"log entries {_numbers(restored)} put back"))
    trouble = _trouble(lake, org, folder, head, deep=deep)
    if trouble and _discard_checkpoints(folder):
        again = _trouble(lake, org, folder, head, deep=deep)
        found.append(
            finding("checkpoint_discarded", f"a checkpoint was damaged: {trouble}", healed=not again)
        )
        trouble = again
    folder.mark(trouble)
    if trouble:
        found.append(finding("corrupt", trouble, healed=False))
    return found


def _recover(lake: Lake, org: str, *, deep: bool) -> list[Finding]:
    heads = lake.ledger.heads(org)
    found: list[Finding] = []
    for name, dataset in DATASETS.items():
        folder = lake.folder(org, dataset)
        if name not in heads and not folder.path.is_dir():
            continue
        wrong = mend(lake, org, dataset, deep=deep)
        try:
            if torn := lake.live(org, dataset).cut():
                detail = f"{torn} bytes of a batch that was not acknowledged"
                wrong.append(Finding(org, name, "live_tail_cut", detail, healed=True))
        except Unavailable:
            wrong.append(Finding(org, name, "corrupt", "the live log is damaged", healed=False))
        lake.ledger.record(org, wrong, checked=name)
        found += wrong
    return found


def _stands(lake: Lake, org: str, folder: DeltaFolder, head: Head) -> bool:
    if head.version < 0:
        return True
    try:
        if sha256_of(folder.commit_file(head.version)) != head.sha256:
            return False
        lake.snapshot(org, folder.dataset, head)
    except (OSError, Unavailable):
        return False
    return True


def _restore_log(lake: Lake, org: str, folder: DeltaFolder, head: Head, *, deep: bool) -> list[int]:
    """Write damaged or missing log files anew, byte for byte, from the ledger."""
    entries = lake.ledger.entries(org, folder.dataset.name) if head.version >= 0 else []
    damaged = [
        entry
        for entry in entries
        if _is_damaged(folder, entry, deep or entry.version > head.version - _RECENT)
    ]
    for entry in damaged:
        content = lake.ledger.content(org, folder.dataset.name, entry.version)
        path = folder.commit_file(entry.version)
        if path.exists():
            _set_aside(folder, path)
        if content is not None:
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            write_durably(path, content)
    if damaged:
        folder.forget()
    return [entry.version for entry in damaged]


def _is_damaged(folder: DeltaFolder, entry: Entry, content: bool) -> bool:
    path = folder.commit_file(entry.version)
    try:
        return path.stat().st_size != entry.size or (content and sha256_of(path) != entry.sha256)
    except FileNotFoundError:
        return True


def _trouble(lake: Lake, org: str, folder: DeltaFolder, head: Head, *, deep: bool) -> str:
    """Return why the published version cannot be read; empty when it can."""
    if head.version < 0:
        return ""
    folder.forget(verified=deep)
    folder.mark("")
    try:
        lake.snapshot(org, folder.dataset, head)
        if deep:
            folder.verify_all(lake.ledger.digests(org, folder.dataset.name))
    except Unavailable as error:
        return error.detail
    return ""


def _discard_checkpoints(folder: DeltaFolder) -> bool:
    """Move all checkpoints aside: every log file is kept, so the table opens without them."""
    checkpoints = [*folder.log.glob("*.checkpoint*.parquet"), *folder.log.glob("_last_checkpoint")]
    for path in checkpoints:
        _set_aside(folder, path)
    return bool(checkpoints)


def _set_aside(folder: DeltaFolder, path: Path) -> None:
    aside = folder.path / QUARANTINE
    aside.mkdir(exist_ok=True, mode=0o700)
    path.replace(aside / f"{path.stat().st_mtime_ns}.{path.name}")
    fsync_folder(path.parent)
    fsync_folder(aside)


def _on_disk(lake: Lake) -> set[str]:
    if not lake.root.is_dir():
        return set()
    return {path.name for path in lake.root.iterdir() if path.is_dir() and not path.name.startswith(".")}


def _numbers(versions: list[int]) -> str:
    return ", ".join(map(str, versions[:5])) + (", ..." if len(versions) > 5 else "")
