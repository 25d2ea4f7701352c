"""What a band held month by month, next to what it promises."""

from collections.abc import Mapping, Sequence
from typing import Any

from dash import html

from components.formats import percent, plural
from components.graph import floats, graph
from components.theme import Theme


def coverage_months(
    months: Sequence[Mapping[str, Any]], *, nominal: float, look: Theme, height: int
) -> html.Div:
    """Draw realised coverage by month as dots against the promise.

    Args:
        months: ``month`` (YYYY-MM), ``held`` (fraction), ``n`` (rows), oldest first.
        nominal: What the band promises.
        look: Theme.
        height: Pixels.
    """
    x = [f"{row['month']}-15" for row in months]
    held = [float(row["held"]) for row in months]
    # A month well below the promise is what hurts: it is marked by colour and by shape.
    short = [value < nominal - 0.1 for value in held]
    data = [
        {
            "type": "scatter",
            "mode": "lines+markers",
            "x": x,
            "y": floats(held),
            "line": {"color": look["ctl"], "width": 1.2},
            "marker": {
                "size": 8,
                "symbol": ["x" if bad else "circle" for bad in short],
                "color": [look["down"] if bad else look["accent"] for bad in short],
                "line": {"width": 1.5, "color": look["s1"]},
            },
            "customdata": [plural(row["n"], "outcome") for row in months],
            "hovertemplate": "%{x|%b %Y}: <b>%{y:.1%}</b> held<br>%{customdata}<extra></extra>",
        }
    ]
    floor = min(0.5, *held) if held else 0.0
    layout = {
        "margin": {"l": 8, "r": 52, "t": 8, "b": 8},
        "hovermode": "closest",
        "xaxis": {"type": "date", "range": [f"{months[0]['month']}-01", f"{months[-1]['month']}-28"], "nticks": 6,
                  "tickangle": 0, "tickformat": "%b %Y"},
        "yaxis": {"tickformat": ".0%", "range": [max(0.0, floor - 0.05), 1.02], "nticks": 6,
                  "title": {"text": "Outcomes held"}},
        "shapes": [
            {"type": "line", "xref": "paper", "x0": 0, "x1": 1, "y0": nominal, "y1": nominal,
             "line": {"color": look["text3"], "width": 1.2, "dash": "4px,3px"}}
        ],
        "annotations": [
            {"xref": "paper", "x": 1, "xanchor": "left", "xshift": 6, "y": nominal, "showarrow": False,
             "text": f"{nominal:.0%}", "font": {"size": 11, "color": look["text2"]}}
        ],
    }  # fmt: skip
    finding = (
        f"The {percent(nominal)} band held at least {percent(min(held))} of every month." if held else ""
    )
    return graph(data, layout, look=look, height=height, finding=finding)
