"""How much of a limit was used, where it goes, and how far it may come."""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any

from dash import html

from components.formats import day, known, percent
from components.graph import day_format, days, floats, graph
from components.theme import Theme


def limit_course(
    rows: Sequence[Mapping[str, Any]],
    *,
    look: Theme,
    height: int,
    warn_at: float | None,
    fan: Sequence[Mapping[str, Any]] = (),
    shown: Sequence[str] = (),
    since: date | None = None,
) -> html.Div:
    """Draw utilisation by session under its limit, and the fan of what may come.

    Args:
        rows: date, utilisation (1 is the limit; None where not known), oldest first.
        look: Theme.
        height: Pixels.
        warn_at: Utilisation from which a warning is given.
        fan: ahead (sessions), p10, p50, p90.
        shown: The measured value of each row as people read it.
        since: First day on which the limit holds; before it nothing is a breach.
    """
    x = days(row["date"] for row in rows)
    used = [known(row["utilisation"]) for row in rows]
    data: list[dict[str, Any]] = _fan(rows, fan, look)
    data.append(
        {
            "type": "scatter",
            "mode": "lines",
            "name": "Used",
            "x": x,
            "y": floats(used),
            "connectgaps": False,
            "line": {"color": look["accent"], "width": 1.8},
            "customdata": list(shown) or x,
            "hovertemplate": "<b>%{y:.1%}</b> of the limit, %{customdata}<extra></extra>",
        }
    )
    above = [
        (one, value)
        for one, value in zip(x, used, strict=True)
        if value is not None and value > 1 and (since is None or one[:10] >= str(since))
    ]
    if above:
        data.append(
            {
                "type": "scatter",
                "mode": "markers",
                "name": "Breach",
                "x": [one for one, _ in above],
                "y": floats(value for _, value in above),
                "marker": {"size": 5, "symbol": "diamond", "color": look["crit"]},
                "hoverinfo": "skip",
            }
        )
    levels = [
        *(value for value in used if value is not None),
        1.0,
        *(known(point["p90"]) or 0.0 for point in fan),
    ]
    floor = min([value for value in used if value is not None] + [warn_at or 1.0])
    low, high = max(0.0, floor - 0.1), max(levels) * 1.05
    shapes = [_level(1.0, look["crit"], "solid")]
    notes = [_note(1.0, "limit", look["crit"])]
    if warn_at is not None and low < warn_at < 1.0:
        shapes.append(_level(warn_at, look["high"], "4px,3px"))
        # Where the two would cover each other, the limit is the one that is named.
        if 1.0 - warn_at > 0.05 * (high - low):
            notes.append(_note(warn_at, "warn", look["high"]))
    end = (
        _ahead(rows[-1]["date"], int(fan[-1]["ahead"]))
        if rows and fan
        else rows[-1]["date"]
        if rows
        else None
    )
    layout: dict[str, Any] = {
        "margin": {"l": 8, "r": 44, "t": 8, "b": 8},
        "xaxis": {
            "type": "date",
            "nticks": 5,
            "tickformat": day_format(x),
            "range": [x[0], str(end)] if x else None,
        },
        "yaxis": {
            "tickformat": ".0%",
            "nticks": 6,
            "range": [low, high],
            "title": {"text": "Used, share of the limit"},
        },
        "shapes": shapes,
        "annotations": notes,
    }
    if since is not None and x and x[0][:10] < str(since) <= x[-1][:10]:
        shapes.append(_begin(str(since), look["text3"]))
        notes.append(
            {
                "x": str(since),
                "yref": "paper",
                "y": 1,
                "yanchor": "top",
                "xanchor": "right",
                "xshift": -4,
                "text": "in force",
                "font": {"size": 11, "color": look["text3"]},
                "showarrow": False,
            }
        )
    last = next((value for value in reversed(used) if value is not None), None)
    finding = (
        f"{percent(last)} of the limit is used on {day(rows[-1]['date'])}."
        if rows
        else "Nothing is measured."
    )
    return graph(data, layout, look=look, height=height, finding=finding)


def _fan(
    rows: Sequence[Mapping[str, Any]], fan: Sequence[Mapping[str, Any]], look: Theme
) -> list[dict[str, Any]]:
    if not rows or not fan:
        return []
    start = rows[-1]
    now = known(start["utilisation"])
    x = [str(start["date"]), *(str(_ahead(start["date"], int(point["ahead"]))) for point in fan)]

    def edge(name: str) -> list[float | None]:
        return [now, *(known(point[name]) for point in fan)]

    return [
        {
            "type": "scatter",
            "mode": "lines",
            "x": x + x[::-1],
            "y": floats(edge("p90") + edge("p10")[::-1]),
            "fill": "toself",
            "fillcolor": look.faded("accent", 0.16),
            "line": {"width": 0, "color": "rgba(0,0,0,0)"},
            "hoverinfo": "skip",
        },
        {
            "type": "scatter",
            "mode": "lines",
            "name": "Drift seen",
            "x": x,
            "y": floats(edge("p50")),
            "line": {"color": look["accent"], "width": 1.2, "dash": "4px,3px"},
            "hovertemplate": "%{y:.1%} at the drift seen<extra></extra>",
        },
    ]


def _ahead(last: date, sessions: int) -> date:
    # Weekdays stand in for sessions not yet on any calendar here.
    found = last
    while sessions:
        found += timedelta(days=1)
        sessions -= found.weekday() < 5
    return found


def _level(at: float, colour: str, dash: str) -> dict[str, Any]:
    return {"type": "line", "xref": "paper", "x0": 0, "x1": 1, "y0": at, "y1": at, "line": {"color": colour, "width": 1, "dash": dash}}  # fmt: skip


def _begin(at: str, colour: str) -> dict[str, Any]:
    return {"type": "line", "yref": "paper", "y0": 0, "y1": 1, "x0": at, "x1": at, "line": {"color": colour, "width": 1, "dash": "2px,3px"}}  # fmt: skip


def _note(at: float, words: str, colour: str) -> dict[str, Any]:
    return {
        "xref": "paper", "x": 1, "xanchor": "left", "xshift": 6, "y": at, "text": words,
        "font": {"size": 11, "color": colour}, "showarrow": False,
    }  # fmt: skip
