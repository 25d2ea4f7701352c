"""Admin: people and keys of the organisation."""

from typing import Any

from dash import html

from components.admin import key_form, user_form
from components.cards import grid, page_body, slot
from components.page import ADMIN_ROLES, Page

PAGE = Page(
    path="/operations/admin",
    section="operations",
    name="admin",
    title="Admin",
    description="people and API keys of the organisation",
    order=63,
    icon="people",
    roles=ADMIN_ROLES,
)


def layout(**_: Any) -> html.Div:
    """Lay out the page; callbacks/operations/admin.py fills it."""
    return page_body(
        PAGE,
        grid(
            slot(PAGE, "users", "People", span="span-9 md-12", height=360, skeleton="rows"),
            html.Div(user_form(), className="span-3 md-12"),
            slot(PAGE, "keys", "API keys", span="span-9 md-12", height=300, skeleton="rows"),
            html.Div(key_form(), className="span-3 md-12"),
        ),
    )
