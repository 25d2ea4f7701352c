"""The one place that makes a plot. A test refuses ``dcc.Graph`` anywhere else."""

import base64
from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any

import numpy as np
from dash import dcc, html

from components.theme import Theme

# plotly's own "Share chart" button would send a firm's positions to another company's server.
CONFIG: dict[str, Any] = {
    "displayModeBar": False,
    "displaylogo": False,
    "showSendToCloud": False,
    "plotlyServerURL": "",
    "responsive": True,
    "doubleClick": "reset",
    "scrollZoom": False,
}


def floats(values: Iterable[Any]) -> dict[str, str]:
    """Pack numbers as the typed array plotly.js reads: a third of the bytes of JSON text.

    Nulls become NaN, which plotly draws as a gap.
    """
    array = np.array([np.nan if value is None else float(value) for value in values], dtype="<f8")
    return {"dtype": "f8", "bdata": base64.b64encode(array.tobytes()).decode("ascii")}


def days(values: Iterable[Any]) -> list[str]:
    """Return dates or instants as the text plotly reads."""
    return [value.isoformat()[:19] if hasattr(value, "isoformat") else str(value) for value in values]


def day_format(values: Sequence[str]) -> str:
    """Return how an axis names its days: with the year where they reach over more than most of one."""
    if not values:
        return "%-d %b"
    first, last = (date.fromisoformat(value[:10]) for value in (values[0], values[-1]))
    return "%-d %b" if (last - first).days < 200 else "%b %Y"


def graph(
    data: list[dict[str, Any]],
    layout: dict[str, Any],
    *,
    look: Theme,
    height: int,
    finding: str,
    name: str | dict[str, str] | None = None,
    kind: str = "",
) -> html.Div:
    """Draw a figure from plain dicts.

    Args:
        data: Traces.
        layout: Layout on top of the theme's template.
        look: Theme whose template is used.
        height: Pixels; the box keeps them whatever happens inside.
        finding: One sentence that says what the figure shows, read to people who do not see it.
        name: Component id, where a callback reads clicks.
        kind: Extra class name.
    """
    figure = {"data": data, "layout": {**layout, "template": look.template, "autosize": True}}
    more = {"id": name} if name else {}
    plot = dcc.Graph(figure=figure, config=CONFIG, responsive=True, **more)
    box = html.Div(plot)
    return html.Div(
        box,
        className=f"plot {kind}".strip(),
        style={"height": f"{height}px"},
        role="img",
        **{"aria-label": finding},
    )
