"""The market's state over time: a ribbon of calm, trending and stressed, with how sure each day was."""

from collections.abc import Mapping, Sequence
from typing import Any

from dash import html

from components.formats import day, plural
from components.graph import floats, graph
from components.theme import Theme

TONES = {"calm": "ok", "trending": "accent", "stressed": "crit"}  # tokens


def regime_ribbon(days: Sequence[Mapping[str, Any]], *, look: Theme, height: int) -> html.Div:
    """Draw probabilities by day, stacked: their sum is one.

    Args:
        days: ``date`` (ISO), ``state``, ``calm``, ``trending``, ``stressed`` (probabilities).
        look: Theme.
        height: Pixels.
    """
    x = [str(row["date"]) for row in days]
    data: list[dict[str, Any]] = [
        {
            "type": "scatter", "mode": "lines", "stackgroup": "one", "name": name.capitalize(), "x": x,
            "y": floats(row[name] for row in days), "line": {"width": 0, "shape": "hv"},
            "fillcolor": look.faded(token, 0.55), "hovertemplate": f"{name} %{{y:.0%}}<extra></extra>",
        }
        for name, token in TONES.items()
    ]  # fmt: skip
    layout = {
        "margin": {"l": 8, "r": 12, "t": 6, "b": 8},
        "hovermode": "x unified",
        "showlegend": False,
        "xaxis": {
            "type": "date",
            "nticks": 8,
            "tickangle": 0,
            "tickformat": "%b %Y" if len(x) > 120 else "%-d %b",
        },
        "yaxis": {"range": [0, 1], "tickformat": ".0%", "tickvals": [0, 0.5, 1]},
    }
    last = days[-1]
    same = 0
    for row in reversed(days):
        if row["state"] != last["state"]:
            break
        same += 1
    finding = f"{str(last['state']).capitalize()} on {day(last['date'])}, for {plural(same, 'session')} now."
    return graph(data, layout, look=look, height=height, finding=finding)
