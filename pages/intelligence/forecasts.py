"""Forecasts: how far prices may go, what swings, trades and may be lost, and whether earlier ones held."""

from typing import Any

from dash import html

from components.cards import grid, page_body, slot
from components.page import Page, Step

PAGE = Page(
    path="/intelligence/forecasts",
    section="intelligence",
    name="forecasts",
    title="Forecasts",
    description="what is likely, and whether earlier forecasts held",
    order=52,
    accepts=("instrument", "desk", "account"),
    offers=("instrument", "desk", "account"),
    next=(
        Step("Use it in a what-if", "/portfolio/what-if", "Try other holdings under today's risk"),
        Step("See the risk of what is held", "/portfolio/risk", "Value at risk, stress and its back-test"),
        Step("How good the models are", "/intelligence/models", "Skill against a plain baseline"),
        Step("Read the insights", "/intelligence/insights", "Findings ranked by weight", "insights"),
    ),
)


def layout(**_: Any) -> html.Div:
    """Lay out the page; callbacks/intelligence/forecasts.py fills it."""
    return page_body(
        PAGE,
        grid(
            slot(PAGE, "fan", "Return range", span="span-8 md-12 xs-1", height=420),
            slot(PAGE, "honest", "Are the ranges honest", span="span-4 md-12", height=420),
            slot(PAGE, "volatility", "Volatility", span="span-4 md-6", height=240, skeleton="rows"),
            slot(PAGE, "why", "Why this range", span="span-3 md-6", height=240, skeleton="rows"),
            slot(PAGE, "volume", "Volume", span="span-5 md-12", height=240, skeleton="rows"),
            slot(PAGE, "books", "Value at risk, next session", span="span-12", height=240, skeleton="rows"),
        ),
    )
