"""Which open alerts belong together: of the same owners in the same instrument within days, or of one actor."""

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from app.desk import Desk
from app.queries.compliance import door, visible
from app.storage.records.alerts import SEVERITIES, Alert

WITHIN = timedelta(days=5)
LEAST = 2  # alerts worth a case of their own


def proposals(desk: Desk, *, limit: int = 50) -> list[dict[str, Any]]:
    """Return groups of open alerts without a case, the worst first.

    A group is either ``instrument`` (one owner group, one instrument, no gap of more than five days) or
    ``actor`` (one actor, over instruments; only where that says more than its instrument groups).

    Returns:
        Rows of ``key``, ``by``, ``actor``, ``instrument_id``, ``alert_ids``, ``detectors``, ``severity``,
        ``score`` (the highest), ``start``, ``end``.

    Raises:
        Forbidden: If the role does not read surveillance.
    """
    door(desk)
    free = [a for a in visible(desk) if a.case_id is None and a.status in _OPEN]
    groups = [*_by_instrument(free), *_by_actor(free)]
    seen: set[frozenset[str]] = set()
    kept = []
    for group in sorted(groups, key=lambda g: (-len(g["alert_ids"]), g["by"] != "instrument")):
        members = frozenset(group["alert_ids"])
        if members not in seen:
            seen.add(members)
            kept.append(group)
    kept.sort(key=lambda g: (-SEVERITIES.index(g["severity"]), -g["score"], g["key"]))
    return kept[:limit]


_OPEN = frozenset({"new", "triaged", "assigned", "in_review", "info_requested", "reopened"})


def _by_instrument(alerts: Iterable[Alert]) -> list[dict[str, Any]]:
    buckets: dict[tuple[str, str], list[Alert]] = {}
    for one in alerts:
        for instrument in one.instrument_ids:
            buckets.setdefault((_group(one), instrument), []).append(one)
    found = []
    for (group, instrument), members in buckets.items():
        members.sort(key=_begin)
        run = [members[0]]
        for one in members[1:]:
            if _begin(one) - max(_end(other) for other in run) > WITHIN:
                found += _told("instrument", group, instrument, run)
                run = []
            run.append(one)
        found += _told("instrument", group, instrument, run)
    return found


def _by_actor(alerts: Iterable[Alert]) -> list[dict[str, Any]]:
    buckets: dict[str, list[Alert]] = {}
    for one in alerts:
        for actor in {str(a["id"]) for a in one.actors}:
            buckets.setdefault(actor, []).append(one)
    return [told for actor, members in buckets.items() for told in _told("actor", actor, None, members)]


def _told(by: str, actor: str, instrument: str | None, members: list[Alert]) -> list[dict[str, Any]]:
    if len(members) < LEAST:
        return []
    first = min(members, key=_begin)
    return [
        {
            "key": f"{by}:{actor}:{instrument or ''}:{_begin(first).date().isoformat()}",
            "by": by,
            "actor": actor,
            "instrument_id": instrument,
            "alert_ids": [one.alert_id for one in sorted(members, key=lambda a: -a.score)],
            "detectors": sorted({one.detector for one in members}),
            "severity": max((one.severity for one in members), key=SEVERITIES.index),
            "score": max(one.score for one in members),
            "start": _begin(first),
            "end": max(_end(one) for one in members),
        }
    ]


def _group(alert: Alert) -> str:
    return alert.actor_group or ",".join(sorted(str(a["id"]) for a in alert.actors))


def _begin(alert: Alert) -> Any:
    return alert.window_start or alert.created_at


def _end(alert: Alert) -> Any:
    return alert.window_end or _begin(alert)
