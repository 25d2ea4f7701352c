"""What-if: change target weights or have them optimised, and see what trading would do first."""

from typing import Any

from dash import dcc, html

from components.cards import grid, page_body, slot
from components.ids import at
from components.page import TALK_OF_ACCOUNT, Page, Step

PAGE = Page(
    path="/portfolio/what-if",
    section="portfolio",
    name="what-if",
    title="What-if",
    description="what trading would do to the book, before anybody trades",
    order=24,
    roles=frozenset({"trader", "portfolio_manager", "risk"}),
    accepts=("desk", "account", "instrument"),
    offers=("instrument",),
    next=(
        Step("Read the risk", "/portfolio/risk", "Where the risk of now comes from"),
        Step("See the limits", "/compliance/limits", "How much of them is used now"),
        Step("Look at the positions", "/portfolio/positions", "What is held"),
        TALK_OF_ACCOUNT,
    ),
)


def layout(**_: Any) -> html.Div:
    """Lay out the page; callbacks/portfolio/what_if.py fills it."""
    strip = html.Div(id=at(PAGE.key, "kpis"), **{"data-card": "kpis", "data-state": "loading"})
    return page_body(
        PAGE,
        strip,
        dcc.Download(id=at(PAGE.key, "orders", "file")),
        grid(
            slot(PAGE, "targets", "Target weights", span="span-8 md-12", height=470, skeleton="rows"),
            slot(PAGE, "optimise", "Optimise", span="span-4 md-12", height=470, skeleton="rows"),
            slot(PAGE, "record", "Out of sample", span="span-8 md-12", height=220),
            slot(PAGE, "frontier", "Efficient frontier", span="span-4 md-12", height=220),
            slot(PAGE, "sectors", "Sectors, before and after", span="span-6 md-12", height=360),
            slot(
                PAGE, "limits", "Limits, before and after", span="span-6 md-12", height=360, skeleton="rows"
            ),
            slot(PAGE, "orders", "Orders", span="span-8 md-12", height=220, skeleton="rows"),
            slot(PAGE, "plans", "Kept plans", span="span-4 md-12", height=220, skeleton="rows"),
        ),
    )
