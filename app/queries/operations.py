"""Is the data complete, is the system well: imports, rejects, data sets, jobs."""

import re
from datetime import UTC, date, datetime, time
from typing import Any

import polars as pl
from sqlalchemy import ColumnElement, func, select

from analytics.datasets import CONFIDENTIAL, DATASETS, IMPORTABLE, LIST_ENTRIES, REJECTS, Dataset
from app.desk import Desk
from app.errors import NotFound, Unavailable
from app.observability import series
from app.queries._import import as_dict
from app.scope import DATA_ROLES, SURVEILLANCE_ROLES
from app.storage.records.imports import Import
from app.storage.records.jobs import Job

_WATCHING = re.compile("complian|alert|case|surveil|detector|audit")
LATENCIES_KEPT = 200  # finished jobs that p95 is taken over


def data_health(desk: Desk) -> list[dict[str, Any]]:
    """Return one row per stored data set: rows, last event, last ingest, lag, gaps.

    ``lag_s`` is how long ago the last row was known (seconds); ``gaps`` counts weekdays without a row
    between the first and the last day of a dated data set, null for others. A damaged table says so in
    ``state`` and ``reason`` and leaves the figures that need its rows null.
    """
    now = datetime.now(UTC)
    found = []
    for info in desk.lake.tables(desk.org):
        if info.name not in IMPORTABLE:
            continue
        # That a list grew is a sign of its own: on the desk nobody is to know.
        if info.name == LIST_ENTRIES.name and desk.identity.role not in SURVEILLANCE_ROLES:
            continue
        row: dict[str, Any] = {
            "dataset": info.name,
            "title": IMPORTABLE[info.name].title,
            "rows": info.rows,
            "last_event": None,
            "last_ingest": info.last_ingest,
            "lag_s": (now - info.last_ingest).total_seconds() if info.last_ingest else None,
            "gaps": None,
            "state": info.state,
            "reason": info.reason,
            "version": info.version,
            "files": info.files,
            "bytes": info.bytes,
        }
        if info.state == "ok":
            row |= _reach(desk, IMPORTABLE[info.name])
        found.append(row)
    return found


def _reach(desk: Desk, dataset: Dataset) -> dict[str, Any]:
    column = dataset.time or dataset.day
    if column is None:
        return {}
    rows = desk.lake.scan(desk.org, dataset)
    try:
        if dataset.time:
            last = desk.collect(rows.select(pl.col(column).max())).item()
            return {"last_event": last}
        days = desk.collect(rows.select(pl.col(column).unique().sort()))[column]
    except Unavailable as error:
        return {"state": "corrupt", "reason": error.detail}
    if days.is_empty():
        return {}
    last = days[-1]
    weekdays = pl.date_range(days[0], last, "1d", eager=True)
    missing = set(weekdays.filter(weekdays.dt.weekday() <= 5)) - set(days)
    # Public holidays are weekdays too: at most ten a year are no gap.
    years = max(1, (last - days[0]).days / 365)
    regular = dataset.name in {"prices", "benchmarks", "fx_rates"}
    gaps = max(0, len(missing) - round(10 * years)) if regular else None
    return {
        "last_event": datetime.combine(last, time(), UTC) if isinstance(last, date) else last,
        "gaps": gaps,
    }


# --- imports ---------------------------------------------------------------------------------------
def _readable(desk: Desk) -> list[ColumnElement[bool]]:
    """Return which imports this identity may read: an import holds rows of every desk in its file.

    Who is narrowed to desks, or reads no data at all, sees his own imports; what is confidential is
    for surveillance.
    """
    own = Import.user_id == desk.identity.user_id
    if desk.identity.desks is not None or desk.identity.role not in DATA_ROLES:
        return [own]
    if desk.identity.role not in SURVEILLANCE_ROLES:
        return [own | Import.dataset.is_(None) | Import.dataset.not_in(CONFIDENTIAL)]
    return []


def imports(desk: Desk, *, limit: int = 50, offset: int = 0) -> tuple[list[dict[str, Any]], int]:
    """Return the newest imports this identity may read, and how many there are."""
    mine = _readable(desk)
    with desk.session() as session:
        total = session.scalar(select(func.count()).select_from(Import).where(*mine)) or 0
        newest = select(Import).where(*mine).order_by(Import.created_at.desc(), Import.id.desc())
        newest = newest.limit(limit).offset(offset)
        return [as_dict(record) for record in session.scalars(newest)], int(total)


def one_import(desk: Desk, import_id: str) -> dict[str, Any]:
    """Return one import with its first errors.

    Raises:
        NotFound: If there is none of this id here that the asker may read.
    """
    with desk.session() as session:
        found = session.scalar(select(Import).where(Import.id == import_id, *_readable(desk)))
        if found is None:
            raise NotFound("There is no such import.")
        return as_dict(found)


def rejects(desk: Desk, import_id: str, *, limit: int = 100, offset: int = 0) -> tuple[pl.DataFrame, int]:
    """Return what an import set aside: line, column, value, code, message, record; and how many.

    Raises:
        NotFound: If there is no import of this id here.
    """
    one_import(desk, import_id)
    rows = desk.lake.scan(desk.org, REJECTS).filter(pl.col("import_id") == import_id)
    columns = list(REJECTS.columns)
    total = desk.collect(rows.select(pl.len())).item()
    return desk.collect(rows.sort("line", "column").slice(offset, limit).select(columns)), int(total)


# --- response times --------------------------------------------------------------------------------
def requests(desk: Desk) -> dict[str, Any]:
    """Return ``series.summary`` of the asker's organisation (operators: of all).

    That somebody reads alerts is itself a trace of surveillance: its routes and callbacks are listed for
    those who may read it, and count in the totals for everybody.
    """
    role = desk.identity.role
    seen = series.summary(desk.org, everyone=role == "operator")
    if role in SURVEILLANCE_ROLES or role == "operator":
        return seen
    rows = [row for row in seen["requests"] if not _WATCHING.search(str(row["route"]).lower())]
    return seen | {"requests": rows}


# --- jobs, lake ------------------------------------------------------------------------------------
def jobs(desk: Desk) -> dict[str, Any]:
    """Return counts by state of the asker's organisation (operators: of all), and how long jobs take.

    ``p95_s``: 95th percentile of running time over the last finished jobs, null without any.
    """
    mine = [] if desk.identity.role == "operator" else [Job.org == desk.org]
    with desk.database.session(None) as session:
        states = session.execute(select(Job.state, func.count()).where(*mine).group_by(Job.state)).all()
        done = session.execute(
            select(Job.started_at, Job.finished_at)
            .where(*mine, Job.state == "done", Job.started_at.is_not(None), Job.finished_at.is_not(None))
            .order_by(Job.finished_at.desc())
            .limit(LATENCIES_KEPT)
        ).all()
        failed = session.scalars(
            select(Job).where(*mine, Job.state == "failed").order_by(Job.finished_at.desc()).limit(5)
        ).all()
    counts = {str(state): int(number) for state, number in states}
    seconds = sorted((end - start).total_seconds() for start, end in done if start and end)
    return {
        **{state: counts.get(state, 0) for state in ("queued", "running", "done", "failed")},
        "p95_s": seconds[min(len(seconds) - 1, int(0.95 * len(seconds)))] if seconds else None,
        "last_failures": [{"kind": j.kind, "at": j.finished_at, "attempts": j.attempts} for j in failed],
    }


def ingest_rate(desk: Desk) -> dict[str, Any]:
    """Return rows a second and lag of the last finished imports; null without any."""
    with desk.session() as session:
        recent = session.scalars(
            select(Import).where(Import.status == "done").order_by(Import.finished_at.desc()).limit(20)
        ).all()
    timed = [r for r in recent if r.started_at and r.finished_at and r.finished_at > r.started_at]
    seconds = sum(
        (r.finished_at - r.started_at).total_seconds() for r in timed if r.finished_at and r.started_at
    )
    last = max((r.finished_at for r in timed if r.finished_at), default=None)
    return {
        "rows_per_s": sum(r.records or 0 for r in timed) / seconds if seconds else None,
        "lag_s": (datetime.now(UTC) - last).total_seconds() if last else None,
        "imports": len(timed),
    }


def lake_size(desk: Desk) -> dict[str, int]:
    """Return tables, files and bytes of the asker's organisation."""
    tables = desk.lake.tables(desk.org)
    return {
        "tables": len(tables),
        "files": sum(t.files for t in tables),
        "bytes": sum(t.bytes for t in tables),
    }


def dataset_titles() -> dict[str, str]:
    """Return name to title of what can be imported."""
    return {name: DATASETS[name].title for name in IMPORTABLE}


def columns_of(dataset: str) -> list[dict[str, Any]]:
    """Return the columns of a data set: name, doc, required."""
    return [{"name": n, "doc": c.doc, "required": c.required} for n, c in IMPORTABLE[dataset].columns.items()]
