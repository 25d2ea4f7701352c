"""One order's life: what it asked for, and everything that happened to it, oldest first."""

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote

from dash import html

from components.formats import MISSING, bps, clock, day, known, percent, price, quantity, words
from components.states import hidden, icon
from components.tables import facts, link, table

_MARKS = {
    "new": ("plus-lg", "acc"),
    "ack": ("check2", ""),
    "replace": ("arrow-repeat", ""),
    "cancel": ("x-lg", "down"),
    "reject": ("slash-circle", "crit"),
    "expire": ("hourglass-bottom", ""),
    "fill": ("lightning-charge", "up"),
    "correct": ("pencil", ""),
    "bust": ("trash", "crit"),
    "trigger": ("crosshair", ""),
    "restate": ("arrow-clockwise", ""),
}


def close_button(name: str, label: str) -> html.Button:
    """Draw the cross that takes ``name`` out of the address."""
    return html.Button(
        [icon("x-lg"), hidden(label)], type="button", className="iconbtn sm", **{"data-clear": name}
    )


def order_path(order_id: object) -> str:
    """Return the address of an order's page."""
    return f"/trading/orders/{quote(str(order_id), safe='')}"


def happenings(events: Sequence[Mapping[str, Any]], *, named: bool = False) -> html.Ol:
    """Draw order events as a timeline, in the order given.

    Args:
        events: Rows of ORDER_EVENTS.
        named: Say of which order each is, where there are several.
    """
    return html.Ol([_event(event, named=named) for event in events], className="timeline")


def order_life(answer: Mapping[str, Any]) -> html.Div:
    """Draw an order: ``app.queries.trading.order_life``."""
    order = answer["order"] or {}
    fills = answer["executions"].to_dicts()
    way_on = html.Div(link("Open the order's page", order_path(answer["order_id"])), className="t12 mt-2")
    parts: list[Any] = [html.Div([_summary(order, fills), way_on], className="p-3 pt-1")]
    events = answer["events"].to_dicts()
    if events:
        parts.append(happenings(events))
    if fills:
        rows = [
            [
                clock(f["transact_time"], millis=True),
                quantity(f["last_qty"]),
                price(f["last_px"]),
                bps(f["slippage_bp"], 1, unit=False),
            ]
            for f in fills
        ]
        parts.append(table(["Fill, UTC", "Quantity", "Price", "bps"], rows, numeric=(1, 2, 3), label="Fills"))
    if answer["children"]:
        kids = [
            link(child, f"/trading/blotter?order={child}", mono=True) for child in answer["children"][:50]
        ]
        parts.append(
            html.Div([html.Div("Orders cut from it", className="t12 t3"), *_spaced(kids)], className="p-3")
        )
    return html.Div(parts)


def _spaced(items: list[Any]) -> list[Any]:
    return [html.Span([item, " "]) for item in items]


def _summary(order: Mapping[str, Any], fills: list[dict[str, Any]]) -> html.Dl:
    first = fills[0] if fills else {}
    symbol = order.get("symbol") or order.get("instrument_id") or first.get("symbol") or MISSING
    filled = sum((known(fill["last_qty"]) or 0.0) for fill in fills)
    paid = sum((known(fill["last_qty"]) or 0.0) * (known(fill["last_px"]) or 0.0) for fill in fills)
    side = order.get("side") or first.get("side") or ""
    limit = order.get("limit_px")
    asked = [f"{words(str(side))} {quantity(order.get('order_qty'))} {symbol}"]
    if known(limit) is not None:
        asked.append(f"at {price(limit)}")
    pairs: list[tuple[str, Any]] = [
        ("Asked", " ".join(asked)),
        ("State", words(str(order.get("status") or "known from executions only"))),
        ("Filled", f"{quantity(filled)}, {percent(order.get('fill_rate'))}"),
        ("Average price", price(paid / filled) if filled else MISSING),
        ("Account", order.get("account_id") or first.get("account_id")),
        ("Trader", order.get("trader_id") or first.get("trader_id")),
        ("Venue", order.get("venue") or first.get("venue")),
    ]
    if order.get("parent_order_id"):
        parent = str(order["parent_order_id"])
        pairs.append(("Cut from", link(parent, f"/trading/blotter?order={parent}", mono=True)))
    return facts(pairs)


def _event(event: Mapping[str, Any], *, named: bool) -> html.Li:
    kind = str(event["event_type"])
    shape, tone = _MARKS.get(kind, ("dot", ""))
    said = [words(kind)]
    if kind == "fill" or kind in {"correct", "bust"}:
        said.append(f"{quantity(event.get('last_qty'))} at {price(event.get('last_px'))}")
    elif kind in {"new", "replace"}:
        said.append(quantity(event.get("order_qty")))
        if known(event.get("limit_px")) is not None:
            said.append(f"at {price(event['limit_px'])}")
    if event.get("reason"):
        said.append(f"({event['reason']})")
    if event.get("cancel_by"):
        said.append(f"by {event['cancel_by']}")
    flags = [html.Span(flag, className="tag high") for flag in event.get("dq_flags") or []]
    moment = event["transact_time"]
    return html.Li(
        [
            html.Span(
                clock(moment, millis=True), className="tm", title=day(moment.date() if moment else None)
            ),
            html.Span(icon(shape), className=f"ic {tone}".strip()),
            html.Span([" ".join(said), *flags]),
            html.Span(event["order_id"] if named else event.get("venue") or "", className="t3 t11"),
        ]
    )
