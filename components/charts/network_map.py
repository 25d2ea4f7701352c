"""Who is tied to whom: people as dots, ties as lines, at places computed before."""

from collections.abc import Mapping, Sequence
from typing import Any

from dash import html

from components.graph import floats, graph
from components.theme import Theme

NAMED = 9  # people whose name is written beside the dot; all have it on hover
REACH = 1.18  # of both axes either way; places are -1 to 1
WIDE_PX = 400  # of the plot at its usual size; narrower ones write names closer together
LETTER_PX, NAME_PX = 6.2, 14  # room of a letter and of a line, at 11 px
AWAY_PX = 19  # from the middle of a dot to that of its name
ACROSS = 2  # dots that a name may cover; where it would cover more it is left to the hover


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
    named = _named(sorted(nodes, key=lambda node: -float(node[size])), height=height)
    for inside in (False, True):
        group = [node for node in nodes if bool(node["inside"]) == inside]
        data.append(
            {
                "type": "scatter", "mode": "markers", "x": floats(node["x"] for node in group),
                "y": floats(node["y"] for node in group),
                "customdata": [[node["name"], node["hover"]] for node in group],
                "hovertemplate": "<b>%{customdata[0]}</b><br>%{customdata[1]}<extra></extra>",
                "marker": {
                    "size": [7 + 13 * (float(node[size]) / most) ** 0.5 for node in group],
                    "symbol": "diamond" if inside else "circle", "color": look["accent"] if inside else look["text3"],
                    "line": {"width": 1.5, "color": look["s1"]},
                },
            }
        )  # fmt: skip
    bare = {"visible": False, "range": [-REACH, REACH], "fixedrange": True}
    layout = {
        "margin": {"l": 4, "r": 4, "t": 4, "b": 4}, "hovermode": "closest", "showlegend": False, "xaxis": bare,
        "yaxis": bare,
        "annotations": [
            {"x": at[name]["x"], "y": at[name]["y"], "text": _short(at[name]), "showarrow": False, "yshift": AWAY_PX * way,
             "bgcolor": look.faded("s1", 0.82), "borderpad": 1, "font": {"size": 11, "color": look["text"]}}
            for name, way in named.items()
        ],
    }  # fmt: skip
    return graph(data, layout, look=look, height=height, finding=finding)


def _short(node: Mapping[str, Any]) -> str:
    return str(node["name"])[:18]


def _named(nodes: Sequence[Mapping[str, Any]], *, height: int) -> dict[str, int]:
    """Return whose names are written, and on which side of their dot: 1 above, -1 below.

    Of the first ``NAMED``, each where it covers the fewest dots; those that would cover a name or many dots have none.
    """
    wide, high = 2 * REACH / WIDE_PX, 2 * REACH / height
    kept: dict[str, int] = {}
    boxes: list[tuple[float, float, float]] = []
    for node in nodes[:NAMED]:
        half = (len(_short(node)) * LETTER_PX / 2 + 4) * wide
        best: tuple[int, int] | None = None
        for way in (1, -1):
            x, y = float(node["x"]), float(node["y"]) + AWAY_PX * way * high
            if any(abs(x - bx) < half + bh and abs(y - by) < NAME_PX * high for bx, by, bh in boxes):
                continue
            covered = sum(
                one["id"] != node["id"]
                and abs(one["x"] - x) < half
                and abs(one["y"] - y) < (NAME_PX / 2 + 4) * high
                for one in nodes
            )
            if best is None or covered < best[0]:
                best = covered, way
        if best is not None and best[0] <= ACROSS:
            kept[str(node["id"])] = best[1]
            boxes.append((float(node["x"]), float(node["y"]) + AWAY_PX * best[1] * high, half))
    return kept


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
