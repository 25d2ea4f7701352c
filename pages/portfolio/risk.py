"""Risk: what could be lost, whether the number is true, where it comes from, what moves together."""

from typing import Any

from dash import html

from components.cards import grid, page_body, slot, strip_slot
from components.page import TALK_OF_ACCOUNT, Page, Step

PAGE = Page(
    path="/portfolio/risk",
    section="portfolio",
    name="risk",
    title="Risk",
    description="of what is held at the last session of the view",
    order=22,
    accepts=("desk", "account", "instrument"),
    offers=("instrument",),
    next=(
        Step("Look at the positions", "/portfolio/positions", "What carries the risk"),
        Step("Try a hedge", "/portfolio/what-if", "What a trade would do to these figures"),
        Step("See the limits", "/compliance/limits", "How much of them is used"),
        TALK_OF_ACCOUNT,
    ),
)


def layout(**_: Any) -> html.Div:
    """Lay out the page; callbacks/portfolio/risk.py and callbacks/portfolio/stress.py fill it."""
    return page_body(
        PAGE,
        strip_slot(PAGE),
        grid(
            slot(PAGE, "backtest", "VaR backtest", span="span-8 md-12", height=372),
            slot(
                PAGE,
                "verdicts",
                "Is the VaR model right",
                span="span-4 md-12",
                height=372,
                skeleton="rows",
            ),
            slot(PAGE, "parts", "Component VaR", span="span-4 md-6 sm-12", height=352),
            slot(PAGE, "factors", "Factor exposures", span="span-4 md-6 sm-12", height=352),
            slot(PAGE, "stress", "Stress tests", span="span-4 md-12", height=352, skeleton="rows"),
            slot(PAGE, "correlation", "Correlation", span="span-5 md-12", height=388),
            slot(PAGE, "drawdown", "Drawdown", span="span-7 md-12", height=388),
            slot(
                PAGE,
                "methods",
                "Value at risk by method",
                span="span-12",
                height=268,
                skeleton="rows",
            ),
        ),
    )
