"""Supervision: messages that no detector named, drawn at random and read by people."""

from typing import Any

from dash import html

from components.cards import grid, page_body, slot, strip_slot
from components.page import SURVEILLANCE_ROLES, Page, Step

PAGE = Page(
    path="/compliance/supervision",
    section="compliance",
    name="supervision",
    title="Supervision",
    description="messages that no rule named, drawn at random",
    order=31,  # right after the cases
    roles=SURVEILLANCE_ROLES,
    accepts=(),  # a sample is of everybody: narrowing it would be choosing
    offers=("alert",),
    next=(
        Step("Triage alerts", "/compliance/alerts", "What was raised waits there"),
        Step("Look at the cases", "/compliance/cases", "What was escalated at once"),
        Step("Read the trail", "/compliance/audit", "Who read which message"),
    ),
)


def layout(role: str = "", **_: Any) -> html.Div:
    """Lay out the page; callbacks/compliance/supervision.py fills it."""
    draws = role == "compliance"
    queue = slot(
        PAGE,
        "queue",
        "Messages to read",
        span="span-8 md-12" if draws else "span-12",
        height=320,
        skeleton="rows",
    )
    draw = slot(PAGE, "draw", "Draw a sample", span="span-4 md-12", height=320, skeleton="rows")
    return page_body(
        PAGE,
        strip_slot(PAGE, tiles=6),
        grid(
            queue,
            *([draw] if draws else []),
            slot(PAGE, "samples", "What was drawn", height=160, skeleton="rows"),
        ),
    )
