"""Whether data and services can be trusted: one cell each."""

from collections.abc import Mapping, Sequence
from typing import Any

from dash import html

from components.formats import age, compact, known
from components.states import icon

LATE_S = 4 * 86_400


def dataset_strip(rows: Sequence[Mapping[str, Any]]) -> html.Div:
    """Draw one cell per data set: rows, age of the last import, what is wrong."""
    cells = [
        _cell(row) for row in sorted(rows, key=lambda row: (row["state"] == "ok", -int(row["rows"] or 0)))[:8]
    ]
    return html.Div(cells, className="services", style={"--n": str(max(len(cells), 1))})


def _cell(row: Mapping[str, Any]) -> html.Div:
    good = row["state"] == "ok"
    mark = (
        icon("check-circle-fill", "ok t11", label="readable")
        if good
        else icon("exclamation-octagon-fill", "crit t11", label=str(row["state"]))
    )
    gaps = known(row.get("gaps"))
    words = f"{compact(row['rows'])} rows" + (f", {int(gaps)} days missing" if gaps else "")
    below = f"{age(row['lag_s'])} ago" if known(row.get("lag_s")) is not None else "never imported"
    return html.Div(
        [
            html.Div(
                [mark, html.Span(str(row["title"]), className="w5 t12 trunc")],
                className="d-flex align-items-center gap-2",
            ),
            html.Div(
                words if good else str(row["reason"] or row["state"]),
                className=f"t11 num trunc {'t2' if good else 'crit'}",
            ),
            html.Div(below, className="t11 t3 num trunc"),
        ],
        title=str(row["reason"] or ""),
    )
