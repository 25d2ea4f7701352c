"""Wires the panel behind measures' names (components/passport.py), for every page."""

from typing import Any

from dash import ClientsideFunction, Dash, Input, Output, State, no_update

from app.queries import passports
from callbacks._fill import failed, look_at
from components.ids import THEME, URL
from components.passport import ASKED, BODY, PANEL, TITLE, passport_body

LONGEST = 400


def register(app: Dash) -> None:
    """Attach the panel's callback to ``app``."""

    @app.callback(
        Output(BODY, "children"),
        Output(TITLE, "children"),
        Input(ASKED, "data"),
        State(URL, "search"),
        State(THEME, "data"),
        prevent_initial_call=True,
    )
    def show(asked: Any, search: str | None, theme: str | None) -> tuple[Any, Any]:
        what = asked.get("what") if isinstance(asked, dict) else None
        if not isinstance(what, str) or len(what) > LONGEST:
            return no_update, no_update
        try:
            desk, _ = look_at(search, theme)
            answer = passports.passport(desk, what)
        except Exception as problem:  # noqa: BLE001 - the panel fails alone, and says why
            return failed(problem, retry=ASKED).body, "Measure"
        return passport_body(answer), answer["title"]

    app.clientside_callback(
        ClientsideFunction("passport", "closed"),
        Output(ASKED, "clear_data"),
        Input(PANEL, "is_open"),
        prevent_initial_call=True,
    )
