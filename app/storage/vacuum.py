"""Which data files nothing points at any more: not the current version, no recent one, no pinned one."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from analytics.datasets import Dataset
from app.storage.delta import DAMAGED, QUARANTINE, DeltaFolder

if TYPE_CHECKING:
    from app.storage.lake import Lake


@dataclass
class _Life:
    """The versions a data file was part of: from ``added`` up to, not including, ``removed``."""

    added: int
    removed: int | None = None
    until: datetime | None = None  # when the commit that removed it was published


def vacuum(lake: Lake, org: str, dataset: Dataset, *, keep_since: datetime) -> tuple[int, int]:
    """Delete the data files that no kept version needs; the organisation's lock must be held.

    Kept are the current version, every version that was current at ``keep_since`` or later, and every
    pinned one. Files of imports that never ended are in no version.

    Returns:
        Files deleted, bytes freed.
    """
    folder = lake.folder(org, dataset)
    lives = _lives(lake, org, dataset)
    pins = lake.ledger.pins(org, dataset.name)
    count = freed = 0
    for path in folder.path.glob("month=*/*.parquet"):
        life = lives.get(f"{path.parent.name}/{path.name}")
        if life is not None and _is_kept(life, pins, keep_since):
            continue
        freed += path.stat().st_size
        count += 1
        path.unlink()
    _sweep(folder, keep_since)
    return count, freed


def _lives(lake: Lake, org: str, dataset: Dataset) -> dict[str, _Life]:
    lives: dict[str, _Life] = {}
    for version, published, content in lake.ledger.history(org, dataset.name):
        for line in content.splitlines():
            action = json.loads(line)
            if "add" in action:
                lives[action["add"]["path"]] = _Life(version)
            elif "remove" in action:
                life = lives[action["remove"]["path"]]
                life.removed, life.until = version, published
    return lives


def _is_kept(life: _Life, pins: set[int], keep_since: datetime) -> bool:
    if life.removed is None or life.until is None or life.until >= keep_since:
        return True
    return any(life.added <= pin < life.removed for pin in pins)


def _sweep(folder: DeltaFolder, keep_since: datetime) -> None:
    """Delete what was set aside long ago, and what killed writers left half-written in the log."""
    old = keep_since.timestamp()
    aside = [path for path in (folder.path / QUARANTINE).glob("*") if path.name != DAMAGED]
    for path in [*aside, *folder.log.glob("*.tmp"), *folder.log.glob(".*.partial")]:
        if path.stat().st_mtime < old:
            path.unlink()
