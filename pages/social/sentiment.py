"""Sentiment: does talk move before price, about what, and on which days it bursts."""

from typing import Any

from dash import html

from components.cards import grid, page_body, slot
from components.page import Page, Step

PAGE = Page(
    path="/social/sentiment",
    section="social",
    name="sentiment",
    title="Sentiment",
    description="tone and attention against the price",
    order=43,
    accepts=("instrument",),
    offers=("instrument",),
    next=(
        Step("Read what is said", "/social/feed", "The posts behind the tone"),
        Step("Check what is held of it", "/portfolio/positions", "Positions in what is talked about"),
        Step("See who talks together", "/social/network", "Authors who post the same at the same time"),
        Step("See the executions", "/trading/blotter", "Who traded it at the time"),
    ),
)


def layout(**_: Any) -> html.Div:
    """Lay out the page; callbacks/social/sentiment.py fills it."""
    return page_body(
        PAGE,
        grid(
            slot(PAGE, "course", "Tone, attention and price", span="span-8 md-12", height=380),
            slot(PAGE, "leads", "Does talk lead price", span="span-4 md-12", height=380),
            slot(
                PAGE, "instruments", "Who is talked about", span="span-6 md-12", height=320, skeleton="rows"
            ),
            slot(PAGE, "attention", "Attention now", span="span-6 md-12", height=320, skeleton="rows"),
            slot(PAGE, "bursts", "Bursts of talk", span="span-12", height=260, skeleton="rows"),
        ),
    )
