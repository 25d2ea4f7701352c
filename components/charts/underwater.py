"""How far below its high net asset value stands: the worst falls marked, the limit below."""

from collections.abc import Mapping, Sequence
from typing import Any

from dash import html

from components.charts.diverging import percent_ticks
from components.formats import day, known, percent, percent_alike, plural
from components.graph import days, floats, graph
from components.theme import Theme


def underwater(
    rows: Sequence[Mapping[str, Any]],
    *,
    look: Theme,
    height: int,
    worst: Sequence[Mapping[str, Any]],
    limit: float | None,
) -> html.Div:
    """Draw drawdowns.

    Args:
        rows: ``date``, ``drawdown`` (0 or negative), oldest first.
        look: Theme.
        height: Pixels.
        worst: Deepest falls first: ``trough``, ``depth``, ``length`` (sessions).
        limit: Deepest fall allowed, fraction, positive.
    """
    x = days(row["date"] for row in rows)
    values = [known(row["drawdown"]) or 0.0 for row in rows]
    edge = min([*values, -(limit or 0.0), -0.001])
    data = [
        {
            "type": "scatter", "mode": "lines" if len(x) > 1 else "markers", "x": x, "y": floats(values),
            "fill": "tozeroy", "fillcolor": look.faded("down", 0.16),
            "line": {"color": look["down"], "width": 1.6}, "hovertemplate": "%{y:.2%}<extra></extra>",
        }
    ]  # fmt: skip
    shapes, notes = [], []
    if limit is not None:
        shapes.append({
            "type": "line", "xref": "paper", "x0": 0, "x1": 1, "y0": -limit, "y1": -limit,
            "line": {"color": look["crit"], "width": 1, "dash": "4px,3px"},
        })  # fmt: skip
        notes.append({
            "xref": "paper", "x": 0, "y": -limit, "text": f"limit {percent(-limit)}", "xanchor": "left",
            "yanchor": "bottom", "font": {"size": 11, "color": look["crit"]},
        })  # fmt: skip
    shown = set(x)
    *depths, now = percent_alike([*(fall["depth"] for fall in worst), values[-1]])
    for place, fall in enumerate(worst):
        low = str(fall["trough"])[:10]
        if low not in shown:
            continue
        late = x.index(low) > 0.75 * len(x)
        told = depths[place]
        if place == 0:  # the others' lengths are told in the table: here they would cover the course
            told = f"<b>{told}</b>, {plural(fall['length'], 'session')}"
        notes.append({
            "x": low, "y": fall["depth"], "text": told,
            "xanchor": "right" if late else "left", "xshift": -8 if late else 8, "yanchor": "top",
            "bgcolor": look["s1"], "borderpad": 1, "font": {"size": 11.5, "color": look["text2"]},
        })  # fmt: skip
    notes.append({
        "xref": "paper", "x": 1, "xanchor": "left", "xshift": 6, "y": values[-1],
        "text": f"<b>{now}</b>", "font": {"size": 12, "color": look["down"]},
    })  # fmt: skip
    layout = {
        "margin": {"l": 8, "r": 52, "t": 10, "b": 8},
        "xaxis": {
            "type": "date", "range": [x[0], x[-1]] if len(x) > 1 else [f"{x[0]}T00:00", f"{x[0]}T23:59"],
            "nticks": 7, "tickformat": "%b %Y",
        },
        "yaxis": {**percent_ticks(edge, 0.0), "range": [edge * 1.12, -edge * 0.04]},
        "shapes": shapes,
        "annotations": notes,
    }  # fmt: skip
    finding = f"Net asset value stands {percent(values[-1])} from its high."
    if worst:
        finding += f" The worst fall was {percent(worst[0]['depth'])}, lowest on {day(worst[0]['trough'])}."
    return graph(data, layout, look=look, height=height, finding=finding)
