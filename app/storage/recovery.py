"""Ledger against log: what was never published is taken back, what is damaged is put back or shown."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from analytics.datasets import Dataset
from app.storage.commit import fsync_folder
from app.storage.delta import QUARANTINE

if TYPE_CHECKING:
    from app.storage.lake import Lake

logger = logging.getLogger(__name__)


def take_back(lake: Lake, org: str, dataset: Dataset, version: int) -> list[int]:
    """Move the log files of all commits after ``version`` aside; they were never visible.

    Their numbers are used again. No checkpoint holds them, since those are written after publishing, and
    no reader has opened them, since the ledger never named them. Data files are left to vacuum.
    """
    folder = lake.folder(org, dataset)
    tail = [found for found in folder.versions() if found > version]
    if not tail:
        return []
    aside = folder.path / QUARANTINE
    aside.mkdir(exist_ok=True, mode=0o700)
    # Newest first: a crash in between leaves a shorter tail, never a gap.
    for found in reversed(tail):
        path = folder.commit_file(found)
        path.replace(aside / f"{path.stem}.{path.stat().st_mtime_ns}.json")
    fsync_folder(folder.log)
    fsync_folder(aside)
    folder.forget()
    logger.warning("took back %d unpublished commits of %s/%s", len(tail), org, dataset.name)
    return tail


def settle(lake: Lake, org: str, dataset: Dataset) -> None:
    """Make a table ready to be written: its log ends at the published version, and that opens."""
    head = lake.ledger.heads(org).get(dataset.name)
    take_back(lake, org, dataset, -1 if head is None else head.version)
    if head is not None and head.version >= 0:
        lake.folder(org, dataset).snapshot(head.version, head.sha256, head.rows)
