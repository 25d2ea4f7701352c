"""Ideas: who expects what, by when, with which chance, and what came of it."""

from typing import Any

from dash import html

from components.cards import page_body, slot, strip_slot
from components.idea_forms import composer_card
from components.page import Page, Step

PAGE = Page(
    path="/social/ideas",
    section="social",
    name="ideas",
    title="Ideas",
    description="sealed after a quarter of an hour, scored net of costs",
    order=41,
    accepts=("instrument",),
    offers=("instrument",),
    next=(
        Step("See whose were right", "/social/leaderboard", "Records with what luck alone reaches"),
        Step("Read what is said", "/social/feed", "Posts on the same instruments"),
        Step("Check what is held of it", "/portfolio/positions", "Positions in what is spoken of"),
    ),
)
AUTHORS = frozenset({"trader", "portfolio_manager", "risk", "compliance"})


def layout(role: str = "", **_: Any) -> html.Div:
    """Lay out the page; callbacks/social/ideas.py fills it."""
    parts = [
        html.Div(slot(PAGE, "ideas", "Ideas", span="", height=320, skeleton="rows"), className="ideas-list"),
        html.Div(slot(PAGE, "idea", "The idea", span="", height=260, skeleton="rows"), className="ideas-one"),
    ]
    if role in AUTHORS:
        parts.append(html.Div(composer_card(), className="ideas-form"))
    return page_body(PAGE, strip_slot(PAGE, 5), html.Div(parts, className="ideas-page"))
