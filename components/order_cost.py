"""One order in words and tables: who, what, against which price, how it was worked."""

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

from dash import html

from components.charts.markout_curve import NAMES
from components.formats import (
    MISSING,
    Shown,
    age,
    bps,
    clock,
    day,
    full_money,
    known,
    money,
    number,
    percent,
    plural,
    price,
    quantity,
    sigma,
    words,
)
from components.kpi import strip, tile
from components.orders import order_path
from components.passport import passport_link, passport_of
from components.states import icon
from components.tables import facts, link, table

LABELS = {
    "decision": "Decision",
    "arrival": "Arrival",
    "vwap": "VWAP",
    "twap": "TWAP",
    "close": "Close",
    "previous_close": "Previous close",
}
_ICONS = {"instrument": "graph-up", "account": "wallet2", "trader": "person", "desk": "people"}
_MEASURES = {
    "average_price": "Average price",
    "fill_rate": "Filled",
    "duration": "Release to last fill",
    "participation": "Share of the market's volume",
    "share_of_adv": "Share of a usual day's volume",
    "quoted_spread": "Quoted spread",
    "effective_spread": "Effective spread",
    "realised_spread": "Realised spread, 5 min",
    "impact": "Price impact, 5 min",
    "reversion": "Came back within 5 min",
    "expected_cost": "Expected cost",
    "cost_z": "Beyond the expected",
}


def by_name(passports: Sequence[Mapping[str, Any]]) -> dict[str, Mapping[str, Any]]:
    """Return passports by their names."""
    return {str(one["name"]): one for one in passports}


def figures(answer: Mapping[str, Any]) -> Any:
    """Draw the strip of key figures: ``app.queries.order_cost.order_cost``."""
    order, cost = answer["order"], answer["shortfall"]
    against, worked = by_name(answer["benchmarks"]), by_name(answer["measures"])
    total, rate = cost["total"], known(worked["fill_rate"]["value"])
    average = worked["average_price"]
    share = "participation" if worked["participation"]["value"] is not None else "share_of_adv"
    over = "vwap" if against["vwap"]["value"] is not None else "twap"
    expected = worked["expected_cost"]
    return strip(
        [
            tile("shortfall", "Implementation shortfall", total["value"], number(total["value"], 2, plus=True), unit="bps",
                 reason=total["reason"], hover=full_money(total["amount"], cost["currency"]),
                 detail=[money(total["amount"], cost["currency"], plus=True), "positive = cost"],
                 passport=_of("total", order)),
            _against("arrival", "Against arrival", against["arrival"], order),
            _against(over, f"Against {LABELS[over]}", against[over], order),
            tile("average-price", "Average price", average["value"], price(average["value"]), reason=average["reason"],
                 detail=[order["currency"] or "", plural(order["executions"], "fill")],
                 passport=_of("average_price", order)),
            tile("fill-rate", "Filled", rate, percent(rate), reason=worked["fill_rate"]["reason"],
                 detail=[f"{quantity(order['filled_qty'])} of {quantity(order['order_qty'])}"],
                 passport=_of("fill_rate", order)),
            tile("participation", "Share of volume", worked[share]["value"], _share(worked[share]["value"]),
                 reason=worked[share]["reason"],
                 detail="of the market while it worked" if share == "participation" else "of a usual day",
                 passport=_of(share, order)),
            tile("cost-z", "Beyond the expected", worked["cost_z"]["value"], sigma(worked["cost_z"]["value"]),
                 reason=worked["cost_z"]["reason"], detail=[f"expected {bps(expected['value'])}"],
                 passport=_of("cost_z", order)),
        ]
    )  # fmt: skip


def _of(name: str, order: Mapping[str, Any]) -> str:
    return passport_of(name, of="order_cost", order=order["order_id"])


def _against(name: str, label: str, one: Mapping[str, Any], order: Mapping[str, Any]) -> Any:
    detail = [f"{LABELS[str(one['name'])]} {price(one['price'])}"]
    return tile(
        name,
        label,
        one["value"],
        number(one["value"], 2, plus=True),
        unit="bps",
        reason=one["reason"],
        detail=detail,
        passport=_of(str(one["name"]), order),
    )


def _share(value: Any) -> str:
    found = known(value)
    # Small shares would all read 0.0 %.
    if not found or abs(found) >= 0.01:
        return percent(value)
    return Shown(number(found * 100, 2) + "%", value, "fraction")


def headline(order: Mapping[str, Any]) -> str:
    """Return the order as people say it: ``Sell 9,880 MSFT``."""
    asked = quantity(order["order_qty"] if order["order_qty"] is not None else order["filled_qty"])
    return f"{words(str(order['side'] or 'order'))} {asked} {order['symbol'] or order['instrument_id']}"


def lifetime(window: Mapping[str, Any]) -> str:
    """Return when it lived, in UTC."""
    start, end = window["release_time"], window["end_time"]
    if start is None:
        return ""
    told = f"{day(start.date())} {clock(start, seconds=True)}"
    if end is not None and end != start:
        told += f" to {'' if end.date() == start.date() else day(end.date()) + ' '}{clock(end, seconds=True)}"
    return f"{told} UTC"


def head(answer: Mapping[str, Any], *, watched: bool) -> html.Div:
    """Draw what was asked and by whom, as ways on that carry the context."""
    order, window = answer["order"], answer["window"]
    chips = [
        _chip(
            "instrument",
            order["instrument_id"],
            order["symbol"],
            "/trading/blotter",
            "Orders and executions of it",
        ),
        _chip(
            "account", order["account_id"], order["account_name"], "/portfolio/risk", "Risk of the account"
        ),
        _chip(
            "trader",
            order["trader_id"],
            order["trader_name"],
            "/trading/execution-quality",
            "How this trader executes",
        ),
        _chip("desk", order["desk"], None, "/trading/execution-quality", "How this desk executes"),
    ]
    kind = " ".join(str(part) for part in (order["ord_type"], order["time_in_force"]) if part)
    pairs: list[tuple[str, Any]] = [
        ("Order", html.Span(order["order_id"], className="mono")),
        ("Asked", headline(order)),
        ("Limit", price(order["limit_px"]) if order["limit_px"] is not None else "none"),
        ("Type", words(kind) if kind else None),
        ("State", words(str(order["status"] or "known from executions only"))),
        ("Decided", _instant(window["decision_time"])),
        ("Released", _instant(window["release_time"])),
        ("Last fill", _instant(window["last_fill_time"])),
        ("Ended", _instant(window["end_time"])),
        ("Strategy", words(order["strategy"]) if order["strategy"] else None),
        ("Venue", order["venue"]),
    ]
    if order["parent_order_id"]:
        parent = str(order["parent_order_id"])
        pairs.append(("Cut from", link(parent, order_path(parent), mono=True)))
    if watched:
        who = {"trader": order["trader_id"]} if order["trader_id"] else {"account": order["account_id"]}
        pairs.append(("Surveillance", link("Alerts about them", f"/compliance/alerts?{urlencode(who)}")))
    return html.Div(
        [html.Div([chip for chip in chips if chip], className="subjects px-0 pt-0"), facts(pairs)]
    )


def _chip(kind: str, ident: Any, name: Any, path: str, title: str) -> html.A | None:
    if not ident:
        return None
    return html.A(
        [icon(_ICONS[kind]), html.Span(str(name or ident))],
        href=f"{path}?{urlencode({kind: ident})}",
        className="tag line",
        title=title,
        **{"data-carry": "1", "data-chip": kind},
    )


def _instant(moment: Any) -> str:
    return f"{day(moment.date())} {clock(moment, millis=True)}" if moment is not None else MISSING


def benchmark_table(rows: Sequence[Mapping[str, Any]], *, order: str) -> html.Div:
    """Draw each benchmark of ``order`` with its price, the cost against it and its interval."""
    cells = [
        [
            _named(row, LABELS[str(row["name"])], order),
            _or_why(price(row["price"]), row["price_reason"]),
            _or_why(_signed(row["value"]), row["reason"]),
            _between(row, 2, plus=True),
        ]
        for row in rows
    ]
    heads = ["Benchmark", "Price", "Cost, bps", "95% interval"]
    return table(heads, cells, numeric=(1, 2, 3), label="Slippage against each benchmark, positive = cost")


def cost_table(cost: Mapping[str, Any], *, order: str) -> html.Div:
    """Draw the parts and total of the shortfall of ``order`` in bp and money."""
    rows = [
        [_named(part, words(str(part["name"])), order), number(part["value"], 4, plus=True), full_money(part["amount"], cost["currency"], plus=True)]
        for part in (*cost["parts"], cost["total"])
    ]  # fmt: skip
    return table(["Part", "bps", "Amount"], rows, numeric=(1, 2), label="Implementation shortfall")


def markout_table(points: Sequence[Mapping[str, Any]], *, order: str) -> html.Div:
    """Draw the mark-outs of ``order`` by horizon."""
    rows = [
        [_named(p, NAMES[str(p["name"])], order), _or_why(_signed(p["value"]), p["reason"]), p["n"]]
        for p in points
    ]
    return table(["After", "Cost, bps", "Fills"], rows, numeric=(1, 2), label="Mark-outs, positive = cost")


def measure_table(rows: Sequence[Mapping[str, Any]], *, order: str) -> html.Div:
    """Draw the other measures of ``order``, in two tables side by side where there is room."""
    cells = []
    for row in rows:
        name = _named(row, _MEASURES.get(str(row["name"]), words(str(row["name"]))), order)
        cells.append([name, _or_why(_in_unit(row), row["reason"]), _between(row, 1), row["n"]])
    heads, half = ["Measure", "Value", "95% interval", "Fills"], -(-len(cells) // 2)
    sides = [
        table(heads, part, numeric=(1, 2, 3), label="How it was worked")
        for part in (cells[:half], cells[half:])
        if part
    ]
    return html.Div(sides, className="side-by-side")


def _between(row: Mapping[str, Any], decimals: int, *, plus: bool = False) -> Any:
    """Write an interval; one without width is none: too few fills that differ."""
    low, high = known(row["low"]), known(row["high"])
    if low is None or high is None:
        return MISSING
    if low == high:
        return _or_why(MISSING, "Its fills are alike: they tell nothing of the spread.")
    return f"{number(low, decimals, plus=plus)} to {number(high, decimals, plus=plus)}"


def _named(row: Mapping[str, Any], shown: str, order: str) -> Any:
    return passport_link(str(row["name"]), shown, of="order_cost", order=order)


def _in_unit(row: Mapping[str, Any]) -> str:
    value, unit = row["value"], row["unit"]
    if unit == "fraction":
        return _share(value)
    if unit == "seconds":
        return age(value)
    if unit == "price":
        return price(value)
    return sigma(value) if unit == "sd" else bps(value, 2)


def _signed(value: Any) -> str:
    return number(value, 2, plus=True)


def _or_why(shown: str, reason: Any) -> Any:
    return html.Span(shown, title=str(reason or "It is not known.")) if shown == MISSING else shown


def children_table(rows: Sequence[Mapping[str, Any]]) -> html.Div:
    """Draw the orders cut from one order, each a way to its own page."""
    cells = [
        [
            link(row["order_id"], order_path(row["order_id"]), mono=True),
            clock(row["first_time"], seconds=True),
            clock(row["last_time"], seconds=True),
            quantity(row["order_qty"]),
            quantity(row["filled_qty"]),
            price(row["limit_px"]),
            row["venue"],
            words(str(row["status"])),
        ]
        for row in rows
    ]
    heads = ["Order", "From, UTC", "To", "Quantity", "Filled", "Limit", "Venue", "State"]
    return table(heads, cells, numeric=(3, 4, 5), label="Orders cut from it")


def ways_on(answer: Mapping[str, Any], *, watched: bool, alerts: int) -> list[dict[str, Any]]:
    """Return the next steps from an order."""
    order = answer["order"]
    day_of = {}
    if answer["window"]["release_time"] is not None:
        date = answer["window"]["release_time"].date().isoformat()
        day_of = {"from": date, "to": date}
    entries = [
        {"label": "Check the account's risk", "path": f"/portfolio/risk?{urlencode({'account': order['account_id']})}",
         "why": "What its account risks now", "metric": None},
        {"label": "Compare executions", "path": f"/trading/execution-quality?{urlencode({'instrument': order['instrument_id']})}",
         "why": "How this instrument is executed by venue, broker and trader", "metric": None},
        {"label": "See the day's orders", "path": f"/trading/blotter?{urlencode({'view': 'orders', 'instrument': order['instrument_id']} | day_of)}",
         "why": "Orders of the instrument on that day", "metric": None},
        {"label": "Talk about it", "path": f"/social/feed?{urlencode({'about': 'order:' + order['order_id']})}",
         "why": "The thread on this order", "metric": None},
    ]  # fmt: skip
    if watched and alerts:
        who = {"instrument": order["instrument_id"]}
        entries.append(
            {"label": "Open alerts", "path": f"/compliance/alerts?{urlencode(who)}", "why": "Alerts that name this order", "metric": str(alerts)}
        )  # fmt: skip
    return entries
