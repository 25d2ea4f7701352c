"""The tables of the performance page, drawn from what scripts get too."""

from typing import Any

from dash import html

from callbacks._fill import Drawn, View, nothing
from components.formats import MISSING, day, full_money, known, number, percent_alike, plural
from components.metrics import metric, metrics
from components.passport import passport_link
from components.states import link_button
from components.tables import table
from components.terms import PERIOD

_METHODS = {
    "twr": ("time_weighted_return", "Time-weighted"),
    "dietz": ("modified_dietz", "Modified Dietz"),
    "irr": ("internal_rate_of_return", "Internal rate (IRR)"),
}
_FORMS = {
    "arithmetic": "Ratio of the sums",
    "geometric": "Ratio of geometric means",
    "cumulative": "Ratio of compounded returns",
}
_NAMES = {"total_return": "Total return", "annualised_return": "Return a year"}


def weighting(answer: dict[str, Any], view: View) -> Drawn:
    """Draw the three methods side by side, and why they differ."""
    if all(row["period"] is None for row in answer["rows"]):
        start = link_button("Import files", "/operations/pipeline")
        return nothing(view, "No return to weigh", answer["why"], start)
    rows = [
        [
            passport_link(_METHODS[row["method"]][0], _METHODS[row["method"]][1], of="performance"),
            _known(row["period"], row["reason"]),
            _known(row["annual"], row["annual_reason"]),
        ]
        for row in answer["rows"]
    ]
    made = table(["Method", "The period", "A year"], rows, numeric=(1, 2), label="Return by method")
    currency = answer["currency"]
    moved = sum(flow["amount"] for flow in answer["flows"])
    facts = [
        ("Opening value", full_money(answer["opening"], currency)),
        (plural(len(answer["flows"]), "flow"), full_money(moved, currency, plus=True)),
        ("Closing value", full_money(answer["closing"], currency)),
    ]
    under = table(["Money", currency], [list(pair) for pair in facts], numeric=(1,), label="Money in and out")
    flows = table(
        ["Date", "Flow"],
        [[flow["date"], full_money(flow["amount"], currency, plus=True)] for flow in answer["flows"]],
        numeric=(1,),
        label="External flows",
    )
    return Drawn(
        [made, html.P(answer["why"], className="why"), under],
        sub="net of costs",
        footer=[f"{plural(answer['days'], 'day')}, act/365", "flows count from the start of their day"],
        as_table=flows,
        fit="flush",
    )


def _known(value: Any, reason: str | None) -> Any:
    found = known(value)
    if found is None:
        return html.Span(MISSING, title=reason or "It is not known.")
    return f"{number(found * 100, 2, plus=True)}%"


def falls(answer: dict[str, Any], view: View) -> Drawn:
    """Draw the deepest falls."""
    rows = answer["rows"].to_dicts()
    if not rows:
        why = answer["reasons"].get("return") or "The value never stood below an earlier high."
        return nothing(view, "No drawdown", why)
    unit = PERIOD[answer["terms"]["frequency"]]
    made = table(
        ["Depth", "Peak", "Trough", "Recovery", f"{unit.capitalize()}s", "Down", "Back"],
        [
            [
                depth,
                day(row["peak"]) if row["peak"] else "the start",
                day(row["trough"]),
                day(row["recovery"]) if row["recovery"] else html.Span("not yet", className="tag high"),
                number(row["length"]),
                number(row["to_trough"]),
                number(row["to_recovery"]),
            ]
            for row, depth in zip(rows, percent_alike(row["depth"] for row in rows), strict=True)
        ],
        numeric=(0, 4, 5, 6),
        label="Deepest drawdowns",
    )
    return Drawn(made, sub=f"length in {unit}s", fit="flush")


def measures(answer: dict[str, Any], view: View) -> Drawn:
    """Draw every measure with its interval; each name opens its passport."""
    if all(row["value"] is None for row in answer["metrics"]):
        return nothing(view, "No performance yet", answer["metrics"][0]["reason"] or "There is no return.")
    against = f", against {answer['benchmark']}" if answer["benchmark"] else ""
    span = answer["period"]
    sub = f"{day(span['from'])} to {day(span['to'])}{against}"
    footer = ["A name opens its definition, and how other houses would read it"]
    if answer["benchmark"] is None:
        footer.append(answer["reasons"]["benchmark"])
    return Drawn(
        metrics(answer["metrics"], label="All measures", columns=2), sub=sub, footer=footer, fit="flush"
    )


def costs(answer: dict[str, Any], view: View) -> Drawn:
    """Draw the main measures before and after costs."""
    if all(row["net"] is None for row in answer["rows"]):
        return nothing(view, "No performance yet", answer["rows"][0]["reason"] or "There is no return.")
    made = table(
        ["Measure", "Gross", "Net", "Cost"],
        [
            [
                passport_link(row["name"], _NAMES.get(row["name"]), of="performance"),
                _told(row["gross"], row),
                _told(row["net"], row),
                _told(row["cost"], row, plus=True),
            ]
            for row in answer["rows"]
        ],
        numeric=(1, 2, 3),
        label="Before and after costs",
    )
    return Drawn(made, footer="Costs: commissions, fees and taxes of trades and of the account", fit="flush")


def _told(value: Any, row: dict[str, Any], *, plus: bool = False) -> Any:
    found = known(value)
    if found is None:
        return html.Span(MISSING, title=row["reason"] or "It is not known.")
    if row["unit"] == "fraction":
        return f"{number(found * 100, 2, plus=plus)}%"
    return number(found, 2, plus=plus)


def captures(answer: dict[str, Any], view: View) -> Drawn:
    """Draw up and down capture under their three definitions."""
    by_name = {row["name"]: row for row in answer["metrics"]}
    if answer["benchmark"] is None:
        return nothing(view, "Nothing to compare with", answer["reasons"]["benchmark"])
    rows = []
    for form, words in _FORMS.items():
        cells: list[Any] = [words]
        for side in ("up", "down"):
            one = by_name[f"{side}_capture_{form}"]
            shown = metric(one["value"], one["unit"])
            cells.append(
                html.Span(MISSING, title=one["reason"]) if shown == MISSING
                else passport_link(one["name"], shown, of="performance")
            )  # fmt: skip
        rows.append(cells)
    made = table(["Definition", "Up", "Down"], rows, numeric=(1, 2), wrap=(0,), label="Capture")
    unit = PERIOD[answer["terms"]["frequency"]]
    return Drawn(
        made,
        sub=f"of {answer['benchmark']}",
        footer=f"1 = moved as the benchmark did in its rising (falling) {unit}s",
        fit="flush",
    )
