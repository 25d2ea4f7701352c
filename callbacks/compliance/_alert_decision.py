"""Wires the decision on pages/compliance/alert.py, and past alerts like it."""

from datetime import UTC, datetime
from typing import Any

from dash import Dash, html

from app.queries import cases, casework, compliance, similar_alerts
from callbacks._fill import Drawn, View, fill, nothing
from components.alert_decision import decision, similar
from components.formats import percent, words

_WIDE: dict[str, Any] = {"trader": (), "account": (), "instrument": ()}


def wire_decision(app: Dash, page: str) -> None:
    """Fill the two cards."""
    fill(app, page, "decision", "Decision", ask=_work, draw=_decision, about=True)
    fill(app, page, "similar", "Past alerts like it", ask=similar_alerts.similar, draw=_similar, about=True)


def _work(desk: Any, alert_id: str) -> dict[str, Any]:
    found = compliance.alert(desk, alert_id)
    acts = desk.identity.role == "compliance"
    return {
        "work": casework.alert_work(desk, alert_id),
        "case_id": found["case_id"],
        "open_cases": cases.cases(desk.with_scope(**_WIDE), filters={"open": "true"}, limit=50)["rows"]
        if acts
        else [],
        "quiet": casework.quietable(desk, alert_id) if acts else None,
        "people": {one["user_id"]: one["name"] for one in casework.colleagues(desk)},
        "reasons": casework.catalogue()["reasons"],
        "user": desk.identity.user_id,
    }


def _decision(found: dict[str, Any], _: View) -> Drawn:
    body = decision(
        found["work"],
        datetime.now(UTC),
        user=found["user"],
        people=found["people"],
        reasons=found["reasons"],
        case_id=found["case_id"],
        open_cases=found["open_cases"],
        quiet=found["quiet"],
    )
    return Drawn(body, badge=html.Span(words(found["work"]["status"]), className="tag acc"), fit="pad")


def _similar(found: dict[str, Any], view: View) -> Drawn:
    if not found["rows"]:
        return nothing(view, "No past alert like it", "No alert of this rule has been decided yet.")
    share = found["false_positive_share"]
    return Drawn(
        similar(found), sub=f"{percent(share)} false alarms" if share is not None else None, fit="pad"
    )
