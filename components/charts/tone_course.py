"""Does talk move before price: posts by day, coloured by their mean tone, below the price."""

from collections.abc import Sequence
from datetime import timedelta
from itertools import pairwise
from typing import Any

from dash import html

from analytics.social.attention import LONGEST_SILENCE
from components.formats import day, known, number, plural
from components.graph import days, floats, graph
from components.theme import Theme

CLEAR = 0.05  # a mean tone nearer to nought than this is neither good nor bad


def tone_course(
    rows: Sequence[dict[str, Any]],
    *,
    look: Theme,
    height: int,
    prices: Sequence[dict[str, Any]],
    price_label: str,
) -> html.Div:
    """Draw posts and price over days.

    Args:
        rows: One per day with posts, oldest first: ``day``, ``posts`` (count), ``sentiment`` (-1..1 or None).
        look: Theme.
        height: Pixels.
        prices: ``day`` and ``price``, oldest first; none leaves the price out.
        price_label: What the price is of.
    """
    axis = "y2" if prices else "y"
    colours = [look.faded(_tone(row["sentiment"]), 0.85) for row in rows]
    data: list[dict[str, Any]] = [
        {
            "type": "bar",
            "x": days(row["day"] for row in rows),
            "y": floats(row["posts"] for row in rows),
            "name": "Posts",
            "marker": {"color": colours},
            "customdata": [number(row["sentiment"], 2, plus=True) for row in rows],
            "hovertemplate": "%{y:.0f} posts, tone %{customdata}",
            "yaxis": axis,
        }
    ]
    layout: dict[str, Any] = {
        "bargap": 0.25,
        "margin": {"l": 8, "r": 8, "t": 6, "b": 6},
        "xaxis": {
            "nticks": 5,
            "type": "date",
            "tickformat": "%-d %b",
            "tickangle": 0,
            "anchor": axis,
            **_reach(rows),
        },
        "yaxis": {"nticks": 4, "rangemode": "tozero", "title": {"text": "Posts"}},
    }
    if prices:
        data.append(
            {
                "type": "scatter",
                "mode": "lines",
                "x": days(row["day"] for row in prices),
                "y": floats(row["price"] for row in prices),
                "name": "Price",
                "line": {"color": look["accent"], "width": 1.8},
                "hovertemplate": "%{y:,.2f}",
            }
        )
        layout["yaxis"] = {"domain": [0.5, 1], "nticks": 4, "title": {"text": "Price"}}
        layout["yaxis2"] = {
            "domain": [0, 0.42],
            "nticks": 3,
            "rangemode": "tozero",
            "gridcolor": look["line"],
            "tickfont": {"size": 11, "color": look["text3"]},
            "automargin": True,
            "anchor": "x",
            "title": {"text": "Posts", "font": {"size": 11, "color": look["text3"]}, "standoff": 6},
        }
    total = sum(int(row["posts"]) for row in rows)
    finding = f"{plural(total, 'post')} from {day(rows[0]['day'])} to {day(rows[-1]['day'])}, beside: {price_label}."
    return graph(data, layout, look=look, height=height, finding=finding)


def recent(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return days with posts since the last silence of more than ``LONGEST_SILENCE`` days; oldest first, as given."""
    gaps = [
        at
        for at, (one, other) in enumerate(pairwise(rows), 1)
        if (other["day"] - one["day"]).days > LONGEST_SILENCE
    ]
    return rows[gaps[-1] :] if gaps else rows


def _reach(rows: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Return the axis' range: room before the first day, whose label would else stand in that of the zero."""
    first, last = rows[0]["day"], rows[-1]["day"]
    room = max(timedelta(days=2), (last - first) / 20)
    return {"range": days([first - room, last + timedelta(days=1)])}


def _tone(value: float | None) -> str:
    tone = known(value)
    return "text3" if tone is None or abs(tone) < CLEAR else "up" if tone > 0 else "down"
