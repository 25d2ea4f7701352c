"""Attribution: why the return differs from the benchmark's."""

from typing import Any

from dash import html

from components.cards import grid, page_body, slot, strip_slot
from components.page import TALK_OF_ACCOUNT, Page, Step

PAGE = Page(
    path="/portfolio/attribution",
    section="portfolio",
    name="attribution",
    title="Attribution",
    description="why the return differs from the benchmark's",
    order=23,
    accepts=("desk", "account"),
    offers=("instrument",),
    next=(
        Step("See the risk taken", "/portfolio/risk", "What these bets put at risk"),
        Step("Change the weights", "/portfolio/what-if", "Try other weights before trading"),
        Step("Read the positions", "/portfolio/positions", "What is held now"),
        Step("See what trading cost", "/trading/execution-quality", "Where the costs come from"),
        TALK_OF_ACCOUNT,
    ),
)


def layout(**_: Any) -> html.Div:
    """Lay out the page; callbacks/portfolio/attribution.py fills it."""
    return page_body(
        PAGE,
        strip_slot(PAGE),
        grid(
            slot(PAGE, "effects", "Effects by class", span="span-7 md-12", height=372),
            slot(PAGE, "bridge", "How it adds up", span="span-5 md-12", height=372),
            slot(PAGE, "course", "Over time", span="span-7 md-12", height=352),
            slot(PAGE, "weights", "Over and under weight", span="span-5 md-12", height=352),
            slot(PAGE, "classes", "Every class", span="span-12", height=372, skeleton="rows"),
            slot(PAGE, "securities", "Securities", span="span-12", height=420, skeleton="rows"),
        ),
    )
