"""Look at the published tables with every detector and put what is found on record, with its ground."""

import logging
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from datetime import time as clock
from typing import Any

import polars as pl
from sqlalchemy import select

from analytics.compliance.detector import LISTS, Detector, all_detectors
from analytics.compliance.parameters import Parameters
from analytics.datasets import DATASETS
from app.actions.alerts import record_findings
from app.actions.parameters import in_effect, of_digest
from app.context import Context
from app.errors import Conflict, FieldError, Invalid, NotFound, QuarterdeckError
from app.jobs._ground import Lists, lists_at, lists_now, tables_of, versions_of
from app.jobs._job import Job
from app.jobs._watch import Watch, pin, watches
from app.scope import Identity
from app.storage.collect import collect
from app.storage.records import counters
from app.storage.records._base import now
from app.storage.records.alerts import Alert
from app.storage.records.surveillance import DetectorRun

log = logging.getLogger(__name__)


@dataclass
class _Look:
    """What one detector said of one state of the tables."""

    detector: Detector
    params: Parameters
    versions: dict[str, str]
    found: list[dict[str, Any]] = field(default_factory=list)
    gaps: list[dict[str, Any]] = field(default_factory=list)
    seconds: float = 0.0
    failed: str | None = None


def surveil(
    context: Context,
    org: str,
    *,
    cause: str,
    detectors: Sequence[str] | None = None,
    start: date | None = None,
    end: date | None = None,
) -> dict[str, Any]:
    """Run detectors over the published tables and record what is new.

    Running twice on the same tables changes nothing: ids follow from what was found. A detector that
    fails is noted and does not keep the others from looking.

    Args:
        context: The installation's stores.
        org: The organisation's slug.
        cause: Why it runs, for the record.
        detectors: Names; all when None.
        start: Keep findings that end on or after this day.
        end: Keep findings that begin on or before this day.

    Returns:
        ``alerts`` (findings standing), ``new``, ``gaps``, ``failed`` (name to reason), ``seconds`` and
        ``detectors`` (name to its own figures).

    Raises:
        Invalid: If a detector of that name does not exist.
    """
    kinds = _chosen(detectors)
    began, at = time.perf_counter(), now()
    if any("+" in context.lake.version(org, DATASETS[name]) for name in DATASETS):
        context.lake.flush(org)  # evidence is pinned to Delta versions, so live rows move there first
    with context.lake.steady():
        lists = lists_now(context, org)
        with context.database.session(org) as session:
            chosen = {name: in_effect(session, kind, at)[0] for name, kind in kinds.items()}
        looks = [_look(context, org, kind(), chosen[name], lists) for name, kind in kinds.items()]
    for look in looks:
        look.found = [row for row in look.found if _within(row, start, end)]
    with context.database.session(org, write=True) as session:
        recorded = record_findings(
            session,
            org,
            [row for look in looks for row in look.found],
            actor=_watch(org),
            titles={name: kind.title for name, kind in kinds.items()},
            data_versions={look.detector.name: look.versions for look in looks},
            at=at,
        )
        if recorded.new:
            new = frozenset(recorded.new)
            pin(
                session,
                org,
                *(look.versions for look in looks if any(row["alert_id"] in new for row in look.found)),
            )
        for look in looks:
            session.merge(_run_record(org, look, cause, at))
        counters.bump(session, org, "detector_runs")
    return {
        "alerts": sum(len(look.found) for look in looks),
        "new": len(recorded.new),
        "gaps": sum(len(look.gaps) for look in looks),
        "failed": {look.detector.name: look.failed for look in looks if look.failed},
        "seconds": round(time.perf_counter() - began, 3),
        "detectors": {
            look.detector.name: {
                "alerts": len(look.found),
                "gaps": len(look.gaps),
                "seconds": round(look.seconds, 3),
            }
            for look in looks
        },
    }


def reproduce(context: Context, org: str, alert_id: str) -> dict[str, Any]:
    """Compute an alert again from the table versions it is pinned to.

    Returns:
        ``identical``, ``differences`` (field to stored and recomputed value) and ``data_versions``.

    Raises:
        NotFound: If there is no such alert.
        Conflict: If the detector or its parameters are no longer the ones that found it.
    """
    with context.database.session(org) as session:
        stored = session.scalar(select(Alert).where(Alert.alert_id == alert_id))
    if stored is None:
        raise NotFound("There is no such alert.")
    watch = watches().get(stored.detector)
    if watch is not None:
        return _watched(context, org, stored, watch)
    kind = all_detectors().get(stored.detector)
    detector = kind() if kind is not None else None
    if detector is None or detector.version != stored.detector_version:
        raise Conflict(f"{stored.detector} {stored.detector_version} is not part of this release.")
    with context.database.session(org) as session:
        params = of_digest(session, type(detector), stored.parameters_version)
    if params is None:
        raise Conflict("The parameters that found this alert are not kept by this release.")
    lists = lists_at(context, org, stored.data_versions.get(LISTS))
    tables = tables_of(context, org, detector, lists, stored.data_versions)
    rows = collect(detector.detect(tables, params).filter(pl.col("alert_id") == alert_id)).to_dicts()
    again = rows[0] if rows else None
    differences = _differences(stored, again)
    return {
        "identical": not differences,
        "differences": differences,
        "data_versions": stored.data_versions,
        "detector_version": stored.detector_version,
        "parameters_version": stored.parameters_version,
    }


def _watched(context: Context, org: str, stored: Alert, watch: Watch) -> dict[str, Any]:
    """Return what ``reproduce`` does, of an alert that another job than the detectors' opened."""
    if (watch.version, watch.parameters_version) != (stored.detector_version, stored.parameters_version):
        raise Conflict(f"{stored.detector} {stored.detector_version} is not part of this release.")
    again = watch.again(context, org, stored)
    return {
        "identical": not (differences := _differences(stored, again)),
        "differences": differences,
        "data_versions": stored.data_versions,
        "detector_version": stored.detector_version,
        "parameters_version": stored.parameters_version,
    }


def _differences(stored: Alert, again: Mapping[str, Any] | None) -> dict[str, Any]:
    return {"alert_id": [stored.alert_id, None]} if again is None else _compare(stored, again)


# --- looking ---------------------------------------------------------------------------------------
def _chosen(names: Sequence[str] | None) -> dict[str, type[Detector]]:
    known = all_detectors()
    unknown = sorted(set(names or ()) - set(known))
    if unknown:
        raise Invalid(
            f"There is no detector {unknown[0]!r}.",
            errors=[FieldError("detector", f"must be one of {', '.join(known)}", unknown[0])],
        )
    return {name: kind for name, kind in known.items() if names is None or name in names}


def _look(context: Context, org: str, detector: Detector, params: Parameters, lists: Lists) -> _Look:
    look = _Look(detector, params, versions_of(context, org, detector, lists))
    began = time.perf_counter()
    try:
        rows = collect(detector.detect(tables_of(context, org, detector, lists), params))
    except (QuarterdeckError, pl.exceptions.PolarsError) as error:
        # The others still look; the run's record says that this one could not.
        log.exception("detector %s failed for %s", detector.name, org)
        look.failed = str(error).splitlines()[0][:500]
    else:
        look.found = rows.filter(pl.col("kind") == "alert").to_dicts()
        look.gaps = [
            {
                "reason": row["story"][0],
                "instrument_id": next(iter(row["instrument_ids"]), None),
                "missing": int(row["metrics"][0]["value"]),
            }
            for row in rows.filter(pl.col("kind") == "data_gap").to_dicts()
        ]
    look.seconds = time.perf_counter() - began
    return look


def _within(row: Mapping[str, Any], start: date | None, end: date | None) -> bool:
    after = start is None or row["window_end"] >= datetime.combine(start, clock(), UTC)
    return after and (end is None or row["window_start"].date() <= end)


# --- recording -------------------------------------------------------------------------------------
def _watch(org: str) -> Identity:
    return Identity(org=org, user_id="surveillance", name="Surveillance", role="compliance")


def _run_record(org: str, look: _Look, cause: str, at: datetime) -> DetectorRun:
    detector = look.detector
    return DetectorRun(
        org=org,
        detector=detector.name,
        detector_version=detector.version,
        parameters_version=look.params.version,
        state="failed" if look.failed else "gap" if look.gaps else "ok",
        reason=look.failed,
        gaps=look.gaps,
        found=len(look.found),
        seconds=look.seconds,
        cause=cause,
        data_versions=look.versions,
        ran_at=at,
    )


def _compare(stored: Alert, again: Mapping[str, Any]) -> dict[str, Any]:
    names = ("severity", "score", "actors", "instrument_ids", "window_start", "window_end", "metrics",
             "story", "regulation")  # fmt: skip
    differences = {
        name: [getattr(stored, name), again[name]] for name in names if getattr(stored, name) != again[name]
    }
    evidence = {name: again[name] or [] for name in stored.evidence}
    if evidence != stored.evidence:
        differences["evidence"] = [stored.evidence, evidence]
    return differences


def _run(context: Context, org: str, params: Mapping[str, Any]) -> dict[str, Any]:
    names = params.get("detectors")
    return surveil(context, org, cause=str(params.get("cause", "scheduled")), detectors=names)


JOB = Job("surveil", "Look for suspected patterns", _run, hour=5)
