"""The lower cards of the P&L page: the day's course, the lots of a position, the cost method."""

from typing import Any

from dash import ALL, ClientsideFunction, Dash, Input, Output, ctx, dcc, html, no_update

from app.actions import costing
from app.errors import QuarterdeckError
from app.gateway.auth import current_context, current_identity
from app.jobs._queue import JobQueue
from app.queries.pnl_intraday import intraday
from app.queries.pnl_lots import SHOWN, lots
from callbacks._fill import Drawn, View, nothing
from components.cards import legend, segment
from components.charts.day_course import MOST, day_course
from components.formats import clock, day, full_money, money, plural, quantity
from components.ids import at
from components.pnl import methods
from components.tables import column, facts, grid, table

IMPORT_FIRST = "No executions, prices or cash have been imported yet."
METHODS = (
    ("average", "Average cost", "A sale realises against the average cost of the whole position."),
    ("fifo", "First in, first out", "A sale closes the oldest lots first."),
    ("lifo", "Last in, first out", "A sale closes the newest lots first."),
)
_LOTS = (("", "In force"), ("average", "Average"), ("fifo", "FIFO"), ("lifo", "LIFO"))
SIDES = (("open", "Open"), ("closed", "Closed"))


def choices_of_method(app: Dash, page: str) -> None:
    """Let who may change the cost method change it; the book is then derived anew."""

    @app.callback(
        Output(at(page, "method", "retry"), "data", allow_duplicate=True),
        Output("toast", "data", allow_duplicate=True),
        Input({"cost-method": ALL}, "n_clicks"),
        prevent_initial_call=True,
    )
    def choose(clicks: list[int | None]) -> tuple[Any, Any]:
        chosen = ctx.triggered_id
        if not any(clicks) or not isinstance(chosen, dict):
            return no_update, no_update
        context, me = current_context(), current_identity()
        try:
            found = costing.set_method(context.database, me, str(chosen["cost-method"]))
        except QuarterdeckError as error:
            return no_update, {"kind": "error", "fact": error.detail}
        JobQueue(context).put(me.org, "derive", {"cause": "cost method"}, once=True)
        title = next(words for method, words, _ in METHODS if method == found.asked)
        return f"{found.asked}-{sum(c or 0 for c in clicks)}", {
            "fact": f"Cost method: {title.lower()}",
            "effect": "Positions are being derived anew; net P&L stays the same.",
        }


def choice_of_position(app: Dash, page: str) -> None:
    """Write the chosen position into the address."""
    app.clientside_callback(
        ClientsideFunction("pnl", "pickPosition"),
        Output("toast", "clear_data", allow_duplicate=True),
        Input(at(page, "lots", "position"), "value"),
        prevent_initial_call=True,
    )


def method(answer: dict[str, Any], view: View) -> Drawn:
    """Draw the cost methods."""
    may = view.role in costing.ROLES
    body = methods(answer, METHODS, may=may, who="The risk desk or an administrator")
    return Drawn(body, sub="for the whole organisation", fit="pad")


# --- through the day -------------------------------------------------------------------------------
def through_the_day(desk: Any) -> dict[str, Any]:
    """Ask for the course of the session the address names."""
    return intraday(desk, session=desk.scope.extra.get("session") or None)


def course(answer: dict[str, Any], view: View) -> Drawn:
    """Draw the day's course."""
    rows, currency = answer["rows"], answer["currency"]
    if not rows:
        return nothing(view, "No course of this day", answer["reasons"].get("rows", IMPORT_FIRST))
    desks = answer["desks"]
    figure = day_course(rows, desks, look=view.look, currency=currency, height=238, close=answer["close"])
    tones = ("ser2", "ser3")
    shown = desks[:MOST] if len(desks) > 1 else []
    parts = [("ln", "acc", "All desks" if shown else desks[0])]
    parts += [("ln", tones[place], name) for place, name in enumerate(shown)]
    as_table = table(
        ["Time, UTC", "All desks", *desks],
        [
            [
                clock(row["time"]),
                *(full_money(value, currency, plus=True) for value in (row["pnl"], *row["desks"])),
            ]
            for row in rows
        ],
        numeric=tuple(range(1, len(desks) + 2)),
        label="P&L through the day",
    )
    footer = [
        f"last mid {money(answer['last'], currency, plus=True)}",
        f"closing step {full_money(answer['step'], currency, plus=True)}",
        f"day {full_money(answer['close'], currency, plus=True)}",
    ]
    sub = f"{day(answer['date'])}, {plural(answer['executions'], 'execution')}"
    if answer["reasons"].get("marks"):
        sub = f"{day(answer['date'])}: no quotes or bars, trades only until the close"
    return Drawn(figure, sub=sub, legend=legend(*parts), as_table=as_table, footer=footer)


# --- lots ------------------------------------------------------------------------------------------
def lots_of(desk: Any) -> tuple[dict[str, Any], str]:
    """Ask for the lots of the position that the address names, or of the largest."""
    extra = desk.scope.extra
    account, _, instrument = extra.get("position", "").partition("|")
    asked = {"account": account, "instrument": instrument} if account and instrument else {}
    return lots(desk, **asked, method=extra.get("lots") or None), extra.get("side", "open")


def lots_table(answer: tuple[dict[str, Any], str], view: View) -> Drawn:
    """Draw the lots of one position."""
    found, side = answer
    side = side if side in dict(SIDES) else "open"
    chosen = view.state("lots")
    tools = (segment("Lots are", "side", SIDES, side), segment("Matched by", "lots", _LOTS, chosen))
    if found["account_id"] is None:
        return nothing(view, "No position to show", found["reasons"].get("open", IMPORT_FIRST), tools=tools)
    currency = found["currency"]
    picker = _picker(found)
    totals = facts(
        [
            ("Held", quantity(found["quantity"])),
            ("Cost", full_money(found["cost"], currency)),
            ("Value", full_money(found["market_value"], currency)),
            ("Unrealised", full_money(found["unrealised"], currency, plus=True)),
            ("Realised in the view", full_money(found["realised"], currency, plus=True)),
        ]
    )
    rows, total = found[side], found[f"{side}_total"]
    if rows:
        body: Any = grid(
            at("trading-pnl", "lots", "grid"),
            _columns(side),
            rows=rows,
            height=min(300, 64 + 30 * max(len(rows), 3)),
            label=f"{side} lots",
        )
    else:
        body = html.P(_no_lots(found, side), className="t3 px-2")
    more = f"the first {SHOWN} of " if total > SHOWN else ""
    footer = [f"{more}{plural(total, f'{side} lot')}, {found['method_title'].lower()}, {currency}"]
    if found["reasons"]:
        footer.append(next(iter(found["reasons"].values())))
    sub = f"{found['symbol'] or found['instrument_id']} in {found['account_id']}, {day(found['date'])}"
    return Drawn(
        [html.Div([picker, totals], className="lots-h"), body],
        sub=sub,
        tools=tools,
        footer=footer,
        fit="flush",
    )


def _no_lots(found: dict[str, Any], side: str) -> str:
    if side == "closed" and found["method"] == "average":
        return "At average cost nothing is matched lot by lot; choose FIFO or LIFO to see what closed what."
    return "Nothing was closed in the view." if side == "closed" else "Nothing is open."


def _picker(found: dict[str, Any]) -> html.Div:
    here = f"{found['account_id']}|{found['instrument_id']}"
    options = {
        f"{row['account_id']}|{row['instrument_id']}": f"{row['symbol'] or row['instrument_id']} · {row['account_id']}"
        for row in found["choices"]
    }
    options.setdefault(here, f"{found['symbol'] or found['instrument_id']} · {found['account_id']}")
    choose = dcc.Dropdown(
        id=at("trading-pnl", "lots", "position"),
        options=[{"value": value, "label": words} for value, words in options.items()],
        value=here,
        clearable=False,
    )
    label = html.Label("Position", htmlFor=choose.id)
    return html.Div([label, choose], className="field", **{"data-lots-of": here})


def _columns(side: str) -> list[dict[str, Any]]:
    shared = [
        column("opened", "Opened", "date", width=110),
        column("quantity", "Quantity", "quantity", width=112),
        column("cost_px", "Cost per unit", "price", width=116),
    ]
    if side == "open":
        return [
            *shared,
            column("age_days", "Age, days", "whole", width=98),
            column("cost", "Cost", "money"),
            column("market_value", "Value", "money"),
            column("unrealised", "Unrealised", "signed"),
        ]
    return [
        *shared,
        column("closed", "Closed", "date", width=110),
        column("days", "Held, days", "whole", width=98),
        column("close_px", "Closed at", "price", width=112),
        column("realised", "Realised", "signed"),
    ]
