"""How parts add up to a whole: floating bars from nought to the sum."""

from collections.abc import Callable, Sequence
from typing import Any

from dash import html

from components.charts.diverging import percent_ticks, points
from components.formats import known
from components.graph import graph
from components.theme import Theme


def bridge(
    parts: Sequence[tuple[str, float | None]],
    *,
    whole: str,
    look: Theme,
    height: int,
    finding: str,
    said: Callable[[float], str] = points,
    ticks: Callable[[float, float], dict[str, Any]] | None = None,
    right: int = 62,
) -> html.Div:
    """Draw one floating bar a part, and what they come to.

    Args:
        parts: Words and amount, in the order they are added; nulls are left out.
        whole: What the sum is, in words.
        look: Theme.
        height: Pixels.
        finding: What the figure shows, in one sentence.
        said: How an amount reads; fractions as per cent when left out.
        ticks: Axis from the lowest to the highest level; per cent when left out.
        right: Margin that holds the amounts, pixels.
    """
    names, bases, sizes, colours = [], [], [], []
    at = 0.0
    for words, value in parts:
        size = known(value)
        if size is None:
            continue
        names.append(words)
        bases.append(at)
        sizes.append(size)
        colours.append(look.faded("up" if size >= 0 else "down", 0.85))
        at += size
    names.append(whole)
    bases.append(0.0)
    sizes.append(at)
    colours.append(look["accent"])
    ends = [0.0, *bases, *(base + size for base, size in zip(bases, sizes, strict=True))]
    low, high = min(ends), max(ends)
    room = (high - low) * 0.06 or 0.001
    data: list[dict[str, Any]] = [
        {
            "type": "bar",
            "orientation": "h",
            "y": names,
            "x": sizes,
            "base": bases,
            "marker": {"color": colours},
            "customdata": [said(size) for size in sizes],
            "hovertemplate": "%{customdata}<extra></extra>",
        }
    ]
    layout = {
        "bargap": 0.36,
        "hovermode": "y unified",
        "margin": {"l": 8, "r": right, "t": 6, "b": 6},
        "xaxis": {
            "range": [low - room, high + room],
            "showgrid": True,
            "zeroline": True,
            "showspikes": False,
            "tickangle": 0,
            **(ticks(low, high) if ticks else percent_ticks(low, high, count=4)),
        },
        "yaxis": {
            "autorange": "reversed",
            "showgrid": False,
            "type": "category",
            "tickfont": {"size": 12, "color": look["text2"]},
        },
        "annotations": [
            {
                "xref": "paper",
                "x": 1,
                "xanchor": "left",
                "xshift": 6,
                "y": name,
                "text": f"<b>{said(size)}</b>" if name == whole else said(size),
                "font": {"size": 12, "color": look["text" if name == whole else "text2"]},
            }
            for name, size in zip(names, sizes, strict=True)
        ],
    }
    return graph(data, layout, look=look, height=height, finding=finding)
