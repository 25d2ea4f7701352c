"""Past alerts like one at hand, and how they ended."""

import math
from collections import Counter
from collections.abc import Mapping
from typing import Any

from sqlalchemy import select

from analytics.compliance.workflow import ENDINGS
from app.desk import Desk
from app.errors import NotFound
from app.queries.compliance import door, visible
from app.storage.records.alerts import Alert
from app.storage.records.workflow import WorkflowStep

# What makes two alerts of one detector alike, and how much each counts; together one.
WEIGHTS: Mapping[str, float] = {"actor": 0.35, "instrument": 0.2, "measures": 0.3, "score": 0.15}


def similar(desk: Desk, alert_id: str, *, limit: int = 10) -> dict[str, Any]:
    """Return decided alerts of the same detector, the most alike first.

    Returns:
        ``rows`` (alert_id, title, likeness 0 to 1, why, status, reason, rationale, closed_at) and ``ended``
        (state to number, of all decided alerts of the detector), ``false_positive_share`` of those or None.

    Raises:
        Forbidden: If the role does not read surveillance.
        NotFound: If there is no such alert for the asking person.
    """
    door(desk)
    asked = next(iter(visible(desk, Alert.alert_id == alert_id)), None)
    if asked is None:
        raise NotFound("There is no such alert.")
    past = visible(
        desk,
        Alert.detector == asked.detector,
        Alert.alert_id != alert_id,
        Alert.status.in_(ENDINGS),
    )
    ended = Counter(one.status for one in past)
    ranked = sorted(
        ((likeness(asked, one), one) for one in past), key=lambda row: (-row[0][0], row[1].alert_id)
    )
    best = ranked[:limit]
    words = _rationales(desk, [one.alert_id for _, one in best])
    return {
        "rows": [
            {
                "alert_id": one.alert_id,
                "title": one.title,
                "severity": one.severity,
                "score": one.score,
                "likeness": round(how, 4),
                "why": why,
                "status": one.status,
                "reason": one.reason,
                "rationale": words.get(one.alert_id),
                "closed_at": one.closed_at,
                "case_id": one.case_id,
            }
            for (how, why), one in best
        ],
        "ended": dict(sorted(ended.items())),
        "false_positive_share": ended["closed_false_positive"] / len(past) if past else None,
    }


def likeness(one: Alert, other: Alert) -> tuple[float, list[str]]:
    """Return how alike two alerts of one detector are, 0 to 1, and what they share."""
    share = {
        "actor": _common({a["id"] for a in one.actors}, {a["id"] for a in other.actors}),
        "instrument": _common(set(one.instrument_ids), set(other.instrument_ids)),
        "measures": _measures(one, other),
        "score": 1 - abs(one.score - other.score) / 100,
    }
    why = [name for name, value in share.items() if value >= 0.5]
    return sum(WEIGHTS[name] * value for name, value in share.items()), why


def _common(one: set[str], other: set[str]) -> float:
    return len(one & other) / len(one | other) if one or other else 0.0


def _measures(one: Alert, other: Alert) -> float:
    """Return how close the measures are, each on a log scale so that twice as much is half as close."""
    mine = {m["name"]: m["value"] for m in one.metrics if m["value"] is not None}
    theirs = {m["name"]: m["value"] for m in other.metrics if m["value"] is not None}
    both = mine.keys() & theirs.keys()
    if not both:
        return 0.0
    close = [
        1 / (1 + abs(math.asinh(mine[name]) - math.asinh(theirs[name])))
        for name in both
        if math.isfinite(mine[name]) and math.isfinite(theirs[name])
    ]
    return sum(close) / len(close) if close else 0.0


def _rationales(desk: Desk, ids: list[str]) -> dict[str, str | None]:
    query = (
        select(WorkflowStep.object_id, WorkflowStep.rationale)
        .where(
            WorkflowStep.object_kind == "alert",
            WorkflowStep.object_id.in_(ids),
            WorkflowStep.to_state.in_(ENDINGS),
        )
        .order_by(WorkflowStep.at)
    )
    with desk.session() as session:
        return {row[0]: row[1] for row in session.execute(query)}
