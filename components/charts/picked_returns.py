"""What each allocation made by the close of its day: those of one account beside everybody else's."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from dash import html

from components.formats import clock, day, known, plural
from components.graph import floats, graph
from components.theme import Theme


def picked_returns(found: Mapping[str, Any], *, look: Theme, height: int) -> html.Div:
    """Draw one mark an allocation, its mean as a line for each of the two.

    Args:
        found: ``app.queries.evidence_course.picked``; at least one row.
        look: Theme.
        height: Pixels.
    """
    rows = found["rows"]
    own, rest = ([row for row in rows if row["favoured"] is which] for which in (True, False))
    data = [
        _marks(rest, look, "Others", look["text3"], "circle-open"),
        _marks(own, look, "Favoured", look["accent"], "diamond"),
    ]
    first, last = rows[0]["time"], rows[-1]["time"]
    room = max((last - first) / 40, timedelta(hours=6))
    means = [
        (words, level, colour)
        for words, level, colour in (
            ("theirs", known(found["own"]), look["accent"]),
            ("others", known(found["rest"]), look["text3"]),
        )
        if level is not None
    ]
    layout: dict[str, Any] = {
        "margin": {"l": 8, "r": 92, "t": 8, "b": 8},
        "hovermode": "closest",
        "xaxis": {
            "type": "date",
            "range": [(first - room).isoformat()[:19], (last + room).isoformat()[:19]],
            "nticks": 7,
            "tickformat": "%-d %b",
            "title": {"text": "Decided, UTC"},
        },
        "yaxis": {"nticks": 7, "ticksuffix": "", "zeroline": True, "title": {"text": "Return to the close, bps"}},
        "shapes": [_line(level, colour, "solid" if words == "theirs" else "4px,3px") for words, level, colour in means],
        "annotations": [
            {"xref": "paper", "x": 1, "xanchor": "left", "xshift": 6, "y": level, "text": f"{words} {_signed(level)} bps",
             "font": {"size": 11, "color": colour}, "showarrow": False}
            for words, level, colour in means
        ],
    }  # fmt: skip
    said = " and ".join(
        f"{plural(n, 'allocation')} {words} made {_signed(level)} basis points on average"
        for words, n, level in (
            ("to the favoured account", found["n_own"], known(found["own"])),
            ("to others", found["n_rest"], known(found["rest"])),
        )
        if level is not None
    )
    return graph(data, layout, look=look, height=height, finding=f"{said}.")


def _signed(level: float) -> str:
    return f"{'+' if level > 0 else '−' if level < 0 else ''}{abs(level):,.0f}"


def _marks(
    rows: Sequence[Mapping[str, Any]], look: Theme, name: str, colour: str, symbol: str
) -> dict[str, Any]:
    return {
        "type": "scatter",
        "mode": "markers",
        "name": name,
        "x": [row["time"].isoformat()[:19] for row in rows],
        "y": floats(row["bp"] for row in rows),
        "marker": {"symbol": symbol, "size": 8, "color": colour, "opacity": 0.9, "line": {"width": 1.2, "color": look["s1"] if symbol == "diamond" else colour}},
        "customdata": [
            f"{row['instrument_id']} to {row['account_id']}, {_signed(row['bp'])} bps<br>"
            f"{day(row['time'].date())} {clock(row['time'], seconds=True)} UTC, {row['after'] / 3600:.1f} h after the last fill"
            for row in rows
        ],
        "hovertemplate": "%{customdata}<extra></extra>",
    }  # fmt: skip


def _line(at: float, colour: str, dash: str) -> dict[str, Any]:
    return {"type": "line", "xref": "paper", "x0": 0, "x1": 1, "y0": at, "y1": at, "line": {"color": colour, "width": 1.4, "dash": dash}}  # fmt: skip
