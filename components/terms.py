"""What performance is measured under, as controls that write into the address."""

from collections.abc import Mapping, Sequence
from typing import Any

import dash_bootstrap_components as dbc
from dash import html

from components.cards import segment
from components.formats import number
from components.ids import at

FREQUENCIES = (("daily", "Daily"), ("weekly", "Weekly"), ("monthly", "Monthly"))
COSTS = (("net", "Net"), ("gross", "Gross"))
PERIOD = {"daily": "day", "weekly": "week", "monthly": "month"}


def controls(page: str, terms: Mapping[str, Any], *, benchmark: str | None, known: Sequence[str]) -> html.Div:
    """Draw the controls.

    Args:
        page: ``Page.key``.
        terms: frequency, benchmark, risk_free, mar (fractions a period), costs, periods_per_year.
        benchmark: The one compared with now.
        known: Ids of all benchmarks.
    """
    unit = PERIOD[terms["frequency"]]
    options = [{"label": name, "value": name} for name in known]
    options.append({"label": "No benchmark", "value": "none"})
    select = dbc.Select(
        id=at(page, "benchmark"), options=options, value=benchmark or "none", size="sm", className="w-auto"
    )
    return html.Div(
        [
            # A rate a day is another one a month: with the frequency the rates start afresh.
            html.Span(
                segment("Frequency", "frequency", FREQUENCIES, terms["frequency"]),
                **{"data-resets": "risk_free,mar"},
            ),
            segment("Costs", "costs", COSTS, terms["costs"]),
            html.Label(["Benchmark", select], className="term", **{"data-term": "benchmark"}),
            _rate(page, "risk_free", "Risk-free", terms, unit),
            _rate(page, "mar", "Least return", terms, unit),
        ],
        className="terms",
        role="group",
        **{"aria-label": "Measured under"},
    )


def _rate(page: str, name: str, words: str, terms: Mapping[str, Any], unit: str) -> html.Label:
    value = float(terms[name])
    yearly = (1 + value) ** terms["periods_per_year"] - 1
    box = dbc.Input(
        id=at(page, name), type="number", value=round(value * 100, 8), min=-5, max=5, step="any", size="sm"
    )
    told = f"% a {unit}" + (f", {number(yearly * 100, 1)}% a year" if value else "")
    return html.Label(
        [words, box, html.Span(told, className="t3")],
        className="term",
        **{"data-term": name, "data-share": "100"},
    )
