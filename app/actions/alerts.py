"""Put what detectors found on record, once, with its audit entries in the same transaction."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from analytics.compliance.deadlines import ALERT_DAYS
from analytics.compliance.workflow import CLOSINGS, DONE, SEALED, SUPPRESSED
from app.actions._alert_states import (
    COPIED,
    adds,
    advance,
    differs,
    evidence_of,
    finding_of,
    free_id,
    matched,
    stored_of,
)
from app.actions._casework import calendar
from app.actions.alert_workflow import move
from app.actions.suppressions import covering, in_force
from app.scope import Identity
from app.storage.records import audit, counters
from app.storage.records.alerts import SEVERITIES, Alert

# Whether a run that did not find an alert has looked at all it rests on.
Looked = Callable[[Alert], bool]


@dataclass(frozen=True)
class Recorded:
    """What recording findings changed, by alert id; ``known`` counts findings that were on record."""

    new: tuple[str, ...]
    known: int
    grown: tuple[str, ...] = ()
    gone: tuple[str, ...] = ()
    detectors: frozenset[str] = frozenset()  # that have new or grown alerts


def record_findings(
    session: Session,
    org: str,
    findings: Sequence[Mapping[str, Any]],
    *,
    actor: Identity,
    titles: Mapping[str, str],
    data_versions: Mapping[str, Mapping[str, str]],
    at: datetime,
    looked: Mapping[str, Looked] | None = None,
) -> Recorded:
    """Add findings that are not on record; those that are keep their id and what people made of them.

    Each new one is due by the organisation's calendar. What a suppression covers is recorded as suppressed.
    An episode that grew or is scored anew is the same alert in a further state, the older one is kept; one
    that is not found any more is marked with the instant, and unmarked when it is found again.

    Args:
        session: The transaction; the audit entries are written in it.
        org: The organisation's slug.
        findings: Rows of ``ALERT_SCHEMA`` of kind ``alert``; a ``subject`` ends the title where there is one.
        actor: On whose behalf.
        titles: Detector name to title.
        data_versions: Detector name to the table versions its findings rest on.
        at: When they were found.
        looked: Detector name to what tells whether it looked at all that an alert rests on; alerts of
            detectors that are not named stay as they are when they are not found.
    """
    looked = looked or {}
    stored = stored_of(session, {f["detector"] for f in findings} | looked.keys())
    known = matched(findings, stored)
    grown, back = [], []
    holding = in_force(session, at) if findings else []
    for finding in findings:
        alert = known.get(finding["alert_id"])
        if alert is None:
            continue
        if alert.gone_at is not None:
            alert.gone_at = None
            back.append(alert.alert_id)
        # What another watch than the detectors' found stays as it was opened: it names no group.
        if alert.actor_group is not None and differs(alert, finding):
            versions = data_versions[finding["detector"]]
            again = not covering(holding, finding)
            grown.append(_grow(session, alert, finding, versions=versions, actor=actor, at=at, again=again))
    here = {alert.alert_id for alert in known.values()}
    gone = []
    for alert in stored:
        covers = looked.get(alert.detector)
        lost = alert.alert_id not in here and alert.gone_at is None and alert.status not in SEALED
        if lost and covers is not None and covers(alert):
            alert.gone_at = at
            gone.append(alert.alert_id)
    fresh = {f["alert_id"]: f for f in findings if f["alert_id"] not in known}
    taken = {alert.alert_id for alert in stored}
    added = {free_id(name, taken): finding for name, finding in fresh.items()}
    days = calendar(session, org) if added else None
    for name, finding in added.items():
        quiet = covering(holding, finding)
        session.add(
            Alert(
                org=org,
                alert_id=name,
                finding_id=None if name == finding["alert_id"] else finding["alert_id"],
                detector=finding["detector"],
                status=SUPPRESSED if quiet else "new",
                suppression_id=quiet.id if quiet else None,
                actor_group=finding.get("actor_group"),
                due_at=days.due(at, ALERT_DAYS[finding["severity"]]) if days and not quiet else None,
                title=_title(titles[finding["detector"]], finding),
                evidence=evidence_of(finding),
                data_versions=dict(data_versions[finding["detector"]]),
                created_at=at,
                **{name: finding[name] for name in COPIED},
            )
        )
    by_detector: dict[str, list[str]] = {}
    for name, finding in added.items():
        by_detector.setdefault(finding["detector"], []).append(name)
    for detector, found in sorted(by_detector.items()):
        audit.record(
            session,
            actor=actor,
            action="alert.found",
            object_kind="alert",
            object_id=detector,
            after={"alerts": len(found), "ids": sorted(found)[:100]} | _quiet(found, holding, added),
        )
    for action, which in (("alert.gone", gone), ("alert.back", back)):
        for name in sorted(which):
            audit.record(
                session, actor=actor, action=action, object_kind="alert", object_id=name, after={"at": at}
            )
    if added or grown or gone or back:
        counters.bump(session, org, "alerts")
    written = by_detector.keys() | {alert.detector for alert in stored if alert.alert_id in grown}
    return Recorded(
        tuple(sorted(added)), len(known), tuple(sorted(grown)), tuple(sorted(gone)), frozenset(written)
    )


def _grow(
    session: Session,
    alert: Alert,
    finding: Mapping[str, Any],
    *,
    versions: Mapping[str, str],
    actor: Identity,
    at: datetime,
    again: bool,
) -> str:
    """Give an alert its next state; where it became graver it is due as soon as a new one would be.

    Who dismissed it had not seen what it rests on now: with new evidence, or graver, it is looked at again
    (``again``; not while a suppression covers it).
    """
    before, more = _told(alert), adds(alert, finding)
    advance(session, alert, finding, versions, at)
    graver = SEVERITIES.index(alert.severity) > SEVERITIES.index(before["severity"])
    if graver and alert.due_at is not None and alert.status not in DONE:
        alert.due_at = min(alert.due_at, calendar(session, alert.org).due(at, ALERT_DAYS[alert.severity]))
    if again and (more or graver) and alert.status in {*CLOSINGS, SUPPRESSED}:
        alert.suppression_id = None
        move(session, actor, alert, "reopened", at, rationale="It grew after it was closed.")
    audit.record(
        session,
        actor=actor,
        action="alert.grown",
        object_kind="alert",
        object_id=alert.alert_id,
        before=before,
        after=_told(alert),
    )
    return alert.alert_id


def _told(alert: Alert) -> dict[str, Any]:
    names = ("state", "severity", "score", "window_start", "window_end", "status", "due_at")
    return {name: getattr(alert, name) for name in names} | {"finding_id": finding_of(alert)}


def _quiet(found: Sequence[str], holding: Sequence[Any], fresh: Mapping[str, Any]) -> dict[str, Any]:
    hushed = [one for one in found if covering(holding, fresh[one]) is not None] if holding else []
    return {"suppressed": sorted(hushed)[:100]} if hushed else {}


def _title(title: str, finding: Mapping[str, Any]) -> str:
    subject = finding.get("subject")
    if subject:
        return f"{title}: {subject}"[:300]
    instruments = ", ".join(finding["instrument_ids"][:3])
    return f"{title} in {instruments}" if instruments else title
