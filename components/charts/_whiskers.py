"""Dots with their intervals as upright lines: what charts of measured costs share."""

from collections.abc import Mapping, Sequence
from typing import Any

from components.formats import known
from components.graph import floats
from components.theme import Theme


def ends(rows: Sequence[Mapping[str, Any]], value: str) -> tuple[list[float], list[float], list[float]]:
    """Return values, lower and upper ends of their intervals; an unknown end is the value itself.

    Args:
        rows: ``value`` (a number), ``low``, ``high`` (or None).
        value: Name of the value.
    """
    values = [float(row[value]) for row in rows]
    lows, highs = (
        [one if (end := known(row[side])) is None else end for row, one in zip(rows, values, strict=True)]
        for side in ("low", "high")
    )
    return values, lows, highs


def whiskers(
    x: Sequence[str],
    found: tuple[Sequence[float], Sequence[float], Sequence[float]],
    *,
    look: Theme,
    tones: Sequence[str],
    said: Sequence[str],
    size: int,
) -> dict[str, Any]:
    """Return the trace.

    Args:
        x: Days or groups.
        found: What ``ends`` answers.
        look: Theme.
        tones: Its colour of each dot.
        said: Words on hovering, after the value in basis points.
        size: Of a dot, pixels.
    """
    values, lows, highs = found
    return {
        "type": "scatter",
        "mode": "markers",
        "x": list(x),
        "y": floats(values),
        "error_y": {
            "type": "data",
            "symmetric": False,
            "array": [max(0.0, high - value) for high, value in zip(highs, values, strict=True)],
            "arrayminus": [max(0.0, value - low) for low, value in zip(lows, values, strict=True)],
            "color": look["ctl"],
            "thickness": 1.5,
            "width": 0,
        },
        "marker": {
            "size": size,
            "opacity": 1,
            "color": [look[tone] for tone in tones],
            "line": {"width": 1.5, "color": look["s1"]},
        },
        "customdata": list(said),
        "hovertemplate": "<b>%{y:.2f} bps</b> %{customdata}<extra></extra>",
    }


def bps_axis(lows: Sequence[float], highs: Sequence[float], *, room: float) -> dict[str, Any]:
    """Return an axis in basis points that shows nought and all intervals, with a share of ``room`` around them."""
    low, high = min([0.0, *lows]), max([0.0, *highs])
    more = (high - low) * room or 1.0
    return {
        "range": [low - more, high + more],
        "zeroline": True,
        "zerolinewidth": 1,
        "nticks": 6,
        "title": {"text": "bps"},
    }
