"""Performance: what was earned, against what, how steadily, and how sure one can be of it."""

from typing import Any

from dash import html

from components.cards import grid, page_body, slot, strip_slot
from components.ids import at
from components.page import TALK_OF_ACCOUNT, Page, Step

PAGE = Page(
    path="/portfolio/performance",
    section="portfolio",
    name="performance",
    title="Performance",
    description="time-weighted, with the convention of every figure",
    order=21,
    accepts=("desk", "account"),
    next=(
        Step("See what made it", "/portfolio/attribution", "Choices against the benchmark"),
        Step("See the risk behind it", "/portfolio/risk", "What could be lost"),
        Step("See the P&L by day", "/trading/pnl", "The same in money"),
        Step("See the positions", "/portfolio/positions", "What is held now"),
        TALK_OF_ACCOUNT,
    ),
)


def layout(**_: Any) -> html.Div:
    """Lay out the page; callbacks/portfolio/performance.py fills it."""
    return page_body(
        PAGE,
        html.Div(id=at(PAGE.key, "terms"), style={"minHeight": "30px"}),
        strip_slot(PAGE),
        grid(
            slot(PAGE, "course", "Growth of 100", span="span-8 md-12", height=360),
            slot(
                PAGE, "weighting", "Time or money weighted", span="span-4 md-12", height=360, skeleton="rows"
            ),
            slot(PAGE, "falls", "Drawdown", span="span-7 md-12", height=330),
            slot(PAGE, "fall-table", "Deepest drawdowns", span="span-5 md-12", height=330, skeleton="rows"),
            slot(PAGE, "months", "Returns by month", span="span-12", height=190, skeleton="rows"),
            slot(PAGE, "rolling", "Rolling", span="span-6 md-12", height=330),
            slot(PAGE, "spread", "Distribution of returns", span="span-6 md-12", height=330),
            slot(PAGE, "costs", "Before and after costs", span="span-6 md-12", height=230, skeleton="rows"),
            slot(PAGE, "capture", "Up and down capture", span="span-6 md-12", height=230, skeleton="rows"),
            slot(PAGE, "metrics", "All measures", height=640, skeleton="rows"),
        ),
    )
