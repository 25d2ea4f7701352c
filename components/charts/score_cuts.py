"""How many alerts are left at each cut of the score: now against what is tried."""

from collections.abc import Mapping, Sequence
from typing import Any

from dash import html

from components.formats import number, plural
from components.graph import floats, graph
from components.theme import Theme


def score_cuts(
    now: Sequence[Mapping[str, Any]], then: Sequence[Mapping[str, Any]], *, look: Theme, height: int
) -> html.Div:
    """Draw alerts at or above each score under the thresholds in effect and under others.

    Args:
        now: ``score`` (0 to 100) and ``alerts`` (count) of each cut, rising.
        then: The same under what is tried.
        look: Theme.
        height: Pixels.
    """
    data = [
        _line(now, "In effect", look["text2"], "4px,3px"),
        _line(then, "Tried", look["accent"], "solid"),
    ]
    most = max([row["alerts"] for row in (*now, *then)], default=0)
    layout = {
        "margin": {"l": 8, "r": 14, "t": 8, "b": 30},
        "xaxis": {"range": [0, 100], "title": {"text": "Score at or above"}, "dtick": 20},
        "yaxis": {"range": [0, max(1, most) * 1.08], "rangemode": "tozero", "tickformat": ",d", "nticks": 5},
    }
    first, last = now[0]["alerts"], then[0]["alerts"]
    finding = (
        f"{plural(first, 'alert')} in effect, {number(last)} with what is tried, before any cut of the score."
    )
    return graph(data, layout, look=look, height=height, finding=finding)


def _line(rows: Sequence[Mapping[str, Any]], name: str, colour: str, dash: str) -> dict[str, Any]:
    return {
        "type": "scatter",
        "mode": "lines",
        "name": name,
        "x": floats(row["score"] for row in rows),
        "y": floats(row["alerts"] for row in rows),
        "line": {"color": colour, "width": 2, "shape": "vh", "dash": dash},
        "hovertemplate": "%{y:,d}",
    }
