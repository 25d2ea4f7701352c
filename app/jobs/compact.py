"""Keep the lake tidy: few files a month, no files nothing points at, and every file still what it was."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import timedelta
from typing import Any

from analytics.datasets import DATASETS, Dataset
from app.context import Context
from app.errors import Unavailable
from app.jobs._job import Job
from app.storage.lake import Lake
from app.storage.records._base import now
from app.storage.vacuum import vacuum

# How far back a table that is replaced as a whole can be asked for "as known at".
RETENTION = timedelta(days=90)
AT_LEAST = 8  # small files in a month
SMALLER_THAN = 64 * 2**20  # bytes


@dataclass
class Compaction:
    """What one run did."""

    versions: dict[str, int] = field(default_factory=dict)  # data set -> version with fewer files
    deleted: int = 0  # data files
    freed: int = 0  # bytes
    skipped: dict[str, str] = field(default_factory=dict)  # damaged data set -> why


def compact(
    lake: Lake,
    org: str,
    *,
    retention: timedelta = RETENTION,
    at_least: int = AT_LEAST,
    smaller_than: int = SMALLER_THAN,
) -> Compaction:
    """Flush, merge small files, delete files that no kept version needs.

    Rows stay the same; each merged table gets a new published version. Versions that are pinned, or were
    current within ``retention``, stay readable. Damaged tables are left alone.
    """
    lake.flush(org)
    done = Compaction()
    for name in sorted(lake.heads(org)):
        try:
            _tidy(lake, org, DATASETS[name], done, retention, at_least=at_least, smaller_than=smaller_than)
        except Unavailable as error:
            done.skipped[name] = error.detail
    return done


def _tidy(
    lake: Lake, org: str, dataset: Dataset, done: Compaction, retention: timedelta, **limits: int
) -> None:
    # One table at a time: an import waits for one merge at most.
    with lake.writing(org) as writer:
        staged = writer.compact(dataset, **limits)
        if staged is not None:
            with lake.database.session(org, write=True) as session:
                writer.publish([staged], session)
            done.versions[dataset.name] = staged.version
        deleted, freed = vacuum(lake, org, dataset, keep_since=now() - retention)
        done.deleted += deleted
        done.freed += freed


def _run(context: Context, org: str, _: Mapping[str, Any]) -> dict[str, Any]:
    done = asdict(compact(context.lake, org))
    # The nightly look at every byte: bits that flip in a page read as other numbers, without an error.
    return done | {"findings": [asdict(one) for one in context.lake.recover(org, deep=True)]}


JOB = Job("compact", "Tidy and check the tables", _run, hour=3)
