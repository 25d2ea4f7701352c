"""What is likely from here, and whether what was said before held: bands behind, a fan ahead, misses marked."""

from collections.abc import Mapping, Sequence
from typing import Any

from dash import html

from components.formats import day, known, percent, plural, price
from components.graph import days as iso_days
from components.graph import floats, graph
from components.theme import Theme

_MISSED = {"size": 8, "symbol": "circle"}


def fan(
    course: Sequence[Mapping[str, Any]],
    ranges: Sequence[Mapping[str, Any]],
    *,
    look: Theme,
    height: int,
    sessions: int,
) -> html.Div:
    """Draw a price with the bands said of each session, and the ranges said of the sessions ahead.

    Args:
        course: ``date``, ``close``, ``low``, ``high`` (the 90 % band said of that session; null where none was),
            ``missed``; oldest first.
        ranges: ``until`` and ``prices`` (``q05``, ``q25``, ``q75``, ``q95``), the nearest first.
        look: Theme.
        height: Pixels.
        sessions: How long before each session its band was said.
    """
    x = iso_days(row["date"] for row in course)
    start, close = x[-1], known(course[-1]["close"])
    ahead = [
        row
        for row in ranges
        if all(known(row["prices"][q]) is not None for q in ("q05", "q25", "q75", "q95"))
    ]
    until = [start, *iso_days(row["until"] for row in ahead)]
    missed = [(at, row) for at, row in zip(x, course, strict=True) if row["missed"]]
    data: list[dict[str, Any]] = [
        _band(
            [at for at, row in zip(x, course, strict=True) if row["low"] is not None],
            [row["low"] for row in course if row["low"] is not None],
            [row["high"] for row in course if row["high"] is not None],
            look.faded("text3", 0.13),
        ),
        *(
            _band(
                until,
                [close, *(row["prices"][low] for row in ahead)],
                [close, *(row["prices"][high] for row in ahead)],
                look.faded("accent", shade),
            )
            for low, high, shade in (("q05", "q95", 0.14), ("q25", "q75", 0.24))
        ),
        {
            "type": "scatter",
            "mode": "lines",
            "x": until,
            "y": [close] * len(until),
            "line": {"color": look["text3"], "width": 1.4, "dash": "4px,3px"},
            "hoverinfo": "skip",
        },
        {
            "type": "scatter",
            "mode": "lines",
            "x": x,
            "y": floats(row["close"] for row in course),
            "line": {"color": look["text2"], "width": 1.8},
            "customdata": [_words(row) for row in course],
            "hovertemplate": "<b>%{y:,.2f}</b><br>%{customdata}<extra></extra>",
        },
        {
            "type": "scatter",
            "mode": "markers",
            "x": [at for at, _ in missed],
            "y": floats(row["close"] for _, row in missed),
            "marker": {**_MISSED, "color": look["down"], "line": {"width": 1.5, "color": look["s1"]}},
            "hoverinfo": "skip",
        },
    ]
    last = ahead[-1]["prices"] if ahead else None
    layout = {
        "margin": {"l": 8, "r": 74, "t": 20, "b": 8},
        "xaxis": {"type": "date", "range": [x[0], until[-1]], "nticks": 7, "tickangle": 0, "tickformat": "%-d %b"},
        "yaxis": {"tickformat": ",.4~g", "nticks": 6, "title": {"text": "Price"}},
        "hovermode": "x",
        "shapes": [
            {"type": "line", "x0": start, "x1": start, "yref": "paper", "y0": 0, "y1": 1,
             "line": {"color": look["ctl"], "width": 1}}
        ],
        "annotations": [
            {"x": start, "yref": "paper", "y": 1, "yanchor": "bottom", "text": "now", "showarrow": False},
            *([_end(last["q95"], "95%", look), _end(last["q05"], "5%", look)] if last else []),
        ],
    }  # fmt: skip
    judged = sum(row["missed"] is not None for row in course)
    finding = f"Of {plural(judged, 'session')} {len(missed)} closed outside the 90% range said {plural(sessions, 'session')} before."
    if last:
        finding += (
            f" By {day(ahead[-1]['until'])} 90% lie between {price(last['q05'])} and {price(last['q95'])}."
        )
    return graph(data, layout, look=look, height=height, finding=finding)


def _band(x: Sequence[str], low: Sequence[Any], high: Sequence[Any], colour: str) -> dict[str, Any]:
    return {
        "type": "scatter",
        "mode": "lines",
        "x": [*x, *reversed(x)],
        "y": floats([*high, *reversed(low)]),
        "fill": "toself",
        "fillcolor": colour,
        "line": {"width": 0, "color": "rgba(0,0,0,0)"},
        "hoverinfo": "skip",
    }


def _end(value: Any, words: str, look: Theme) -> dict[str, Any]:
    return {
        "xref": "paper", "x": 1, "xanchor": "left", "xshift": 6, "y": value, "showarrow": False,
        "text": f"{words} {price(value)}", "font": {"size": 11, "color": look["text2"]},
    }  # fmt: skip


def _words(row: Mapping[str, Any]) -> str:
    if row["low"] is None:
        return "no range was said of this session"
    held = "outside" if row["missed"] else "within"
    wide = known(row["high"]) or 0.0
    low = known(row["low"]) or 1.0
    return f"{held} {price(row['low'])} to {price(row['high'])} ({percent(wide / low - 1)} wide)"
