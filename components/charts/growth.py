"""How a sum would have grown, course beside course."""

from collections.abc import Mapping, Sequence
from typing import Any

from dash import html

from components.formats import percent
from components.graph import floats, graph
from components.theme import Theme


def growth(
    courses: Sequence[tuple[str, str, str, Sequence[float]]],
    dates: Sequence[str],
    *,
    look: Theme,
    height: int,
) -> html.Div:
    """Draw one line per course, its end labelled.

    Args:
        courses: (words, token of the colour, dash, value of 1 invested by day).
        dates: ISO days, one per value.
        look: Theme.
        height: Pixels.
    """
    data: list[dict[str, Any]] = [
        {
            "type": "scatter",
            "mode": "lines",
            "x": list(dates),
            "y": floats(value - 1 for value in values),
            "name": words,
            "line": {"color": look[token], "width": 2 if place == 0 else 1.5, "dash": dash},
            "hovertemplate": f"{words} %{{y:+.1%}}<extra></extra>",
        }
        for place, (words, token, dash, values) in enumerate(courses)
    ]
    ends = sorted(((values[-1] - 1, token) for _, token, _, values in courses), reverse=True)
    every = [value - 1 for *_, values in courses for value in values]
    span = (max(every) - min(every)) or 0.01
    notes: list[Mapping[str, Any]] = []
    placed: float | None = None
    for end, token in ends:
        # Labels a line apart: where courses end together their words must not lie on one another.
        y = end if placed is None else min(end, placed - span * 0.085)
        placed = y
        notes.append(
            {
                "xref": "paper",
                "x": 1,
                "xanchor": "left",
                "xshift": 6,
                "y": y,
                "text": f"<b>{percent(end, plus=True)}</b>",
                "font": {"size": 12, "color": look[token]},
            }
        )
    layout = {
        "margin": {"l": 8, "r": 56, "t": 6, "b": 8},
        "xaxis": {"range": [dates[0], dates[-1]], "nticks": 6},
        "yaxis": {"tickformat": "+.0%", "zeroline": True, "nticks": 6, "range": [min(every) - span * 0.08, max(every) + span * 0.08]},
        "annotations": notes,
    }  # fmt: skip
    told = ", ".join(f"{words} {percent(values[-1] - 1, plus=True)}" for words, _, _, values in courses)
    return graph(
        data, layout, look=look, height=height, finding=f"Over {len(dates)} sessions not seen: {told}."
    )
