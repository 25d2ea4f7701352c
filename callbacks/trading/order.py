"""Wires pages/trading/order.py."""

from typing import Any

from dash import Dash, Input, Output, html

from app.errors import QuarterdeckError
from app.gateway.auth import current_desk
from app.queries import order_cost as orders
from callbacks._fill import Drawn, View, asked_about, fill, nothing
from callbacks._strip import fill_strip
from components import context
from components import order_cost as draw
from components.alert import related
from components.cards import legend
from components.charts.cost_waterfall import cost_waterfall
from components.charts.horizon_dots import horizon_dots
from components.charts.order_course import order_course
from components.formats import clock, known, plural, price, quantity, words
from components.ids import DATA, URL, at
from components.orders import happenings
from components.page import SURVEILLANCE_ROLES
from components.states import empty
from components.tables import column, grid, table

PAGE = "trading-order"
CHART = 352  # pixels
_COURSES = {
    "quotes": "bid, ask and mid",
    "bars": "intraday bars",
    "tape": "trades of the market",
    "fills": "trades of the firm",
    "closes": "daily closes",
}
# Benchmarks drawn as lines on the price.
_LINES = draw.LABELS | {"previous_close": "Prev. close"}
_FILLS = [
    column("transact_time", "Time, UTC", "time", width=180),
    column("last_qty", "Quantity", "quantity", width=84),
    column("last_px", "Price", "price", width=84),
    column("slippage_bp", "bps vs arrival", "bps", width=108),
    column("effective_spread_bp", "Eff. spread", "bps", width=96),
    column("markout_1m_bp", "After 1 min", "bps", width=94),
    column("markout_5m_bp", "After 5 min", "bps", width=94),
    column("venue", "Venue", width=84),
    column("liquidity", "Role", "words", width=84),
    column("commission", "Commission", "number", width=104),
    column("fees", "Fees", "number", width=80),
    column("order_id", "Order", "mono", minWidth=110),
    column("exec_id", "Execution", "mono", minWidth=116),
]


def register(app: Dash) -> None:
    """Attach this page's callbacks to ``app``."""
    fill_strip(app, PAGE, ask=orders.order_tca, draw=lambda answer, _: draw.figures(answer), about=True)
    for name, title, ask, show in (
        ("life", "Its life on the price", _life_of, _life),
        ("cost", "Where the money went", orders.order_cost, _cost),
        ("facts", "The order", orders.order_cost, _facts),
        ("benchmarks", "Against each benchmark", orders.order_cost, _benchmarks),
        ("markouts", "After its fills", orders.order_cost, _markouts),
        ("fills", "Fills", orders.order_cost, _fills),
        ("events", "What happened", orders.order_cost, _events),
        ("measures", "How it was worked", orders.order_tca, _measures),
        ("children", "Orders cut from it", orders.order_cost, _children),
        ("alerts", "Alerts that name it", orders.alerts_on, _alerts),
    ):
        fill(app, PAGE, name, title, ask=ask, draw=show, about=True)

    @app.callback(
        Output(at(PAGE, "title"), "children"),
        Output(at(PAGE, "meta"), "children"),
        Output(at(PAGE, "next"), "children"),
        Input(at(PAGE, "id"), "data"),
        Input(URL, "search"),
        Input(DATA, "data"),
    )
    def show_title(order_id: str | None, search: str | None, _: str | None) -> tuple[Any, Any, Any]:
        try:
            desk = current_desk(search or "")
            answer = asked_about(orders.order_cost, order_id)(desk)
            watched = desk.identity.role in SURVEILLANCE_ROLES
            named = len(asked_about(orders.alerts_on, order_id)(desk)) if watched else 0
        except QuarterdeckError:
            return "Order", None, None
        order = answer["order"]
        state = html.Span(words(str(order["status"] or "executed")), className="tag acc")
        meta = [
            state,
            " ",
            html.Span(order["order_id"], className="mono t11"),
            f" {draw.lifetime(answer['window'])}",
        ]
        return draw.headline(order), meta, context.steps(draw.ways_on(answer, watched=watched, alerts=named))


# --- questions ---------------------------------------------------------------------------------------
def _life_of(desk: Any, order_id: str) -> tuple[dict[str, Any], dict[str, Any]]:
    return orders.order_course(desk, order_id), orders.order_cost(desk, order_id)


# --- drawings ----------------------------------------------------------------------------------------
def _life(answer: tuple[dict[str, Any], dict[str, Any]], view: View) -> Drawn:
    course, cost = answer
    if not course["rows"] and not course["fills"] and not course["limits"]:
        return nothing(
            view, "No price to show", "Neither quotes, trades nor daily prices of it were imported."
        )
    buys = str(cost["order"]["side"]).startswith("buy")
    lines = [
        (_LINES[str(one["name"])], value)
        for one in cost["benchmarks"]
        if (value := known(one["price"])) is not None
    ]
    tone = "up" if buys else "down"
    keys = [("ln", "t2", _COURSES[course["kind"]].capitalize())]
    if course["limits"]:
        keys.append(("ln" if buys else "ds", tone, "Limit"))
    if course["fills"]:
        keys.append(("sq", tone, "Fills by quantity"))
    keys.append(("ds", "acc", "Benchmarks"))
    rows = [
        [
            f["order_id"],
            clock(f["time"], millis=True),
            words(f["side"]),
            quantity(f["quantity"]),
            price(f["price"]),
        ]
        for f in course["fills"]
    ]
    heads = ["Order", "Time", "Side", "Quantity", "Price"]
    return Drawn(
        order_course(course, lines, buys=buys, look=view.look, height=CHART),
        sub=f"{course['instrument_id']}, UTC",
        legend=legend(*keys),
        as_table=table(heads, rows, numeric=(3, 4), label="Fills of the order"),
    )


def _cost(answer: dict[str, Any], view: View) -> Drawn:
    cost = answer["shortfall"]
    if cost["total"]["value"] is None:
        return Drawn(empty("No shortfall can be told", str(cost["total"]["reason"])), "empty")
    figure = cost_waterfall(
        cost["parts"], cost["total"], currency=cost["currency"] or "", look=view.look, height=CHART
    )
    prices = cost["prices"]
    footer = [
        f"Decided at {price(prices['decision_px'])}",
        f"released at {price(prices['release_px'])}",
        f"ended at {price(prices['end_px'])}",
    ]
    if cost["money_reason"]:
        footer = [str(cost["money_reason"])]
    return Drawn(
        figure,
        sub="positive = cost",
        footer=footer,
        as_table=draw.cost_table(cost, order=answer["order"]["order_id"]),
    )


def _facts(answer: dict[str, Any], view: View) -> Drawn:
    return Drawn(draw.head(answer, watched=view.role in SURVEILLANCE_ROLES), fit="pad")


def _benchmarks(answer: dict[str, Any], _: View) -> Drawn:
    return Drawn(
        draw.benchmark_table(answer["benchmarks"], order=answer["order"]["order_id"]),
        sub="positive = cost",
        fit="flush",
    )


def _markouts(answer: dict[str, Any], view: View) -> Drawn:
    points = answer["markouts"]
    if all(point["value"] is None for point in points):
        why = points[0]["reason"] if points else "Nothing of it was filled."
        return Drawn(empty("No mark-out can be told", why), "empty")
    figure = horizon_dots(points, look=view.look, height=262)
    return Drawn(
        figure,
        sub="positive = the market went against it",
        as_table=draw.markout_table(points, order=answer["order"]["order_id"]),
    )


def _fills(answer: dict[str, Any], _: View) -> Drawn:
    rows = answer["fills"].to_dicts()
    if not rows:
        return Drawn(empty("Nothing of it was filled", "No execution names it."), "empty")
    made = grid(
        at(PAGE, "fills", "grid"),
        _FILLS,
        rows=rows,
        height=min(400, 70 + 30 * max(4, len(rows))),
        label="Fills",
    )
    return Drawn(made, sub=plural(len(rows), "fill"), fit="flush")


def _events(answer: dict[str, Any], _: View) -> Drawn:
    rows = answer["events"].to_dicts()
    if not rows:
        return Drawn(empty("No order event is known", "It is known from its executions only."), "empty")
    several = answer["children"].height > 0
    body = html.Div(happenings(rows, named=several), className="scroll-y", tabIndex=0)
    as_table = table(
        ["Time, UTC", "Order", "What", "Quantity", "Limit", "Reason"],
        [
            [e["transact_time"].isoformat(timespec="milliseconds"), e["order_id"], words(e["event_type"]),
             quantity(e["order_qty"]), price(e["limit_px"]), e["reason"]]
            for e in rows
        ],
        numeric=(3, 4),
        label="Order events",
    )  # fmt: skip
    return Drawn(body, sub=f"{plural(len(rows), 'event')}, UTC", fit="flush", as_table=as_table)


def _measures(answer: dict[str, Any], _: View) -> Drawn:
    return Drawn(draw.measure_table(answer["measures"], order=answer["order"]["order_id"]), fit="flush")


def _children(answer: dict[str, Any], _: View) -> Drawn:
    rows = answer["children"].to_dicts()
    if not rows:
        return Drawn(empty("No order was cut from it", "It was worked as one."), "empty")
    body = html.Div(draw.children_table(rows), className="scroll-y", tabIndex=0)
    return Drawn(body, sub=plural(len(rows), "order"), fit="flush")


def _alerts(found: list[dict[str, Any]], _: View) -> Drawn:
    if not found:
        return Drawn(empty("No alert names it", "Neither it nor a fill of it is evidence of one."), "empty")
    return Drawn(related(found), badge=html.Span(str(len(found)), className="tag"), fit="flush")
