"""Which one differs by more than its noise: a dot with its interval, against the mean of all."""

from collections.abc import Sequence
from typing import Any

from dash import html

from components.formats import known, number
from components.graph import graph
from components.theme import Theme


def dot_interval(
    rows: Sequence[dict[str, Any]],
    *,
    look: Theme,
    height: int,
    mean: float | None,
    unit: str,
    note: str,
    what: str,
) -> html.Div:
    """Draw one row per thing, costliest on top.

    Args:
        rows: ``label``, ``value``, ``low``, ``high`` (same unit; positive = cost) and ``size`` (money or
            None). A row is marked only when its whole interval lies above the mean.
        look: Theme.
        height: Pixels.
        mean: Of all together.
        unit: Of the values.
        note: What dots and bars are, below the axis.
        what: The things, in words, for the finding.
    """
    found = sorted(
        (row for row in rows if known(row["value"]) is not None), key=lambda row: float(row["value"])
    )
    largest = max((known(row.get("size")) or 0.0 for row in found), default=0.0) or 1.0
    dear = [mean is not None and (low := known(row["low"])) is not None and low > mean for row in found]
    ends = [known(row[end]) for row in found for end in ("low", "high")] + [
        float(row["value"]) for row in found
    ]
    known_ends = [end for end in ends if end is not None]
    low, high = min([0.0, *known_ends]), max([0.0, *known_ends])
    room = (high - low) * 0.08 or 1.0
    labels = [str(row["label"]) for row in found]
    data = {
        "type": "scatter",
        "mode": "markers",
        "x": [float(row["value"]) for row in found],
        "y": labels,
        "error_x": {
            "type": "data",
            "symmetric": False,
            "array": [
                max(0.0, (known(row["high"]) or float(row["value"])) - float(row["value"])) for row in found
            ],
            "arrayminus": [
                max(0.0, float(row["value"]) - (known(row["low"]) or float(row["value"]))) for row in found
            ],
            "color": look["ctl"],
            "thickness": 1.5,
            "width": 0,
        },
        "marker": {
            "size": [7 + 9 * ((known(row.get("size")) or 0.0) / largest) ** 0.5 for row in found],
            "color": [look["down"] if marked else look["accent"] for marked in dear],
            "line": {"width": 1.5, "color": look["s1"]},
        },
        "customdata": [str(row.get("hover", "")) for row in found],
        "hovertemplate": f"<b>%{{y}}</b> %{{x:.2f}} {unit}<br>%{{customdata}}<extra></extra>",
    }
    notes: list[dict[str, Any]] = [
        {
            "xref": "paper",
            "x": 1,
            "xanchor": "left",
            "xshift": 8,
            "y": label,
            "text": f"<b>{number(row['value'], 2)}</b>" if marked else number(row["value"], 2),
            "font": {"size": 12, "color": look["down"] if marked else look["text2"]},
        }
        for label, row, marked in zip(labels, found, dear, strict=True)
    ]
    shapes = []
    if mean is not None:
        line = {"width": 1, "dash": "3px,3px", "color": look["text3"]}
        shapes.append(
            {"type": "line", "x0": mean, "x1": mean, "y0": 0, "y1": 1, "yref": "paper", "line": line}
        )
        notes.append(
            {
                "x": mean,
                "y": 1,
                "yref": "paper",
                "yanchor": "bottom",
                "text": f"all {number(mean, 2)}",
                "font": {"size": 11, "color": look["text3"]},
            }
        )
    layout = {
        "margin": {"l": 8, "r": 52, "t": 20, "b": 30},
        "hovermode": "closest",
        "xaxis": {
            "range": [low - room, high + room],
            "showgrid": True,
            "zeroline": True,
            "nticks": 6,
            "title": {"text": note},
            "showspikes": False,
        },
        "yaxis": {"showgrid": False, "type": "category", "tickfont": {"size": 12, "color": look["text2"]}},
        "shapes": shapes,
        "annotations": notes,
    }
    costly = [label for label, marked in zip(labels, dear, strict=True) if marked]
    finding = f"{what}: {len(found)} compared"
    finding += f", mean {number(mean, 2)} {unit}" if mean is not None else ""
    finding += (
        f"; above it by more than noise: {', '.join(costly)}."
        if costly
        else "; none above it by more than noise."
    )
    return graph([data], layout, look=look, height=height, finding=finding)
