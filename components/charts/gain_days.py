"""What trades gained day by day, the day in question among the usual ones."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from dash import html

from components.formats import day, full_money, known
from components.graph import day_format, days, floats, graph
from components.theme import Theme


def gain_days(found: Mapping[str, Any], *, look: Theme, height: int) -> html.Div:
    """Draw gains by day as bars, the usual range behind them.

    Args:
        found: ``app.queries.evidence_course.gains``; at least one row.
        look: Theme.
        height: Pixels.
    """
    rows, money = found["rows"], found["currency"]
    x = days(row["date"] for row in rows)
    gained = [known(row["gain"]) for row in rows]
    bars = {
        "type": "bar",
        "x": x,
        "y": floats(gained),
        "marker": {
            "color": [look["accent"] if row["marked"] else look.faded("text3", 0.65) for row in rows],
            "line": {"width": 0},
        },
        "customdata": [full_money(value, money, plus=True) for value in gained],
        "hovertemplate": "<b>%{customdata}</b>, %{x}<extra></extra>",
    }
    low, high = known(found["low"]), known(found["high"])
    shapes, notes = [], []
    if low is not None and high is not None:
        shapes.append(
            {"type": "rect", "xref": "paper", "x0": 0, "x1": 1, "y0": low, "y1": high, "layer": "below",
             "fillcolor": look.faded("text3", 0.14), "line": {"width": 0}}
        )  # fmt: skip
    marked = [row for row in rows if row["marked"] and known(row["gain"]) is not None]
    worst = max(marked, key=lambda row: abs(row["gain"]), default=None)
    finding = "The day in question cannot be judged: a close is missing."
    if worst is not None:
        said = full_money(worst["gain"], money, plus=True)
        # Beside its bar, on the side where the other days stand.
        notes.append(
            {"x": worst["date"].isoformat(), "y": worst["gain"], "text": said, "xanchor": "right", "xshift": -8,
             "yanchor": "top" if worst["gain"] > 0 else "bottom", "font": {"size": 11, "color": look["text"]}, "showarrow": False}
        )  # fmt: skip
        finding = f"{said} on {day(worst['date'])}"
        if low is not None and high is not None:
            finding += f"; nine of ten of the {found['days']} days before lay between {full_money(low, money, plus=True)} and {full_money(high, money, plus=True)}"
        finding += "."
    layout: dict[str, Any] = {
        "margin": {"l": 8, "r": 12, "t": 10, "b": 8},
        "hovermode": "closest",
        "bargap": 0.25,
        # A day without trades has no bar and no room: the axis counts the days traded.
        "xaxis": {
            "type": "category",
            "tickvals": x[:: max(1, len(x) // 6)],
            "ticktext": [_tick(one, x) for one in x[:: max(1, len(x) // 6)]],
            "range": [-0.8, len(x) - 0.2],
            "showspikes": False,
            "title": {"text": "Days with trades"},
        },
        "yaxis": {"tickformat": "~s", "nticks": 6, "title": {"text": f"Gain by the close, {money}"}},
        "shapes": shapes,
        "annotations": notes,
    }
    return graph([bars], layout, look=look, height=height, finding=finding)


def _tick(at: str, x: list[str]) -> str:
    return date.fromisoformat(at[:10]).strftime(day_format(x))
