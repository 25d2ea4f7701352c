"""A Dash callback that draws the P&L course with 10,000 days, built as the application builds it (plain
dictionary, typed values, theme, end labels, the words for screen readers), against a callback that returns an
empty text, and against plotly.express on the same rows. Payload is the uncompressed answer.
"""

import json
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import numpy as np
import plotly.express as px
from dash import Dash, Input, Output, dcc, html

from components.charts.line_band import line_band
from components.theme import theme
from tests.bench._measure import Bench, Row, alternate, pair

TITLE = "Chart callback"
POINTS = 10_000


def measure(bench: Bench) -> list[Row]:
    chance = np.random.default_rng(7)
    course = np.cumsum(chance.normal(0, 1_000, POINTS)).tolist()
    first = date(1999, 1, 1)
    rows = [{"date": first + timedelta(days=i), "cumulative": value} for i, value in enumerate(course)]
    look = theme("light")
    app = Dash("bench", use_async=False, add_log_handler=False)
    app.layout = html.Div(
        [dcc.Input(id="asked"), *(html.Div(id=name) for name in ("empty", "ours", "express"))]
    )

    @app.callback(Output("empty", "children"), Input("asked", "value"))
    def empty(_: Any) -> str:
        return ""

    @app.callback(Output("ours", "children"), Input("asked", "value"))
    def ours(_: Any) -> Any:
        return line_band(rows, look=look, currency="USD", height=300, value="cumulative", label="P&L")

    @app.callback(Output("express", "children"), Input("asked", "value"))
    def express(_: Any) -> Any:
        return dcc.Graph(figure=px.line(x=[row["date"] for row in rows], y=course))

    sides = {name: _fire(app, name) for name in ("ours", "empty", "express")}
    size = {name: len(fire()) for name, fire in sides.items()}
    seconds = alternate(sides, rounds=bench.sizes.rounds, repeat=5)
    seconds = {
        "ours": seconds["ours"],
        "empty callback": seconds["empty"],
        "plotly.express": seconds["express"],
    }
    note = f"{size['ours'] / 1e3:.0f} KB, plotly.express {size['express'] / 1e3:.0f} KB"
    return [
        pair(f"Course of {POINTS:,} days", seconds, "empty callback", goal=1.5, note=note),
        pair("the same, times faster", seconds, "plotly.express", inverse=True),
        Row("Payload", size["ours"] / size["express"], against="plotly.express", goal=1 / 6),
    ]


def _fire(app: Dash, name: str) -> Callable[[], bytes]:
    client = app.server.test_client()
    body = json.dumps(
        {
            "output": f"{name}.children",
            "outputs": {"id": name, "property": "children"},
            "inputs": [{"id": "asked", "property": "value", "value": "x"}],
            "changedPropIds": ["asked.value"],
        }
    )

    def fire() -> bytes:
        answered = client.post("/_dash-update-component", data=body, content_type="application/json")
        if answered.status_code != 200:
            raise AssertionError(f"{name}: {answered.status}")
        return answered.data

    return fire
