"""Calibration: thresholds of detectors, tried on the days behind, proposed by one person, approved by another."""

from typing import Any

from dash import html

from components.calibration import propose_card
from components.cards import grid, page_body, slot
from components.page import SURVEILLANCE_ROLES, Page, Step

PAGE = Page(
    path="/compliance/calibration",
    section="compliance",
    name="calibration",
    title="Calibration",
    description="thresholds, tried before they are agreed on",
    order=33,
    roles=SURVEILLANCE_ROLES,
    offers=("alert",),
    next=(
        Step("Read the alerts", "/compliance/alerts", "What the thresholds in effect have found"),
        Step("See the limits", "/compliance/limits", "What risk bounds"),
        Step("See the audit trail", "/compliance/audit", "Who changed what"),
    ),
)


def layout(role: str = "", **_: Any) -> html.Div:
    """Lay out the page; callbacks/compliance/calibration.py fills it."""
    acts = role == "compliance"
    return page_body(
        PAGE,
        grid(
            slot(PAGE, "detectors", "Detectors", span="span-4 md-12", height=460, skeleton="rows"),
            slot(PAGE, "parameters", "Thresholds", span="span-8 md-12", height=460, skeleton="rows"),
            slot(PAGE, "outcome", "What they would have found", span="span-7 md-12", height=320),
            slot(PAGE, "moves", "One number at a time", span="span-5 md-12", height=320, skeleton="rows"),
            slot(PAGE, "gained", "Gained and lost", span="span-12", height=180, skeleton="rows"),
            slot(PAGE, "versions", "Versions", span="span-12", height=160, skeleton="rows"),
            html.Div(propose_card(), className="span-12") if acts else None,
        ),
    )
