"""How far below its high a value stood, with its worst fall marked."""

from collections.abc import Mapping, Sequence
from typing import Any

from dash import html

from components.charts.index_course import span
from components.formats import day, known, number, percent, plural
from components.graph import days, floats, graph
from components.theme import Theme
from components.ticks import nice_step


def fall_course(
    rows: Sequence[Mapping[str, Any]],
    *,
    look: Theme,
    height: int,
    worst: Mapping[str, Any] | None,
    unit: str = "session",
) -> html.Div:
    """Draw drawdowns over periods.

    Args:
        rows: One a period, oldest first: ``date``, ``drawdown`` (0 or negative).
        look: Theme.
        height: Pixels.
        worst: Its ``peak`` (null: the start), ``trough``, ``recovery`` (null: not yet), ``depth``, ``length``.
        unit: What a period is called.
    """
    x = days(row["date"] for row in rows)
    values = [known(row["drawdown"]) for row in rows]
    data: list[dict[str, Any]] = [
        {
            "type": "scatter",
            "mode": "lines" if len(rows) > 1 else "markers",
            "x": x,
            "y": floats(values),
            "fill": "tozeroy",
            "fillcolor": look.faded("down", 0.16),
            "line": {"color": look["down"], "width": 1.4},
            "hovertemplate": "%{y:.2%}<extra></extra>",
        }
    ]
    shapes: list[dict[str, Any]] = []
    notes: list[dict[str, Any]] = []
    finding = "There is no fall from a high in this period."
    if worst:
        begin, low = (str(worst["peak"] or rows[0]["date"])[:10], str(worst["trough"])[:10])
        end = str(worst["recovery"] or rows[-1]["date"])[:10]
        shapes.append(
            {
                "type": "rect", "yref": "paper", "y0": 0, "y1": 1, "x0": begin, "x1": end, "layer": "below",
                "fillcolor": look.faded("text3", 0.1), "line": {"width": 0},
            }
        )  # fmt: skip
        data.append(
            {
                "type": "scatter", "mode": "markers", "x": [low], "y": floats([worst["depth"]]), "hoverinfo": "skip",
                "marker": {"size": 9, "symbol": "diamond", "color": look["down"],
                           "line": {"width": 1.5, "color": look["s1"]}},
            }
        )  # fmt: skip
        late = x.index(low) > len(x) / 2 if low in x else False
        notes.append(
            {
                "x": low, "y": worst["depth"], "text": f"<b>{percent(worst['depth'])}</b>", "showarrow": False,
                "xanchor": "right" if late else "left", "xshift": -8 if late else 8, "yshift": 2,
                "font": {"size": 12, "color": look["text"]},
            }
        )  # fmt: skip
        back = f"made good on {day(worst['recovery'])}" if worst["recovery"] else "not made good yet"
        finding = (
            f"The worst fall is {percent(worst['depth'])}, from {day(begin)} to {day(low)}, "
            f"{plural(worst['length'], unit)}, {back}."
        )
    low_edge = min([*(v for v in values if v is not None), -0.001])
    layout = {
        "margin": {"l": 8, "r": 12, "t": 8, "b": 8},
        "xaxis": {"range": span(x), "nticks": 6, "type": "date", "tickformat": "%b %Y"},
        "yaxis": {**_ticks(low_edge), "range": [low_edge * 1.12, -low_edge * 0.04]},
        "shapes": shapes,
        "annotations": notes,
    }
    return graph(data, layout, look=look, height=height, finding=finding)


def _ticks(low: float) -> dict[str, Any]:
    step = nice_step(-low, 4)
    ticks = [-place * step for place in range(round(-low / step) + 1)]
    decimals = 0 if abs(step * 100 - round(step * 100)) < 1e-9 else 1 if step >= 0.001 else 2
    return {"tickvals": ticks, "ticktext": ["0", *(f"{number(tick * 100, decimals)}%" for tick in ticks[1:])]}
