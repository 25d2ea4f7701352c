"""People and keys: lists, and the forms that add to them."""

from collections.abc import Mapping, Sequence
from typing import Any

import dash_bootstrap_components as dbc
from dash import dcc, html

from components.cards import card
from components.formats import MISSING, moment, words
from components.forms import field
from components.states import empty, hidden, icon
from components.tables import table

ROLES = ("trader", "portfolio_manager", "risk", "compliance", "auditor", "admin")
_ROLE_OPTIONS = [{"label": words(role), "value": role} for role in ROLES]


def user_form() -> html.Section:
    """Draw the form that adds a person."""
    body = html.Div(
        [
            field("Email", dbc.Input(id="user-email", type="email", autoComplete="off")),
            field("Name", dbc.Input(id="user-name", type="text", autoComplete="off")),
            field("Role", dbc.Select(id="user-role", options=_ROLE_OPTIONS, value="trader")),
            field(
                "Desks",
                dbc.Input(id="user-desks", type="text", placeholder="equities, rates"),
                "empty: all desks; narrows traders and portfolio managers",
            ),
            field(
                "First password",
                dbc.Input(id="user-password", type="password", autoComplete="new-password"),
                "at least 12 characters, 15 in production",
            ),
            html.Div(
                [
                    html.Button(
                        [icon("person-plus"), "Add"],
                        id="user-add",
                        type="button",
                        className="btn btn-primary",
                    ),
                    html.Span(id="user-said", className="t12", role="status"),
                ],
                className="form-acts",
            ),
        ]
    )
    return card("new-user", "Add a person", body, fit="pad")


def key_form() -> html.Section:
    """Draw the form that makes a key."""
    scopes = [{"label": name, "value": name} for name in ("read", "write", "ingest")]
    body = html.Div(
        [
            field(
                "Name", dbc.Input(id="key-name", type="text", placeholder="order system", autoComplete="off")
            ),
            field("Role", dbc.Select(id="key-role", options=_ROLE_OPTIONS, value="risk")),
            html.Div(
                [
                    html.Label("May", htmlFor="key-scopes"),
                    dcc.Checklist(
                        id="key-scopes",
                        options=scopes,
                        value=["read"],
                        inline=True,
                        inputClassName="form-check-input me-1",
                        labelClassName="me-3",
                    ),
                ],
                className="field",
            ),
            field(
                "Expires after",
                dbc.Input(id="key-days", type="number", min=1, max=3650, placeholder="days; empty: never"),
            ),
            html.Div(
                [
                    html.Button(
                        [icon("key"), "Make the key"],
                        id="key-add",
                        type="button",
                        className="btn btn-primary",
                    ),
                    html.Span(id="key-said", className="t12", role="status"),
                ],
                className="form-acts",
            ),
            html.Div(id="key-once"),
        ]
    )
    return card("new-key", "Make a key", body, fit="pad")


def key_once(plain: str) -> html.Div:
    """Show a new key, this one time."""
    copy = html.Button(
        [icon("clipboard"), "Copy"],
        type="button",
        className="btn btn-sm btn-outline-secondary",
        **{"data-copy": plain},
    )
    return html.Div(
        [
            html.P("Copy it now: only its hash is kept, it cannot be shown again.", className="t2 mt-2 mb-1"),
            html.Div([html.Code(plain, className="mono t11"), copy], className="key-once"),
        ]
    )


def users_table(rows: Sequence[Mapping[str, Any]], *, me: str) -> Any:
    """Draw everybody who may sign in, with what can be done to them."""
    cells = [
        (
            row["name"],
            row["email"],
            words(row["role"]),
            ", ".join(row["desks"]) if row["desks"] else "all",
            moment(row["last_sign_in"]),
            html.Span(
                "off" if row["disabled"] else "on",
                className=f"tag {'' if row['disabled'] else 'ok'}",
            ),
            MISSING if row["id"] == me else _acts(row),
        )
        for row in rows
    ]
    heads = ("Name", "Email", "Role", "Desks", "Last sign-in, UTC", "State", "")
    return table(heads, cells, label="People")


def _acts(row: Mapping[str, Any]) -> html.Div:
    label = "Let in again" if row["disabled"] else "Turn off"
    return html.Div(
        [
            html.Button(
                label, id={"user": "toggle", "id": row["id"]}, type="button", className="lk", n_clicks=0
            ),
            html.Button(
                ["Sign out", hidden(" everywhere")],
                id={"user": "out", "id": row["id"]},
                type="button",
                className="lk ms-2",
                n_clicks=0,
            ),
        ],
        className="nowrap",
    )


def keys_table(rows: Sequence[Mapping[str, Any]]) -> Any:
    """Draw keys without their secrets; a revoked one stays in the list."""
    if not rows:
        return empty("No key has been made", "Scripts need one: make it with the form on this page.")
    cells = [
        (
            row["name"],
            html.Span(f"{row['prefix']}…", className="mono t11"),
            words(row["role"]),
            ", ".join(row["scopes"]),
            moment(row["last_used_at"]),
            moment(row["expires_at"]) if row["expires_at"] else "never",
            html.Span("Revoked", className="tag")
            if row["revoked_at"]
            else html.Button(
                "Revoke",
                id={"key": "revoke", "id": row["id"]},
                type="button",
                className="lk crit",
                n_clicks=0,
            ),
        )
        for row in rows
    ]
    heads = ("Name", "Begins with", "Role", "May", "Last used, UTC", "Expires", "")
    return table(heads, cells, label="API keys")
