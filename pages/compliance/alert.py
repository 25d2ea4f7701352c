"""One alert: what happened, on which evidence, by which rule, and whether it can be computed again."""

from typing import Any

from dash import dcc, html

from components.cards import page_body, slot
from components.evidence_places import waiting
from components.ids import at
from components.page import SURVEILLANCE_ROLES, Page

PAGE = Page(
    path="/compliance/alerts/none",
    path_template="/compliance/alerts/<alert_id>",
    section="compliance",
    name="alert",
    title="Alert",
    description="",
    roles=SURVEILLANCE_ROLES,
    accepts=(),  # an alert is the same whatever the view is narrowed to
    offers=("trader", "instrument", "account", "order"),
)


def layout(alert_id: str = "", **_: Any) -> html.Div:
    """Lay out the page; callbacks/compliance/alert.py fills it."""
    queue = html.Div(slot(PAGE, "queue", "Open alerts", span="", height=300, skeleton="rows"), className="q")
    middle = html.Div(
        [
            slot(PAGE, "story", "What happened", span="", height=180, skeleton="rows"),
            # Which evidence means something depends on the alert: callbacks name the cards.
            html.Div(waiting(), id=at(PAGE.key, "cards"), className="evidence-cards"),
        ]
    )
    right = html.Div(
        [
            slot(PAGE, "decision", "Decision", span="", height=220, skeleton="rows"),
            slot(PAGE, "measures", "Why the score", span="", height=260, skeleton="rows"),
            slot(PAGE, "pins", "Pinned to", span="", height=90, skeleton="rows"),
            slot(PAGE, "rule", "The rule", span="", height=120, skeleton="rows"),
            slot(PAGE, "similar", "Past alerts like it", span="", height=120, skeleton="rows"),
            slot(PAGE, "related", "Related alerts", span="", height=150, skeleton="rows"),
        ]
    )
    return page_body(
        PAGE,
        dcc.Store(id=at(PAGE.key, "id"), data=alert_id),
        html.Div([queue, middle, right], className="desk3"),
        title=html.Span(PAGE.title, id=at(PAGE.key, "title")),
        meta=html.Span(id=at(PAGE.key, "meta")),
    )
