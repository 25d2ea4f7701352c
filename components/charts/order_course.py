"""One order's life on the price: its limits, its fills by size, what happened to it, what it is measured by."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from dash import html

from components.formats import clock, day, known, plural, price, quantity, words
from components.graph import floats, graph
from components.theme import Theme

_NAMES = {"bars": "Price", "tape": "Trades", "fills": "Trades here", "closes": "Close"}
_MARKS = {
    "new": ("line-ns-open", "text2"),
    "replace": ("diamond-open", "accent"),
    "trigger": ("star-open", "accent"),
    "cancel": ("x-thin-open", "crit"),
    "reject": ("x-thin-open", "crit"),
    "expire": ("x-thin-open", "crit"),
}
_APART = 13  # pixels between labels of benchmark lines
_FAR = 1.2  # benchmark lines further away than so many ranges of the price are left out


def order_course(
    course: Mapping[str, Any],
    benchmarks: Sequence[tuple[str, float]],
    *,
    buys: bool,
    look: Theme,
    height: int,
) -> html.Div:
    """Draw the order on the price.

    Args:
        course: ``app.queries.order_cost.order_course``.
        benchmarks: Label and price of each line.
        buys: Its side.
        look: Theme.
        height: Pixels.
    """
    tone = "up" if buys else "down"
    data = _course(course, look)
    data += _limits(course["limits"], look, tone)
    data += _marks(course, look)
    data += _fills(course["fills"], look, buys=buys)
    core = [
        value
        for value in (
            *(known(row.get(name)) for row in course["rows"] for name in ("bid", "ask", "price")),
            *(known(fill["price"]) for fill in course["fills"]),
            *(known(row["limit_px"]) for row in course["limits"]),
        )
        if value is not None
    ]
    low, high = (min(core), max(core)) if core else (0.0, 1.0)
    span = (high - low) or abs(high) * 0.002 or 1.0
    near = [(label, value) for label, value in benchmarks if low - _FAR * span <= value <= high + _FAR * span]
    low, high = min([low, *(v for _, v in near)]), max([high, *(v for _, v in near)])
    room = (high - low) * 0.08 or abs(high) * 0.002 or 1.0
    bounds = (low - room, high + room)
    begin, finish = _ends(course)
    layout: dict[str, Any] = {
        "margin": {"l": 8, "r": 108, "t": 8, "b": 8},
        "hovermode": "closest",
        "showlegend": False,
        "xaxis": {
            "type": "date",
            "range": [_text(begin), _text(finish)],
            "nticks": 8,
            "tickformat": "%-d %b" if course["kind"] == "closes" else "%H:%M",
        },
        "yaxis": {"range": list(bounds), "nticks": 7, "tickformat": ",.2f"},
        "shapes": [_line(value, look) for _, value in near],
        "annotations": _labels(near, bounds, height - 40, look),
    }
    return graph(data, layout, look=look, height=height, finding=_finding(course, near))


def _text(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%S.%f")[:23]


def _ends(course: Mapping[str, Any]) -> tuple[datetime, datetime]:
    if course["kind"] == "closes" and course["rows"]:
        return course["rows"][0]["time"], max(course["end"], course["rows"][-1]["time"])
    return course["start"], course["end"]


def _course(course: Mapping[str, Any], look: Theme) -> list[dict[str, Any]]:
    rows, kind = course["rows"], course["kind"]
    if not rows:
        return []
    x = [_text(row["time"]) for row in rows]
    pairs = {"quotes": ("bid", "ask"), "bars": ("low", "high")}.get(kind)
    data: list[dict[str, Any]] = [
        {
            "type": "scatter",
            "mode": "lines",
            "x": x,
            "y": floats(row[name] for row in rows),
            "line": {"color": look["text3"], "width": 0.8, "shape": "hv"},
            "fill": "tonexty" if place else "none",
            "fillcolor": look.faded("text3", 0.16),
            "hoverinfo": "skip",
        }
        for place, name in enumerate(pairs or ())
    ]
    middle = [(row["bid"] + row["ask"]) / 2 if kind == "quotes" else row["price"] for row in rows]
    name = "Mid" if kind == "quotes" else _NAMES[kind]
    data.append(
        {
            "type": "scatter",
            "mode": "lines",
            "x": x,
            "y": floats(middle),
            "name": name,
            "line": {"color": look["text2"], "width": 1.4, "shape": "hv" if kind == "quotes" else "linear"},
            "hovertemplate": f"{name} %{{y:,.3f}}<br>%{{x|%H:%M:%S}} UTC<extra></extra>",
        }
    )
    return data


def _limits(limits: Sequence[Mapping[str, Any]], look: Theme, tone: str) -> list[dict[str, Any]]:
    if not limits:
        return []
    x: list[str | None] = []
    y: list[float | None] = []
    for row in limits:
        x += [_text(row["time"]), _text(row["until"]), None]
        y += [row["limit_px"], row["limit_px"], None]
    line = {"color": look[tone], "width": 2.2, "dash": "solid" if tone == "up" else "3px,2px"}
    return [
        {
            "type": "scatter",
            "mode": "lines",
            "x": x,
            "y": floats(y),
            "line": line,
            "opacity": 0.75,
            "hoverinfo": "skip",
        }
    ]


def _marks(course: Mapping[str, Any], look: Theme) -> list[dict[str, Any]]:
    data = []
    for kind, (symbol, colour) in _MARKS.items():
        found = [
            mark for mark in course["marks"] if mark["event_type"] == kind and mark["limit_px"] is not None
        ]
        if not found:
            continue
        data.append(
            {
                "type": "scatter",
                "mode": "markers",
                "x": [_text(mark["time"]) for mark in found],
                "y": floats(mark["limit_px"] for mark in found),
                "marker": {
                    "symbol": symbol,
                    "size": 9,
                    "color": look[colour],
                    "line": {"width": 2, "color": look[colour]},
                },
                "customdata": [
                    f"{words(kind)} at {price(mark['limit_px'])}"
                    f"<br>{mark['order_id']}, {clock(mark['time'], millis=True)} UTC"
                    for mark in found
                ],
                "hovertemplate": "%{customdata}<extra></extra>",
            }
        )
    return data


def _fills(fills: Sequence[Mapping[str, Any]], look: Theme, *, buys: bool) -> list[dict[str, Any]]:
    if not fills:
        return []
    largest = max(fill["quantity"] for fill in fills) or 1.0
    return [
        {
            "type": "scatter",
            "mode": "markers",
            "x": [_text(fill["time"]) for fill in fills],
            "y": floats(fill["price"] for fill in fills),
            "marker": {
                "symbol": "triangle-up" if buys else "triangle-down",
                # By area, so that twice the quantity looks twice as large.
                "size": [8 + 10 * (fill["quantity"] / largest) ** 0.5 for fill in fills],
                "color": look["up" if buys else "down"],
                "opacity": 0.95,
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


def _line(value: float, look: Theme) -> dict[str, Any]:
    return {
        "type": "line",
        "xref": "paper",
        "x0": 0,
        "x1": 1,
        "y0": value,
        "y1": value,
        "layer": "below",
        "line": {"width": 1, "dash": "4px,3px", "color": look["accent"]},
    }


def _labels(
    near: Sequence[tuple[str, float]], bounds: tuple[float, float], height: int, look: Theme
) -> list[dict[str, Any]]:
    """Write each line's name at its right end, moved apart where two would cover each other."""
    scale = height / (bounds[1] - bounds[0])
    notes, last = [], float("-inf")
    for label, value in sorted(near, key=lambda pair: pair[1]):
        place = max(value * scale, last + _APART)
        last = place
        notes.append(
            {
                "xref": "paper",
                "x": 1,
                "xanchor": "left",
                "xshift": 6,
                "y": value,
                "yshift": place - value * scale,
                "text": f"{label} {price(value)}",
                "font": {"size": 11, "color": look["text2"]},
                "showarrow": False,
            }
        )
    return notes


def _finding(course: Mapping[str, Any], near: Sequence[tuple[str, float]]) -> str:
    fills = course["fills"]
    said = f"{plural(len(fills), 'fill')} in {course['instrument_id']}"
    if fills:
        levels = [fill["price"] for fill in fills]
        said += f" between {price(min(levels))} and {price(max(levels))}"
    said += f" from {day(course['start'].date())} {clock(course['start'])} to {clock(course['end'])} UTC"
    lines = ", ".join(f"{label} {price(value)}" for label, value in near)
    return f"{said}; {lines}." if lines else f"{said}."
