"""Does talk move before price: posts by tone below, the price above."""

from collections.abc import Sequence
from typing import Any

from dash import html

from components.formats import number, plural
from components.graph import days, floats, graph
from components.theme import Theme


def bars_sentiment(
    rows: Sequence[dict[str, Any]],
    *,
    look: Theme,
    height: int,
    prices: Sequence[dict[str, Any]] = (),
    price_label: str = "Price",
) -> html.Div:
    """Draw posts by day and tone.

    Args:
        rows: One per day, oldest first: ``date``, ``positive``, ``negative`` (counts) and ``neutral``.
        look: Theme.
        height: Pixels.
        prices: ``date`` and ``close`` of the instrument the view is narrowed to; none hides the upper part.
        price_label: Its name.
    """
    x = days(row["date"] for row in rows)
    axis = "y2" if prices else "y"
    data: list[dict[str, Any]] = [
        _bars(
            x, [float(row.get("neutral") or 0) for row in rows], "Neutral", look.faded("text3", 0.45), axis
        ),
        _bars(x, [float(row["positive"]) for row in rows], "Positive", look.faded("up", 0.85), axis),
        _bars(x, [-float(row["negative"]) for row in rows], "Negative", look.faded("down", 0.85), axis),
    ]
    layout: dict[str, Any] = {
        "barmode": "relative",
        "bargap": 0.25,
        "margin": {"l": 8, "r": 8, "t": 6, "b": 6},
        "xaxis": {"nticks": 5, "type": "date", "tickformat": "%-d %b", "anchor": axis},
        "yaxis": {"nticks": 4},
    }
    if prices:
        data.append(
            {
                "type": "scatter",
                "mode": "lines",
                "x": days(row["date"] for row in prices),
                "y": floats(row["close"] for row in prices),
                "name": price_label,
                "line": {"color": look["accent"], "width": 1.8},
                "hovertemplate": "%{y:,.2f}",
            }
        )
        layout["yaxis"] = {"domain": [0.55, 1], "nticks": 4}
        layout["yaxis2"] = {
            "domain": [0, 0.48],
            "nticks": 4,
            "gridcolor": look["line"],
            "zeroline": True,
            "zerolinecolor": look["line2"],
            "tickfont": {"size": 11, "color": look["text3"]},
            "automargin": True,
            "anchor": "x",
        }
    good, bad = (sum(int(row[name]) for row in rows) for name in ("positive", "negative"))
    finding = f"{plural(good, 'positive post')} and {number(bad)} negative over {plural(len(rows), 'day')}."
    return graph(data, layout, look=look, height=height, finding=finding)


def _bars(x: list[str], y: list[float], name: str, colour: str, axis: str) -> dict[str, Any]:
    return {
        "type": "bar",
        "x": x,
        "y": floats(y),
        "name": name,
        "marker": {"color": colour},
        "yaxis": axis,
        "hovertemplate": "%{y:.0f}",
    }
