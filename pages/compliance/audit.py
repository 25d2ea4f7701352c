"""The audit trail: who did what, in a chain that shows every change to it."""

from typing import Any

from dash import html

from components.cards import grid, page_body, slot
from components.page import SURVEILLANCE_ROLES, Page, Step

PAGE = Page(
    path="/compliance/audit",
    section="compliance",
    name="audit",
    title="Audit trail",
    description="who did what, newest first",
    order=36,
    roles=SURVEILLANCE_ROLES | {"admin"},
    next=(
        Step("Read the alerts", "/compliance/alerts", "What surveillance found"),
        Step("See the thresholds", "/compliance/calibration", "Who agreed on what"),
        Step("See the imports", "/operations/pipeline", "What came in, and from whom"),
    ),
)


def layout(**_: Any) -> html.Div:
    """Lay out the page; callbacks/compliance/audit.py fills it."""
    return page_body(
        PAGE,
        grid(
            slot(PAGE, "chain", "Does the chain hold", span="span-12", height=96, skeleton="rows"),
            slot(PAGE, "entries", "Entries", span="span-12", height=560, skeleton="rows"),
        ),
    )
