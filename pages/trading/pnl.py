"""P&L: what was earned, what caused it, by whom, and whether the book adds up."""

from typing import Any

from dash import html

from components.cards import grid, page_body, slot, strip_slot
from components.page import Page, Step

PAGE = Page(
    path="/trading/pnl",
    section="trading",
    name="pnl",
    title="P&L",
    description="earned over the view, after costs",
    order=12,
    accepts=("desk", "account", "trader", "instrument"),
    offers=("desk", "account", "trader", "instrument"),
    next=(
        Step("See what carries the risk", "/portfolio/risk", "Component VaR of what earned or lost this"),
        Step("Check positions", "/portfolio/positions", "What is held now, and what it is worth"),
        Step("Read the posts", "/social/feed", "What was said while it moved"),
        Step("See the executions", "/trading/blotter", "The trades behind it"),
    ),
)


def layout(**_: Any) -> html.Div:
    """Lay out the page; callbacks/trading/pnl.py fills it."""
    return page_body(
        PAGE,
        strip_slot(PAGE),
        grid(
            slot(PAGE, "net-pnl", "Net P&L", span="span-7 md-12", height=342),
            slot(PAGE, "explain", "What caused it", span="span-5 md-12", height=342),
            slot(PAGE, "groups", "By group", span="span-8 md-12", height=360, skeleton="rows"),
            slot(PAGE, "days", "By day", span="span-4 md-12", height=360),
            slot(PAGE, "intraday", "Through the day", span="span-7 md-12", height=330),
            slot(PAGE, "identity", "Does it add up", span="span-5 md-12", height=330, skeleton="rows"),
            slot(PAGE, "lots", "Lots of one position", span="span-8 md-12", height=360, skeleton="rows"),
            slot(PAGE, "method", "Cost method", span="span-4 md-12", height=360, skeleton="rows"),
        ),
    )
