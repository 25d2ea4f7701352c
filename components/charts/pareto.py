"""What a reviewer's hour buys: of the alerts people followed up, how many are left at how many hours."""

from collections.abc import Mapping, Sequence
from typing import Any

from dash import html

from components.formats import number, percent
from components.graph import floats, graph
from components.theme import Theme


def pareto(
    now: Sequence[Mapping[str, Any]],
    then: Sequence[Mapping[str, Any]],
    *,
    hours: float,
    look: Theme,
    height: int,
) -> html.Div | None:
    """Draw recall against reviewers' hours over the cuts of the score, in effect and tried.

    Args:
        now: ``score``, ``alerts`` and ``recall`` (0 to 1, None where nothing was followed up) of each cut.
        then: The same under what is tried.
        hours: Of a reviewer, for one alert.
        look: Theme.
        height: Pixels.

    Returns:
        None where nothing was followed up on either side.
    """
    lines = [
        _line(rows, name, colour, dash, hours)
        for rows, name, colour, dash in (
            (now, "In effect", look["text2"], "4px,3px"),
            (then, "Tried", look["accent"], "solid"),
        )
        if any(row["recall"] is not None for row in rows)
    ]
    if not lines:
        return None
    layout = {
        "margin": {"l": 8, "r": 14, "t": 8, "b": 30},
        "xaxis": {"rangemode": "tozero", "title": {"text": "Reviewers' hours"}},
        "yaxis": {"range": [0, 1.05], "tickformat": ".0%", "nticks": 5},
    }
    best = [row for row in then if row["recall"] == 1]
    least = best[-1] if best else None
    finding = (
        f"All that was followed up and is still found fits into {number(least['alerts'] * hours, 1)} hours, "
        f"at a score of {least['score']} and above."
        if least
        else f"What is tried keeps {percent(max((row['recall'] or 0) for row in then))} at most."
    )
    return graph(lines, layout, look=look, height=height, finding=finding)


def _line(
    rows: Sequence[Mapping[str, Any]], name: str, colour: str, dash: str, hours: float
) -> dict[str, Any]:
    told = [row for row in rows if row["recall"] is not None]
    return {
        "type": "scatter",
        "mode": "lines+markers",
        "name": name,
        "x": floats(row["alerts"] * hours for row in told),
        "y": floats(row["recall"] for row in told),
        "text": [f"score {row['score']} and above" for row in told],
        "line": {"color": colour, "width": 2, "shape": "hv", "dash": dash},
        "marker": {"size": 5},
        "hovertemplate": "%{y:.0%} in %{x:.1f} h, %{text}",
    }
