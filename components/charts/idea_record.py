"""What an author's ideas earned, one after the other."""

from collections.abc import Mapping, Sequence
from typing import Any

from dash import html

from components.formats import day, percent
from components.graph import day_format, days, floats, graph
from components.theme import Theme


def idea_record(rows: Sequence[Mapping[str, Any]], *, look: Theme, height: int) -> html.Div:
    """Draw the sum of net results by the day ideas ended.

    Args:
        rows: date, net (of the ideas that ended that day), total (so far): fractions of one idea's size.
        look: Theme.
        height: Pixels.
    """
    places = days(row["date"] for row in rows)
    data: list[dict[str, Any]] = [
        {
            "type": "bar",
            "x": places,
            "y": floats(row["net"] for row in rows),
            "name": "That day",
            "marker": {"color": [look.faded("up" if row["net"] > 0 else "down", 0.7) for row in rows]},
            "hovertemplate": "%{y:+.1%}",
        },
        {
            "type": "scatter",
            "mode": "lines",
            "x": places,
            "y": floats(row["total"] for row in rows),
            "name": "So far",
            "line": {"color": look["accent"], "width": 1.8, "shape": "hv"},
            "hovertemplate": "%{y:+.1%}",
        },
    ]
    layout = {
        "margin": {"l": 8, "r": 8, "t": 6, "b": 6},
        "bargap": 0.2,
        "showlegend": False,
        "xaxis": {"nticks": 6, "type": "date", "tickformat": day_format(places)},
        "yaxis": {"nticks": 5, "tickformat": "+.0%", "zeroline": True, "title": {"text": "Net result"}},
    }
    finding = f"Net results summed from {day(rows[0]['date'])} to {day(rows[-1]['date'])}: {percent(rows[-1]['total'], plus=True)}."
    return graph(data, layout, look=look, height=height, finding=finding)
