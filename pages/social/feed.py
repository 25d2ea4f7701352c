"""Feed: what is said here and outside, in rooms and threads; where one writes."""

from typing import Any

from dash import html

from components.cards import page_body, slot
from components.page import Page, Step

PAGE = Page(
    path="/social/feed",
    section="social",
    name="feed",
    title="Feed",
    description="posts, their tone, and attention",
    order=40,
    accepts=("account", "instrument", "order", "alert", "post"),
    offers=("instrument", "post"),
    next=(
        Step("See whether talk leads price", "/social/sentiment", "Tone and attention beside the price"),
        Step("Check what is held of it", "/portfolio/positions", "Positions in what is talked about"),
        Step("See the executions", "/trading/blotter", "Who traded it at the time"),
        Step("Triage open alerts", "/compliance/alerts", "Alerts on what is talked about", "open_alerts"),
        Step("Read the insights", "/intelligence/insights", "Findings ranked by weight", "insights"),
    ),
)


def layout(**_: Any) -> html.Div:
    """Lay out the page; callbacks/social/feed.py fills it."""
    return page_body(
        PAGE,
        html.Div(
            [
                html.Div(
                    [
                        slot(PAGE, "compose", "Write", span="", height=220),
                        slot(PAGE, "posts", "Posts", span="", height=600, skeleton="rows"),
                    ]
                ),
                html.Div(
                    [
                        slot(PAGE, "rooms", "Rooms", span="", height=120, skeleton="rows"),
                        slot(PAGE, "tone", "Tone and price", span="", height=330),
                        slot(PAGE, "attention", "Attention", span="", height=260, skeleton="rows"),
                    ],
                    className="stick",
                ),
            ],
            className="duo",
        ),
    )
