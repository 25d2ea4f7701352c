"""One order: its life on the price, what it cost and where the money went."""

from typing import Any

from dash import dcc, html

from components.cards import grid, page_body, slot, strip_slot
from components.ids import at
from components.page import SURVEILLANCE_ROLES, Page

PAGE = Page(
    path="/trading/orders/none",
    path_template="/trading/orders/<order_id>",
    section="trading",
    name="order",
    title="Order",
    description="",
    accepts=(),  # an order is the same whatever the view is narrowed to
    offers=("order", "instrument", "account", "trader", "desk"),
)


def layout(order_id: str = "", role: str = "", **_: Any) -> html.Div:
    """Lay out the page; callbacks/trading/order.py fills it."""
    watched = [slot(PAGE, "alerts", "Alerts that name it", height=120, skeleton="rows")]
    return page_body(
        PAGE,
        dcc.Store(id=at(PAGE.key, "id"), data=order_id),
        strip_slot(PAGE),
        grid(
            slot(PAGE, "life", "Its life on the price", span="span-8 md-12", height=400),
            slot(PAGE, "cost", "Where the money went", span="span-4 md-12", height=400),
            slot(PAGE, "facts", "The order", span="span-4 md-6 sm-12", height=300, skeleton="rows"),
            slot(
                PAGE,
                "benchmarks",
                "Against each benchmark",
                span="span-4 md-6 sm-12",
                height=300,
                skeleton="rows",
            ),
            slot(PAGE, "markouts", "After its fills", span="span-4 md-12", height=300),
            slot(PAGE, "fills", "Fills", span="span-8 md-12", height=220, skeleton="rows"),
            slot(PAGE, "events", "What happened", span="span-4 md-12", height=220, skeleton="rows"),
            slot(PAGE, "measures", "How it was worked", height=200, skeleton="rows"),
            slot(PAGE, "children", "Orders cut from it", height=140, skeleton="rows"),
            *(watched if role in SURVEILLANCE_ROLES else ()),
        ),
        title=html.Span(PAGE.title, id=at(PAGE.key, "title")),
        meta=html.Span(id=at(PAGE.key, "meta")),
    )
