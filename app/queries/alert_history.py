"""How the measures of an alert stand among those of the firm's other alerts of the same rule."""

from typing import Any

from analytics.datasets import ACCOUNTS
from app.desk import Desk
from app.queries.compliance import alert, visible
from app.storage.cache import cached
from app.storage.records.alerts import Alert

FEW = 20  # alerts below which a percentile would say more than is known


@cached(ACCOUNTS, records=("alerts",))
def history(desk: Desk, alert_id: str) -> dict[str, Any]:
    """Return for each measure of an alert how many of the firm's other alerts of its rule had less of it.

    Returns:
        ``alerts`` (how many others there are) and ``measures``: name to ``below``, ``same``, ``of`` (others that
        have it) and ``percentile`` (0 to 1, ties count half; null with fewer than FEW). ``score`` is among them.

    Raises:
        Forbidden: If the role does not read surveillance.
        NotFound: If there is no such alert here, or it is about the one who asks.
    """
    found = alert(desk, alert_id)
    same = Alert.detector == found["detector"]
    others = [one for one in visible(desk, same) if one.alert_id != alert_id]
    known: dict[str, list[float]] = {"score": [one.score for one in others]}
    for one in others:
        for metric in one.metrics:
            if metric["value"] is not None:
                known.setdefault(metric["name"], []).append(float(metric["value"]))
    asked = {"score": found["score"]} | {metric["name"]: metric["value"] for metric in found["metrics"]}
    return {
        "alerts": len(others),
        "measures": {
            name: _stands(value, known.get(name, [])) for name, value in asked.items() if value is not None
        },
    }


def _stands(value: float, others: list[float]) -> dict[str, Any]:
    below, same = sum(other < value for other in others), sum(other == value for other in others)
    share = (below + same / 2) / len(others) if len(others) >= FEW else None
    return {"below": below, "same": same, "of": len(others), "percentile": share}
