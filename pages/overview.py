"""Overview: are we fine, where is the money, what is due, what next."""

from typing import Any

from dash import html

from components.cards import grid, page_body, slot, strip_slot
from components.page import OPERATIONS_ROLES, SURVEILLANCE_ROLES, TRADING_ROLES, Page, Step

PAGE = Page(
    path="/",
    section="overview",
    name="master",
    title="Overview",
    description="the firm at its last session",
    icon="grid-1x2",
    roles=OPERATIONS_ROLES,
    accepts=("desk", "account", "trader", "instrument"),
    offers=("instrument", "alert", "order"),
    next=(
        Step(
            "Triage critical alerts",
            "/compliance/alerts?severity=critical",
            "Critical alerts are due first",
            "critical",
        ),
        Step("Triage open alerts", "/compliance/alerts", "Open alerts wait for a decision", "open_alerts"),
        Step("Read the insights", "/intelligence/insights", "Findings ranked by weight", "insights"),
        Step("Check positions", "/portfolio/positions", "What is held at the last session"),
        Step("See the executions", "/trading/blotter", "Every fill of the period"),
        Step("Look at what was set aside", "/operations/pipeline", "Rows an import refused", "rejected"),
    ),
)


def layout(role: str = "", **_: Any) -> html.Div:
    """Lay out the page; callbacks/overview.py fills it."""
    if role not in TRADING_ROLES:
        return page_body(PAGE, grid(slot(PAGE, "health", "Data health", height=150, skeleton="rows")))
    watch = role in SURVEILLANCE_ROLES
    alerts = (
        [slot(PAGE, "alerts", "Open alerts", span="span-8 md-12 xs-2", height=352, skeleton="rows")]
        if watch
        else []
    )
    return page_body(
        PAGE,
        strip_slot(PAGE),
        grid(
            slot(PAGE, "net-pnl", "Net P&L", span="span-8 md-12 xs-1", height=392),
            slot(
                PAGE,
                "insights",
                "Insights",
                span="span-4 md-12 rows-2 xs-3 fit",
                height=420,
                skeleton="rows",
            ),
            slot(PAGE, "exposure", "Exposure", span="span-4 md-6", height=356),
            slot(PAGE, "venues", "Execution cost by venue", span="span-4 md-6", height=356),
            *alerts,
            slot(PAGE, "posts", "Posts and tone", span="span-4 md-12", height=352),
            slot(
                PAGE,
                "executions",
                "Latest executions",
                span="span-12" if watch else "span-8 md-12",
                height=352,
                skeleton="rows",
            ),
            slot(PAGE, "health", "Data health", height=120, skeleton="rows"),
        ),
    )
