"""An alert's orders and fills on the price around them."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from dash import html

from components.formats import clock, day, known, plural, price, quantity, words
from components.graph import floats, graph
from components.theme import Theme

_NAMES = {"closes": "Close", "bars": "Price", "tape": "Trades"}
_MANY = 60  # orders from which only the fills and the first orders are drawn


def price_marks(course: Mapping[str, Any], *, look: Theme, height: int) -> html.Div:
    """Draw the price with limits of suspect orders from placement to end, and their fills.

    Args:
        course: ``app.queries.evidence.market``.
        look: Theme.
        height: Pixels.
    """
    rows, orders, fills = course["rows"], course["orders"][:_MANY], course["fills"]
    data = _lines(course["kind"], rows, look)
    for buys in (True, False):
        data += _orders([o for o in orders if _buys(o) == buys], look, buys=buys)
        data += _fills([f for f in fills if _buys(f) == buys], look, buys=buys)
    begin, finish = _ends(course)
    levels = [
        level
        for level in (
            *(known(row.get(name)) for row in rows for name in ("bid", "ask", "price")),
            *(known(order["limit_px"]) for order in orders),
            *(known(fill["price"]) for fill in fills),
        )
        if level is not None
    ]
    low, high = (min(levels), max(levels)) if levels else (0.0, 1.0)
    room = (high - low) * 0.08 or abs(high) * 0.002 or 1.0
    data += _said(course.get("marks", ()), look, at=low - room / 2)
    days = (finish - begin) > timedelta(hours=36)
    layout: dict[str, Any] = {
        "margin": {"l": 8, "r": 12, "t": 8, "b": 8},
        "hovermode": "closest",
        "xaxis": {
            "type": "date",
            "range": [_text(begin), _text(finish)],
            "nticks": 8,
            "tickformat": "%-d %b" if course["kind"] == "closes" or days else "%H:%M",
            "title": {"text": "Day, UTC" if course["kind"] == "closes" or days else "Time, UTC"},
        },
        "yaxis": {
            "range": [low - room, high + room],
            "nticks": 7,
            "tickformat": ",.2f",
            "title": {"text": "Price"},
        },
        "shapes": _window(course["window"], look),
    }
    return graph(data, layout, look=look, height=height, finding=_finding(course))


def _text(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%S.%f")[:23]


def _buys(row: Mapping[str, Any]) -> bool:
    return str(row["side"]).startswith("buy")


def _ends(course: Mapping[str, Any]) -> tuple[datetime, datetime]:
    if course["kind"] == "closes" and course["rows"]:
        return course["rows"][0]["time"], max(course["end"], course["rows"][-1]["time"])
    return course["start"], course["end"]


def _lines(kind: str, rows: Sequence[Mapping[str, Any]], look: Theme) -> list[dict[str, Any]]:
    if not rows:
        return []
    x = [_text(row["time"]) for row in rows]
    if kind != "quotes":
        name = _NAMES.get(kind, "Trades here")
        return [
            {"type": "scatter", "mode": "lines", "x": x, "y": floats(row["price"] for row in rows), "name": name,
             "line": {"color": look["text2"], "width": 1.4}, "hovertemplate": f"{name} %{{y:,.2f}}<extra></extra>"}
        ]  # fmt: skip
    return [
        {
            "type": "scatter",
            "mode": "lines",
            "x": x,
            "y": floats(row[side] for row in rows),
            "name": name,
            "line": {"color": look["text2"], "width": 1.3, "shape": "hv"},
            "fill": "tonexty" if side == "ask" else "none",
            "fillcolor": look.faded("text3", 0.12),
            "hovertemplate": f"{name} %{{y:,.2f}}<extra></extra>",
        }
        for side, name in (("bid", "Best bid"), ("ask", "Best ask"))
    ]


def _orders(orders: Sequence[Mapping[str, Any]], look: Theme, *, buys: bool) -> list[dict[str, Any]]:
    if not orders:
        return []
    colour = look["up" if buys else "down"]
    x: list[str | None] = []
    y: list[float | None] = []
    for order in orders:
        x += [_text(order["first_time"]), _text(order["last_time"]), None]
        y += [order["limit_px"], order["limit_px"], None]
    ended = [order for order in orders if order["status"] in {"cancelled", "expired", "rejected"}]
    return [
        {
            "type": "scatter",
            "mode": "lines",
            "x": x,
            "y": floats(y),
            "line": {"color": colour, "width": 3, "dash": "solid" if buys else "3px,2px"},
            "hoverinfo": "skip",
        },
        {
            "type": "scatter",
            "mode": "markers",
            "x": [_text(order["first_time"]) for order in orders],
            "y": floats(order["limit_px"] for order in orders),
            "marker": {"symbol": "line-ns-open", "size": 9, "color": colour, "line": {"width": 2}},
            "customdata": [_order_words(order) for order in orders],
            "hovertemplate": "%{customdata}<extra></extra>",
        },
        {
            "type": "scatter",
            "mode": "markers",
            "x": [_text(order["last_time"]) for order in ended],
            "y": floats(order["limit_px"] for order in ended),
            "marker": {"symbol": "x-thin-open", "size": 8, "color": look["crit"], "line": {"width": 2}},
            "customdata": [_order_words(order) for order in ended],
            "hovertemplate": "%{customdata}<extra></extra>",
        },
    ]


def _fills(fills: Sequence[Mapping[str, Any]], look: Theme, *, buys: bool) -> list[dict[str, Any]]:
    if not fills:
        return []
    return [
        {
            "type": "scatter",
            "mode": "markers",
            "x": [_text(fill["time"]) for fill in fills],
            "y": floats(fill["price"] for fill in fills),
            "marker": {
                "symbol": "triangle-up" if buys else "triangle-down",
                # Both legs of one trade stand on one point: the smaller is drawn on the larger.
                "size": 15 if buys else 9,
                "opacity": 1,
                "color": look["up" if buys else "down"],
                "line": {"width": 1.5, "color": look["s1"]},
            },
            "customdata": [
                f"{words(str(fill['side']))} {quantity(fill['quantity'])} at {price(fill['price'])}"
                f"<br>{clock(fill['time'], millis=True)} UTC"
                for fill in fills
            ],
            "hovertemplate": "<b>%{customdata}</b><extra></extra>",
        }
    ]


def _said(marks: Sequence[Mapping[str, Any]], look: Theme, *, at: float) -> list[dict[str, Any]]:
    """Draw what was said in public as marks at the foot of the plot."""
    looks = {"news": ("square", look["high"], "Public"), "post": ("circle", look["accent"], "Posted")}
    drawn = []
    for kind, (symbol, colour, verb) in looks.items():
        own = [mark for mark in marks if mark["kind"] == kind]
        if own:
            drawn.append(
                {
                    "type": "scatter",
                    "mode": "markers",
                    "x": [_text(mark["time"]) for mark in own],
                    "y": floats([at] * len(own)),
                    "marker": {"symbol": symbol, "size": 8, "color": colour, "line": {"width": 1.5, "color": look["s1"]}},
                    "customdata": [
                        f"{verb} {clock(mark['time'], seconds=True)} UTC<br>{_plain(str(mark['words']))}" for mark in own
                    ],
                    "hovertemplate": "%{customdata}<extra></extra>",
                }
            )  # fmt: skip
    return drawn


def _plain(text: str) -> str:
    # A hover label reads a little markup: what people wrote is shown as they wrote it.
    short = text if len(text) <= 90 else f"{text[:89]}…"
    return short.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _order_words(order: Mapping[str, Any]) -> str:
    return (
        f"{order['order_id']}: {str(order['side']).replace('_', ' ')} {quantity(order['order_qty'])} "
        f"at {price(order['limit_px'])}, {order['status']}<br>{clock(order['first_time'], millis=True)} to "
        f"{clock(order['last_time'], millis=True)} UTC"
    )


def _window(window: Mapping[str, Any], look: Theme) -> list[dict[str, Any]]:
    start, end = window["start"], window["end"]
    if start is None or end is None:
        return []
    return [
        {
            "type": "rect",
            "x0": _text(start),
            "x1": _text(end),
            "y0": 0,
            "y1": 1,
            "yref": "paper",
            "layer": "below",
            "fillcolor": look.faded("accent", 0.1),
            "line": {"width": 1, "color": look.faded("accent", 0.45)},
        }
    ]


def _finding(course: Mapping[str, Any]) -> str:
    fills, orders = course["fills"], course["orders"]
    said = f"{plural(len(orders), 'order')} with a limit and {plural(len(fills), 'fill')} in {course['instrument_id']}"
    if fills:
        levels = [fill["price"] for fill in fills]
        said += f" between {price(min(levels))} and {price(max(levels))}"
    start = course["window"]["start"]
    if start is not None:
        said += f", suspected from {day(start.date())} {clock(start, seconds=True)} UTC"
    return said + "."
