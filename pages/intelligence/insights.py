"""Insights: findings that cleared their own noise, the weightiest first."""

from typing import Any

from dash import html

from components.cards import page_body, slot
from components.page import Page, Step

PAGE = Page(
    path="/intelligence/insights",
    section="intelligence",
    name="insights",
    title="Insights",
    description="findings, ranked by what is at stake and how sure it is",
    order=50,
    accepts=("desk", "trader", "instrument"),
    offers=("desk", "trader", "instrument", "alert"),
    next=(
        Step("Triage open alerts", "/compliance/alerts", "Alerts wait for a decision", "open_alerts"),
        Step("See the executions", "/trading/blotter", "The fills behind the findings"),
        Step("Check positions", "/portfolio/positions", "What is held at the last session"),
        Step("How good the models are", "/intelligence/models", "Skill against a plain baseline"),
    ),
)


def layout(**_: Any) -> html.Div:
    """Lay out the page; callbacks/intelligence/insights.py fills it."""
    return page_body(
        PAGE,
        html.Div(
            [
                html.Div(slot(PAGE, "insights", "Insights", span="", height=500, skeleton="rows")),
                html.Div(
                    [
                        slot(PAGE, "use", "What they were worth", span="", height=150, skeleton="rows"),
                        slot(PAGE, "digest", "Daily digest", span="", height=110, skeleton="rows"),
                        slot(PAGE, "method", "How to read them", span="", height=150, skeleton="rows"),
                        slot(PAGE, "rules", "What is looked for", span="", height=220, skeleton="rows"),
                    ],
                    className="stick",
                ),
            ],
            className="duo narrow",
        ),
    )
