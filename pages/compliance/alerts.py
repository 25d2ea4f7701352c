"""Alerts: what surveillance suspects, the most likely first."""

from typing import Any

from dash import html

from components.cards import grid, page_body, slot
from components.ids import at
from components.page import SURVEILLANCE_ROLES, Page, Step

PAGE = Page(
    path="/compliance/alerts",
    section="compliance",
    name="alerts",
    title="Alerts",
    description="suspected patterns, by score",
    order=30,
    roles=SURVEILLANCE_ROLES,
    accepts=("desk", "account", "trader", "instrument"),
    offers=("alert", "trader", "instrument", "account"),
    next=(
        Step(
            "Triage critical alerts",
            "/compliance/alerts?severity=critical",
            "Critical alerts are due first",
            "critical",
        ),
        Step("See the orders", "/trading/blotter?view=orders", "Every order of the period"),
        Step("Read the posts", "/social/feed", "What was said at the time"),
        Step("Read the insights", "/intelligence/insights", "Findings ranked by weight", "insights"),
    ),
)


def layout(role: str = "", **_: Any) -> html.Div:
    """Lay out the page; callbacks/compliance/alerts.py fills it."""
    return page_body(
        PAGE,
        grid(
            slot(PAGE, "alerts", "Alerts", height=300, skeleton="rows"),
            # What may be done with the rows that are chosen; nothing while none is.
            *(
                [html.Div(id=at(PAGE.key, "chosen"), className="span-12 chosen")]
                if role == "compliance"
                else []
            ),
            slot(PAGE, "days", "When it happened", span="span-5 md-12", height=260),
            slot(
                PAGE, "coverage", "What the detectors saw", span="span-7 md-12", height=160, skeleton="rows"
            ),
            slot(PAGE, "suppressions", "Kept out of the queue", height=90, skeleton="rows"),
        ),
    )
