"""What stands behind an alert of risk: the course of a limit, the back-test of a model."""

from collections.abc import Mapping, Sequence
from typing import Any

from dash import html

from components.charts.limit_course import limit_course
from components.charts.var_course import var_course
from components.formats import day, known, number, percent, words
from components.limits import amount
from components.tables import table
from components.theme import Theme


def limit(found: Mapping[str, Any], *, look: Theme) -> list[Any]:
    """Draw a limit's course and what is known of it now: ``app.queries.limits.history``."""
    bound = float(found["limit"])
    warn = known(found["warn_at"])
    chart = limit_course(
        found["rows"],
        look=look,
        height=280,
        warn_at=None if warn is None else warn / bound,
        shown=[amount(row["value"], found) for row in found["rows"]],
        since=found["valid_from"],
    )
    last = next((row for row in reversed(found["rows"]) if row["value"] is not None), None)
    pairs = [
        ("Limit", amount(bound, found)),
        ("Kind", "hard" if found["hard"] else "soft"),
        ("Last measured", amount(last["value"], found) if last else "–"),
        ("Used", percent(last["utilisation"]) if last else "–"),
        ("On", day(last["date"]) if last else "–"),
        ("State", words(str(found["state"]))),
    ]
    return [chart, _pairs(pairs)]


def model(found: Mapping[str, Any], rows: Sequence[Mapping[str, Any]], *, look: Theme) -> list[Any]:
    """Draw a back-test and its named tests: ``app.queries.risk_backtest.backtest``."""
    chart = var_course(
        rows, look=look, currency=found["currency"], height=300, confidence=found["confidence"]
    )
    zone = found["zone"]
    pairs = [
        ("Exceptions", f"{zone['exceptions']} of {zone['n']}" if zone else "–"),
        ("Traffic light", words(zone["zone"]) if zone else "–"),
    ]
    cells = [
        [
            words(test["name"]),
            number(test["value"], 2),
            _p(test["p_value"]),
            words(test["result"]),
            test["reason"] or "",
        ]
        for test in found["tests"]
    ]
    heads = ["Test", "Value", "p", "Result", "Why"]
    return [chart, _pairs(pairs), table(heads, cells, numeric=(1, 2), wrap=(4,), label="Tests of the model")]


def _p(value: float | None) -> str:
    return "–" if value is None else f"{value:.2g}"


def _pairs(pairs: Sequence[tuple[str, str]]) -> html.Dl:
    return html.Dl(
        [html.Div([html.Dt(name), html.Dd(value)], className="pair") for name, value in pairs],
        className="effect-sums",
    )
