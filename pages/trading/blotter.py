"""Blotter: every execution and every order of the period, and one order's life beside them."""

from typing import Any

from dash import html

from components.cards import page_body, slot
from components.ids import at
from components.page import Page, Step

PAGE = Page(
    path="/trading/blotter",
    section="trading",
    name="blotter",
    title="Blotter",
    description="executions and orders as they stand",
    order=10,
    accepts=("desk", "account", "trader", "instrument", "order"),
    offers=("order", "instrument", "trader", "account"),
    next=(
        Step("Triage open alerts", "/compliance/alerts", "Alerts name orders of this blotter", "open_alerts"),
        Step("Check positions", "/portfolio/positions", "What these executions built"),
        Step("Read the posts", "/social/feed", "What was said at the time"),
    ),
)


def layout(**_: Any) -> html.Div:
    """Lay out the page; callbacks/trading/blotter.py fills it."""
    return page_body(
        PAGE,
        html.Div(
            [
                slot(PAGE, "blotter", "Blotter", span="", height=540, skeleton="rows"),
                html.Div(id=at(PAGE.key, "order"), className="side"),
            ],
            className="split",
        ),
    )
