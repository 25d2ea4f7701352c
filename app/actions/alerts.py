"""Put what detectors found on record, once, with its audit entry in the same transaction."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from analytics.compliance.deadlines import ALERT_DAYS
from analytics.compliance.workflow import SUPPRESSED
from app.actions._casework import calendar
from app.actions.suppressions import covering, in_force
from app.scope import Identity
from app.storage.records import audit, counters
from app.storage.records.alerts import Alert

_EVIDENCE = ("order_ids", "exec_ids", "message_ids", "post_ids", "event_seqs")
_COPIED = ("alert_id", "detector", "detector_version", "parameters_version", "severity", "score", "actors",
           "instrument_ids", "window_start", "window_end", "metrics", "story", "regulation")  # fmt: skip
_CHUNK = 500  # ids of one IN list; SQLite takes 32,766 variables, old builds 999


@dataclass(frozen=True)
class Recorded:
    """What recording findings changed."""

    new: tuple[str, ...]
    known: int


def record_findings(
    session: Session,
    org: str,
    findings: Sequence[Mapping[str, Any]],
    *,
    actor: Identity,
    titles: Mapping[str, str],
    data_versions: Mapping[str, Mapping[str, str]],
    at: datetime,
) -> Recorded:
    """Add findings that are not on record yet; those that are stay as people left them.

    Each is due by the organisation's calendar. What a suppression covers is recorded as suppressed.

    Args:
        session: The transaction; the audit entry is written in it.
        org: The organisation's slug.
        findings: Rows of ``ALERT_SCHEMA`` of kind ``alert``; a ``subject`` ends the title where there is one.
        actor: On whose behalf.
        titles: Detector name to title.
        data_versions: Detector name to the table versions its findings rest on.
        at: When they were found.
    """
    ids = sorted({f["alert_id"] for f in findings})
    known: set[str] = set()
    for start in range(0, len(ids), _CHUNK):
        chunk = ids[start : start + _CHUNK]
        known.update(session.scalars(select(Alert.alert_id).where(Alert.alert_id.in_(chunk))))
    fresh = {f["alert_id"]: f for f in findings if f["alert_id"] not in known}
    holding = in_force(session, at) if fresh else []
    days = calendar(session, org) if fresh else None
    for finding in fresh.values():
        quiet = covering(holding, finding)
        session.add(
            Alert(
                org=org,
                status=SUPPRESSED if quiet else "new",
                suppression_id=quiet.id if quiet else None,
                actor_group=finding.get("actor_group"),
                due_at=days.due(at, ALERT_DAYS[finding["severity"]]) if days and not quiet else None,
                title=_title(titles[finding["detector"]], finding),
                evidence={name: finding[name] or [] for name in _EVIDENCE},
                data_versions=dict(data_versions[finding["detector"]]),
                created_at=at,
                **{name: finding[name] for name in _COPIED},
            )
        )
    if fresh:
        counters.bump(session, org, "alerts")
        by_detector: dict[str, list[str]] = {}
        for finding in fresh.values():
            by_detector.setdefault(finding["detector"], []).append(finding["alert_id"])
        for detector, found in sorted(by_detector.items()):
            audit.record(
                session,
                actor=actor,
                action="alert.found",
                object_kind="alert",
                object_id=detector,
                after={"alerts": len(found), "ids": sorted(found)[:100]} | _quiet(found, holding, fresh),
            )
    return Recorded(tuple(sorted(fresh)), len(known))


def _quiet(found: Sequence[str], holding: Sequence[Any], fresh: Mapping[str, Any]) -> dict[str, Any]:
    hushed = [one for one in found if covering(holding, fresh[one]) is not None] if holding else []
    return {"suppressed": sorted(hushed)[:100]} if hushed else {}


def _title(title: str, finding: Mapping[str, Any]) -> str:
    subject = finding.get("subject")
    if subject:
        return f"{title}: {subject}"[:300]
    instruments = ", ".join(finding["instrument_ids"][:3])
    return f"{title} in {instruments}" if instruments else title
