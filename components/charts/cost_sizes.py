"""Whether larger orders cost what the square-root law expects of them."""

from collections.abc import Mapping, Sequence
from typing import Any

from dash import html

from components.formats import bps, known, number, plural
from components.graph import floats, graph
from components.theme import Theme


def bucket_name(above: float, up_to: float | None) -> str:
    """Return a range of order sizes, fractions of the daily volume, as words."""
    if not above and up_to is not None:
        return f"to {_share(up_to)}"
    return f"over {_share(above)}" if up_to is None else f"{_share(above).removesuffix('%')}–{_share(up_to)}"


def cost_sizes(rows: Sequence[Mapping[str, Any]], *, look: Theme, height: int) -> html.Div:
    """Draw cost and expected cost by order size.

    Args:
        rows: Smallest first: ``above``, ``up_to`` (fractions of the average daily volume; None = open),
            ``cost_bp`` (positive = cost), ``low``, ``high`` (or None), ``expected_bp``, ``n`` (orders).
        look: Theme.
        height: Pixels.
    """
    x = [f"≤{_share(row['up_to'])}" if row["up_to"] else f">{_share(row['above'])}" for row in rows]
    values = [float(row["cost_bp"]) for row in rows]
    lows = [v if (low := known(row["low"])) is None else low for row, v in zip(rows, values, strict=True)]
    highs = [v if (high := known(row["high"])) is None else high for row, v in zip(rows, values, strict=True)]
    expected = [known(row["expected_bp"]) for row in rows]
    off = [
        want is not None and low < high and not low <= want <= high
        for want, low, high in zip(expected, lows, highs, strict=True)
    ]
    data: list[dict[str, Any]] = [
        {
            "type": "scatter",
            "mode": "lines+markers" if len(rows) == 1 else "lines",
            "x": x,
            "y": floats(expected),
            "line": {"color": look["text3"], "width": 1.4, "dash": "4px,3px"},
            "marker": {"size": 6, "color": look["text3"]},
            "hovertemplate": "expected %{y:.2f} bps<extra></extra>",
        },
        {
            "type": "scatter",
            "mode": "markers",
            "x": x,
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
                "size": 10,
                "opacity": 1,
                "color": [look["down"] if marked else look["accent"] for marked in off],
                "line": {"width": 1.5, "color": look["s1"]},
            },
            "customdata": [
                f"{plural(row['n'], 'order')}, {bucket_name(row['above'], row['up_to'])}" for row in rows
            ],
            "hovertemplate": "<b>%{y:.2f} bps</b> %{customdata}<extra></extra>",
        },
    ]
    low, high = min([0.0, *lows]), max([0.0, *highs])
    room = (high - low) * 0.08 or 1.0
    layout = {
        "margin": {"l": 8, "r": 12, "t": 8, "b": 8},
        "hovermode": "closest",
        "xaxis": {
            "type": "category",
            "showspikes": False,
            "tickangle": 0,
            "range": [-0.5, len(x) - 0.5],
            "title": {"text": "filled quantity as a share of the average daily volume"},
        },
        "yaxis": {"range": [low - room, high + room], "zeroline": True, "zerolinewidth": 1, "nticks": 6, "title": {"text": "bps"}},
    }  # fmt: skip
    marked = [name for name, flag in zip(x, off, strict=True) if flag]
    finding = (
        f"Cost by order size: {bps(values[0], 2)} in the smallest group, {bps(values[-1], 2)} in the largest"
    )
    finding += (
        f"; off what is expected at {', '.join(marked)}." if marked else "; all as expected within noise."
    )
    return graph(data, layout, look=look, height=height, finding=finding)


def _share(fraction: float) -> str:
    return f"{number(fraction * 100, 2).rstrip('0').rstrip('.')}%"
