"""What stands behind an alert of risk: the course of the limit that was passed, the back-test of the model."""

from dataclasses import replace
from typing import Any

from app.desk import Desk
from app.queries import limits, risk_backtest
from app.queries.compliance import alert
from app.queries.evidence_cards import LIMIT, MODEL
from app.scope import Scope

METHODS = ("historical", "filtered_historical")
NO_LIMIT = "The limit has been retired or renamed since, so its course cannot be told."


def limit_behind(desk: Desk, alert_id: str) -> dict[str, Any]:
    """Return the course of the limit an alert is about: ``app.queries.limits.history``, or ``reason``.

    Raises:
        Forbidden: If the role does not read surveillance.
        NotFound: If there is no such alert here, or it is about the one who asks.
    """
    found = alert(desk, alert_id)
    wide = replace(desk, scope=Scope(currency=desk.scope.currency))
    name = found["title"].partition(": ")[2]
    if found["detector"] == LIMIT:
        for row in limits.measured(wide):
            if row["name"] == name:
                return limits.history(wide, row["limit_id"])
    return {"rows": [], "reason": NO_LIMIT}


def model_behind(desk: Desk, alert_id: str) -> dict[str, Any]:
    """Return the back-test of the model an alert is about: ``app.queries.risk_backtest.backtest``.

    The desk's book where the alert names one, else the organisation's.

    Raises:
        Forbidden: If the role does not read surveillance.
        NotFound: If there is no such alert here, or it is about the one who asks.
    """
    found = alert(desk, alert_id)
    if found["detector"] != MODEL:
        return {"rows": None, "reasons": {"rows": "The alert is not about a model."}}
    named = next((a["id"] for a in found["actors"] if a["kind"] == "desk"), None)
    words = found["title"].partition(": ")[2].partition(",")[0].replace(" ", "_")
    method = words if words in METHODS else METHODS[0]
    wide = replace(desk, scope=Scope(desk=(named,) if named else (), currency=desk.scope.currency))
    return risk_backtest.backtest(wide, method=method)
