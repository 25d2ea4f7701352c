"""Lists and screening: what may not be traded, who resembles a sanctions list, who may trade for himself."""

from typing import Any

from dash import html

from components.cards import grid, page_body, slot, strip_slot
from components.list_forms import decide_card, end_card, entry_card, lookup_card, request_card
from components.page import SURVEILLANCE_ROLES, Page, Step

PAGE = Page(
    path="/compliance/lists",
    section="compliance",
    name="lists",
    title="Lists & screening",
    description="what is closed to trading, and to whom",
    order=33,
    accepts=("instrument",),
    offers=("instrument",),
    next=(
        Step("See the orders", "/trading/blotter?view=orders", "What was sent in a listed name"),
        Step("See the limits", "/compliance/limits", "What is bounded beside the lists"),
        Step("Bring a list in", "/operations/pipeline", "Sanctions lists and entries come as files"),
    ),
)
ASKERS = frozenset({"trader", "portfolio_manager", "risk", "compliance"})


def layout(role: str = "", **_: Any) -> html.Div:
    """Lay out the page; callbacks/compliance/lists.py fills it."""
    watches, keeps = role in SURVEILLANCE_ROLES, role == "compliance"
    # By each table stands what one may do about it; who may do nothing sees the table alone.
    wide, side = "span-8 md-12", "span-4 md-12"
    parts: list[Any] = [slot(PAGE, "entries", "Lists", height=180, skeleton="rows")]
    if keeps:
        parts += [html.Div(entry_card(), className=wide), html.Div(end_card(), className=side)]
    if watches:
        # In the order of the work: choose, read, decide. On a desk the match stands beside both.
        beside = "span-5 md-12 rows-2" if keeps else "span-5 md-12"
        parts += [
            slot(PAGE, "matches", "Sanctions matches", span="span-7 md-12", height=160, skeleton="rows"),
            slot(PAGE, "match", "The match", span=beside, height=320, skeleton="rows"),
        ]
        if keeps:
            parts.append(html.Div(decide_card(), className="span-7 md-12"))
    parts.append(
        slot(
            PAGE, "requests", "Private trades", span=wide if role in ASKERS else "span-12", height=220, skeleton="rows"
        )
    )  # fmt: skip
    if role in ASKERS:
        parts.append(html.Div(request_card(), className=side))
    if watches:
        parts.append(slot(PAGE, "projects", "Insiders by project", span=wide, height=120, skeleton="rows"))
        parts.append(html.Div(lookup_card(), className=side))
    return page_body(PAGE, strip_slot(PAGE, 6 if watches else 3), grid(*parts))
