"""Limits and lists: what is bounded, how near it is, who settled what was passed, what may not be traded."""

from typing import Any

from dash import html

from components.cards import grid, page_body, slot, strip_slot
from components.limit_forms import limit_form, settle_card
from components.page import Page, Step

PAGE = Page(
    path="/compliance/limits",
    section="compliance",
    name="limits",
    title="Limits & lists",
    description="measured at the last close of the view",
    order=32,
    offers=("desk", "account", "instrument", "trader"),
    next=(
        Step("See the risk", "/portfolio/risk", "What stands behind the figures"),
        Step("Try a smaller book", "/portfolio/what-if", "What a trade would free"),
        Step("See the positions", "/portfolio/positions", "What is held now"),
        Step("See the orders", "/trading/blotter?view=orders", "What was sent"),
    ),
)
SETTLERS = frozenset({"risk", "compliance"})


def layout(role: str = "", **_: Any) -> html.Div:
    """Lay out the page; callbacks/compliance/limits.py fills it."""
    settles, defines = role in SETTLERS, role == "risk"
    breaches = slot(
        PAGE,
        "breaches",
        "Breaches",
        span="span-9 md-12" if settles else "span-12",
        height=220,
        skeleton="rows",
    )
    return page_body(
        PAGE,
        strip_slot(PAGE, 5),
        grid(
            slot(PAGE, "limits", "Limits", span="span-6 md-12", height=420, skeleton="rows"),
            slot(PAGE, "course", "Course and forecast", span="span-6 md-12", height=420),
            breaches,
            html.Div(settle_card(), className="span-3 md-12") if settles else None,
            html.Div(limit_form(), className="span-12") if defines else None,
            slot(PAGE, "lists", "Control room lists", span="span-12", height=140, skeleton="rows"),
        ),
    )
