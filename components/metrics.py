"""Measures as a table: value, its interval, how many observations, by which convention."""

from collections.abc import Mapping, Sequence
from typing import Any

from dash import html

from components.formats import MISSING, known, number, percent, words
from components.tables import table


def metric(value: Any, unit: str) -> str:
    """Return a measure in its unit: fractions as per cent."""
    return percent(value) if unit == "fraction" else number(value, 2)


def metrics(rows: Sequence[Mapping[str, Any]], *, label: str) -> html.Div:
    """Draw measures: name, value, unit, low, high, n, convention, reason."""
    cells = []
    for row in rows:
        shown: Any = metric(row["value"], row["unit"])
        if shown == MISSING:
            shown = html.Span(MISSING, title=row.get("reason") or "It is not known.")
        between = MISSING
        if known(row.get("low")) is not None and known(row.get("high")) is not None:
            between = f"{metric(row['low'], row['unit'])} to {metric(row['high'], row['unit'])}"
        how = ", ".join(f"{words(k).lower()} {v}" for k, v in (row.get("convention") or {}).items())
        cells.append([html.Span(words(row["name"]), title=how), shown, between, row["n"]])
    return table(["Measure", "Value", "95% interval", "n"], cells, numeric=(1, 2, 3), label=label)
