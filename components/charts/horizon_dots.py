"""What the market did after fills: one value per horizon."""

from collections.abc import Mapping, Sequence
from typing import Any

from dash import html

from components.charts.markout_curve import tick
from components.formats import bps, known, number
from components.graph import graph
from components.theme import Theme


def horizon_dots(points: Sequence[Mapping[str, Any]], *, look: Theme, height: int) -> html.Div:
    """Draw mark-outs by horizon, positive = cost, each from zero.

    Args:
        points: ``name`` (horizon), ``value`` (bp or None), ``n`` (fills with a price then), in order.
        look: Theme.
        height: Pixels.
    """
    shown = [
        (tick(str(p["name"])), value, p["n"]) for p in points if (value := known(p["value"])) is not None
    ]
    names = [name for name, *_ in shown]
    values = [value for _, value, _ in shown]
    colours = [look["down"] if value > 0 else look["up"] if value < 0 else look["ctl"] for value in values]
    low, high = min([0.0, *values]), max([0.0, *values])
    room = (high - low) * 0.18 or 1.0
    data = {
        "type": "scatter",
        "mode": "markers+text",
        "x": names,
        "y": values,
        "text": [number(value, 1, plus=True) for value in values],
        "textposition": ["top center" if value >= 0 else "bottom center" for value in values],
        "textfont": {"size": 11.5, "color": look["text2"]},
        "marker": {"size": 10, "color": colours, "line": {"width": 1.5, "color": look["s1"]}},
        "customdata": [f"{count} fills" if count != 1 else "1 fill" for *_, count in shown],
        "hovertemplate": "<b>%{x}</b> %{y:.2f} bps<br>%{customdata}<extra></extra>",
        "cliponaxis": False,
    }
    stems = [
        {"type": "line", "x0": name, "x1": name, "y0": 0, "y1": value, "line": {"width": 2, "color": colour}}
        for name, value, colour in zip(names, values, colours, strict=True)
    ]
    layout = {
        "margin": {"l": 8, "r": 12, "t": 14, "b": 42},
        "hovermode": "closest",
        "showlegend": False,
        "xaxis": {
            "type": "category",
            "categoryorder": "array",
            "categoryarray": [tick(str(p["name"])) for p in points],
            "title": {"text": "after each fill"},
            "showspikes": False,
        },
        "yaxis": {
            "range": [low - room, high + room],
            "zeroline": True,
            "zerolinewidth": 1,
            "nticks": 6,
            "ticksuffix": " bps",
        },
        "shapes": stems,
    }
    said = ", ".join(f"{name} {bps(value)}" for name, value, _ in shown)
    return graph([data], layout, look=look, height=height, finding=f"Mark-outs, positive = cost: {said}.")
