"""What other thresholds would have found in the days behind: asked on the page, worked out by the worker."""

import hashlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import orjson
import polars as pl
from sqlalchemy import delete, select

from analytics.compliance.calibration import DISMISSED, FOLLOWED, compare, matched, perturbed, sample
from analytics.compliance.detector import Detector, Tables
from analytics.compliance.looking import look_with
from analytics.compliance.parameters import Parameters
from analytics.compliance.segments import EVERYWHERE, NOBODY, Members
from analytics.datasets import ACCOUNTS, INSTRUMENTS, PRICES
from app.actions.parameters import detector_of, in_effect, in_effect_by_segment, parse
from app.context import Context
from app.desk import Desk
from app.errors import FieldError, Forbidden, Invalid, NotFound
from app.jobs._features import features_folder
from app.jobs._ground import lists_at, lists_now, tables_of, versions_of
from app.jobs._job import Job
from app.jobs._queue import JobQueue
from app.jobs._segments import members_of
from app.queries._line import own_line
from app.queries.calibration import known_segment
from app.scope import SURVEILLANCE_ROLES
from app.storage.collect import collect
from app.storage.records._base import now
from app.storage.records.alerts import Alert
from app.storage.records.jobs import Job as JobRecord

KIND = "calibrate"
KEPT = timedelta(days=30)
MINUTES = 20.0  # of a reviewer, for one alert, where nothing else is said
MOST_DAYS = 400
SAMPLE = 30  # findings below the line to be read
SHOWN = 200  # rows of a list in the answer
VERSION = 2  # of the answer's shape
_LISTS = ("added", "lost", "below_the_line", "above_the_line")
_MEMBERS = (INSTRUMENTS, PRICES, ACCOUNTS)  # say what is in a segment


def request(
    context: Context,
    desk: Desk,
    *,
    detector: str,
    values: Mapping[str, Any],
    days: int = 20,
    minutes: float = MINUTES,
    perturb: bool = False,
    segment: str = EVERYWHERE,
    start: date | None = None,
    end: date | None = None,
) -> dict[str, Any]:
    """Return what other thresholds would have found if it is known, else see to it that it is worked out.

    Args:
        context: The installation's stores.
        desk: Who asks.
        detector: Its name.
        values: Parameter to value; what is left out has its default.
        days: Findings of so many days before the newest one looked at.
        minutes: Of a reviewer for one alert, for the hours.
        perturb: Also move every number by 5, 15 and 30 %, and sample what lies just below and above the line.
        segment: Findings of this part of the business, against the thresholds in effect there.
        start: Findings that end on or after this day (UTC), in place of ``days``.
        end: Findings that begin on or before this day; with or without ``start``.

    Returns:
        ``request_id``, ``state`` (queued, running, done, failed), ``result`` (see ``_run``), ``error``.

    Raises:
        Forbidden: Unless the role reads surveillance.
        NotFound: If there is no such detector.
        Invalid: If a value does not fit.
    """
    _door(desk)
    kind = detector_of(detector)
    if not 1 <= days <= MOST_DAYS:
        raise Invalid("The days do not fit.", errors=[FieldError("days", f"must be 1 to {MOST_DAYS}")])
    if start is not None and end is not None and end < start:
        raise Invalid("The days do not fit.", errors=[FieldError("end", "must not be before the first day")])
    lists = lists_now(context, desk.org)
    known_segment(desk, segment)
    with context.database.session(desk.org) as session:
        base, version = in_effect(session, kind, now(), segment)
        own = set(in_effect_by_segment(session, kind, now())) | {segment}
    document = {
        "detector": detector,
        "detector_version": kind.version,
        "parameters": asdict(parse(kind, values)),
        "base": asdict(base),
        "base_version": version,
        "data_versions": versions_of(context, desk.org, kind(), lists),
        "days": days,
        "minutes": minutes,
        "perturb": perturb,
        "segment": segment,
        "segments": sorted(own - {EVERYWHERE}),
        "start": start.isoformat() if start else None,
        "end": end.isoformat() if end else None,
    }
    key = hashlib.sha256(
        orjson.dumps([VERSION, document, desk.token(_MEMBERS if own - {EVERYWHERE} else (), ("alerts",))])
    ).hexdigest()
    with context.database.session(None, write=True) as session:
        session.execute(
            delete(JobRecord).where(
                JobRecord.org == desk.org, JobRecord.kind == KIND, JobRecord.created_at < now() - KEPT
            )
        )
    return answer(context, desk, JobQueue(context).put(desk.org, KIND, document, key=key))


def answer(context: Context, desk: Desk, request_id: str) -> dict[str, Any]:
    """Return what has become of a request; findings about the one who asks are left out of its lists.

    Raises:
        Forbidden: Unless the role reads surveillance.
        NotFound: If there is none of this id here.
    """
    _door(desk)
    with context.database.session(None) as session:
        job = session.scalar(
            select(JobRecord).where(
                JobRecord.id == request_id, JobRecord.org == desk.org, JobRecord.kind == KIND
            )
        )
        if job is None:
            raise NotFound("There is no such request.")
        done = job.result if job.state == "done" else None
        result = None if done is None else _without_own(dict(done), own_line(desk).own)
        return {
            "request_id": job.id,
            "state": job.state,
            "asked": job.params,
            "since": job.created_at,
            "result": result,
            "error": "The worker could not finish it." if job.state == "failed" else None,
        }


def _run(context: Context, org: str, params: Mapping[str, Any]) -> dict[str, Any]:
    """Return what both sets of thresholds find, and how they differ.

    ``before`` and ``after`` (counts, precision, hours), ``added`` and ``lost`` (rows), ``lost_followed`` (ids),
    both curves, ``moves`` (alerts when one number is moved), ``below_the_line`` (rows just missed) and
    ``above_the_line`` (rows just raised). A row that is on record is named as the alert there.
    """
    kind = detector_of(str(params["detector"]))
    pinned = dict(params["data_versions"])
    lists = lists_at(context, org, pinned.get("lists"))
    look = _Look(kind(), tables_of(context, org, kind(), lists, pinned), _window(params))
    look.folder = features_folder(context, org, kind(), pinned)
    look.only(members_of(context, org) if params["segments"] else NOBODY, params)
    base, other = kind.Params(**params["base"]), kind.Params(**params["parameters"])
    before, after = look.at(base, other)
    ends, names = _ends(context, org, kind.name)
    said = compare(before, after, ends)
    hours = float(params["minutes"]) / 60
    found = {
        "detector": kind.name,
        "from": look.since,
        "until": look.until,
        "days": params["days"],
        "segment": params["segment"],
        "data_versions": pinned,
        "before": said["before"] | {"hours": round(said["before"]["alerts"] * hours, 2)},
        "after": said["after"] | {"hours": round(said["after"]["alerts"] * hours, 2)},
        "kept": said["kept"],
        "added": _rows(said["added"]),
        "added_total": said["added"].height,
        "lost": _rows(said["lost"], names),
        "lost_total": said["lost"].height,
        "lost_followed": [names[one] for one in said["lost_followed"]],
        "curve": said["curve"],
        "curve_after": said["curve_after"],
        "moves": [],
        "below_the_line": [],
        "above_the_line": [],
    }
    if params["perturb"]:
        pairs = matched(before, after).iter_rows()
        found |= _moved(look, other, after, hours, {b: names[a] for a, b in pairs if a in names})
    document: dict[str, Any] = orjson.loads(orjson.dumps(found))
    return document


class _Look:
    """One detector over one state of the tables; findings of some days, and of one segment."""

    def __init__(self, detector: Detector, tables: Tables, window: "_Window") -> None:
        self._detector, self._tables, self._days = detector, tables, window.days
        self.since, self.until = window.since, window.until
        self._members, self._segment, self._segments = NOBODY, EVERYWHERE, list[str]()
        self.folder: Path | None = None  # keeps what no threshold decides

    def only(self, members: Members, params: Mapping[str, Any]) -> None:
        """Keep to the findings of a segment, among those that have thresholds of their own."""
        self._members, self._segment, self._segments = members, params["segment"], params["segments"]

    def at(self, *params: Parameters) -> list[pl.DataFrame]:
        """Return the findings with each of the sets of thresholds."""
        found = [
            self._members.keep(rows, self._segment, self._segments)
            for rows in look_with(self._detector, params, self._tables, collect, self.folder)
        ]
        for rows in found:
            if self.since is None and rows.height:
                # The first look sets the window for all that follow, so that they are compared over the same days.
                newest = rows["window_end"].max()
                assert isinstance(newest, datetime)
                self.since = newest - timedelta(days=self._days)
        if self.since is not None:
            found = [rows.filter(pl.col("window_end") >= self.since) for rows in found]
        if self.until is not None:
            found = [rows.filter(pl.col("window_start") < self.until) for rows in found]
        return found


@dataclass(frozen=True)
class _Window:
    """Which days: from an instant to another, exclusive, or so many before the newest finding."""

    days: int
    since: datetime | None = None
    until: datetime | None = None


def _window(params: Mapping[str, Any]) -> _Window:
    start, end = (params[name] and datetime.fromisoformat(params[name]) for name in ("start", "end"))
    since = start.replace(tzinfo=UTC) if start else None
    until = end.replace(tzinfo=UTC) + timedelta(days=1) if end else None
    if until is not None and since is None:
        since = until - timedelta(days=int(params["days"]))
    return _Window(int(params["days"]), since, until)


def _moved(
    look: _Look, params: Parameters, found: pl.DataFrame, hours: float, names: Mapping[str, str]
) -> dict[str, Any]:
    moves: list[dict[str, Any]] = []
    below: dict[str, dict[str, Any]] = {}
    above: dict[str, dict[str, Any]] = {}
    tried = list(perturbed(params))
    for (name, step, moved), there in zip(tried, look.at(*(one for _, _, one in tried)), strict=True):
        said = compare(found, there, {})
        moves.append(
            {
                "parameter": name,
                "step": step,
                "value": getattr(moved, name),
                "alerts": there.height,
                "added": said["added"].height,
                "lost": said["lost"].height,
                "hours": round(there.height * hours, 2),
            }
        )
        under = {"under": f"{name}, {step}"}
        below |= {row["alert_id"]: row | under for row in _rows(said["added"])}
        above |= {row["alert_id"]: row | under for row in _rows(said["lost"], names)}
    return {
        "moves": moves,
        "below_the_line": [below[one] for one in sample(list(below), SAMPLE)],
        "above_the_line": [above[one] for one in sample(list(above), SAMPLE)],
    }


def _ends(context: Context, org: str, detector: str) -> tuple[dict[str, str], dict[str, str]]:
    """Return what people made of a detector's alerts, and each one's id, by what its finding is called now."""
    with context.database.session(org) as session:
        wanted = select(Alert.alert_id, Alert.finding_id, Alert.status).where(Alert.detector == detector)
        rows = session.execute(wanted).all()
    ends = {
        finding or name: "followed" if status in FOLLOWED else "dismissed"
        for name, finding, status in rows
        if status in FOLLOWED or status in DISMISSED
    }
    return ends, {finding or name: name for name, finding, _ in rows}


def _rows(found: pl.DataFrame, on_record: Mapping[str, str] | None = None) -> list[dict[str, Any]]:
    """Return findings as rows; ``on_record`` says which alert each is, where there is one (``known``)."""
    held = on_record or {}
    names = ["alert_id", "score", "severity", "actors", "instrument_ids", "window_start", "window_end"]
    rows = found.sort(["score", "alert_id"], descending=[True, False]).head(SHOWN)
    told = rows.select(*names, story=pl.col("story").list.first()).to_dicts()
    return [
        row | {"alert_id": held.get(row["alert_id"], row["alert_id"]), "known": row["alert_id"] in held}
        for row in told
    ]


def _without_own(result: dict[str, Any], own: frozenset[str]) -> dict[str, Any]:
    if not own:
        return result
    hidden = {
        row["alert_id"]
        for name in _LISTS
        for row in result.get(name, ())
        if own & {actor["id"] for actor in row["actors"]}
    }
    lists = {
        name: [row for row in result[name] if row["alert_id"] not in hidden]
        for name in _LISTS
        if name in result
    }
    return result | lists | {"lost_followed": [one for one in result["lost_followed"] if one not in hidden]}


def _door(desk: Desk) -> None:
    if desk.identity.role not in SURVEILLANCE_ROLES:
        raise Forbidden("Surveillance is read by compliance.")


JOB = Job(KIND, "Thresholds tried on the days behind", _run, attempts=1, quick=True)
