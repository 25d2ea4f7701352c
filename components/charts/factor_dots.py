"""What the book does when a factor moves: now, then, and where it usually lies."""

from collections.abc import Mapping, Sequence
from typing import Any

from dash import html

from components.charts.diverging import percent_ticks
from components.formats import known, number
from components.graph import floats, graph
from components.theme import Theme


def factor_dots(rows: Sequence[Mapping[str, Any]], *, look: Theme, height: int) -> html.Div:
    """Draw a line per factor.

    Args:
        rows: ``title``, ``exposure``, ``before``, ``low``, ``high`` (fractions, or None), ``outside``.
        look: Theme.
        height: Pixels.
    """
    names = [str(row["title"]) for row in rows]
    now = [known(row["exposure"]) for row in rows]
    then = [known(row["before"]) for row in rows]
    low, high = ([known(row[side]) or 0.0 for row in rows] for side in ("low", "high"))
    away = [bool(row["outside"]) for row in rows]
    links: list[float | None] = []
    for before, after in zip(then, now, strict=True):
        links += [before, after, None]
    words = [
        f"<b>{name}</b><br>now {_told(a)}<br>30 sessions ago {_told(b)}<br>usually {_told(c)} to {_told(d)}"
        for name, a, b, c, d in zip(names, now, then, low, high, strict=True)
    ]
    data: list[dict[str, Any]] = [
        {
            "type": "bar", "orientation": "h", "y": names, "base": floats(low), "width": 0.6, "hoverinfo": "skip",
            "x": floats(b - a for a, b in zip(low, high, strict=True)),
            "marker": {"color": look.faded("text3", 0.18)},
        },
        {
            "type": "scatter", "mode": "lines", "y": [n for name in names for n in (name, name, None)],
            "x": floats(links), "line": {"color": look["ctl"], "width": 1.5}, "hoverinfo": "skip",
        },
        {
            "type": "scatter", "mode": "markers", "y": names, "x": floats(then), "hoverinfo": "skip",
            "marker": {"size": 7, "opacity": 1, "color": look["s1"], "line": {"width": 1.5, "color": look["text3"]}},
        },
        {
            "type": "scatter", "mode": "markers", "y": names, "x": floats(now), "customdata": words,
            "hovertemplate": "%{customdata}<extra></extra>",
            "marker": {
                "size": 10, "opacity": 1,
                "color": [look["high" if one else "accent"] for one in away],
                "symbol": ["diamond" if one else "circle" for one in away],
            },
        },
    ]  # fmt: skip
    levels = [value for value in (*now, *then, *low, *high, 0.0) if value is not None]
    room = (max(levels) - min(levels)) * 0.06 or 0.001
    layout = {
        "barmode": "overlay",
        "hovermode": "closest",
        "margin": {"l": 8, "r": 58, "t": 4, "b": 24},
        "xaxis": {
            "range": [min(levels) - room, max(levels) + room], "zeroline": True, "zerolinecolor": look["ctl"],
            "showspikes": False, **percent_ticks(min(levels), max(levels), count=4),
        },
        "yaxis": {"autorange": "reversed", "showgrid": False, "type": "category",
                  "tickfont": {"size": 12, "color": look["text2"]}},
        "annotations": [
            {
                "xref": "paper", "x": 1, "xanchor": "left", "xshift": 6, "y": name,
                "text": f"<b>{_told(value)}</b>" if one else _told(value),
                "font": {"size": 12, "color": look["high" if one else "text2"]},
            }
            for name, value, one in zip(names, now, away, strict=True)
        ],
    }  # fmt: skip
    outside = [name for name, one in zip(names, away, strict=True) if one]
    finding = "What a one-sigma day of each factor moves. " + (
        f"Outside the usual band: {', '.join(outside)}." if outside else "All within the usual band."
    )
    return graph(data, layout, look=look, height=height, finding=finding)


def _told(value: float | None) -> str:
    text = number(None if value is None else value * 100, 2, plus=True)
    return text if value is None else f"{text}%"
