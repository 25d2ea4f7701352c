"""Who is tied to whom: people as dots, ties as lines, at places computed before."""

from collections.abc import Mapping, Sequence
from typing import Any

from dash import html

from components.graph import floats, graph
from components.theme import Theme

NAMED = 9  # people whose name is written beside the dot; all have it on hover
NAME_WIDE, NAME_HIGH = 0.42, 0.09  # room of a written name, in the units of the places (-1 to 1)


def network_map(
    nodes: Sequence[Mapping[str, Any]],
    edges: Sequence[Mapping[str, Any]],
    *,
    look: Theme,
    height: int,
    size: str,
    strong: str,
    finding: str,
) -> html.Div:
    """Draw a graph.

    Args:
        nodes: id, name, inside (of the firm), x, y, the number ``size``, and hover (words).
        edges: a, b (ids), and ``strong`` (whether the tie is drawn heavy).
        look: Theme.
        height: Pixels.
        size: Which number of a node its dot stands for.
        strong: Which flag of an edge draws it heavy.
        finding: One sentence that says what it shows.
    """
    at = {node["id"]: node for node in nodes}
    most = max((float(node[size]) for node in nodes), default=0.0) or 1.0
    data = [
        _ties([edge for edge in edges if bool(edge[strong]) == heavy], at, colour=look["accent" if heavy else "ctl"],
              width=1.8 if heavy else 0.8)
        for heavy in (False, True)
    ]  # fmt: skip
    named = _named(sorted(nodes, key=lambda node: -float(node[size])))
    for inside in (False, True):
        group = [node for node in nodes if bool(node["inside"]) == inside]
        data.append(
            {
                "type": "scatter", "mode": "markers+text", "x": floats(node["x"] for node in group),
                "y": floats(node["y"] for node in group),
                "text": [node["name"][:18] if node["id"] in named else "" for node in group],
                "textposition": "top center", "textfont": {"size": 11, "color": look["text2"]},
                "customdata": [[node["name"], node["hover"]] for node in group],
                "hovertemplate": "<b>%{customdata[0]}</b><br>%{customdata[1]}<extra></extra>",
                "marker": {
                    "size": [7 + 13 * (float(node[size]) / most) ** 0.5 for node in group],
                    "symbol": "diamond" if inside else "circle", "color": look["accent"] if inside else look["text3"],
                    "line": {"width": 1.5, "color": look["s1"]},
                },
            }
        )  # fmt: skip
    bare = {"visible": False, "range": [-1.18, 1.18], "fixedrange": True}
    layout = {
        "margin": {"l": 4, "r": 4, "t": 4, "b": 4}, "hovermode": "closest", "showlegend": False, "xaxis": bare,
        "yaxis": bare,
    }  # fmt: skip
    return graph(data, layout, look=look, height=height, finding=finding)


def _named(nodes: Sequence[Mapping[str, Any]]) -> set[str]:
    """Return whose names are written: of the first ``NAMED``, those that no earlier one's name would cover."""
    kept: list[Mapping[str, Any]] = []
    for node in nodes[:NAMED]:
        if all(
            abs(node["x"] - one["x"]) > NAME_WIDE or abs(node["y"] - one["y"]) > NAME_HIGH for one in kept
        ):
            kept.append(node)
    return {node["id"] for node in kept}


def _ties(
    edges: Sequence[Mapping[str, Any]], at: Mapping[str, Any], *, colour: str, width: float
) -> dict[str, Any]:
    x: list[float | None] = []
    y: list[float | None] = []
    for edge in edges:
        ends = at[edge["a"]], at[edge["b"]]
        x += [ends[0]["x"], ends[1]["x"], None]
        y += [ends[0]["y"], ends[1]["y"], None]
    return {
        "type": "scatter", "mode": "lines", "x": floats(x), "y": floats(y), "hoverinfo": "skip",
        "line": {"color": colour, "width": width}, "opacity": 0.7,
    }  # fmt: skip
