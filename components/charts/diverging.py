"""Who helped and who hurt: bars to both sides of nought, one row a name, parts stacked."""

import math
from collections.abc import Sequence
from typing import Any

from dash import html

from components.formats import MISSING, known, number
from components.graph import graph
from components.theme import Theme
from components.ticks import nice_step

ROW = 30  # pixels of a row


def diverging(
    rows: Sequence[dict[str, Any]],
    *,
    parts: Sequence[tuple[str, str, str]],
    look: Theme,
    finding: str,
    total: str | None = None,
    least: int = 200,
) -> html.Div:
    """Draw one bar per row, split into parts left and right of nought.

    Args:
        rows: ``label`` and the fields of ``parts`` (fractions), topmost first.
        parts: (field, words, colour as hex): the parts of a bar, at most four.
        look: Theme.
        finding: What the figure shows, in one sentence.
        total: Field written at the right end of each row, and marked on its bar.
        least: Pixels of the plot at least.
    """
    shown = list(reversed(rows))
    labels = [str(row["label"]) for row in shown]
    data: list[dict[str, Any]] = [
        {
            "type": "bar",
            "orientation": "h",
            "y": labels,
            "x": [known(row[field]) or 0.0 for row in shown],
            "name": words,
            "marker": {"color": colour},
            "hovertemplate": "%{x:+.2%}",
        }
        for field, words, colour in parts
    ]
    notes: list[dict[str, Any]] = []
    if total is not None:
        if len(parts) > 1:
            data.append(_marks(shown, labels, total, look))
        notes = [
            {
                "xref": "paper",
                "x": 1,
                "xanchor": "left",
                "xshift": 6,
                "y": label,
                "text": points(row[total]),
                "font": {"size": 12, "color": look["text2"]},
            }
            for label, row in zip(labels, shown, strict=True)
        ]
    low, high = _reach(rows, parts)
    room = (high - low) * 0.04 or 0.001
    layout = {
        "barmode": "relative",
        "bargap": 0.38,
        "hovermode": "y unified",
        "margin": {"l": 8, "r": 62 if total else 12, "t": 6, "b": 6},
        "xaxis": {
            "range": [low - room, high + room],
            "showgrid": True,
            "zeroline": True,
            "showspikes": False,
            **percent_ticks(low, high),
        },
        "yaxis": {"showgrid": False, "type": "category", "tickfont": {"size": 12, "color": look["text2"]}},
        "annotations": notes,
    }
    height = max(least, 40 + ROW * len(rows))
    return graph(data, layout, look=look, height=height, finding=finding)


def _marks(shown: Sequence[dict[str, Any]], labels: list[str], total: str, look: Theme) -> dict[str, Any]:
    return {
        "type": "scatter",
        "mode": "markers",
        "y": labels,
        "x": [known(row[total]) for row in shown],
        "name": "Together",
        "marker": {"symbol": "line-ns", "size": 13, "line": {"width": 2.5, "color": look["text"]}},
        "hovertemplate": "<b>%{x:+.2%}</b>",
    }


def points(value: Any, *, plus: bool = True) -> str:
    """Return a fraction as per cent with two decimals, as effects are told: ``-0.38%``."""
    found = known(value)
    return MISSING if found is None else f"{number(found * 100, 2, plus=plus)}%"


def percent_ticks(low: float, high: float, *, count: int = 5) -> dict[str, Any]:
    """Return ``tickvals`` and ``ticktext`` of fractions, written as per cent."""
    step = nice_step((high - low) or 0.01, count)
    first, last = round(low / step), round(high / step)
    ticks = [place * step for place in range(first, last + 1)]
    # As many decimals as tell the ticks apart: a step of 2.5 % needs one.
    decimals = next((d for d in range(4) if math.isclose(round(step * 100, d), step * 100)), 4)
    words = [f"{tick * 100:+.{decimals}f}%".replace("-", "\N{MINUS SIGN}") for tick in ticks]
    return {
        "tickvals": ticks,
        "ticktext": ["0" if abs(t) < step / 2 else w for t, w in zip(ticks, words, strict=True)],
    }


def _reach(rows: Sequence[dict[str, Any]], parts: Sequence[tuple[str, str, str]]) -> tuple[float, float]:
    sums = [[known(row[field]) or 0.0 for field, _, _ in parts] for row in rows]
    low = min([0.0, *(sum(v for v in values if v < 0) for values in sums)])
    high = max([0.0, *(sum(v for v in values if v > 0) for values in sums)])
    return low, high
