"""Canaries: known patterns sent through the whole chain, so that silence is known to mean something.

Each day, for each organisation and under its approved thresholds: the files of a small firm with a scene for
every detector are imported, detectors look, alerts are stored, all in an installation of its own in a temporary
folder. Nothing of it touches customers' tables.
"""

import logging
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import select

from analytics.compliance.detector import all_detectors
from analytics.registry import modules
from app.config import Settings
from app.context import Context
from app.errors import QuarterdeckError, Unavailable
from app.jobs import ingest
from app.jobs._canary_scenes import answered, entries, ground
from app.jobs._job import Job
from app.jobs.surveil import surveil
from app.scope import Identity
from app.storage import records
from app.storage.cache import AnswerCache
from app.storage.database import Database
from app.storage.lake import Lake
from app.storage.records import counters
from app.storage.records._base import Base, now
from app.storage.records.alerts import Alert, ParameterSet
from app.storage.records.lists import ListEntry
from app.storage.records.surveillance import CanaryRun

ORG = "canary"
SEEDS = (11, 12)  # the second ground is for those alone who were silent on the first
log = logging.getLogger(__name__)


def fly(context: Context, org: str) -> dict[str, Any]:
    """Send the canaries of an organisation and put on record which detectors answered.

    A detector that is silent on one ground is asked once more on another: chance must not raise the alarm.

    Returns:
        ``state`` (ok; silent: a detector did not raise what it had to; failed: the chain broke), ``reason``,
        ``answered`` and ``silent`` (names of detectors), ``seconds``.
    """
    began, at = time.perf_counter(), now()
    reason, found = None, frozenset[str]()
    wanted = expected()
    try:
        parameters = _parameters(context, org)
        for seed in SEEDS:
            if wanted - found:
                found |= _alerts(parameters, at, seed, sorted(wanted - found))
    except (QuarterdeckError, OSError) as error:
        log.exception("the canaries of %s could not be sent", org)
        reason = str(error).splitlines()[0][:500]
    silent = sorted(wanted - found)
    state = "failed" if reason else "silent" if silent else "ok"
    if silent:
        log.error("canaries of %s were not answered by %s", org, ", ".join(silent))
    said = {
        "state": state,
        "reason": reason,
        "answered": sorted(wanted & found),
        "silent": silent,
        "seconds": round(time.perf_counter() - began, 3),
    }
    with context.database.session(org, write=True) as session:
        last = session.scalar(select(CanaryRun))
        answered_at = at if state == "ok" else last.answered_at if last is not None else None
        session.merge(CanaryRun(org=org, ran_at=at, answered_at=answered_at, **said))
        counters.bump(session, org, "canary_runs")
    return said


def expected() -> frozenset[str]:
    """Return the detectors that must answer: every one there is."""
    return frozenset(all_detectors())


def _parameters(context: Context, org: str) -> list[dict[str, Any]]:
    """Return an organisation's thresholds as rows: what they are blind to, the canaries show."""
    names = [column.name for column in ParameterSet.__table__.columns]
    with context.database.session(org) as session:
        return [
            {name: getattr(row, name) for name in names} | {"org": ORG}
            for row in session.scalars(select(ParameterSet))
        ]


def _alerts(
    parameters: list[dict[str, Any]], at: datetime, seed: int, detectors: Sequence[str]
) -> frozenset[str]:
    """Return which of some detectors have an alert on record about their scene after it was imported."""
    actor = Identity(ORG, "canary", "Canary", "admin")
    with _installation() as own:
        folder = own.settings.root / "files"
        folder.mkdir()
        sent = ground(folder, at.astimezone(UTC).date(), seed)
        with own.database.session(ORG, write=True) as session:
            session.add_all(ParameterSet(**row) for row in parameters)
            session.add_all(ListEntry(created_by="u_canary", **row) for row in entries(sent.lists))
        for dataset, path in sent.files:
            done = ingest.run(own, actor, ingest.Upload(path, path.name, dataset=dataset))
            if done.rejected:
                raise Unavailable(f"{done.rejected} rows of the canaries' {dataset} were set aside.")
        surveil(own, ORG, cause="canary", detectors=detectors, changed=True)
        with own.database.session(ORG) as session:
            return answered(sent.scenes, list(session.scalars(select(Alert))))


@contextmanager
def _installation() -> Iterator[Context]:
    """Open an installation of nobody, with records and tables of its own, and remove it afterwards."""
    modules(records)
    with tempfile.TemporaryDirectory(prefix="quarterdeck-canary-") as folder:
        settings = Settings(
            home=Path(folder), database_url="", lake_url="", redis_url="", secret_key="canary" * 8
        )
        database = Database(settings.database)
        try:
            Base.metadata.create_all(database.engine)
            yield Context(settings, database, Lake(settings.lake, database), AnswerCache.open(settings))
        finally:
            database.engine.dispose()


def _run(context: Context, org: str, _: Mapping[str, Any]) -> dict[str, Any]:
    return fly(context, org)


JOB = Job("canary", "Canaries through surveillance", _run, hour=4)
