"""The page of an address that leads nowhere."""

from typing import Any

from dash import html

from components.page import OPERATIONS_ROLES, Page
from components.states import link_button, state

PAGE = Page(
    path="/not-found",
    section="shell",
    name="not-found",
    title="Not found",
    description="There is nothing at this address.",
    roles=OPERATIONS_ROLES,
)


def layout(**_: Any) -> html.Div:
    """Say that there is nothing here and offer the way back."""
    body = state(
        "signpost-split",
        "There is nothing at this address",
        "The link may be old, or the thing is not yours to see. The two look the same on purpose.",
        link_button("Back to the overview", "/", primary=True),
        page=True,
    )
    head = html.Div(html.H1(PAGE.title), className="pagehead")
    return html.Div(
        [head, html.Section(body, className="card", **{"data-card": "nothing", "data-state": "empty"})],
        className="page",
        **{"data-page": PAGE.key},
    )
