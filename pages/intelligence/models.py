"""Models: does each beat a plain baseline, since when, and what must be known before it is used."""

from typing import Any

from dash import html

from components.cards import grid, page_body, slot
from components.page import Page, Step

PAGE = Page(
    path="/intelligence/models",
    section="intelligence",
    name="models",
    title="Models",
    description="skill against a plain baseline, out of sample",
    order=54,
    next=(
        Step("Read the insights", "/intelligence/insights", "Findings ranked by weight", "insights"),
        Step("Check positions", "/portfolio/positions", "What the forecasts are about"),
        Step("See the data they learn from", "/operations/health", "Data sets, gaps and age"),
    ),
)


def layout(**_: Any) -> html.Div:
    """Lay out the page; callbacks/intelligence/models.py fills it."""
    return page_body(
        PAGE,
        grid(
            slot(PAGE, "models", "Models", span="span-12 xs-1", height=260, skeleton="rows"),
            slot(PAGE, "skill", "Skill over time", span="span-7 md-12 xs-2", height=340),
            slot(PAGE, "card", "Model card", span="span-5 md-12 rows-2", height=340, skeleton="rows"),
            slot(PAGE, "calibration", "Calibration and findings", span="span-7 md-12", height=320),
            slot(PAGE, "drift", "Drift", span="span-5 md-12", height=240, skeleton="rows"),
            slot(PAGE, "history", "Versions", span="span-7 md-12", height=180, skeleton="rows"),
        ),
    )
