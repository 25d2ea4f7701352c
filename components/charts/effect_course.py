"""How effects built up over time: one line each, and the active return they come to."""

from collections.abc import Sequence
from typing import Any

from dash import html

from components.charts.diverging import percent_ticks, points
from components.formats import day, known
from components.graph import days, floats, graph
from components.theme import Theme

APART = 15  # pixels between two end labels


def effect_course(
    rows: Sequence[dict[str, Any]],
    *,
    lines: Sequence[tuple[str, str, str, str]],
    look: Theme,
    height: int,
) -> html.Div:
    """Draw fractions over days; the last line is the main one.

    Args:
        rows: One a day, oldest first: ``date`` and the fields of ``lines``.
        lines: (field, words, colour as hex, dash of plotly).
        look: Theme.
        height: Pixels.
    """
    x = days(row["date"] for row in rows)
    data: list[dict[str, Any]] = [
        {
            "type": "scatter",
            "mode": "lines" if len(rows) > 1 else "markers",
            "x": x,
            "y": floats(row[field] for row in rows),
            "name": words,
            "line": {"color": colour, "width": 2.2 if field == lines[-1][0] else 1.5, "dash": dash},
            "marker": {"size": 8, "color": colour},
            "hovertemplate": "%{y:+.2%}",
        }
        for field, words, colour, dash in lines
    ]
    found = [v for row in rows for field, *_ in lines if (v := known(row[field])) is not None]
    low, high = min([0.0, *found]), max([0.0, *found])
    layout = {
        "margin": {"l": 8, "r": 66, "t": 8, "b": 8},
        "xaxis": {
            "range": [x[0], x[-1]] if len(x) > 1 else [f"{x[0][:10]}T00:00", f"{x[0][:10]}T23:59"],
            "nticks": 8,
            "type": "date",
            "tickformat": "%-d %b" if len(x) < 260 else "%b %Y",
        },
        "yaxis": {"zeroline": True, "zerolinewidth": 1, **percent_ticks(low, high)},
        "annotations": _ends(rows[-1], lines, span=(high - low) or 1.0, height=height),
    }
    main = lines[-1]
    finding = (
        f"{main[1]} from {day(rows[0]['date'])} to {day(rows[-1]['date'])} comes to {points(rows[-1][main[0]])}: "
        + ", ".join(f"{words.lower()} {points(rows[-1][field])}" for field, words, *_ in lines[:-1])
        + "."
    )
    return graph(data, layout, look=look, height=height, finding=finding)


def _ends(
    last: dict[str, Any], lines: Sequence[tuple[str, str, str, str]], *, span: float, height: int
) -> list[dict[str, Any]]:
    # End labels pushed apart from the bottom up, so that none covers another.
    placed = sorted(
        ((value, field, colour) for field, _, colour, _ in lines if (value := known(last[field])) is not None)
    )
    pixel = (height - 40) / span
    notes: list[dict[str, Any]] = []
    floor = float("-inf")
    for value, field, colour in placed:
        at = max(value * pixel, floor)
        floor = at + APART
        bold = field == lines[-1][0]
        notes.append(
            {
                "xref": "paper",
                "x": 1,
                "xanchor": "left",
                "xshift": 6,
                "y": value,
                "yshift": at - value * pixel,
                "text": f"<b>{points(value)}</b>" if bold else points(value),
                "font": {"size": 12, "color": colour},
            }
        )
    return notes
