"""A course over days against a benchmark and what is usual."""

from collections.abc import Sequence
from typing import Any

from dash import html

from components.formats import day, known, money, symbol
from components.graph import day_format, floats, graph
from components.graph import days as iso_days
from components.theme import Theme
from components.ticks import money_ticks

WIDE = 76  # right margin that holds the end labels


def line_band(
    rows: Sequence[dict[str, Any]],
    *,
    look: Theme,
    currency: str,
    height: int,
    value: str,
    label: str,
    benchmark: str | None = None,
    low: str | None = None,
    high: str | None = None,
    from_zero: bool = True,
) -> html.Div:
    """Draw cumulative money over days.

    Args:
        rows: One per day, oldest first: ``date`` and the named columns (money, null where not known).
        look: Theme.
        currency: Of the money.
        height: Pixels.
        value: Column of the main line.
        label: What the main line is, in words.
        benchmark: Column of the dashed line; left out where it holds nothing.
        low: Column of the lower edge of the usual range.
        high: Column of its upper edge.
        from_zero: Show gains from nought, signed; otherwise a level.
    """
    x = iso_days(row["date"] for row in rows)
    data: list[dict[str, Any]] = []
    notes: list[dict[str, Any]] = []
    sign = "+" if from_zero else ""
    if low and high:
        edges = [(d, known(row[low]), known(row[high])) for d, row in zip(x, rows, strict=True)]
        data.extend(_band(edges, look))
    if benchmark and any(known(row[benchmark]) is not None for row in rows):
        data.append(
            {
                "type": "scatter",
                "mode": "lines",
                "x": x,
                "y": floats(row[benchmark] for row in rows),
                "name": "Benchmark",
                "line": {"color": look["text3"], "width": 1.4, "dash": "4px,3px"},
                "hovertemplate": f"{symbol(currency)}%{{y:+,.0f}}",
            }
        )
        notes.append(_end(rows, benchmark, look["text2"], currency, plus=from_zero))
    data.append(
        {
            "type": "scatter",
            "mode": "lines" if len(rows) > 1 else "markers",
            "x": x,
            "y": floats(row[value] for row in rows),
            "name": label,
            "line": {"color": look["accent"], "width": 2},
            "marker": {"size": 8, "color": look["accent"]},
            "hovertemplate": f"<b>{symbol(currency)}%{{y:{sign},.0f}}</b>",
        }
    )
    notes.append(_end(rows, value, look["accent"], currency, plus=from_zero, bold=True))
    layout = {
        "margin": {"l": 8, "r": WIDE, "t": 8, "b": 8},
        "xaxis": {"range": _range(x), "nticks": 8, "type": "date", "tickformat": day_format(x)},
        "yaxis": {
            "zeroline": from_zero,
            "zerolinewidth": 1,
            **money_ticks(
                (row[name] for row in rows for name in (value, benchmark, low, high) if name),
                currency,
                plus=from_zero,
            ),
        },
        "annotations": _apart([note for note in notes if note], rows, value, benchmark),
    }
    return graph(
        data, layout, look=look, height=height, finding=_finding(rows, value, label, benchmark, currency)
    )


def _band(edges: list[tuple[str, float | None, float | None]], look: Theme) -> list[dict[str, Any]]:
    found = [edge for edge in edges if edge[1] is not None and edge[2] is not None]
    if len(found) < 2:
        return []
    return [
        {
            "type": "scatter",
            "mode": "lines",
            "x": [edge[0] for edge in found] + [edge[0] for edge in reversed(found)],
            "y": floats([edge[2] for edge in found] + [edge[1] for edge in reversed(found)]),
            "fill": "toself",
            "fillcolor": look.faded("text3", 0.11),
            "line": {"width": 0, "color": "rgba(0,0,0,0)"},
            "hoverinfo": "skip",
        }
    ]


def _range(x: Sequence[str]) -> list[str]:
    # Labels take part in plotly's own choice of range, so it is never left to it.
    return [x[0], x[-1]] if len(x) > 1 else [f"{x[0][:10]}T00:00", f"{x[0][:10]}T23:59"]


def _last(rows: Sequence[dict[str, Any]], column: str) -> float | None:
    return next((v for row in reversed(rows) if (v := known(row[column])) is not None), None)


def _end(
    rows: Sequence[dict[str, Any]], column: str, colour: str, currency: str, *, plus: bool, bold: bool = False
) -> dict[str, Any]:
    last = _last(rows, column)
    if last is None:
        return {}
    words = money(last, currency, plus=plus)
    return {
        "xref": "paper",
        "x": 1,
        "xanchor": "left",
        "xshift": 6,
        "y": last,
        "text": f"<b>{words}</b>" if bold else words,
        "font": {"size": 12, "color": colour},
        "showarrow": False,
    }


def _apart(
    notes: list[dict[str, Any]], rows: Sequence[dict[str, Any]], value: str, benchmark: str | None
) -> list[dict[str, Any]]:
    """Move two end labels apart where they would cover each other."""
    if len(notes) < 2:
        return notes
    everything = [v for row in rows for c in (value, benchmark) if c and (v := known(row[c])) is not None]
    span = (max(everything) - min(everything)) or 1.0
    first, second = sorted(notes, key=lambda note: float(note["y"]))
    if (second["y"] - first["y"]) / span < 0.07:
        first["yshift"], second["yshift"] = -8, 8
    return notes


def _finding(
    rows: Sequence[dict[str, Any]], value: str, label: str, benchmark: str | None, currency: str
) -> str:
    words = f"{label} from {day(rows[0]['date'])} to {day(rows[-1]['date'])} ends at {money(_last(rows, value), currency, plus=True)}"
    against = _last(rows, benchmark) if benchmark else None
    return words + (f", benchmark {money(against, currency, plus=True)}." if against is not None else ".")
