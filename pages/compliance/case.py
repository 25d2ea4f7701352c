"""One case: its alerts, what was looked at, written and attached, and what was decided by whom."""

from typing import Any

from dash import dcc, html

from components.cards import card, page_body, slot
from components.casework import act_form, choose, submit, write
from components.ids import at
from components.page import SURVEILLANCE_ROLES, Page

PAGE = Page(
    path="/compliance/cases/none",
    path_template="/compliance/cases/<case_id>",
    section="compliance",
    name="case",
    title="Case",
    description="",
    roles=SURVEILLANCE_ROLES,
    accepts=(),  # a case is the same whatever the view is narrowed to
    offers=("alert", "trader", "instrument", "account"),
)
_KINDS = (
    ("note", "Note"),
    ("request", "Question to the desk"),
    ("answer", "Answer"),
    ("search", "Search made"),
)


def layout(case_id: str = "", role: str = "", **_: Any) -> html.Div:
    """Lay out the page; callbacks/compliance/case.py fills it."""
    left = html.Div(
        [
            slot(PAGE, "alerts", "Alerts", span="", height=80, skeleton="rows"),
            slot(PAGE, "files", "Attachments", span="", height=110, skeleton="rows"),
            slot(PAGE, "access", "Who may know", span="", height=120, skeleton="rows"),
        ]
    )
    middle = html.Div(
        [
            html.Div(
                _note_form(case_id) if role == "compliance" else None,
                id=at(PAGE.key, "writing"),
                hidden=role != "compliance",
            ),
            slot(PAGE, "notes", "Notes", span="", height=90, skeleton="rows"),
            slot(PAGE, "report", "Report", span="", height=120, skeleton="rows"),
            slot(PAGE, "trail", "Audit trail", span="", height=120, skeleton="rows"),
        ]
    )
    right = html.Div(
        [
            slot(PAGE, "decision", "Decision", span="", height=260, skeleton="rows"),
            slot(PAGE, "checklist", "Checklist", span="", height=300, skeleton="rows"),
        ]
    )
    return page_body(
        PAGE,
        dcc.Store(id=at(PAGE.key, "id"), data=case_id),
        html.Div([left, middle, right], className="desk3 case3"),
        title=html.Span(PAGE.title, id=at(PAGE.key, "title")),
        meta=html.Span(id=at(PAGE.key, "meta")),
    )


def _note_form(case_id: str) -> html.Section:
    # Outside of the cards that are drawn anew: what is being written stays.
    form = act_form(
        f"/api/compliance/cases/{case_id}/notes",
        write("text", "What you found", hint="A note is kept as it is; a correction is a further version"),
        html.Div(
            [choose("kind", "Kind", _KINDS), submit("Write it down", mark="pencil")], className="row-acts"
        ),
        done="Written",
    )
    return card("write", "Write a note", form, fit="pad")
