"""Cases: what is investigated, what is due, and what waits for a second pair of eyes."""

from typing import Any

from dash import html

from components.cards import grid, page_body, slot, strip_slot
from components.page import SURVEILLANCE_ROLES, Page, Step

PAGE = Page(
    path="/compliance/cases",
    section="compliance",
    name="cases",
    title="Cases",
    description="investigations, the first due first",
    order=31,
    roles=SURVEILLANCE_ROLES,
    accepts=("account", "trader", "instrument"),
    offers=("alert", "trader", "instrument"),
    next=(
        Step("Triage alerts", "/compliance/alerts", "Every case begins with one"),
        Step("See the orders", "/trading/blotter?view=orders", "Every order of the period"),
    ),
)


def layout(**_: Any) -> html.Div:
    """Lay out the page; callbacks/compliance/cases.py fills it."""
    return page_body(
        PAGE,
        strip_slot(PAGE, tiles=6),
        grid(
            slot(PAGE, "cases", "Cases", height=320, skeleton="rows"),
            slot(
                PAGE, "waiting", "Wait for a second person", span="span-5 md-12", height=180, skeleton="rows"
            ),
            slot(
                PAGE,
                "groups",
                "Alerts that belong together",
                span="span-7 md-12",
                height=180,
                skeleton="rows",
            ),
            slot(PAGE, "figures", "How alerts ended", height=200, skeleton="rows"),
        ),
    )
