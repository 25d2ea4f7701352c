"""How often returns fell where, beside a normal of the same mean and spread, with quantiles."""

from collections.abc import Mapping, Sequence
from typing import Any

from dash import html

from components.formats import known, number, percent
from components.graph import floats, graph
from components.theme import Theme

_MARKED = (0.05, 0.5, 0.95)


def return_bars(
    rows: Sequence[Mapping[str, Any]],
    *,
    quantiles: Sequence[Mapping[str, Any]],
    look: Theme,
    height: int,
) -> html.Div:
    """Draw a distribution.

    Args:
        rows: ``low``, ``high`` (fractions), ``count``, ``normal`` (expected count; null without spread).
        quantiles: ``share`` and ``value``; the 5 %, 50 % and 95 % are marked.
        look: Theme.
        height: Pixels.
    """
    middle = [(row["low"] + row["high"]) / 2 for row in rows]
    wide = max(rows[0]["high"] - rows[0]["low"], 1e-6)
    data: list[dict[str, Any]] = [
        {
            "type": "bar",
            "x": floats(middle),
            "y": floats(row["count"] for row in rows),
            "width": wide * 0.9,
            "marker": {"color": [look["down"] if x < 0 else look["up"] for x in middle], "opacity": 0.85},
            "customdata": [f"{_edge(row['low'])} to {_edge(row['high'])}" for row in rows],
            "hovertemplate": "%{customdata}: <b>%{y}</b><extra></extra>",
        }
    ]
    if any(known(row["normal"]) is not None for row in rows):
        data.append(
            {
                "type": "scatter", "mode": "lines", "x": floats(middle), "y": floats(row["normal"] for row in rows),
                "line": {"color": look["text2"], "width": 1.6, "dash": "4px,3px", "shape": "spline"},
                "hovertemplate": "normal %{y:.1f}<extra></extra>",
            }
        )  # fmt: skip
    marked = [mark for mark in quantiles if mark["share"] in _MARKED]
    top = max([row["count"] for row in rows] + [known(row["normal"]) or 0 for row in rows])
    layout = {
        "margin": {"l": 8, "r": 12, "t": 22, "b": 8},
        "hovermode": "closest",
        "bargap": 0,
        "xaxis": {"tickformat": "+.1%", "nticks": 8, "zeroline": True, "showspikes": False},
        "yaxis": {"nticks": 5, "range": [0, top * 1.05], "showspikes": False},
        "shapes": [
            {
                "type": "line", "yref": "paper", "y0": 0, "y1": 1, "x0": mark["value"], "x1": mark["value"],
                "line": {"color": look["ctl"], "width": 1},
            }
            for mark in marked
        ],
        "annotations": [
            {
                "yref": "paper", "y": 1, "yanchor": "bottom", "x": mark["value"], "showarrow": False,
                "text": f"p{mark['share'] * 100:.0f} {_edge(mark['value'])}",
                "font": {"size": 11, "color": look["text2"]},
            }
            for mark in marked
        ],
    }  # fmt: skip
    return graph(data, layout, look=look, height=height, finding=_finding(rows, quantiles))


def _edge(value: Any) -> str:
    found = known(value)
    return percent(None) if found is None else f"{number(found * 100, 2, plus=True)}%"


def _finding(rows: Sequence[Mapping[str, Any]], quantiles: Sequence[Mapping[str, Any]]) -> str:
    at = {mark["share"]: mark["value"] for mark in quantiles}
    n = sum(row["count"] for row in rows)
    return (
        f"{n} returns: half of them above {_edge(at.get(0.5))}, one in twenty below {_edge(at.get(0.05))} "
        f"and one in twenty above {_edge(at.get(0.95))}."
    )
