"""Wires what is done with several alerts on pages/compliance/alerts.py, and what is kept out of the queue."""

from typing import Any

from dash import ClientsideFunction, Dash, Input, Output

from app.errors import QuarterdeckError
from app.gateway.auth import current_desk
from app.queries import casework, evidence
from callbacks._fill import Drawn, View, fill, nothing
from components import alert_bulk as draw
from components.formats import plural
from components.ids import at

MOST = 200  # alerts that are closed together


def wire_several(app: Dash, page: str, grid: str) -> None:
    """Let a click open a row of ``grid``, and chosen rows be closed together."""
    fill(app, page, "suppressions", "Kept out of the queue", ask=_kept_out, draw=_suppressions,
         ignores=("sort", "filter", "severity", "status", "detector", "actor"))  # fmt: skip

    app.clientside_callback(
        ClientsideFunction("qd", "openAlert"),
        Output("toast", "clear_data", allow_duplicate=True),
        Input(grid, "cellClicked"),
        prevent_initial_call=True,
    )

    @app.callback(
        Output(at(page, "chosen"), "children"),
        Input(grid, "selectedRows"),
        prevent_initial_call=True,
    )
    def show_chosen(rows: Any) -> Any:
        given = rows if isinstance(rows, list) else []
        chosen = [one for one in given if isinstance(one, dict) and isinstance(one.get("_id"), str)][:MOST]
        if not chosen:
            return None
        try:
            desk = current_desk("")
            found = casework.second_eyes(desk, [one["_id"] for one in chosen])
        except QuarterdeckError:
            return None  # who may not act is not offered it
        if not found["may_act"]:
            return None
        return draw.bulk(found["rows"], casework.catalogue()["reasons"], found["sampled"], found["graves"])


def _kept_out(desk: Any) -> tuple[list[dict[str, Any]], Any, str, bool]:
    identity = desk.identity
    return casework.suppressions(desk), evidence.names(desk), identity.user_id, identity.role == "compliance"


def _suppressions(answer: tuple[list[dict[str, Any]], Any, str, bool], view: View) -> Drawn:
    rows, names, user, may = answer
    if not rows:
        return nothing(
            view,
            "Nothing is kept out",
            "A known finding is kept out of the queue from its own page, by two people, for a while.",
        )
    holding = sum(row["holds"] for row in rows)
    return Drawn(
        draw.suppressions(rows, names, user=user, may=may),
        sub=f"{plural(holding, 'suppression')} in force",
        fit="flush",
    )
