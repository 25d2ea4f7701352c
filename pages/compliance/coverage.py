"""Coverage: what surveillance sees, where it is blind, and whether it says too much or too little."""

from typing import Any

from dash import html

from components.cards import grid, page_body, slot
from components.page import SURVEILLANCE_ROLES, Page, Step

PAGE = Page(
    path="/compliance/coverage",
    section="compliance",
    name="coverage",
    title="Coverage",
    description="what surveillance sees, and where it is blind",
    order=34,
    roles=SURVEILLANCE_ROLES,
    next=(
        Step("Read the alerts", "/compliance/alerts", "What was found"),
        Step("See the thresholds", "/compliance/calibration", "Why so many or so few"),
        Step("See the imports", "/operations/pipeline", "Where a feed comes from"),
    ),
)


def layout(**_: Any) -> html.Div:
    """Lay out the page; callbacks/compliance/coverage.py fills it."""
    return page_body(
        PAGE,
        grid(
            slot(PAGE, "matrix", "Who looks where", span="span-12", height=420, skeleton="rows"),
            slot(PAGE, "volumes", "Too many, too few", span="span-6 md-12", height=320, skeleton="rows"),
            slot(PAGE, "feeds", "Feeds", span="span-6 md-12", height=320, skeleton="rows"),
            slot(PAGE, "canaries", "Canaries", span="span-12", height=200, skeleton="rows"),
            slot(PAGE, "runs", "Last runs", span="span-12", height=320, skeleton="rows"),
        ),
    )
