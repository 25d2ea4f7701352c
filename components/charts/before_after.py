"""From one value to another, per group: a ring where it is, a dot where it would be."""

from collections.abc import Sequence
from typing import Any

from dash import html

from components.formats import percent
from components.graph import graph
from components.theme import Theme


def before_after(rows: Sequence[dict[str, Any]], *, look: Theme, height: int, what: str) -> html.Div:
    """Draw one line per group, in the order given, first on top.

    Args:
        rows: ``label``, ``before`` and ``after`` (fractions).
        look: Theme.
        height: Pixels.
        what: The groups, in words, for the finding.
    """
    shown = list(reversed(rows))
    labels = [str(row["label"]) for row in shown]
    before = [float(row["before"]) for row in shown]
    after = [float(row["after"]) for row in shown]
    low, high = min([0.0, *before, *after]), max([0.0, *before, *after])
    room = (high - low) * 0.08 or 0.01
    moved = [abs(a - b) > 5e-5 for a, b in zip(after, before, strict=True)]
    lines = {
        "type": "scatter",
        "mode": "lines",
        "x": [x for a, b in zip(before, after, strict=True) for x in (a, b, None)],
        "y": [y for label in labels for y in (label, label, None)],
        "line": {"color": look["ctl"], "width": 1.5},
        "hoverinfo": "skip",
    }
    rings = {
        "type": "scatter",
        "mode": "markers",
        "x": before,
        "y": labels,
        "marker": {"size": 7, "color": look["s1"], "line": {"width": 1.5, "color": look["text3"]}},
        "hovertemplate": "%{y} now %{x:.2%}<extra></extra>",
    }
    dots = {
        "type": "scatter",
        "mode": "markers",
        "x": after,
        "y": labels,
        "marker": {"size": 10, "color": [look["accent"] if one else look["text3"] for one in moved]},
        "hovertemplate": "%{y} then %{x:.2%}<extra></extra>",
    }
    notes = [
        {
            "xref": "paper",
            "x": 1,
            "xanchor": "left",
            "xshift": 6,
            "y": label,
            "text": f"<b>{percent(a)}</b>" if one else percent(a),
            "font": {"size": 12, "color": look["text"] if one else look["text2"]},
        }
        for label, a, one in zip(labels, after, moved, strict=True)
    ]
    layout = {
        "hovermode": "closest",
        "margin": {"l": 8, "r": 56, "t": 6, "b": 22},
        "xaxis": {"range": [low - room, high + room], "showgrid": True, "zeroline": True, "tickformat": ".0%", "nticks": 6, "showspikes": False},
        "yaxis": {"showgrid": False, "type": "category", "tickfont": {"size": 12, "color": look["text2"]}},
        "annotations": notes,
    }  # fmt: skip
    changed = [
        f"{label} from {percent(b)} to {percent(a)}"
        for label, a, b, one in zip(labels, after, before, moved, strict=True)
        if one
    ]
    finding = f"{what}: " + ("; ".join(reversed(changed)) if changed else "nothing changes") + "."
    return graph([lines, rings, dots], layout, look=look, height=height, finding=finding)
