"""How parts add up to a whole: floating bars from nought to the sum."""

from collections.abc import Sequence
from typing import Any

from dash import html

from components.charts.diverging import percent_ticks, points
from components.formats import known
from components.graph import graph
from components.theme import Theme


def bridge(
    parts: Sequence[tuple[str, float | None]], *, whole: str, look: Theme, height: int, finding: str
) -> html.Div:
    """Draw one floating bar a part, and what they come to.

    Args:
        parts: Words and fraction, in the order they are added; nulls are left out.
        whole: What the sum is, in words.
        look: Theme.
        height: Pixels.
        finding: What the figure shows, in one sentence.
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
            "customdata": [points(size) for size in sizes],
            "hovertemplate": "%{customdata}<extra></extra>",
        }
    ]
    layout = {
        "bargap": 0.36,
        "hovermode": "y unified",
        "margin": {"l": 8, "r": 62, "t": 6, "b": 6},
        "xaxis": {
            "range": [low - room, high + room],
            "showgrid": True,
            "zeroline": True,
            "showspikes": False,
            **percent_ticks(low, high, count=4),
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
                "text": f"<b>{points(size)}</b>" if name == whole else points(size),
                "font": {"size": 12, "color": look["text" if name == whole else "text2"]},
            }
            for name, size in zip(names, sizes, strict=True)
        ],
    }
    return graph(data, layout, look=look, height=height, finding=finding)
