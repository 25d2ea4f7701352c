"""Are chances and ranges honest: how often it was said, how often it came, with what sampling allows."""

from collections.abc import Mapping, Sequence
from typing import Any

from dash import html

from components.formats import percent, plural
from components.graph import floats, graph
from components.theme import Theme


def said_held(
    points: Sequence[Mapping[str, Any]], *, look: Theme, height: int, came: str = "held"
) -> html.Div:
    """Draw what was said against what came.

    Args:
        points: ``said``, ``held``, and ``low`` and ``high`` (what sampling allows; may be left out), sorted.
        look: Theme.
        height: Pixels.
        came: Title of the upright axis.
    """
    said = [float(point["said"]) for point in points]
    held = [float(point["held"]) for point in points]
    data: list[dict[str, Any]] = []
    if all(point.get("low") is not None for point in points):
        edges = [
            (0.0, 0.0, 0.0),
            *((s, p["low"], p["high"]) for s, p in zip(said, points, strict=True)),
            (1.0, 1.0, 1.0),
        ]
        data.append(
            {
                "type": "scatter",
                "mode": "lines",
                "x": floats([*(e[0] for e in edges), *(e[0] for e in reversed(edges))]),
                "y": floats([*(e[2] for e in edges), *(e[1] for e in reversed(edges))]),
                "fill": "toself",
                "fillcolor": look.faded("text3", 0.13),
                "line": {"width": 0, "color": "rgba(0,0,0,0)"},
                "hoverinfo": "skip",
            }
        )
    data.append(
        {
            "type": "scatter",
            "mode": "lines",
            "x": [0, 1],
            "y": [0, 1],
            "line": {"color": look["text3"], "width": 1.2, "dash": "4px,3px"},
            "hoverinfo": "skip",
        }
    )
    data.append(
        {
            "type": "scatter",
            "mode": "lines+markers",
            "x": floats(said),
            "y": floats(held),
            "line": {"color": look["accent"], "width": 1.8},
            "marker": {"size": 9, "color": look["accent"], "line": {"width": 1.5, "color": look["s1"]}},
            "customdata": [plural(point.get("n"), "row") for point in points],
            "hovertemplate": "said %{x:.0%}, came <b>%{y:.1%}</b><br>%{customdata}<extra></extra>",
        }
    )
    axis = {"tickformat": ".0%", "tickvals": [0, 0.2, 0.4, 0.6, 0.8, 1]}
    layout = {
        "margin": {"l": 8, "r": 12, "t": 8, "b": 8},
        "hovermode": "closest",
        "xaxis": {**axis, "range": [-0.02, 1.02], "title": {"text": "Said"}, "showgrid": True},
        "yaxis": {**axis, "range": [-0.02, 1.02], "title": {"text": f"{came[:1].upper()}{came[1:]}"}},
    }
    worst = max(zip(said, held, strict=True), key=lambda pair: abs(pair[0] - pair[1]))
    finding = f"Farthest from honest: {percent(worst[0])} was said and {percent(worst[1])} came."
    return graph(data, layout, look=look, height=height, finding=finding)
