"""What came against what was said the evening before: P&L, its VaR and ES, exceptions dated."""

from collections.abc import Mapping, Sequence
from typing import Any

from dash import html

from components.formats import day, known, money, plural
from components.graph import days, floats, graph
from components.theme import Theme
from components.ticks import money_ticks

NAMED = 6  # exceptions with their date beside them; more would cover one another


def var_course(
    rows: Sequence[Mapping[str, Any]], *, look: Theme, currency: str, height: int, confidence: float
) -> html.Div:
    """Draw a VaR back-test.

    Args:
        rows: One a session, oldest first: ``date``, ``pnl`` (gain positive), ``var`` and ``es`` (loss positive, or
            None), ``exception``.
        look: Theme.
        currency: Of the money.
        height: Pixels.
        confidence: Of the VaR.
    """
    x = days(row["date"] for row in rows)
    pnl = [known(row["pnl"]) for row in rows]
    var = [None if (v := known(row["var"])) is None else -v for row in rows]
    es = [None if (v := known(row["es"])) is None else -v for row in rows]
    hits = [place for place, row in enumerate(rows) if row["exception"]]
    broken = set(hits)
    colours = [look["down"] if place in broken else look.faded("text3", 0.62) for place in range(len(rows))]
    words = [
        f"<b>{money(row['pnl'], currency, plus=True)}</b><br>VaR {money(row['var'], currency)}"
        f"<br>ES {money(row['es'], currency)}" + (f"<br>{row['reason']}" if row["reason"] else "")
        for row in rows
    ]
    label = f"VaR {confidence * 100:g}%"
    data: list[dict[str, Any]] = [
        {
            "type": "bar", "x": x, "y": floats(pnl), "marker": {"color": colours, "line": {"width": 0}},
            "customdata": words, "hovertemplate": "%{customdata}<extra></extra>",
        },
        {
            "type": "scatter", "mode": "lines", "x": x, "y": floats(var), "name": label, "hoverinfo": "skip",
            "line": {"color": look["accent"], "width": 1.8, "shape": "hv"},
        },
        {
            "type": "scatter", "mode": "lines", "x": x, "y": floats(es), "name": "ES 97.5%", "hoverinfo": "skip",
            "line": {"color": look["high"], "width": 1.3, "dash": "4px,3px", "shape": "hv"},
        },
        {
            "type": "scatter", "mode": "markers", "x": [x[p] for p in hits], "y": floats(pnl[p] for p in hits),
            "marker": {"size": 9, "opacity": 1, "color": look["down"], "line": {"width": 2, "color": look["s1"]}},
            "hoverinfo": "skip",
        },
    ]  # fmt: skip
    levels = [value for value in (*pnl, *var, *es, 0.0) if value is not None]
    low, high = min(levels), max(levels)
    room = (high - low) * 0.08 or 1.0
    layout = {
        "bargap": 0.25,
        "margin": {"l": 8, "r": 10, "t": 6, "b": 8},
        "xaxis": {"type": "date", "range": _range(x), "nticks": 7, "tickangle": 0, "tickformat": "%b\n%Y"},
        "yaxis": {
            "range": [low - 1.8 * room, high + room], "zeroline": True,
            **money_ticks([low, high], currency, plus=True, count=6),
        },
        "annotations": _named(rows, hits, x, pnl, look),
    }  # fmt: skip
    return graph(data, layout, look=look, height=height, finding=_finding(rows, hits, label))


def _range(x: Sequence[str]) -> list[str]:
    return [x[0], x[-1]] if len(x) > 1 else [f"{x[0][:10]}T00:00", f"{x[0][:10]}T23:59"]


def _named(
    rows: Sequence[Mapping[str, Any]],
    hits: Sequence[int],
    x: Sequence[str],
    pnl: Sequence[float | None],
    look: Theme,
) -> list[dict[str, Any]]:
    """Date the exceptions: the deepest where there are many, never two within a twentieth of the width."""
    apart = max(len(rows) // 18, 1)
    chosen: list[int] = []
    for place in sorted(hits, key=lambda p: pnl[p] or 0.0):
        if len(chosen) < NAMED and all(abs(place - other) >= apart for other in chosen):
            chosen.append(place)
    return [
        {
            "x": x[place], "y": pnl[place], "text": day(rows[place]["date"]).rpartition(" ")[0], "yanchor": "top",
            "yshift": -7, "bgcolor": look["s1"], "borderpad": 1, "font": {"size": 11, "color": look["down"]},
            "xanchor": "left" if place < apart else "right" if place > len(rows) - apart else "center",
        }
        for place in chosen
    ]  # fmt: skip


def _finding(rows: Sequence[Mapping[str, Any]], hits: Sequence[int], label: str) -> str:
    said = f"{plural(len(hits), 'exception')} of {label} in {plural(len(rows), 'session')}"
    return f"{said}, the last on {day(rows[hits[-1]]['date'])}." if hits else f"{said}."
