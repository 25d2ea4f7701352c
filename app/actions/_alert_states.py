"""Which stored alert a finding is: an episode that grows, shrinks or is scored anew stays one alert."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from analytics.compliance.alerts import alert_id as id_of
from analytics.compliance.workflow import SEALED
from app.storage.records.alerts import Alert, AlertState

EVIDENCE = ("order_ids", "exec_ids", "message_ids", "post_ids", "event_seqs")
COPIED = ("detector_version", "parameters_version", "severity", "score", "actors", "instrument_ids",
          "window_start", "window_end", "metrics", "story", "regulation")  # fmt: skip
_SAME_SCORE = 1.0  # points; a baseline that moves a little makes no new state


def finding_of(alert: Alert) -> str:
    """Return what the detector calls the state of an alert that is shown."""
    return alert.finding_id or alert.alert_id


def stored_of(session: Session, detectors: Iterable[str]) -> list[Alert]:
    """Return the alerts on record of some detectors, oldest first."""
    query = select(Alert).where(Alert.detector.in_(sorted(set(detectors))))
    return sorted(session.scalars(query), key=lambda a: (a.created_at, a.alert_id))


def matched(findings: Sequence[Mapping[str, Any]], stored: Sequence[Alert]) -> dict[str, Alert]:
    """Return finding id to the alert that it is a state of; new findings are left out.

    First whoever was called so before, then, among alerts of the same detector, group and instrument that
    nothing else was found for, the one whose window overlaps most. One finding an alert, one alert a finding.
    An alert that was decided with its case does not grow.
    """
    fresh = {finding["alert_id"]: finding for finding in findings}
    found: dict[str, Alert] = {}
    for name in (finding_of, _first):
        for alert in stored:
            if name(alert) in fresh and name(alert) not in found and alert not in found.values():
                found[name(alert)] = alert
    taken = {alert.alert_id for alert in found.values()}
    free: dict[tuple[Any, ...], list[Alert]] = {}
    for alert in stored:
        if alert.alert_id not in taken and alert.actor_group is not None and alert.status not in SEALED:
            free.setdefault((alert.detector, alert.actor_group), []).append(alert)
    pairs = [
        (-_overlap(finding, alert), nr, alert.alert_id, finding["alert_id"], alert)
        for finding in fresh.values()
        if finding["alert_id"] not in found
        for nr, alert in enumerate(free.get((finding["detector"], finding.get("actor_group")), ()))
        if _together(finding, alert)
    ]
    for _, _, alert_id, finding_id, alert in sorted(pairs, key=lambda pair: pair[:4]):
        if alert_id not in taken and finding_id not in found:
            taken.add(alert_id)
            found[finding_id] = alert
    return found


def differs(alert: Alert, finding: Mapping[str, Any]) -> bool:
    """Whether a finding says something else than the alert does: other evidence, another band, a point more."""
    return (
        finding_of(alert) != finding["alert_id"]
        or alert.severity != finding["severity"]
        or abs(alert.score - finding["score"]) >= _SAME_SCORE
        or alert.evidence != evidence_of(finding)
    )


def advance(
    session: Session, alert: Alert, finding: Mapping[str, Any], versions: Mapping[str, str], at: datetime
) -> None:
    """Let an alert say what was found now; what it said is kept as a state of its own.

    Its id, its place in the workflow and in a case, who has it: all of that stays.
    """
    session.add(
        AlertState(
            org=alert.org,
            alert_id=alert.alert_id,
            state=alert.state,
            finding_id=finding_of(alert),
            evidence=alert.evidence,
            data_versions=alert.data_versions,
            status=alert.status,
            until=at,
            **{name: getattr(alert, name) for name in COPIED},
        )
    )
    alert.state += 1
    alert.finding_id = finding["alert_id"]
    alert.evidence = evidence_of(finding)
    alert.data_versions = dict(versions)
    for name in COPIED:
        setattr(alert, name, finding[name])


def free_id(finding_id: str, taken: frozenset[str] | set[str]) -> str:
    """Return the id of a new alert: the finding's own, unless an alert that went another way has it."""
    made, nr = finding_id, 1
    while made in taken:
        nr += 1
        made = id_of(finding_id, str(nr))
    return made


def evidence_of(finding: Mapping[str, Any]) -> dict[str, Any]:
    """Return the ids that a finding rests on."""
    return {name: finding[name] or [] for name in EVIDENCE}


def adds(alert: Alert, finding: Mapping[str, Any]) -> bool:
    """Whether a finding rests on anything that the alert has not shown."""
    now = evidence_of(finding)
    return any(set(now[name]) - set(alert.evidence.get(name) or ()) for name in EVIDENCE)


def _first(alert: Alert) -> str:
    return alert.alert_id


def _together(finding: Mapping[str, Any], alert: Alert) -> bool:
    """Whether they speak of one instrument and overlap in time."""
    ours, theirs = set(finding["instrument_ids"]), set(alert.instrument_ids)
    if alert.window_start is None or alert.window_end is None or not (ours & theirs or not (ours or theirs)):
        return False
    return bool(finding["window_start"] <= alert.window_end and finding["window_end"] >= alert.window_start)


def _overlap(finding: Mapping[str, Any], alert: Alert) -> float:
    assert alert.window_start is not None
    assert alert.window_end is not None
    start = max(finding["window_start"], alert.window_start)
    return float((min(finding["window_end"], alert.window_end) - start).total_seconds())
