"""Look at the published tables with every detector and put what is found on record, with its ground."""

import logging
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from datetime import time as clock
from typing import Any

import polars as pl
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from analytics.compliance.detector import Detector, all_detectors
from analytics.compliance.looking import Asked, Parts, parted
from analytics.compliance.parameters import Parameters
from analytics.compliance.segments import EVERYWHERE
from analytics.datasets import DATASETS
from app.actions.alerts import Looked, record_findings
from app.context import Context
from app.errors import FieldError, Invalid, QuarterdeckError
from app.jobs._changes import EVERYTHING, Again, Changes, gaps_after
from app.jobs._ground import Lists, lists_now, tables_of, versions_of
from app.jobs._job import Job
from app.jobs._segments import Sets, sets_of
from app.jobs._watch import pin
from app.jobs.reproduce import reproduce
from app.scope import Identity
from app.storage.collect import collect, is_panic
from app.storage.records import counters
from app.storage.records._base import now
from app.storage.records.alerts import Alert
from app.storage.records.surveillance import DetectorRun

log = logging.getLogger(__name__)

__all__ = ["reproduce", "surveil"]


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
    again: Again = EVERYTHING
    last: DetectorRun | None = None
    sets: Sets | None = None
    sides: list["_Look"] = field(default_factory=list)  # with the thresholds of segments
    segment: str = EVERYWHERE

    @property
    def digest(self) -> str:
        """What names the thresholds of all segments."""
        return self.params.version if self.sets is None else self.sets.digest

    def aside(self, segment: str, params: Parameters) -> "_Look":
        """Return the same look with the thresholds of a segment."""
        return _Look(self.detector, params, self.versions, again=self.again, segment=segment)

    def take_sides(self) -> None:
        """Keep of every look what its segment may say."""
        sets = self.sets
        if not self.sides or sets is None:
            return
        every = [self, *self.sides]
        found = [row for one in every for row in sets.own(one.segment, one.found)]
        gaps = [gap for one in every for gap in sets.own_gaps(one.segment, one.gaps)]
        self.found, self.gaps = found, gaps
        self.seconds = sum(one.seconds for one in every)
        self.failed = next((one.failed for one in every if one.failed), None)


def surveil(
    context: Context,
    org: str,
    *,
    cause: str,
    detectors: Sequence[str] | None = None,
    start: date | None = None,
    end: date | None = None,
    changed: bool = False,
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
        changed: Look only at what came in since each detector's last run: the alerts are those of a look at
            everything, which those of some last minutes are not (see ``looking.Windows``). A detector none of
            whose tables changed does not look at all.

    Returns:
        ``alerts`` (findings of this look), ``new``, ``grown``, ``gone`` (not found any more), ``gaps``,
        ``failed`` (name to reason), ``seconds``, ``detectors`` (name to its own figures) and ``unchanged``
        (names of those that did not have to look).

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
            chosen = sets_of(context, org, session, kinds, at)
            lasts = {run.detector: run for run in session.scalars(select(DetectorRun))}
        looks = [
            _Look(
                detector := kind(),
                chosen[name].everywhere,
                versions_of(context, org, detector, lists),
                sets=chosen[name],
            )
            for name, kind in kinds.items()
        ]
        seen = Changes(context, org)
        for look in looks:
            look.last = lasts.get(look.detector.name)
            if changed:
                look.again = seen.of(look.detector, look.digest, look.versions, look.last)
        still = [look for look in looks if look.again.nothing]
        looks = [look for look in looks if not look.again.nothing]
        for look in looks:
            look.sides = [look.aside(*own) for own in chosen[look.detector.name].of.items()]
        every = [one for look in looks for one in (look, *look.sides)]
        for one in every:
            if not parted(one.detector):
                _look(context, org, one, lists)
        for only in {look.again.instruments for look in looks if parted(look.detector)}:
            those = [k for k in every if parted(k.detector) and k.again.instruments == only]
            _look_in_parts(context, org, those, lists)
    for look in looks:
        look.take_sides()
        look.found = [row for row in look.found if _within(row, start, end)]
        look.gaps = gaps_after(look.again, look.detector, look.versions, look.gaps, look.last)
    with context.database.session(org, write=True) as session:
        recorded = record_findings(
            session,
            org,
            [row for look in looks for row in look.found],
            actor=_watch(org),
            titles={name: kind.title for name, kind in kinds.items()},
            data_versions={look.detector.name: look.versions for look in looks},
            at=at,
            looked={look.detector.name: _covers(look, start, end) for look in looks if not look.failed},
        )
        pin(session, org, *(look.versions for look in looks if look.detector.name in recorded.detectors))
        session.flush()
        for look in looks:
            session.merge(_run_record(session, org, look, cause=cause, at=at, whole=start is end is None))
        for look in still:
            assert look.last is not None
            look.last.ran_at, look.last.cause = at, cause  # what it would say is what it said
            session.merge(look.last)
        counters.bump(session, org, "detector_runs")
    return {
        "alerts": sum(len(look.found) for look in looks),
        "new": len(recorded.new),
        "grown": len(recorded.grown),
        "gone": len(recorded.gone),
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
        "unchanged": [look.detector.name for look in still],
    }


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


def _look(context: Context, org: str, look: _Look, lists: Lists) -> None:
    """Let a detector look at its whole tables."""
    with _noting(org, look):
        tables = tables_of(context, org, look.detector, lists)
        _say(look, collect(look.detector.detect(tables, look.params)))


def _look_in_parts(context: Context, org: str, looks: Sequence[_Look], lists: Lists) -> None:
    """Let detectors of single instruments look at one part of the market after another, all at the same one."""
    if not looks:
        return
    tables: dict[str, pl.LazyFrame] = {}
    for look in looks:
        tables |= tables_of(context, org, look.detector, lists, only=look.again.instruments)
    try:
        parts = Parts(tables, collect)
        said: list[list[pl.DataFrame]] = [[] for _ in looks]
        for number in range(len(parts.names)):
            part = parts.part(number)
            for look, parts_said in zip(looks, said, strict=True):
                with _noting(org, look):
                    parts_said.append(parts.look(Asked(look.detector, look.params), part))
    except (QuarterdeckError, pl.exceptions.PolarsError) as error:
        for look in looks:  # the orders themselves cannot be read, which is no one detector's doing
            look.failed = look.failed or _reason(error)
        log.exception("order events of %s cannot be parted", org)
        return
    for look, parts_said in zip(looks, said, strict=True):
        if look.failed is None:
            with _noting(org, look):
                _say(look, parts.joined(Asked(look.detector, look.params), parts_said))


@contextmanager
def _noting(org: str, look: _Look) -> Iterator[None]:
    """Time a detector; if it fails, note why: the others still look."""
    began = time.perf_counter()
    try:
        yield
    except BaseException as error:
        # Detectors compute steps of their own, past the door that turns a panic of the engine into an error.
        if not (isinstance(error, QuarterdeckError | pl.exceptions.PolarsError) or is_panic(error)):
            raise
        log.exception("detector %s failed for %s", look.detector.name, org)
        look.failed = _reason(error)
    look.seconds += time.perf_counter() - began


def _reason(error: BaseException) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0][:500]


def _say(look: _Look, rows: pl.DataFrame) -> None:
    look.found = rows.filter(pl.col("kind") == "alert").to_dicts()
    look.gaps = [
        {
            "reason": row["story"][0],
            "instrument_id": next(iter(row["instrument_ids"]), None),
            "missing": int(row["metrics"][0]["value"]),
        }
        for row in rows.filter(pl.col("kind") == "data_gap").to_dicts()
    ]


def _within(row: Mapping[str, Any], start: date | None, end: date | None) -> bool:
    after = start is None or row["window_end"] >= datetime.combine(start, clock(), UTC)
    return after and (end is None or row["window_start"].date() <= end)


def _covers(look: _Look, start: date | None, end: date | None) -> Looked:
    """Return what tells whether an alert would have been found again, were it still there."""
    only = look.again.instruments

    def covers(alert: Alert) -> bool:
        if alert.actor_group is None or alert.window_start is None or alert.window_end is None:
            return False
        before = start is not None and alert.window_start < datetime.combine(start, clock(), UTC)
        after = end is not None and alert.window_end.date() > end
        return not before and not after and (only is None or not only.isdisjoint(alert.instrument_ids[:1]))

    return covers


# --- recording -------------------------------------------------------------------------------------
def _watch(org: str) -> Identity:
    return Identity(org=org, user_id="surveillance", name="Surveillance", role="compliance")


def _run_record(
    session: Session, org: str, look: _Look, *, cause: str, at: datetime, whole: bool
) -> DetectorRun:
    detector, found = look.detector, len(look.found)
    # What came in since is counted from a look at all days only.
    versions = look.versions if whole else look.last.data_versions if look.last else {}
    if look.again.instruments is not None:
        standing = select(func.count()).select_from(Alert)
        found = session.scalar(standing.where(Alert.detector == detector.name, Alert.gone_at.is_(None))) or 0
    return DetectorRun(
        org=org,
        detector=detector.name,
        detector_version=detector.version,
        parameters_version=look.digest,
        state="failed" if look.failed else "gap" if look.gaps else "ok",
        reason=look.failed,
        gaps=look.gaps,
        found=found,
        seconds=look.seconds,
        cause=cause,
        data_versions=versions,
        ran_at=at,
    )


def _run(context: Context, org: str, params: Mapping[str, Any]) -> dict[str, Any]:
    names = params.get("detectors")
    return surveil(context, org, cause=str(params.get("cause", "scheduled")), detectors=names)


JOB = Job("surveil", "Look for suspected patterns", _run, hour=5)
