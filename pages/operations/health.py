"""Health: do all parts answer, is the data complete, how fast are we."""

from typing import Any

from dash import html

from components.cards import grid, page_body, slot
from components.page import OPERATIONS_ROLES, Page, Step

PAGE = Page(
    path="/operations/health",
    section="operations",
    name="health",
    title="Health",
    description="services, data sets, jobs, response times",
    order=60,
    icon="activity",
    roles=OPERATIONS_ROLES,
    next=(Step("See what was imported", "/operations/pipeline", "Imports and what they set aside"),),
)


def layout(role: str = "", **_: Any) -> html.Div:
    """Lay out the page; callbacks/operations/health.py fills it."""
    own = [] if role == "operator" else [slot(PAGE, "data", "Data sets", height=420, skeleton="rows")]
    return page_body(
        PAGE,
        grid(
            slot(PAGE, "services", "Services", height=130, skeleton="rows"),
            slot(PAGE, "requests", "Response times", span="span-8 md-12", height=320, skeleton="rows"),
            slot(PAGE, "work", "Jobs, cache, process", span="span-4 md-12", height=320, skeleton="rows"),
            *own,
        ),
    )
