"""Wires the bell of the top bar (components/bell.py), on every page."""

from typing import Any

from dash import Dash, Input, Output

from app.errors import QuarterdeckError
from app.gateway.auth import current_desk
from app.queries import insight_use
from components.bell import ASKED, BODY, COUNT, bell_body
from components.formats import number
from components.ids import DATA

MOST = 99


def register(app: Dash) -> None:
    """Attach the bell's callback to ``app``."""

    @app.callback(
        Output(BODY, "children"), Output(COUNT, "children"), Input(DATA, "data"), Input(ASKED, "data")
    )
    def show(_: Any, __: Any) -> tuple[Any, Any]:
        try:
            found = insight_use.bell(current_desk(""))
        except QuarterdeckError as problem:
            return problem.detail, None
        unread = int(found["unread"])
        return bell_body(found), (f"{MOST}+" if unread > MOST else number(unread)) if unread else None
