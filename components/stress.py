"""Stress tests on the screen: scenarios with their loss, one scenario's parts, how fast the book could be sold."""

from collections.abc import Mapping, Sequence
from typing import Any

import dash_bootstrap_components as dbc
from dash import html

from components.formats import (
    MISSING,
    day,
    full_money,
    known,
    money,
    money_alike,
    number,
    percent,
    percent_alike,
)
from components.forms import field
from components.passport import passport_link
from components.states import hidden, icon
from components.tables import table

ROWS = 3  # shocks the form takes
_HOW = {"history": "own prices", "market": "through the market", "shock": "shock"}


def scenarios(rows: Sequence[Mapping[str, Any]], *, currency: str, chosen: str = "") -> html.Div:
    """Draw one line per scenario, deepest loss first: name, P&L with its bar, worst name.

    Args:
        rows: ``id``, ``name``, ``pnl``, ``pnl_nav``, ``worst``, ``proxied``, ``reason``, ``kind``.
        currency: Of the money.
        chosen: Id of the row that is marked.
    """
    largest = max((abs(known(row["pnl"]) or 0.0) for row in rows), default=0.0) or 1.0
    placed = sorted(rows, key=lambda one: (known(one["pnl"]) is None, known(one["pnl"]) or 0.0))
    written = money_alike((row["pnl"] for row in placed), currency, plus=True)
    cells = []
    for row, shown in zip(placed, written, strict=True):
        found = known(row["pnl"])
        worst = row["worst"][0] if row["worst"] else None
        through = bool(found is not None and (row["proxied"] or 0) > 0.005)
        mark = None
        if through:
            note = f"{percent(row['proxied'])} of it has no prices of then: its beta times the market's fall"
            mark = html.Span(["β", hidden(f": {note}")], className="tag line", title=note)
        name = html.Button(
            [html.Span(row["name"], className="trunc"), hidden(": show its parts")],
            type="button",
            className="lk stress-name",
            title=row["name"],
            **{"data-set": "scenario", "data-value": str(row["id"])},
        )
        cells.append(
            [
                html.Span([name, mark], className="stress-head"),
                _bar(found, shown, largest, currency, row.get("reason"), passport=_measure(row)),
                _instrument(worst) if worst else MISSING,
            ]
        )
    made = table(["Scenario", "P&L", "Worst name"], cells, numeric=(1,), label="Stress scenarios")
    return html.Div(made, className=f"stress-list{' has-choice' if chosen else ''}")


def _measure(row: Mapping[str, Any]) -> tuple[str, str]:
    return ("episode_pnl" if row["kind"] == "episode" else "stress_pnl"), str(row["id"])


def _bar(
    value: float | None,
    shown: str,
    largest: float,
    currency: str,
    reason: str | None,
    *,
    passport: tuple[str, str] | None = None,
) -> html.Span:
    if value is None:
        return html.Span(MISSING, title=reason or "It is not known.")
    tone = "down" if value < 0 else "up"
    width = f"{abs(value) / largest * 100:.1f}%"
    return html.Span(
        [
            html.Span(
                html.B(style={"width": width}), className=f"stress-bar {tone}", **{"aria-hidden": "true"}
            ),
            html.Span(
                passport_link(passport[0], shown, of="stress", scenario=passport[1]) if passport else shown,
                className=f"num {tone}",
            ),
        ],
        className="stress-pnl",
        title=full_money(value, currency, plus=True),
    )


def _instrument(row: Mapping[str, Any]) -> html.Button:
    return html.Button(
        row["symbol"],
        type="button",
        className="lk",
        title=f"Narrow the view to {row['symbol']}",
        **{"data-toggle-context": "instrument", "data-value": str(row["instrument_id"])},
    )


def parts(answer: Mapping[str, Any], *, currency: str) -> html.Div:
    """Draw what one scenario makes of each sector and of the names it hurts and helps most."""
    total = money(answer["pnl"], currency, plus=True)
    share = percent(answer["pnl_nav"], plus=True)
    lines: list[Any] = [
        html.P(
            [
                html.Span(total, className=f"w6 num {'down' if (known(answer['pnl']) or 0) < 0 else 'up'}"),
                f" in all, {share} of net asset value." if answer["pnl_nav"] is not None else " in all.",
            ],
            className="stress-said",
        )
    ]
    told = basis_of(answer)
    if told:
        lines.append(html.P(told, className="stress-said t3"))
    largest = max((abs(known(row["pnl"]) or 0.0) for row in answer["by_position"]), default=0.0) or 1.0
    found = [row for row in answer["by_position"] if row["pnl"]]
    shown = found[:6] + [row for row in found[-2:] if row not in found[:6] and row["pnl"] > 0]
    written = money_alike((row["pnl"] for row in shown), currency, plus=True)
    moves = percent_alike((row["return"] for row in shown), plus=True)
    cells = [
        [_instrument(row), _bar(row["pnl"], amount, largest, currency, None), move,
         html.Span(_HOW.get(row["how"] or "", MISSING), className="t3")]
        for row, amount, move in zip(shown, written, moves, strict=True)
    ]  # fmt: skip
    lines.append(
        table(["Instrument", "P&L", "Moves", "By"], cells, numeric=(1, 2), label="By instrument, worst first")
    )
    widest = max((abs(known(row["pnl"]) or 0.0) for row in answer["by_sector"]), default=0.0) or 1.0
    told_of = [row for row in answer["by_sector"] if row["pnl"]]
    written = money_alike((row["pnl"] for row in told_of), currency, plus=True)
    sectors = [
        [row["sector"], _bar(row["pnl"], amount, widest, currency, None)]
        for row, amount in zip(told_of, written, strict=True)
    ]
    lines.append(table(["Sector", "P&L"], sectors, numeric=(1,), label="By sector"))
    return html.Div(lines, className="stress-parts")


def basis_of(answer: Mapping[str, Any]) -> str:
    """Say in words what a scenario's figure rests on."""
    said = []
    replayed = answer.get("replayed")
    if replayed:
        said.append(
            f"{number(replayed['instruments'])} names replayed from {day(replayed['from'])} to {day(replayed['to'])}"
        )
        if replayed["kept_from"] != replayed["from"]:
            said.append(f"kept here as {day(replayed['kept_from'])} to {day(replayed['kept_to'])}")
    if known(answer.get("proxied")):
        said.append(f"{percent(answer['proxied'])} of gross through its beta and the market's fall")
    if answer.get("missing"):
        said.append(f"{number(answer['missing'])} names not told: no prices of then, no beta")
    if answer.get("unused"):
        names = ", ".join(name.partition(":")[2] for name in answer["unused"])
        said.append(f"nothing is held of {names}")
    text = "; ".join(said)
    return f"{text[:1].upper()}{text[1:]}." if text else ""


def reverse(answer: Mapping[str, Any], *, currency: str) -> html.Div:
    """Draw what it would take to lose a given sum."""
    near = answer["likeliest"]
    lines: list[Any] = []
    if answer["scale"] is not None:
        moves = ", ".join(
            f"{'market' if name == 'factor:market' else name.partition(':')[2]} {percent(move, plus=True)}"
            for name, move in answer["shocks"].items()
        )
        lines.append(html.Span([html.Span("Shock", className="t3"), " ", html.Span(moves, className="w5")]))
    else:
        lines.append(html.Span(f"No multiple of the shock loses it: {answer['reason']}.", className="t3"))
    if near["distance"] is not None:
        names = ", ".join(
            f"{move['symbol']} {percent(move['return'], plus=True)}" for move in near["moves"][:3]
        )
        lines.append(
            html.Span(
                [html.Span("Likeliest", className="t3"), " ", html.Span(names, className="w5"),
                 html.Span(f" in {near['horizon_days']} sessions, {number(near['distance'], 1)}σ", className="t2")],
                title="Of all joint moves with this loss, the one nearest to no move given how these names move together.",
            )
        )  # fmt: skip
    else:
        lines.append(html.Span(f"The likeliest move is not known: {near['reason']}.", className="t3"))
    return html.Div(
        [
            html.Span(
                [icon("arrow-return-left"), f" To lose {money(answer['loss'], currency)}"], className="w6"
            ),
            *lines,
        ],
        className="stress-reverse",
    )


def horizon(answer: Mapping[str, Any], *, currency: str) -> html.Div:
    """Draw how many sessions the slowest names take, and what part of the book is gone after some."""
    slowest = [
        [
            _instrument(row),
            money(row["value"], currency),
            html.Span(number(row["days"], 1), title=row["reason"] or None),
        ]
        for row in answer["rows"][:8]
    ]
    sold = [[f"{number(row['days'])} d", percent(row["sold"])] for row in answer["profile"]]
    return html.Div(
        [
            table(["Slowest to sell", "Gross", "Sessions"], slowest, numeric=(1, 2), label="Sessions to sell, slowest first"),
            table(["Within", "Sold"], sold, numeric=(1,), label="Share of gross value sold"),
        ],
        className="stress-parts",
    )  # fmt: skip


def form(options: Sequence[Mapping[str, str]], *, keeps: bool) -> html.Details:
    """Draw the form that makes a scenario of one's own.

    Args:
        options: What can move: ``label`` and ``value`` (kind:name).
        keeps: Whether the role may keep it for the organisation.
    """
    lines = [
        html.Div(
            [
                dbc.Select(id=f"stress-what-{place}", options=list(options), value=options[0]["value"] if not place else None, placeholder="nothing more"),
                dbc.Input(id=f"stress-move-{place}", type="number", min=-100, max=1000, step="any", placeholder="%", value=-10 if not place else None),
            ],
            className="stress-line",
        )
        for place in range(ROWS)
    ]  # fmt: skip
    for place, line in enumerate(lines):
        line.children = [
            html.Label(f"What moves, {place + 1}", htmlFor=f"stress-what-{place}", className="visually-hidden"),
            line.children[0],
            html.Label(f"By how many per cent, {place + 1}", htmlFor=f"stress-move-{place}", className="visually-hidden"),
            line.children[1],
        ]  # fmt: skip
    acts: list[Any] = [
        html.Button("Show", type="button", className="btn btn-sm btn-primary", **{"data-act": "stress-show"})
    ]
    if keeps:
        acts.append(
            html.Button("Keep for everybody", type="button", id="stress-keep", className="btn btn-sm btn-outline-secondary")
        )  # fmt: skip
    acts.append(html.Span(id="stress-said", className="t12", role="status"))
    name = field(
        "Name", dbc.Input(id="stress-name", type="text", autoComplete="off", placeholder="Oil shock")
    )
    panel = html.Div(
        [html.P("Moves in per cent; they add up.", className="t2 mb-2"), *lines, name, html.Div(acts, className="form-acts")],
        className="panel stress-form",
    )  # fmt: skip
    head = html.Span([icon("plus"), "Scenario"], className="btn btn-sm btn-outline-secondary")
    return html.Details([html.Summary(head), panel], className="qd-menu")
