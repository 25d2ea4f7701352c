"""How much is long and short in each group: two bars from one line."""

from collections.abc import Sequence
from typing import Any

from dash import html

from components.formats import known, money
from components.graph import graph
from components.theme import Theme
from components.ticks import money_ticks

MOST = 10  # groups shown


def long_short(rows: Sequence[dict[str, Any]], *, look: Theme, currency: str, height: int) -> html.Div:
    """Draw one row per group, largest gross on top.

    Args:
        rows: ``label``, ``long`` (>= 0), ``short`` (<= 0 or its size), ``net`` and ``gross``: money.
        look: Theme.
        currency: Of the money.
        height: Pixels.
    """
    shown = list(reversed(rows[:MOST]))
    labels = [str(row["label"]) for row in shown]
    longs = [abs(known(row["long"]) or 0.0) for row in shown]
    shorts = [-abs(known(row["short"]) or 0.0) for row in shown]
    nets = [money(row["net"], currency, plus=True) for row in shown]
    low, high = min([0.0, *shorts]), max([0.0, *longs])
    room = (high - low) * 0.04 or 1.0

    def bars(values: list[float], name: str, token: str) -> dict[str, Any]:
        return {
            "type": "bar",
            "orientation": "h",
            "y": labels,
            "x": values,
            "name": name,
            "marker": {"color": look.faded(token, 0.85)},
            "customdata": [money(value, currency) for value in values],
            "hovertemplate": "%{customdata}",
        }

    layout = {
        "barmode": "relative",
        "bargap": 0.42,
        "hovermode": "y unified",
        "margin": {"l": 8, "r": 72, "t": 6, "b": 6},
        "xaxis": {
            "range": [low - room, high + room],
            "showgrid": True,
            "zeroline": True,
            **money_ticks([*longs, *shorts], currency, count=4),
            "showspikes": False,
        },
        "yaxis": {"showgrid": False, "type": "category", "tickfont": {"size": 12, "color": look["text2"]}},
        "annotations": [
            {
                "xref": "paper",
                "x": 1,
                "xanchor": "left",
                "xshift": 6,
                "y": label,
                "text": net,
                "font": {"size": 12, "color": look["text2"]},
            }
            for label, net in zip(labels, nets, strict=True)
        ],
    }
    top = rows[0]
    finding = (
        f"Long and short by group; the largest is {top['label']} with {money(top['gross'], currency)} gross."
    )
    data = [bars(longs, "Long", "accent"), bars(shorts, "Short", "down")]
    return graph(data, layout, look=look, height=height, finding=finding)
