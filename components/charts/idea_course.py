"""Where the price went since an idea was put forward, between its target and its stop."""

from collections.abc import Mapping, Sequence
from typing import Any

from dash import html

from components.formats import day, known, percent, price
from components.graph import days, floats, graph
from components.theme import Theme


def idea_course(
    rows: Sequence[Mapping[str, Any]], idea: Mapping[str, Any], *, look: Theme, height: int
) -> html.Div:
    """Draw closes with target, stop, entry and end.

    Args:
        rows: date, close; oldest first, in prices of the day the idea was put forward.
        idea: target, stop, entry, entry_date, exit, exit_date, net, direction.
        look: Theme.
        height: Pixels.
    """
    data: list[dict[str, Any]] = [
        {
            "type": "scatter",
            "mode": "lines",
            "x": days(row["date"] for row in rows),
            "y": floats(row["close"] for row in rows),
            "name": "Close",
            "line": {"color": look["accent"], "width": 1.8},
            "hovertemplate": "%{y:,.2f}",
        }
    ]
    won = (known(idea["net"]) or 0) > 0
    for name, at, level, colour in (
        ("Entered", idea["entry_date"], idea["entry"], "text"),
        (
            "Ended" if idea["won"] is not None else "Last",
            idea["exit_date"],
            idea["exit"],
            "up" if won else "down",
        ),
    ):
        if at is not None and known(level) is not None:
            data.append(
                {
                    "type": "scatter",
                    "mode": "markers",
                    "x": days([at]),
                    "y": floats([level]),
                    "name": name,
                    "marker": {"size": 9, "color": look[colour], "line": {"width": 1.5, "color": look["s1"]}},
                    "hovertemplate": f"{name} %{{y:,.2f}}",
                }
            )
    shapes, notes = [], []
    for name, level, colour in (("target", idea["target"], "up"), ("stop", idea["stop"], "down")):
        if known(level) is None:
            continue
        shapes.append(
            {
                "type": "line", "xref": "paper", "x0": 0, "x1": 1, "y0": level, "y1": level,
                "line": {"width": 1, "dash": "3px,3px", "color": look[colour]},
            }
        )  # fmt: skip
        notes.append(
            {
                "xref": "paper", "x": 0, "xanchor": "left", "yanchor": "bottom", "y": level, "showarrow": False,
                "text": f"{name} {price(level)}", "font": {"size": 11, "color": look["text3"]},
            }
        )  # fmt: skip
    levels = [value for name in ("target", "stop") if (value := known(idea[name])) is not None]
    shown = [*levels, *(float(row["close"]) for row in rows)]
    room = (max(shown) - min(shown)) * 0.08 or 1.0
    layout = {
        "margin": {"l": 8, "r": 8, "t": 6, "b": 6},
        "xaxis": {"nticks": 5, "type": "date", "tickformat": "%-d %b"},
        "yaxis": {"nticks": 4, "range": [min(shown) - room, max(shown) + room]},
        "shapes": shapes,
        "annotations": notes,
        "showlegend": False,
    }
    finding = f"Closes from {day(rows[0]['date'])} to {day(rows[-1]['date'])}"
    if known(idea["net"]) is not None:
        finding += f"; the {idea['direction']} idea stands at {percent(idea['net'], plus=True)} after costs"
    return graph(data, layout, look=look, height=height, finding=f"{finding}.")
