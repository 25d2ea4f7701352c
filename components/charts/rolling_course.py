"""One measure of the last so many periods, at each of them, against its whole record."""

from collections.abc import Mapping, Sequence
from typing import Any

from dash import html

from components.charts.index_course import span
from components.formats import day, known, number, percent
from components.graph import days, floats, graph
from components.theme import Theme


def rolling_course(
    rows: Sequence[Mapping[str, Any]],
    *,
    field: str,
    words: str,
    look: Theme,
    height: int,
    whole: float | None,
    fraction: bool,
) -> html.Div:
    """Draw a rolling measure.

    Args:
        rows: One a period, oldest first: ``date`` and ``field`` (null where not defined).
        field: Which measure.
        words: What it is.
        look: Theme.
        height: Pixels.
        whole: The measure over the whole record, drawn as a dashed level.
        fraction: Shown as per cent.
    """
    x = days(row["date"] for row in rows)
    values = [known(row[field]) for row in rows]
    found = [value for value in values if value is not None]
    tell = percent if fraction else lambda value: number(value, 2)
    layout: dict[str, Any] = {
        "margin": {"l": 8, "r": 52, "t": 8, "b": 8},
        "xaxis": {"range": span(x), "nticks": 6, "type": "date", "tickformat": "%b %Y"},
        "yaxis": {"tickformat": ".0%" if fraction else "~g", "nticks": 6, "zeroline": True},
    }
    if whole is not None:
        layout["shapes"] = [
            {
                "type": "line", "xref": "paper", "x0": 0, "x1": 1, "y0": whole, "y1": whole,
                "line": {"color": look["text3"], "width": 1.2, "dash": "4px,3px"},
            }
        ]  # fmt: skip
        layout["annotations"] = [
            {
                "xref": "paper", "x": 1, "xanchor": "left", "xshift": 6, "y": whole, "text": tell(whole),
                "font": {"size": 12, "color": look["text2"]}, "showarrow": False,
            }
        ]  # fmt: skip
    data: list[dict[str, Any]] = [
        {
            "type": "scatter",
            "mode": "lines" if len(rows) > 1 else "markers",
            "x": x,
            "y": floats(values),
            "line": {"color": look["accent"], "width": 1.8},
            "marker": {"size": 8, "color": look["accent"]},
            "hovertemplate": "%{y:.1%}<extra></extra>" if fraction else "%{y:.2f}<extra></extra>",
        }
    ]
    finding = (
        f"{words} went from {tell(found[0])} to {tell(found[-1])} by {day(rows[-1]['date'])}, "
        f"between {tell(min(found))} and {tell(max(found))}."
        if found
        else f"{words} is not defined in this period."
    )
    return graph(data, layout, look=look, height=height, finding=finding)
