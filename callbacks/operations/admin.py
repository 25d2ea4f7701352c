"""Wires pages/operations/admin.py."""

from typing import Any

from dash import ALL, Dash, Input, Output, State, ctx, no_update

from app.actions import keys, users
from app.errors import FieldError, Invalid, QuarterdeckError
from app.gateway.auth import current_context, current_identity
from callbacks._fill import Drawn, View, fill
from callbacks._told import told
from components.admin import key_once, keys_table, users_table
from components.formats import plural
from components.ids import at

PAGE = "operations-admin"
AGAIN_USERS, AGAIN_KEYS = at(PAGE, "users", "retry"), at(PAGE, "keys", "retry")


def register(app: Dash) -> None:
    """Attach this page's callbacks to ``app``."""
    fill(app, PAGE, "users", "People", ask=_people, draw=_users)
    fill(app, PAGE, "keys", "API keys", ask=lambda desk: keys.every(desk.database, desk.identity), draw=_keys)

    @app.callback(
        Output("user-said", "children"),
        Output(AGAIN_USERS, "data", allow_duplicate=True),
        Output("user-password", "value"),
        Input("user-add", "n_clicks"),
        State("user-email", "value"),
        State("user-name", "value"),
        State("user-role", "value"),
        State("user-desks", "value"),
        State("user-password", "value"),
        prevent_initial_call=True,
    )
    def add_user(
        clicks: int | None,
        email: str | None,
        name: str | None,
        role: str | None,
        desks: str | None,
        password: str | None,
    ) -> tuple[Any, Any, Any]:
        context = current_context()
        wanted = [desk.strip() for desk in (desks or "").split(",") if desk.strip()]
        try:
            made = users.create(
                context.database,
                current_identity(),
                email=email or "",
                name=name or "",
                role=role or "",
                desks=wanted or None,
                password=password or "",
                production=context.settings.production,
            )
        except QuarterdeckError as error:
            return told(error), no_update, no_update
        return f"{made.name} may sign in.", f"add-{clicks}-{made.id}", ""

    @app.callback(
        Output(AGAIN_USERS, "data", allow_duplicate=True),
        Output("toast", "data", allow_duplicate=True),
        Input({"user": ALL, "id": ALL}, "n_clicks"),
        prevent_initial_call=True,
    )
    def act_on_user(clicks: list[int | None]) -> tuple[Any, Any]:
        chosen = ctx.triggered_id
        if not any(clicks) or not isinstance(chosen, dict):
            return no_update, no_update
        database, me = current_context().database, current_identity()
        try:
            if chosen["user"] == "out":
                users.log_out_everywhere(database, me, chosen["id"])
                said = "Signed out everywhere"
            else:
                off = next((u.disabled for u in users.every(database, me) if u.id == chosen["id"]), False)
                users.set_disabled(database, me, chosen["id"], disabled=not off)
                said = "Let in again" if off else "Turned off; open sessions are void"
        except QuarterdeckError as error:
            return no_update, {"kind": "error", "fact": told(error)}
        return f"{chosen['id']}-{sum(c or 0 for c in clicks)}-{said}", {"fact": said}

    @app.callback(
        Output("key-said", "children"),
        Output("key-once", "children"),
        Output(AGAIN_KEYS, "data", allow_duplicate=True),
        Input("key-add", "n_clicks"),
        State("key-name", "value"),
        State("key-role", "value"),
        State("key-scopes", "value"),
        State("key-days", "value"),
        prevent_initial_call=True,
    )
    def add_key(
        clicks: int | None, name: str | None, role: str | None, scopes: list[str] | None, days: float | None
    ) -> tuple[Any, Any, Any]:
        try:
            made, plain = keys.create(
                current_context().database,
                current_identity(),
                name=name or "",
                role=role or "",
                scopes=scopes or [],
                expires=_days(days),
            )
        except QuarterdeckError as error:
            return told(error), no_update, no_update
        return "", key_once(plain), f"add-{clicks}-{made.id}"

    @app.callback(
        Output(AGAIN_KEYS, "data", allow_duplicate=True),
        Output("toast", "data", allow_duplicate=True),
        Input({"key": ALL, "id": ALL}, "n_clicks"),
        prevent_initial_call=True,
    )
    def act_on_key(clicks: list[int | None]) -> tuple[Any, Any]:
        chosen = ctx.triggered_id
        if not any(clicks) or not isinstance(chosen, dict):
            return no_update, no_update
        try:
            keys.revoke(current_context().database, current_identity(), chosen["id"])
        except QuarterdeckError as error:
            return no_update, {"kind": "error", "fact": told(error)}
        return f"revoked-{chosen['id']}", {
            "fact": "Key revoked",
            "effect": "It is void on every worker at once.",
        }


def _people(desk: Any) -> tuple[list[dict[str, Any]], str]:
    fields = ("id", "name", "email", "role", "desks", "disabled", "last_sign_in")
    rows = [
        {name: getattr(user, name) for name in fields} for user in users.every(desk.database, desk.identity)
    ]
    return rows, desk.identity.user_id


def _users(answer: tuple[list[dict[str, Any]], str], _: View) -> Drawn:
    rows, me = answer
    return Drawn(users_table(rows, me=me), sub=plural(len(rows), "person", "people"), fit="flush")


def _keys(rows: list[dict[str, Any]], _: View) -> Drawn:
    return Drawn(keys_table(rows), "ready" if rows else "empty", sub=plural(len(rows), "key"), fit="flush")


def _days(value: float | None) -> int | None:
    """Return what the form's number field holds.

    Raises:
        Invalid: If something that is no browser's number field sent it.
    """
    if value is None or value == "":
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not 1 <= value <= 36_500:
        raise Invalid("The key's days do not fit.", errors=[FieldError("days", "must be 1 to 36,500")])
    return int(value)
