"""Where the money of an order went: from the price of the decision, part by part, to the total."""

from collections.abc import Mapping, Sequence
from typing import Any

from dash import html

from components.formats import bps, full_money, known, money, number, words
from components.graph import graph
from components.theme import Theme


def cost_waterfall(
    parts: Sequence[Mapping[str, Any]],
    total: Mapping[str, Any],
    *,
    currency: str,
    look: Theme,
    height: int,
) -> html.Div:
    """Draw the parts one after the other and their sum; positive = cost, to the right.

    Args:
        parts: ``name``, ``value`` (bp, known) and ``amount`` (money or None), in order.
        total: The same of all together.
        currency: Of the amounts.
        look: Theme.
        height: Pixels.
    """
    rows: list[tuple[str, float, float, str, Any]] = []
    reached = 0.0
    for part in parts:
        value = float(part["value"])
        tone = look["down"] if value > 0 else look["up"] if value < 0 else look["ctl"]
        rows.append((words(str(part["name"])), reached, value, tone, part["amount"]))
        reached += value
    rows.append(("Total", 0.0, float(total["value"]), look["accent"], total["amount"]))
    edges = [0.0, *(base for _, base, *_ in rows), *(base + value for _, base, value, *_ in rows)]
    low, high = min(edges), max(edges)
    room = (high - low) * 0.06 or 1.0
    labels = [label for label, *_ in rows]
    data = {
        "type": "bar",
        "orientation": "h",
        "y": labels,
        "x": [value for _, _, value, *_ in rows],
        "base": [base for _, base, *_ in rows],
        "width": 0.56,
        "marker": {"color": [tone for *_, tone, _ in rows]},
        "customdata": [
            f"{bps(value, 2)}<br>{full_money(amount, currency)}" for _, _, value, _, amount in rows
        ],
        "hovertemplate": "<b>%{y}</b> %{customdata}<extra></extra>",
    }
    notes = [
        {
            "xref": "paper",
            "x": 1,
            "xanchor": "left",
            "xshift": 8,
            "y": label,
            "align": "left",
            "showarrow": False,
            "text": f"<b>{number(value, 2, plus=True)}</b><br>{money(amount, currency, plus=True)}",
            "font": {"size": 11.5, "color": look["text"] if label == "Total" else look["text2"]},
        }
        for label, _, value, _, amount in rows
    ]
    joints = [
        {
            "type": "line",
            "x0": base + value,
            "x1": base + value,
            "y0": place + 0.28,
            "y1": place + 0.72,
            "line": {"width": 1, "dash": "2px,2px", "color": look["text3"]},
        }
        for place, (_, base, value, *_) in enumerate(rows[:-1])
    ]
    layout = {
        "margin": {"l": 8, "r": 74, "t": 8, "b": 34},
        "hovermode": "closest",
        "showlegend": False,
        "xaxis": {
            "range": [low - room, high + room],
            "zeroline": True,
            "zerolinewidth": 1,
            "showgrid": True,
            "nticks": 5,
            "title": {"text": "bps of the order's value when it was decided"},
            "showspikes": False,
        },
        "yaxis": {
            "autorange": "reversed",
            "showgrid": False,
            "tickfont": {"size": 12, "color": look["text2"]},
        },
        "shapes": joints,
        "annotations": notes,
    }
    said = ", ".join(f"{words(str(p['name'])).lower()} {bps(known(p['value']), 2)}" for p in parts)
    finding = f"From decision to end it cost {bps(known(total['value']), 2)}: {said}."
    return graph([data], layout, look=look, height=height, finding=finding)
