"""Forecasts in words and small tables; whatever a baseline answers is marked so."""

from collections.abc import Mapping, Sequence
from typing import Any

from dash import html

from components.formats import (
    MISSING,
    clock,
    compact,
    day,
    known,
    money,
    number,
    percent,
    plural,
    words,
)
from components.states import icon
from components.tables import link, table

AHEAD = {1: "Next session", 5: "Next 5 sessions", 21: "Next 21 sessions"}
ZONES = {"green": "ok", "yellow": "med", "red": "crit"}


def served_tag(served: str, reason: str | None = None) -> html.Span:
    """Say whether a model answers or its baseline does, and on hover why."""
    if served == "model":
        return html.Span([icon("check-circle"), "Model"], className="tag ok")
    return html.Span(
        [icon("pause-circle"), "Baseline"],
        className="tag med",
        title=reason or "The model has shown no skill.",
    )


def volatility_table(rows: Sequence[Mapping[str, Any]], models: Mapping[str, Mapping[str, Any]]) -> html.Div:
    """Draw volatility over each horizon, annualised, beside the baseline's."""
    names = {1: "volatility", 5: "volatility_5d", 21: "volatility_21d"}
    cells = [
        [
            AHEAD[row["sessions"]],
            percent(row["value"]),
            percent(row["baseline"]),
            served_tag(row["served"], models.get(names[row["sessions"]], {}).get("reason")),
        ]
        for row in rows
    ]
    return table(["Over", "A year", "Baseline", "Answers"], cells, numeric=(1, 2), label="Volatility")


def volume_table(
    volume: Mapping[str, Any] | None,
    curve: Sequence[Mapping[str, Any]],
    models: Mapping[str, Mapping[str, Any]],
) -> html.Div:
    """Draw the next session's volume with its range, and the half hours of the last session."""
    cells: list[list[Any]] = []
    if volume is not None:
        low, high = known(volume["low"]), known(volume["high"])
        between = MISSING if low is None or high is None else f"{compact(low)} to {compact(high)}"
        why = models.get("volume", {}).get("reason")
        cells.append(["Next session", compact(volume["value"]), between, served_tag(volume["served"], why)])
    why = models.get("volume_curve", {}).get("reason")
    cells += [
        [
            f"Half hour from {clock(row['bucket'])}",
            compact(row["value"]),
            f"usual {compact(row['usual'])}",
            served_tag(row["served"], why),
        ]
        for row in curve[-3:]
    ]
    return table(["Of", "Shares", "80% range", "Answers"], cells, numeric=(1,), label="Volume")


def ranges_table(rows: Sequence[Mapping[str, Any]]) -> html.Div:
    """Draw the ranges as numbers."""
    cells = [
        [
            AHEAD[row["sessions"]],
            day(row["until"]),
            *(percent(_simple(row["quantiles"][q]), plus=True) for q in ("q05", "q25", "q75", "q95")),
            row["served"],
        ]
        for row in rows
    ]
    heads = ["Over", "Until", "5%", "25%", "75%", "95%", "Answers"]
    return table(heads, cells, numeric=(2, 3, 4, 5), label="Ranges of the return")


def reasons_list(rows: Sequence[Mapping[str, Any]]) -> html.Div:
    """Draw what moved each range most."""
    parts: list[Any] = []
    for row in rows:
        if not row["reasons"]:
            continue
        parts.append(html.Div(AHEAD[row["sessions"]], className="subhead"))
        parts.append(
            table(
                ["Because of", "Width"],
                [[one["words"], percent(one["contribution"], plus=True)] for one in row["reasons"]],
                numeric=(1,),
                wrap=(0,),
                label=f"Reasons, {AHEAD[row['sessions']].lower()}",
            )
        )
    return html.Div(parts)


def books_table(rows: Sequence[Mapping[str, Any]], model: Mapping[str, Any]) -> html.Div:
    """Draw value at risk of each book with its back-test, and below it how far the book swings."""
    swings = [row for row in rows if any(one["value"] is not None for one in row["volatility"])]
    risk = table(
        ["Book", "VaR 95%", "VaR 99%", "ES 97.5%", "Plain VaR 99%", "Exceptions", "Expected", "Kupiec p", "Zone",
         "Answers"],
        [_book(row, model) for row in rows],
        numeric=(1, 2, 3, 4, 5, 6, 7),
        label="Value at risk by book",
    )  # fmt: skip
    if not swings:
        return risk
    return html.Div(
        [
            risk,
            html.Div("One standard deviation of profit and loss", className="subhead"),
            table(
                ["Book", *AHEAD.values()],
                [_swings(row) for row in swings],
                numeric=tuple(range(1, 1 + len(AHEAD))),
                label="Volatility by book",
            ),
        ]
    )


def books_rows(rows: Sequence[Mapping[str, Any]]) -> str:
    """Return how many books there are, in words."""
    return plural(len(rows), "book")


def _swing_of(one: Mapping[str, Any] | None, currency: str) -> Any:
    """Draw one standard deviation of a book's P&L; on hover, whose word it is."""
    if one is None or one["value"] is None:
        return MISSING
    whose = (
        "the model" if one["served"] == "model" else "the fading average, for the model has shown no skill"
    )
    return html.Span(money(one["value"], currency), title=f"One standard deviation, by {whose}")


def _swings(row: Mapping[str, Any]) -> list[Any]:
    known_of = {one["sessions"]: one for one in row["volatility"]}
    return [
        _name(row["book"]),
        *(_swing_of(known_of.get(sessions), row["currency"]) for sessions in AHEAD),
    ]


def _book(row: Mapping[str, Any], model: Mapping[str, Any]) -> list[Any]:
    test = row["backtest"] or {}
    zone = test.get("zone")
    return [
        _name(row["book"]),
        *(money(row[name], row["currency"]) for name in ("var_95", "var_99", "es_975", "plain_var_99")),
        number(test.get("exceptions")),
        number(test.get("expected"), 1),
        _p(test.get("kupiec_p")),
        html.Span(words(zone), className=f"tag {ZONES[zone]}") if zone in ZONES else MISSING,
        served_tag(row["served"], model.get("reason")),
    ]


def _p(value: Any) -> str:
    """Return a p-value that never rounds to zero, the same decimals down the column."""
    found = known(value)
    return MISSING if found is None else "<0.001" if found < 0.001 else number(found, 3)


def _name(book: str) -> Any:
    kind, _, name = book.partition("/")
    if not name:
        return "Whole book"
    return link(f"{words(kind)} {name}", f"/portfolio/risk?{kind}={name}")


def _simple(change: Any) -> float | None:
    """Return a simple return of a log return."""
    from math import expm1

    value = known(change)
    return None if value is None else expm1(value)
