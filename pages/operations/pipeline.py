"""Pipeline: what came in, what was set aside and why, and bringing a file in."""

from typing import Any

from dash import html

from components.cards import grid, page_body, slot
from components.intake import upload_form, wizard_form
from components.page import OPERATIONS_ROLES, Page, Step

PAGE = Page(
    path="/operations/pipeline",
    section="operations",
    name="pipeline",
    title="Pipeline",
    description="imports, records set aside, mappings",
    order=61,
    icon="box-arrow-in-down",
    roles=OPERATIONS_ROLES - {"operator"},
    next=(
        Step(
            "See what it made of positions", "/portfolio/positions", "Positions are derived after each import"
        ),
        Step("Check the data sets", "/operations/health", "Rows, age and gaps of every data set"),
    ),
)


def layout(role: str = "", **_: Any) -> html.Div:
    """Lay out the page; callbacks/operations/pipeline.py fills it."""
    may_import = role not in {"auditor", "operator"}
    intake = [upload_form(), wizard_form()] if may_import else []
    return page_body(
        PAGE,
        *intake,
        grid(
            html.Div(id="pipeline-result", className="span-12"),
            slot(PAGE, "import", "One import", span="span-12"),
            slot(PAGE, "imports", "Imports", span="span-8 md-12", height=420, skeleton="rows"),
            slot(PAGE, "datasets", "Data sets", span="span-4 md-12", height=420, skeleton="rows"),
        ),
    )
