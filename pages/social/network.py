"""Network: who follows whom, and who posts the same at the same time."""

from typing import Any

from dash import html

from components.cards import grid, page_body, slot
from components.page import Page, Step

PAGE = Page(
    path="/social/network",
    section="social",
    name="network",
    title="Network",
    description="ties between authors, and what chance would bring",
    order=44,
    accepts=("instrument",),
    offers=("instrument",),
    next=(
        Step("Read what is said", "/social/feed", "The posts themselves"),
        Step("See whether talk leads price", "/social/sentiment", "Tone and attention beside the price"),
        Step("Triage open alerts", "/compliance/alerts", "Alerts on what is talked about", "open_alerts"),
    ),
)


def layout(**_: Any) -> html.Div:
    """Lay out the page; callbacks/social/network.py fills it."""
    return page_body(
        PAGE,
        grid(
            slot(PAGE, "together", "Who posts together", span="span-6", height=460),
            slot(PAGE, "follows", "Who follows whom", span="span-6", height=460),
            slot(PAGE, "groups", "Groups that post together", span="span-12", height=220, skeleton="rows"),
            slot(PAGE, "links", "Pairs of authors", span="span-6 md-12", height=260, skeleton="rows"),
            slot(PAGE, "people", "Most followed", span="span-6 md-12", height=260, skeleton="rows"),
        ),
    )
