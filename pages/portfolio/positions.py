"""Positions: what is held, what it is worth, and whether others agree."""

from typing import Any

from dash import html

from components.cards import grid, page_body, slot, strip_slot
from components.page import TALK_OF_ACCOUNT, Page, Step

PAGE = Page(
    path="/portfolio/positions",
    section="portfolio",
    name="positions",
    title="Positions",
    description="held at the last session of the view",
    order=20,
    accepts=("desk", "account", "instrument"),
    offers=("instrument", "account"),
    next=(
        Step("See the executions", "/trading/blotter", "What built these positions"),
        Step("Read the insights", "/intelligence/insights", "Findings about what is held", "insights"),
        Step("Read the posts", "/social/feed", "What is said about what is held"),
        TALK_OF_ACCOUNT,
    ),
)


def layout(**_: Any) -> html.Div:
    """Lay out the page; callbacks/portfolio/positions.py fills it."""
    return page_body(
        PAGE,
        strip_slot(PAGE),
        grid(
            slot(PAGE, "exposure", "Exposure", span="span-5 md-6 sm-12", height=342),
            slot(PAGE, "nav", "Net asset value", span="span-7 md-6 sm-12", height=342),
            slot(PAGE, "positions", "Positions", span="span-12", height=420, skeleton="rows"),
            slot(PAGE, "reconciliation", "Against broker and custodian", height=110, skeleton="rows"),
            slot(PAGE, "performance", "Performance", height=300, skeleton="rows"),
        ),
    )
