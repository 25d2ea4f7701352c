"""P&L through one day: the whole and its parts, and the step to the official close."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from dash import html

from components.formats import clock, instant, known, money, symbol
from components.graph import days as iso
from components.graph import floats, graph
from components.theme import Theme
from components.ticks import money_ticks

MOST = 2  # parts told apart by colour, beside the whole


def day_course(
    rows: Sequence[dict[str, Any]],
    parts: Sequence[str],
    *,
    look: Theme,
    currency: str,
    height: int,
    close: float,
    label: str = "All desks",
) -> html.Div:
    """Draw cumulative money through a day.

    Args:
        rows: ``time`` (instant), ``pnl`` (money) and ``desks`` (one amount per part), oldest first.
        parts: Names of the parts, largest first; the first two are drawn.
        look: Theme.
        currency: Of the money.
        height: Pixels.
        close: Where the day ended officially; drawn as a last step.
        label: What the main line is.
    """
    x = iso(row["time"] for row in rows)
    step = instant(rows[-1]["time"])
    end = iso([step + timedelta(minutes=1)])[0] if step else x[-1]
    shown = list(parts[:MOST]) if len(parts) > 1 else []
    data: list[dict[str, Any]] = [
        {
            "type": "scatter",
            "mode": "lines",
            "x": x,
            "y": floats(row["desks"][place] for row in rows),
            "name": name,
            "line": {"color": look.series[place + 1], "width": 1.4},
            "hovertemplate": f"{name} {symbol(currency)}%{{y:+,.0f}}<extra></extra>",
        }
        for place, name in enumerate(shown)
    ]
    data.append(
        {
            "type": "scatter",
            "mode": "lines",
            "x": x,
            "y": floats(row["pnl"] for row in rows),
            "name": label,
            "line": {"color": look["accent"], "width": 2},
            "hovertemplate": f"<b>{symbol(currency)}%{{y:+,.0f}}</b><extra></extra>",
        }
    )
    data.append(
        {
            "type": "scatter",
            "mode": "lines+markers",
            "x": [x[-1], end],
            "y": floats([rows[-1]["pnl"], close]),
            "line": {"color": look["accent"], "width": 2, "dash": "2px,2px"},
            "marker": {"size": [0, 9], "color": look["accent"], "line": {"color": look["s1"], "width": 2}},
            "hovertemplate": f"close {symbol(currency)}%{{y:+,.0f}}<extra></extra>",
        }
    )
    values = [known(row["pnl"]) for row in rows] + [close]
    values += [known(row["desks"][place]) for row in rows for place in range(len(shown))]
    layout = {
        "margin": {"l": 8, "r": 82, "t": 8, "b": 8},
        "xaxis": {"type": "date", "range": [x[0], end], "tickformat": "%H:%M", "nticks": 9},
        "yaxis": {"zeroline": True, "zerolinewidth": 1, **money_ticks(values, currency, plus=True)},
        "annotations": [
            {
                "xref": "paper",
                "x": 1,
                "xanchor": "left",
                "xshift": 8,
                "y": close,
                "text": f"<b>{money(close, currency, plus=True)}</b>",
                "font": {"size": 12, "color": look["accent"]},
                "showarrow": False,
            }
        ],
    }
    finding = (
        f"P&L from {clock(rows[0]['time'])} to {clock(rows[-1]['time'])} UTC closes at "
        f"{money(close, currency, plus=True)}."
    )
    return graph(data, layout, look=look, height=height, finding=finding)
