"""Wires pages/trading/blotter.py."""

import json
from collections.abc import Mapping
from typing import Any

from dash import Dash, Input, Output

from app.errors import Invalid
from app.gateway.auth import current_desk
from app.queries import trading
from callbacks._fill import Drawn, View, card_of, fill, nothing, opens
from callbacks._rows import Rows, serve_rows
from components.cards import segment
from components.formats import plural
from components.ids import DATA, THEME, URL, at
from components.orders import close_button, order_life
from components.states import link_button
from components.tables import column, grid, records

PAGE = "trading-blotter"
GRID = at(PAGE, "blotter", "grid")
VIEWS = (("executions", "Executions"), ("orders", "Orders"))
HEIGHT = 560  # pixels of the grid
OWN = ("sort", "filter", "order")

_EXECUTIONS = [
    column("transact_time", "Time, UTC", "time", width=182),
    column("symbol", "Instrument", minWidth=96),
    column("side", "Side", "side", width=100),
    column("last_qty", "Quantity", "quantity", width=104),
    column("last_px", "Price", "price", width=100),
    column("notional", "Notional", "money", width=116),
    column("currency", "Ccy", width=72),
    column("slippage_bp", "bps vs arrival", "bps", width=118),
    column("commission", "Commission", "number", width=112),
    column("venue", "Venue", width=88),
    column("account_id", "Account", minWidth=96),
    column("trader_id", "Trader", minWidth=96),
    column("order_id", "Order", "mono", minWidth=110),
    column("exec_id", "Execution", "mono", minWidth=110),
    column("broker", "Broker", width=88),
]
_ORDERS = [
    column("last_time", "Last event, UTC", "time", width=182),
    column("order_id", "Order", "mono", minWidth=110),
    column("symbol", "Instrument", minWidth=96),
    column("side", "Side", "side", width=100),
    column("ord_type", "Type", "words", width=92),
    column("limit_px", "Limit", "price", width=96),
    column("order_qty", "Quantity", "quantity", width=104),
    column("filled_qty", "Filled", "quantity", width=104),
    column("fill_rate", "Share", "percent", width=84),
    column("status", "State", "words", width=104),
    column("events", "Events", "whole", width=84),
    column("venue", "Venue", width=88),
    column("account_id", "Account", minWidth=96),
    column("trader_id", "Trader", minWidth=96),
]


def register(app: Dash) -> None:
    """Attach this page's callbacks to ``app``."""
    fill(app, PAGE, "blotter", "Blotter", ask=_count, draw=_grid, ignores=OWN, rows=_all)

    serve_rows(app, GRID, _block)
    opens(app, GRID)

    @app.callback(
        Output(at(PAGE, "order"), "children"), Input(URL, "search"), Input(THEME, "data"), Input(DATA, "data")
    )
    def show_order(search: str | None, theme: str | None, _: str | None) -> Any:
        try:
            order = current_desk(search or "").scope.order
        except Invalid:
            return None
        if order is None:
            return None
        return card_of(
            "order",
            f"Order {order}",
            search,
            theme,
            ask=lambda desk: trading.order_life(desk, order),
            draw=lambda answer, _: Drawn(
                order_life(answer | {"order_id": order}),
                tools=(close_button("order", "Close the order"),),
                fit="flush",
            ),
            retry=at(PAGE, "blotter", "retry"),
        )


def _question(desk: Any) -> Any:
    return trading.orders if desk.scope.extra.get("view") == "orders" else trading.executions


def _count(desk: Any) -> int:
    _, total = _question(desk)(desk, limit=1)
    return int(total)


def _grid(total: int, view: View) -> Drawn:
    shown = view.state("view", "executions")
    shown = shown if shown in dict(VIEWS) else "executions"
    tools = (segment("Rows are", "view", VIEWS, shown),)
    if not total:
        start = link_button("Import files", "/operations/pipeline", primary=True)
        return nothing(
            view, f"No {shown} in this period", "Nothing has been imported yet.", start, tools=tools
        )
    columns = _ORDERS if shown == "orders" else _EXECUTIONS
    fields = {one["field"] for one in columns}
    sort = _sort(view.state("sort"), fields)
    made = grid(
        GRID,
        columns,
        height=HEIGHT,
        opens=True,
        filters=True,
        sort=sort,
        filter_model=_filter_model(view.state("filter"), fields),
        label=dict(VIEWS)[shown],
    )
    return Drawn(made, sub=f"{plural(total, shown[:-1])} in the view", tools=tools, fit="flush")


def _all(desk: Any, most: int) -> tuple[list[dict[str, Any]], int]:
    """Return the rows as the grid shows them, by its sort and filters in the address."""
    state = desk.scope.extra
    shown = state.get("view") == "orders"
    fields = {one["field"] for one in (_ORDERS if shown else _EXECUTIONS)}
    frame, total = (trading.all_orders if shown else trading.all_executions)(
        desk,
        most=most,
        sort=_sort(state.get("sort", ""), fields) or None,
        filters=_filter_model(state.get("filter", ""), fields),
    )
    return frame.to_dicts(), total


def _sort(text: str, fields: set[str]) -> str:
    return ",".join(part for part in text.split(",") if part.removeprefix("-") in fields)


def _filter_model(text: str, fields: set[str]) -> dict[str, Any]:
    if not text:
        return {}
    try:
        found = json.loads(text)
    except ValueError:
        return {}
    return {name: model for name, model in found.items() if name in fields} if isinstance(found, dict) else {}


def _block(desk: Any, asked: Mapping[str, Any], limit: int, offset: int) -> Rows:
    frame, total = _question(desk)(
        desk,
        limit=limit,
        offset=offset,
        sort=asked.get("sortModel") or None,
        filters=asked.get("filterModel") or None,
    )
    rows = [
        row | {"_set": {"order": row["order_id"]}} if row.get("order_id") else row for row in frame.to_dicts()
    ]
    return records(rows), total
