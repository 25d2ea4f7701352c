"""Execution quality: what trading cost, against what, where, and whether it was luck."""

from typing import Any

from dash import html

from components.cards import grid, page_body, slot, strip_slot
from components.page import Page, Step

PAGE = Page(
    path="/trading/execution-quality",
    section="trading",
    name="execution-quality",
    title="Execution quality",
    description="positive is a cost, in basis points of the price",
    order=11,
    accepts=("desk", "account", "trader", "instrument"),
    offers=("order", "instrument", "trader", "account", "desk"),
    next=(
        Step("See the executions", "/trading/blotter", "Every fill behind these figures"),
        Step("Explain the P&L", "/trading/pnl", "What these costs took from the result"),
        Step("Try another trade", "/portfolio/what-if", "What a trade would cost before it is sent"),
    ),
)


def layout(**_: Any) -> html.Div:
    """Lay out the page; callbacks/trading/execution_quality.py fills it."""
    return page_body(
        PAGE,
        strip_slot(PAGE),
        grid(
            slot(PAGE, "filters", "Narrow and compare", span="span-12", height=84, skeleton="rows"),
            slot(PAGE, "benchmarks", "Cost against each benchmark", span="span-4 md-6 sm-12", height=310),
            slot(PAGE, "markouts", "After the fills", span="span-4 md-6 sm-12", height=310),
            slot(PAGE, "shortfall", "Implementation shortfall", span="span-4 md-12", height=310),
            slot(PAGE, "league", "Who costs more", span="span-7 md-12", height=340, skeleton="rows"),
            slot(PAGE, "daily", "Cost by day", span="span-5 md-12", height=340),
            slot(PAGE, "sizes", "Cost by order size", span="span-4 md-12", height=340),
            slot(PAGE, "outliers", "Orders off their expected cost", span="span-8 md-12", height=340, skeleton="rows"),
        ),
    )  # fmt: skip
