"""What was held of an instrument, fill by fill, against the bound it came near."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from dash import html

from components.formats import clock, day, known, number
from components.graph import floats, graph
from components.theme import Theme


def held_course(found: Mapping[str, Any], *, look: Theme, height: int) -> html.Div:
    """Draw a position (or a day's running volume) under its bound, the suspected window behind it.

    Args:
        found: ``app.queries.evidence_course.position``; at least one row.
        look: Theme.
        height: Pixels.
    """
    rows, bound, window = found["rows"], known(found["bound"]), found["window"]
    held = [float(row["held"]) for row in rows]
    last = max(rows[-1]["time"], window["end"] or rows[-1]["time"])
    room = max((last - rows[0]["time"]) / 30, timedelta(minutes=5))
    ends = [rows[0]["time"], last + room]
    # A position stays until the next fill, and so it does at the end.
    x = [*(_text(row["time"]) for row in rows), _text(ends[1])]
    y = [*held, held[-1]]
    worst = max(rows, key=lambda row: abs(row["held"]))
    line = {
        "type": "scatter",
        "mode": "lines",
        "name": "Held",
        "x": x,
        "y": floats(y),
        "line": {"color": look["accent"], "width": 2, "shape": "hv"},
        "fill": "tozeroy",
        "fillcolor": look.faded("accent", 0.13),
        "hovertemplate": "<b>%{y:,.0f}</b> units, %{x|%H:%M:%S}<extra></extra>",
    }
    peak = {
        "type": "scatter",
        "mode": "markers",
        "name": "Most",
        "x": [_text(worst["time"])],
        "y": floats([worst["held"]]),
        "marker": {"size": 9, "symbol": "diamond", "color": look["crit"], "line": {"width": 1.5, "color": look["s1"]}},
        "hovertemplate": "The most: <b>%{y:,.0f}</b> units, %{x|%H:%M:%S}<extra></extra>",
    }  # fmt: skip
    levels = _levels(bound, held)
    low, high = min([0.0, *held, *levels]), max([0.0, *held, *levels])
    shapes = [_band(window, look)] if window["start"] and window["end"] else []
    shapes += [_level(level, look["crit"]) for level in levels]
    notes = [
        _note(level, "bound" if found["counted"] == "volume" else "limit", look["crit"]) for level in levels
    ]
    layout: dict[str, Any] = {
        "margin": {"l": 8, "r": 46, "t": 8, "b": 8},
        "hovermode": "closest",
        "xaxis": {
            "type": "date",
            "range": [_text(end) for end in ends],
            "nticks": 7,
            "tickformat": "%H:%M\n%-d %b",
            "title": {"text": "Time, UTC"},
        },
        "yaxis": {
            "range": [low - (high - low) * 0.04 if low < 0 else 0, high + (high - low) * 0.1],
            "tickformat": "~s",
            "nticks": 6,
            "title": {"text": "Traded that day, units" if found["counted"] == "volume" else "Held, units"},
        },
        "shapes": shapes,
        "annotations": notes,
    }
    said = f"At most {number(abs(worst['held']))} units of {found['instrument_id']}, on {day(worst['time'].date())} at {clock(worst['time'], seconds=True)} UTC"
    if bound:
        said += f", {abs(worst['held']) / abs(bound):.0%} of the bound of {number(abs(bound))}"
    return graph([line, peak], layout, look=look, height=height, finding=f"{said}.")


def _levels(bound: float | None, held: list[float]) -> list[float]:
    """Return the bound on each side on which something was held."""
    if not bound:
        return []
    size = abs(bound)
    return [sign * size for sign in (1, -1) if any(sign * one > 0 for one in held)]


def _text(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%S.%f")[:23]


def _band(window: Mapping[str, Any], look: Theme) -> dict[str, Any]:
    return {
        "type": "rect", "x0": _text(window["start"]), "x1": _text(window["end"]), "yref": "paper", "y0": 0, "y1": 1,
        "layer": "below", "fillcolor": look.faded("accent", 0.08), "line": {"width": 0},
    }  # fmt: skip


def _level(at: float, colour: str) -> dict[str, Any]:
    return {"type": "line", "xref": "paper", "x0": 0, "x1": 1, "y0": at, "y1": at, "line": {"color": colour, "width": 1.2}}  # fmt: skip


def _note(at: float, words: str, colour: str) -> dict[str, Any]:
    return {
        "xref": "paper", "x": 1, "xanchor": "left", "xshift": 6, "y": at, "text": words,
        "font": {"size": 11, "color": colour}, "showarrow": False,
    }  # fmt: skip
