"""The market's state over time: a ribbon of calm, trending and stressed, with how sure each day was."""

from collections.abc import Mapping, Sequence
from typing import Any

from dash import html

from components.formats import day, number, plural
from components.graph import floats, graph
from components.theme import Theme

TONES = {"calm": "ok", "trending": "accent", "stressed": "crit"}  # tokens


def regime_ribbon(
    days: Sequence[Mapping[str, Any]],
    *,
    look: Theme,
    height: int,
    changes: Sequence[Mapping[str, Any]] = (),
) -> html.Div:
    """Draw probabilities by day, stacked: their sum is one. Lasting changes are lines across.

    Args:
        days: ``date`` (ISO), ``state``, ``calm``, ``trending``, ``stressed`` (probabilities).
        look: Theme.
        height: Pixels.
        changes: ``date`` (ISO) and ``p`` of change points.
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
    if changes:
        marks = [str(row["date"]) for row in changes]
        layout["shapes"] = [
            {"type": "line", "x0": at, "x1": at, "y0": 0, "y1": 1, "yref": "paper",
             "line": {"color": look["text"], "width": 1.5, "dash": "dash"}}
            for at in marks
        ]  # fmt: skip
        layout["annotations"] = [
            {"x": str(row["date"]), "y": 1, "yref": "paper", "yanchor": "bottom", "showarrow": False,
             "text": f"change, p {number(row['p'], 3)}", "font": {"size": 11, "color": look["text"]}}
            for row in changes
        ]  # fmt: skip
        layout["margin"] = {**layout["margin"], "t": 20}
    last = days[-1]
    same = 0
    for row in reversed(days):
        if row["state"] != last["state"]:
            break
        same += 1
    changed = f" {plural(len(changes), 'lasting change')}." if changes else ""
    finding = f"{str(last['state']).capitalize()} on {day(last['date'])}, for {plural(same, 'session')} now.{changed}"
    return graph(data, layout, look=look, height=height, finding=finding)
