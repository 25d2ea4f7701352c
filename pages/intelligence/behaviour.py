"""Behaviour: who trades unlike his peers, in what, and in which market."""

from typing import Any

from dash import html

from components.cards import grid, page_body, slot
from components.page import SURVEILLANCE_ROLES, Page, Step

PAGE = Page(
    path="/intelligence/behaviour",
    section="intelligence",
    name="behaviour",
    title="Behaviour",
    description="who trades unlike his peers, and in what",
    order=53,
    roles=SURVEILLANCE_ROLES,
    accepts=("desk", "trader", "account"),
    offers=("trader", "account"),
    next=(
        Step("Read the alerts", "/compliance/alerts", "What detectors say of the same people", "open_alerts"),
        Step("See the orders", "/trading/blotter", "What was done on the odd days"),
        Step("Check the model", "/intelligence/models", "What it is worth on planted days"),
    ),
)


def layout(**_: Any) -> html.Div:
    """Lay out the page; callbacks/intelligence/behaviour.py fills it."""
    return page_body(
        PAGE,
        grid(
            slot(PAGE, "map", "Behaviour map", span="span-5 md-12", height=520),
            slot(PAGE, "anomalies", "Anomalies", span="span-7 md-12", height=520, skeleton="rows"),
            slot(PAGE, "styles", "Trading styles", span="span-12", height=240, skeleton="rows"),
            slot(PAGE, "patterns", "Patterns", span="span-12", height=240, skeleton="rows"),
            slot(PAGE, "regime", "Market regime", span="span-12", height=270),
        ),
    )
