"""What detectors look at: the tables of one organisation as they are or were, and the control room's lists."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import polars as pl
from sqlalchemy import select

from analytics.compliance.detector import LISTS, LISTS_SCHEMA, Detector
from analytics.datasets import DATASETS, EXECUTIONS
from analytics.trading.fills import current
from app.context import Context
from app.jobs._watch import NONE
from app.storage.artifacts import Artifacts
from app.storage.records.lists import ListEntry

# Tables whose rows concern one instrument: what a detector of single instruments says of the others stays.
OF_INSTRUMENTS = frozenset({"order_events", "executions", "quotes", "tape", "bars"})
_INSTANTS = ("valid_from", "valid_to")


@dataclass(frozen=True)
class Lists:
    """The control room's lists as a table, and the digest of the copy kept as evidence."""

    rows: pl.DataFrame
    digest: str


def lists_now(context: Context, org: str) -> Lists:
    """Return the lists as they are; a copy is kept under its digest."""
    with context.database.session(org) as session:
        entries = list(session.scalars(select(ListEntry).order_by(ListEntry.id)))
    rows = [
        {
            "list_type": entry.kind,
            "subject_kind": "person" if entry.person_id else "firm",
            "subject_id": entry.person_id,
            "instrument_id": entry.instrument_id,
            "valid_from": entry.valid_from.isoformat(),
            "valid_to": entry.valid_to.isoformat() if entry.valid_to else None,
        }
        for entry in entries
    ]
    _, digest = Artifacts(context.settings.root, org).put(LISTS, rows)
    return Lists(_frame(rows), digest)


def lists_at(context: Context, org: str, digest: str | None) -> Lists:
    """Return the lists as they were when ``digest`` was taken; none without one."""
    rows = Artifacts(context.settings.root, org).get(LISTS, digest) if digest else []
    return Lists(_frame(rows), digest or NONE)


def versions_of(context: Context, org: str, detector: Detector, lists: Lists) -> dict[str, str]:
    """Return the version of each table that a detector reads."""
    return {
        name: lists.digest if name == LISTS else context.lake.version(org, DATASETS[name])
        for name in (*detector.inputs, *detector.helpful)
    }


def tables_of(
    context: Context,
    org: str,
    detector: Detector,
    lists: Lists,
    pinned: Mapping[str, str] | None = None,
    *,
    only: frozenset[str] | None = None,
) -> dict[str, pl.LazyFrame]:
    """Return a detector's tables: as they are, or at the versions an alert is pinned to.

    With ``only``, tables whose rows concern one instrument (``OF_INSTRUMENTS``) hold the rows of these.
    """
    tables = {}
    for name in (*detector.inputs, *detector.helpful):
        if name == LISTS:
            tables[name] = lists.rows.lazy()
            continue
        dataset = DATASETS[name]
        token = None if pinned is None else pinned.get(name, NONE)
        if token == NONE:
            rows = dataset.empty()
        else:
            rows = context.lake.scan(
                org, dataset, version=None if token is None else int(token.split("+")[0])
            )
        if only is not None and name in OF_INSTRUMENTS:
            rows = rows.filter(pl.col("instrument_id").is_in(sorted(only)))
        tables[name] = current(rows) if dataset is EXECUTIONS else rows
    return tables


def _frame(rows: Iterable[Mapping[str, Any]]) -> pl.DataFrame:
    parsed = [
        {**row, **{name: datetime.fromisoformat(row[name]) if row[name] else None for name in _INSTANTS}}
        for row in rows
    ]
    return pl.DataFrame(parsed, schema=LISTS_SCHEMA, orient="row")
