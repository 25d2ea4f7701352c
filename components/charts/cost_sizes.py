"""Whether larger orders cost what the square-root law expects of them."""

from collections.abc import Mapping, Sequence
from typing import Any

from dash import html

from components.charts._whiskers import bps_axis, ends, whiskers
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
    values, lows, highs = found = ends(rows, "cost_bp")
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
        whiskers(
            x,
            found,
            look=look,
            tones=["down" if marked else "accent" for marked in off],
            said=[f"{plural(row['n'], 'order')}, {bucket_name(row['above'], row['up_to'])}" for row in rows],
            size=10,
        ),
    ]
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
        "yaxis": bps_axis(lows, highs, room=0.08),
    }
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
