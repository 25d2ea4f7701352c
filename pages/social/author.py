"""An author: his record with its uncertainty, his stated chances, his ideas, their proof, paper mirrors."""

from typing import Any

from dash import dcc, html

from components.cards import card, grid, page_body, slot, strip_slot
from components.idea_forms import mirror_card, proof_form
from components.ids import at
from components.page import SURVEILLANCE_ROLES, Page, Step

PAGE = Page(
    path="/social/authors/none",
    path_template="/social/authors/<author_id>",
    section="social",
    name="author",
    title="Author",
    description="a record with its uncertainty",
    accepts=(),  # a record is the same whatever the view is narrowed to
    offers=("instrument",),
    next=(
        Step("See the leaderboard", "/social/leaderboard", "Others' records, and what luck reaches"),
        Step("See all ideas", "/social/ideas", "What is open, what has ended"),
        Step("Read what is said", "/social/feed", "Posts of the same authors"),
    ),
)
MIRRORS = frozenset({"trader", "portfolio_manager", "risk", "compliance"})


def layout(author_id: str = "", role: str = "", **_: Any) -> html.Div:
    """Lay out the page; callbacks/social/author.py fills it."""
    parts: list[Any] = [
        slot(PAGE, "record", "Record", span="span-7 md-12", height=280),
        slot(PAGE, "stated", "Stated chances", span="span-5 md-12", height=280),
        slot(PAGE, "ideas", "Ideas", height=240, skeleton="rows"),
    ]
    parts.append(slot(PAGE, "said", "What he says", height=220, skeleton="rows"))
    if role in SURVEILLANCE_ROLES:
        parts.append(slot(PAGE, "talk", "Does he talk his book?", height=200, skeleton="rows"))
    writes = role in MIRRORS
    wide = "span-8 md-12" if writes else "span-12"
    parts.append(slot(PAGE, "mirrors", "Paper mirrors", span=wide, height=200, skeleton="rows"))
    side = [mirror_card()] if writes else []
    side.append(card("proof", "Sealed proof", proof_form(), fit="pad", sub="rows against the trail"))
    parts.append(html.Div(side, className="span-4 md-12 vstack gap-3"))
    return page_body(
        PAGE,
        dcc.Store(id=at(PAGE.key, "id"), data=author_id),
        strip_slot(PAGE, 6),
        grid(*parts),
        title=html.Span(PAGE.title, id=at(PAGE.key, "title")),
    )
