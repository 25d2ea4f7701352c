"""What 100 grew to, beside the benchmark, on a plain or logarithmic scale."""

import math
from collections.abc import Sequence
from typing import Any

from dash import html

from components.formats import day, known, number
from components.graph import days, floats, graph
from components.theme import Theme
from components.ticks import nice_step

ROOM = 54  # right margin that holds the end labels
APART = 15  # pixels between two end labels


def index_course(
    rows: Sequence[dict[str, Any]], *, look: Theme, height: int, benchmark: str | None, log: bool
) -> html.Div:
    """Draw two indices over periods.

    Args:
        rows: One a period, oldest first: ``date``, ``index``, ``benchmark_index`` (null where not known).
        look: Theme.
        height: Pixels.
        benchmark: Its name; None draws the portfolio alone.
        log: Equal steps for equal percentages; values of 0 or less are left out then.
    """
    x = days(row["date"] for row in rows)
    fields = [("index", "Portfolio", look["accent"], "solid")]
    if benchmark and any(known(row["benchmark_index"]) is not None for row in rows):
        fields.insert(0, ("benchmark_index", benchmark, look["text3"], "4px,3px"))
    data: list[dict[str, Any]] = []
    ends: list[tuple[float, str, bool]] = []
    found: list[float] = []
    for field, words, colour, dash in fields:
        values = [_shown(row[field], log=log) for row in rows]
        found += [value for value in values if value is not None]
        data.append(
            {
                "type": "scatter",
                "mode": "lines" if len(rows) > 1 else "markers",
                "x": x,
                "y": floats(values),
                "name": words,
                "line": {"color": colour, "width": 2 if field == "index" else 1.4, "dash": dash},
                "marker": {"size": 8, "color": colour},
                "hovertemplate": f"%{{y:.1f}}<extra>{words}</extra>",
            }
        )
        last = next((value for value in reversed(values) if value is not None), None)
        if last is not None:
            ends.append((last, look["accent"] if field == "index" else look["text2"], field == "index"))
    low, high = min([100.0, *found]), max([100.0, *found])
    layout = {
        "margin": {"l": 8, "r": ROOM, "t": 8, "b": 8},
        "xaxis": {"range": span(x), "nticks": 8, "type": "date", "tickformat": "%b %Y"},
        "yaxis": _axis(low, high, log=log),
        "annotations": _labels(ends, low, high, height=height, log=log),
        "shapes": [
            {
                "type": "line", "xref": "paper", "x0": 0, "x1": 1, "y0": 100, "y1": 100,
                "line": {"color": look["line2"], "width": 1},
            }
        ],
    }  # fmt: skip
    told = (
        f"100 on {day(rows[0]['date'])} is {number(known(rows[-1]['index']), 1)} on {day(rows[-1]['date'])}"
    )
    other = known(rows[-1]["benchmark_index"]) if len(fields) > 1 else None
    finding = f"{told}, in {benchmark} {number(other, 1)}." if other is not None else f"{told}."
    return graph(data, layout, look=look, height=height, finding=finding)


def span(x: Sequence[str]) -> list[str]:
    """Return the range of a time axis; labels must not take part in plotly's own choice."""
    return [x[0], x[-1]] if len(x) > 1 else [f"{x[0][:10]}T00:00", f"{x[0][:10]}T23:59"]


def _shown(value: Any, *, log: bool) -> float | None:
    found = known(value)
    return None if found is None or (log and found <= 0) else found


def _axis(low: float, high: float, *, log: bool) -> dict[str, Any]:
    step = nice_step(high - low or 1.0, 5)
    ticks = [n * step for n in range(math.floor(low / step), math.ceil(high / step) + 1)]
    room = (high - low or 1.0) * 0.06
    if not log:
        return {"range": [low - room, high + room], "tickvals": ticks, "ticktext": [f"{t:g}" for t in ticks]}
    wide = math.log10(high / low) * 0.06 or 0.01
    kept = [t for t in ticks if t > 0]
    # Over a wide range steps of the plain scale crowd at the top.
    if high / low > 8:
        kept = [m * 10.0**e for e in range(-2, 12) for m in (1, 2, 5) if low <= m * 10.0**e <= high]
    return {
        "type": "log",
        "range": [math.log10(low) - wide, math.log10(high) + wide],
        "tickvals": kept,
        "ticktext": [f"{t:g}" for t in kept],
    }


def _labels(
    ends: Sequence[tuple[float, str, bool]], low: float, high: float, *, height: int, log: bool
) -> list[dict[str, Any]]:
    reach = (math.log10(high / low) if log else high - low) or 1.0
    pixel = (height - 40) / (reach * 1.12)
    notes = []
    at: float | None = None
    for value, colour, bold in sorted(ends):
        place = (math.log10(value) if log else value) * pixel
        shift = 0.0 if at is None else max(0.0, APART - (place - at))
        at = place + shift
        words = number(value, 1)
        notes.append(
            {
                "xref": "paper", "x": 1, "xanchor": "left", "xshift": 6, "showarrow": False,
                "y": math.log10(value) if log else value, "yshift": shift,
                "text": f"<b>{words}</b>" if bold else words, "font": {"size": 12, "color": colour},
            }
        )  # fmt: skip
    return notes
