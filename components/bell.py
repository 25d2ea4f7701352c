"""The bell of the top bar: what is new to a person, and its panel."""

from collections.abc import Mapping, Sequence
from typing import Any

import dash_bootstrap_components as dbc
from dash import dcc, html

from components.formats import number, since
from components.links import leads_somewhere
from components.severity import severity_mark
from components.states import bones, hidden, icon

PANEL = "bell"
ASKED = "bell-asked"
BODY = "bell-body"
COUNT = "bell-count"


def bell_button() -> html.Button:
    """Draw the bell; callbacks/shell_bell.py writes the count."""
    return html.Button(
        [icon("bell"), html.Span(id=COUNT, className="bell-count"), hidden("What is new")],
        type="button",
        className="iconbtn bell",
        title="What is new",
        **{"data-act": "bell", "aria-haspopup": "dialog"},
    )


def bell_panel() -> html.Div:
    """Lay out the closed panel, once for all pages."""
    return html.Div(
        [
            dcc.Store(id=ASKED),
            dbc.Offcanvas(
                html.Div(bones("rows"), id=BODY),
                id=PANEL,
                title="What is new",
                placement="end",
                is_open=False,
                className="bell-panel",
            ),
        ]
    )


def bell_body(found: Mapping[str, Any]) -> html.Div:
    """Draw new insights and notifications, the newest of these first."""
    parts: list[Any] = []
    if found["unread"]:
        parts.append(
            html.Button("Mark all as read", type="button", className="btn btn-sm btn-outline-secondary", **{"data-act": "seen"})
        )  # fmt: skip
    parts.append(html.H3("Insights since your last look"))
    parts.append(_insights(found["insights"], found["new_insights"]))
    parts.append(html.H3("Notifications"))
    parts.append(_notes(found["notifications"]))
    return html.Div(parts)


def _insights(rows: Sequence[Mapping[str, Any]], total: int) -> Any:
    if not rows:
        return html.P("Nothing new. What stood before is on the insights page.", className="t2")
    items = [
        html.Li(
            [
                severity_mark(str(row["severity"])),
                html.A(
                    str(row["title"]),
                    href=f"/intelligence/insights?insight={row['id']}",
                    **{"data-bell": "1"},
                ),
                html.Span(since(row["changed_at"] or row["created_at"]), className="age"),
            ]
        )
        for row in rows
    ]
    more = html.A(
        f"All {number(total)} new" if total > len(rows) else "All insights",
        href="/intelligence/insights" + ("?state=new" if total > len(rows) else ""),
        className="lk",
        **{"data-bell": "1"},
    )
    return html.Div([html.Ul(items), more])


def _notes(rows: Sequence[Mapping[str, Any]]) -> Any:
    if not rows:
        return html.P("None in the last 30 days.", className="t2")
    return html.Ul([_note(row) for row in rows])


def _note(row: Mapping[str, Any]) -> html.Li:
    href = leads_somewhere(row["href"])
    title = (
        html.A(str(row["title"]), href=href, **{"data-bell": "1"}) if href else html.Span(str(row["title"]))
    )
    # A digest is some lines; each is one finding.
    lines = [html.Div(line, className="t2 t12") for line in str(row["text"] or "").splitlines() if line][:8]
    return html.Li(
        [
            severity_mark(str(row["severity"])),
            html.Div([title, *lines]),
            html.Span(since(row["created_at"]), className="age"),
        ],
        className="read" if row["read"] else "unread",
    )
