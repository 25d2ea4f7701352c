"""Who trades unlike his peers: days as points, alike days near each other, odd ones ringed and named."""

from collections.abc import Mapping, Sequence
from typing import Any

from dash import html

from components.formats import day, number, plural
from components.graph import floats, graph
from components.theme import Theme

_SYMBOLS = ("circle", "square", "cross", "triangle-up", "diamond", "x")
_NAMED = 6  # odd points that carry their name; the list beside the map has all


def behaviour_map(
    points: Sequence[Mapping[str, Any]], *, look: Theme, height: int, name: str, kind: str
) -> html.Div:
    """Draw the map.

    Args:
        points: ``id``, ``name``, ``date`` (ISO), ``peers``, ``rank`` (0 to 1), ``odd``, ``x``, ``y``.
        look: Theme.
        height: Pixels.
        name: Component id: its clicks and lassos choose ``kind``.
        kind: What a point is a day of: trader or account.
    """
    groups = sorted({str(point["peers"]) for point in points})
    data = [_group(points, group, place, look) for place, group in enumerate(groups)]
    odd = sorted((point for point in points if point["odd"]), key=lambda point: -float(point["rank"]))
    data.append(
        {
            "type": "scatter", "mode": "markers", "name": "Odd", "x": floats(p["x"] for p in odd),
            "y": floats(p["y"] for p in odd), "customdata": [str(p["id"]) for p in odd],
            "text": [_told(p) for p in odd], "hovertemplate": "%{text}<extra></extra>",
            "marker": {"size": 16, "symbol": "circle-open", "color": look["crit"], "line": {"width": 2}, "opacity": 1},
        }
    )  # fmt: skip
    axis = {"showgrid": False, "zeroline": False, "showticklabels": False, "ticks": "", "showspikes": False}
    layout = {
        "dragmode": "lasso",
        "hovermode": "closest",
        "clickmode": "event",
        "showlegend": True,
        "legend": {"orientation": "h", "x": 0, "y": 1.0, "yanchor": "bottom", "font": {"size": 11}},
        "margin": {"l": 12, "r": 12, "t": 30, "b": 12},
        "xaxis": axis,
        "yaxis": axis,
        "annotations": [_named(p, look) for p in _apart(odd)[:_NAMED]],
        "newselection": {"line": {"color": look["accent"], "width": 1.5}},
    }
    finding = f"{plural(len(odd), f'{kind}-day')} of {number(len(points))} unlike their peers"
    finding += f", most of all {odd[0]['name']} on {day(odd[0]['date'])}." if odd else "."
    return graph(data, layout, look=look, height=height, finding=finding, name=name)


def _apart(odd: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Return the oddest day of each: the others of the same name would be written over it."""
    oddest: dict[str, Mapping[str, Any]] = {}
    for point in odd:
        oddest.setdefault(str(point["id"]), point)
    return list(oddest.values())


def _group(points: Sequence[Mapping[str, Any]], group: str, place: int, look: Theme) -> dict[str, Any]:
    own = [point for point in points if point["peers"] == group]
    return {
        "type": "scatter", "mode": "markers", "name": group, "x": floats(p["x"] for p in own),
        "y": floats(p["y"] for p in own), "customdata": [str(p["id"]) for p in own],
        "text": [_told(p) for p in own], "hovertemplate": "%{text}<extra></extra>",
        "marker": {
            "size": 7, "symbol": _SYMBOLS[place % len(_SYMBOLS)], "color": look.series[place % len(look.series)],
            "opacity": 0.6, "line": {"width": 0},
        },
    }  # fmt: skip


def _told(point: Mapping[str, Any]) -> str:
    return (
        f"<b>{point['name']}</b>, {day(point['date'])}<br>{point['peers']}, rank {number(point['rank'], 3)}"
    )


def _named(point: Mapping[str, Any], look: Theme) -> dict[str, Any]:
    return {
        "x": point["x"], "y": point["y"], "text": f"{point['name']}, {day(point['date'])}", "showarrow": False,
        "yshift": 16, "font": {"size": 11, "color": look["crit"]}, "bgcolor": look.faded("s1", 0.7),
    }  # fmt: skip
