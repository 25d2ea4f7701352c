"""Long grids that fetch a block of rows at a time."""

import logging
from collections.abc import Callable, Mapping
from typing import Any

from dash import ClientsideFunction, Dash, Input, Output, State, no_update

from app.errors import QuarterdeckError
from app.gateway.auth import current_desk
from callbacks._told import told
from components.ids import URL

MOST = 1_000  # rows of one block
log = logging.getLogger(__name__)
Rows = tuple[list[dict[str, Any]], int]  # one block, and how many there are in all
Block = Callable[[Any, Mapping[str, Any], int, int], Rows]


def serve_rows(app: Dash, grid: str, block: Block) -> None:
    """Answer what ``grid`` asks for, and keep its sort and filters in the address.

    Args:
        app: The app.
        grid: Id of the grid.
        block: Desk, what the grid asked (``sortModel``, ``filterModel``), limit and offset to rows and total.
            Where it is refused the grid is left without rows and the reader is told why: an empty grid alone
            would read as if there were nothing.
    """

    @app.callback(
        Output(grid, "getRowsResponse"),
        Output("toast", "data", allow_duplicate=True),
        Input(grid, "getRowsRequest"),
        State(URL, "search"),
        prevent_initial_call=True,
    )
    def show_rows(asked: dict[str, Any] | None, search: str | None) -> tuple[Any, Any]:
        return answered(grid, block, asked or {}, search or "")

    app.clientside_callback(
        ClientsideFunction("qd", "gridState"),
        Output("toast", "clear_data", allow_duplicate=True),
        Input(grid, "getRowsRequest"),
        prevent_initial_call=True,
    )


def answered(grid: str, block: Block, asked: Mapping[str, Any], search: str) -> tuple[Any, Any]:
    """Return the block that was asked for, and what the reader is told where it was refused."""
    if not asked:
        return no_update, no_update
    start, end = int(asked.get("startRow") or 0), int(asked.get("endRow") or 100)
    try:
        rows, total = block(current_desk(search), asked, max(1, min(end - start, MOST)), max(0, start))
    except QuarterdeckError as error:
        log.warning("rows %d to %d of %s were refused: %s", start, end, grid, error.detail)
        notice = {"kind": "error", "fact": "The rows could not be read", "effect": told(error)}
        return {"rowData": [], "rowCount": 0}, notice
    return {"rowData": rows, "rowCount": total}, no_update
