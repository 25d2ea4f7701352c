"""Leaderboard: whose ideas were right, and what luck alone reaches."""

from typing import Any

from dash import html

from components.cards import grid, page_body, slot
from components.page import Page, Step

PAGE = Page(
    path="/social/leaderboard",
    section="social",
    name="leaderboard",
    title="Leaderboard",
    description="nobody is ranked without uncertainty",
    order=42,
    accepts=("instrument",),
    offers=(),
    next=(
        Step("See the ideas", "/social/ideas", "What is open, what has ended"),
        Step("Read what is said", "/social/feed", "Posts of the same authors"),
        Step("Read the insights", "/intelligence/insights", "Findings ranked by weight", "insights"),
    ),
)


def layout(**_: Any) -> html.Div:
    """Lay out the page; callbacks/social/leaderboard.py fills it."""
    return page_body(
        PAGE,
        grid(
            slot(PAGE, "board", "Ranked", height=300, skeleton="rows"),
            slot(PAGE, "apart", "Not ranked", span="span-7 md-12", height=200, skeleton="rows"),
            slot(PAGE, "luck", "What luck reaches", span="span-5 md-12", height=200, skeleton="rows"),
        ),
    )
