"""Did it happen as often as was said: stated chances against what came true, with intervals."""

from collections.abc import Mapping, Sequence
from typing import Any

from dash import html

from components.formats import number, percent, plural
from components.graph import floats, graph
from components.theme import Theme


def stated_dots(rows: Sequence[Mapping[str, Any]], *, look: Theme, height: int) -> html.Div:
    """Draw one dot per bin of stated chances; on the line it happened as often as was said.

    Args:
        rows: stated, happened, happened_low, happened_high (fractions), n.
        look: Theme.
        height: Pixels.
    """
    most = max(row["n"] for row in rows)
    data: list[dict[str, Any]] = [
        {
            "type": "scatter",
            "mode": "lines",
            "x": [0, 1],
            "y": [0, 1],
            "line": {"color": look["text3"], "width": 1, "dash": "3px,3px"},
            "hoverinfo": "skip",
        },
        {
            "type": "scatter",
            "mode": "markers",
            "x": floats(row["stated"] for row in rows),
            "y": floats(row["happened"] for row in rows),
            "error_y": {
                "type": "data",
                "symmetric": False,
                "array": [row["happened_high"] - row["happened"] for row in rows],
                "arrayminus": [row["happened"] - row["happened_low"] for row in rows],
                "color": look["ctl"],
                "thickness": 1.5,
                "width": 0,
            },
            "marker": {
                "size": [8 + 8 * (row["n"] / most) ** 0.5 for row in rows],
                "color": look["accent"],
                "line": {"width": 1.5, "color": look["s1"]},
                "opacity": 1,
            },
            "customdata": [
                f"{percent(row['happened'])} of {plural(row['n'], 'idea')}, "
                f"{percent(row['happened_low'])} to {percent(row['happened_high'])}"
                for row in rows
            ],
            "hovertemplate": "stated %{x:.0%}, happened %{customdata}<extra></extra>",
        },
    ]
    layout = {
        "margin": {"l": 8, "r": 12, "t": 8, "b": 30},
        "hovermode": "closest",
        "showlegend": False,
        "xaxis": {
            "range": [0, 1],
            "tickformat": ".0%",
            "nticks": 6,
            "title": {"text": "Stated"},
            "showspikes": False,
        },
        "yaxis": {"range": [-0.02, 1.02], "tickformat": ".0%", "nticks": 6, "title": {"text": "Happened"}},
    }
    off = sum(not row["happened_low"] <= row["stated"] <= row["happened_high"] for row in rows)
    finding = f"Stated chances in {plural(len(rows), 'bin')}: {number(off)} differ from what happened by more than noise."
    return graph(data, layout, look=look, height=height, finding=finding)
