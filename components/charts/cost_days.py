"""Whether execution gets dearer: one dot a day with its interval, against the mean of the period."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from dash import html

from components.charts._whiskers import bps_axis, ends, whiskers
from components.formats import day, known, money, number, plural
from components.graph import day_format, days, graph
from components.theme import Theme


def cost_days(
    rows: Sequence[Mapping[str, Any]], *, look: Theme, currency: str, height: int, mean: float | None
) -> html.Div:
    """Draw cost by day; a day whose whole interval lies off the mean is marked.

    Args:
        rows: Oldest first: ``day`` (date), ``slippage_bp`` (positive = cost), ``low``, ``high`` (or None),
            ``n``, ``cost`` (money).
        look: Theme.
        currency: Of the money.
        height: Pixels.
        mean: Of all days together, bps.
    """
    shown = [row for row in rows if known(row["slippage_bp"]) is not None]
    found = ends(shown, "slippage_bp")
    dates = days(row["day"] for row in shown)
    tones = [_tone(row, mean) for row in shown]
    said = [
        f"{day(row['day'])}<br>{money(row['cost'], currency, plus=True)}, {plural(row['n'], 'fill')}"
        for row in shown
    ]
    data = whiskers(dates, found, look=look, tones=tones, said=said, size=9)
    first, last = shown[0]["day"], shown[-1]["day"]
    layout: dict[str, Any] = {
        "margin": {"l": 8, "r": 58, "t": 8, "b": 8},
        "hovermode": "closest",
        "xaxis": {
            "type": "date",
            "range": [(first - timedelta(days=1)).isoformat(), (last + timedelta(days=1)).isoformat()],
            "nticks": 6,
            "tickangle": 0,
            "tickformat": day_format(dates),
            "showspikes": False,
        },
        "yaxis": bps_axis(*found[1:], room=0.06),
    }
    if mean is not None:
        layout["shapes"] = [
            {"type": "line", "xref": "paper", "x0": 0, "x1": 1, "y0": mean, "y1": mean, "line": {"color": look["text3"], "width": 1, "dash": "3px,3px"}}
        ]  # fmt: skip
        layout["annotations"] = [
            {"xref": "paper", "x": 1, "xanchor": "left", "xshift": 6, "y": mean, "text": f"all {number(mean, 2)}", "font": {"size": 11, "color": look["text2"]}, "showarrow": False}
        ]  # fmt: skip
    dear = [day(row["day"]) for row, tone in zip(shown, tones, strict=True) if tone == "down"]
    finding = f"Cost on {plural(len(shown), 'day')} from {day(first)} to {day(last)}"
    finding += f", {number(mean, 2)} bps over all" if mean is not None else ""
    finding += (
        f"; dearer by more than noise on {', '.join(dear)}."
        if dear
        else "; no day dearer by more than noise."
    )
    return graph([data], layout, look=look, height=height, finding=finding)


def _tone(row: Mapping[str, Any], mean: float | None) -> str:
    low, high = known(row["low"]), known(row["high"])
    if mean is None or low is None or high is None:
        return "accent"
    return "down" if low > mean else "up" if high < mean else "accent"
