"""What the market did after the fills: mean mark-out by horizon with its band."""

from collections.abc import Mapping, Sequence
from typing import Any

from dash import html

from components.formats import bps, known, number, plural
from components.graph import floats, graph
from components.theme import Theme

NAMES = {
    "1s": "1 s", "10s": "10 s", "1m": "1 min", "5m": "5 min", "30m": "30 min", "close": "Close", "1d": "Next close",
}  # fmt: skip


def tick(horizon: str) -> str:
    """Return a horizon as an axis names it: what is long breaks, so that neighbours stay apart."""
    return NAMES.get(horizon, horizon).replace(" close", "<br>close")


def markout_curve(points: Sequence[Mapping[str, Any]], *, look: Theme, height: int) -> html.Div:
    """Draw the curve.

    Args:
        points: In order of time: ``horizon``, ``markout_bp`` (positive = cost; None where not known), ``low``,
            ``high`` (None without a band), ``n``, ``clusters``.
        look: Theme.
        height: Pixels.
    """
    shown = [point for point in points if known(point["markout_bp"]) is not None]
    x = [tick(str(point["horizon"])) for point in shown]
    values = [float(point["markout_bp"]) for point in shown]
    banded = [
        (name, low, high)
        for name, point in zip(x, shown, strict=True)
        if (low := known(point["low"])) is not None and (high := known(point["high"])) is not None
    ]
    data: list[dict[str, Any]] = []
    if len(banded) > 1:
        data.append(
            {
                "type": "scatter",
                "mode": "lines",
                "x": [name for name, _, _ in banded] + [name for name, _, _ in reversed(banded)],
                "y": floats([high for *_, high in banded] + [low for _, low, _ in reversed(banded)]),
                "fill": "toself",
                "fillcolor": look.faded("accent", 0.13),
                "line": {"width": 0, "color": "rgba(0,0,0,0)"},
                "hoverinfo": "skip",
            }
        )
    data.append(
        {
            "type": "scatter",
            "mode": "lines+markers",
            "x": x,
            "y": floats(values),
            "line": {"color": look["accent"], "width": 2},
            "marker": {"size": 8, "color": look["accent"], "line": {"width": 1.5, "color": look["s1"]}},
            "customdata": [_said(point) for point in shown],
            "hovertemplate": "<b>%{y:.2f} bps</b> %{customdata}<extra></extra>",
        }
    )
    ends = [0.0, *values, *(end for _, *both in banded for end in both)]
    low, high = min(ends), max(ends)
    room = (high - low) * 0.1 or 1.0
    layout = {
        "margin": {"l": 8, "r": 12, "t": 8, "b": 8},
        "hovermode": "closest",
        "xaxis": {"type": "category", "showspikes": False, "tickangle": 0, "range": [-0.3, len(x) - 0.7]},
        "yaxis": {
            "range": [low - room, high + room],
            "zeroline": True,
            "zerolinewidth": 1,
            "nticks": 6,
            "title": {"text": "bps, above zero = cost"},
        },
    }
    return graph(
        data,
        layout,
        look=look,
        height=height,
        finding=_finding([name.replace("<br>", " ") for name in x], shown),
    )


def _said(point: Mapping[str, Any]) -> str:
    about = plural(point["n"], "fill")
    if known(point["low"]) is None:
        return f"{about}, no band"
    return f"{number(point['low'], 2)} to {number(point['high'], 2)}, {about}"


def _finding(x: Sequence[str], shown: Sequence[Mapping[str, Any]]) -> str:
    first, last = shown[0], shown[-1]
    words = f"Mark-outs: {bps(first['markout_bp'], 2)} after {x[0]}, {bps(last['markout_bp'], 2)} at the {x[-1].lower()}"
    clear = [
        name
        for name, point in zip(x, shown, strict=True)
        if ((known(point["low"]) or 0.0) > 0) or ((known(point["high"]) or 0.0) < 0)
    ]
    return f"{words}; clear of zero at {', '.join(clear)}." if clear else f"{words}; nowhere clear of zero."
