"""The what-if page: target weights, the optimiser's form and record, limits and orders of a plan."""

from collections.abc import Mapping, Sequence
from typing import Any

import dash_bootstrap_components as dbc
from dash import html

from components.charts.growth import growth
from components.formats import MISSING, full_money, known, money, number, percent, plural, words
from components.forms import field
from components.kpi import strip, tile
from components.passport import passport_of
from components.states import hidden, icon
from components.tables import column, grid, table
from components.theme import Theme

COURSES = (
    ("optimised", "Optimised", "accent", "solid"),
    ("equal", "Equal weights", "text3", "dash"),
    ("current", "Book of now", "med", "dot"),
)
_KEPT = {
    True: ("ok", "check2", "better"),
    False: ("", "dash", "not shown"),
    None: ("", "question", "not known"),
}
_STATES = {"ok": "within", "warn": "warning"}
_TRADES = [
    column("symbol", "Instrument", minWidth=84),
    column("weight", "Now", "percent", width=70),
    column("target_pct", "Target, %", "number", width=88, editable=True, singleClickEdit=True,
           cellEditor="agNumberCellEditor", cellEditorParams={"min": -1000, "max": 1000}, cellClass=["ag-right-aligned-cell", "editable-cell"]),
    column("after", "Then", "percent", width=70),
    column("quantity", "Trade", "quantity", width=92),
    column("traded", "Value", "signed", width=106),
    column("cost", "Cost", "money", width=74),
    column("sector", "Sector", minWidth=172),
]  # fmt: skip
_ORDERS = [
    column("side", "Side", "side", width=104),
    column("quantity", "Quantity", "quantity", width=104),
    column("symbol", "Instrument", minWidth=92),
    column("account_id", "Account", minWidth=92),
    column("price", "Last price", "price", width=92),
    column("value", "Value", "money", width=112),
    column("reason", "Reason", minWidth=210),
]


def kpis(answer: Mapping[str, Any]) -> Any:
    """Draw what the book would be: each figure then, beside what it is now."""
    currency, trading = answer["currency"], answer["trading"] or {}
    found = {row["name"]: row for row in answer["measures"]}

    def one(name: str, key: str, label: str, show: Any, **more: Any) -> Any:
        row = found.get(key, {"before": None, "after": None, "reason": answer["reason"]})
        change = None
        if row["before"] is not None and row["after"] is not None:
            change = ["now", show(row["before"])]
        return tile(
            name,
            label,
            row["after"],
            show(row["after"]),
            detail=change,
            reason=row["reason"],
            passport=passport_of(key, of="what_if", book="after"),
            **more,
        )

    def cash(value: Any) -> str:
        return money(value, currency)

    cost, traded = trading.get("cost"), trading.get("traded")
    unknown = trading.get("unknown") or 0
    why = f"{plural(unknown, 'trade')} without a volume or volatility" if unknown else answer["reason"]
    return strip(
        [
            one("var", "var_99_1d", "VaR 99%, 1 day", cash),
            one("es", "es_975_1d", "ES 97.5%, 1 day", cash),
            one("volatility", "volatility", "Volatility, a year", percent),
            one("beta", "beta", "Beta", lambda value: number(value, 2)),
            one("gross", "gross_exposure", "Gross exposure", cash),
            tile("turnover", "Turnover", trading.get("turnover"), percent(trading.get("turnover")),
                 detail=[money(traded, currency), f"in {plural(trading.get('trades', 0), 'trade')}"], reason=answer["reason"],
                 passport=passport_of("turnover", of="what_if")),
            tile("cost", "Expected cost", cost, cash(cost), detail=[f"{number(trading.get('cost_bp'), 1)} bps of it"],
                 reason=why, hover=full_money(cost, currency), passport=passport_of("cost", of="what_if")),
        ]
    )  # fmt: skip


def targets(name: str | dict[str, str], answer: Mapping[str, Any]) -> html.Div:
    """Draw the grid whose target column can be written in."""
    rows = []
    for row in answer["rows"]:
        note = row["reason"] or (
            "restricted: ask compliance before selling" if row["restricted"] and row["quantity"] else None
        )
        note = note or ("restricted" if row["restricted"] else None)
        rows.append(dict(row) | {"target_pct": row["target"] * 100, "note": note})
    noted = any(row["note"] for row in rows)
    columns = [*_TRADES, column("note", "Note", minWidth=150)] if noted else _TRADES
    return grid(name, columns, rows=rows, height=min(470, 44 + 30 * len(rows)), label="Target weights")  # fmt: skip


def equal_text(rows: Sequence[Mapping[str, Any]]) -> str:
    """Return the address of equal weights that add up to what the book adds up to now."""
    share = sum(row["weight"] for row in rows) / len(rows) if rows else 0.0
    return ",".join(f"{row['instrument_id']}:{round(share, 6):g}" for row in rows)


def add_form(others: Sequence[Mapping[str, str]]) -> html.Details:
    """Draw the form that lets another instrument join the plan."""
    options = [{"label": row["symbol"], "value": row["instrument_id"]} for row in others]
    body = html.Div(
        [
            field("Instrument", dbc.Select(id="what-if-other", options=options, value=options[0]["value"])),
            field("Target weight, %", dbc.Input(id="what-if-weight", type="number", step="any", value=1)),
            html.Div(
                html.Button(
                    "Add", type="button", className="btn btn-sm btn-primary", **{"data-act": "what-if-add"}
                ),
                className="form-acts",
            ),
        ],
        className="panel stress-form",
    )
    head = html.Span([icon("plus"), "Instrument"], className="btn btn-sm btn-outline-secondary")
    return html.Details([html.Summary(head), body], className="qd-menu")


def form(asked: Mapping[str, Any], objectives: Mapping[str, str], covariances: Mapping[str, str]) -> html.Div:
    """Draw what the optimiser is asked; the button writes it into the address."""

    def pick(name: str, label: str, options: Mapping[str, str]) -> html.Div:
        choices = [{"label": shown, "value": value} for value, shown in options.items()]
        return field(label, dbc.Select(id=f"optimise-{name}", options=choices, value=asked[name]))

    def share(name: str, label: str, hint: str) -> html.Div:
        value = asked[name]
        shown = None if value is None else round(value * 100, 4)
        made = dbc.Input(
            id=f"optimise-{name}", type="number", step="any", min=0, placeholder=hint, value=shown
        )
        return field(label, made)

    box = dbc.Checkbox(id="optimise-long_only", label="Long only", value=bool(asked["long_only"]))
    run = html.Button(
        "Optimise", type="button", className="btn btn-primary", **{"data-act": "what-if-optimise"}
    )
    return html.Div(
        [
            pick("objective", "Aim", objectives),
            pick("covariance", "Covariance", covariances),
            html.Div(
                [
                    share("max_weight", "Highest weight, %", "25"),
                    share("max_sector", "Sector cap, %", "none"),
                    share("max_turnover", "Turnover, %", "no limit"),
                    share("budget", "Invested, %", "as now"),
                ],
                className="optimise-shares",
            ),
            html.Div([box, run], className="form-acts optimise-run"),
        ],
        className="optimise-form",
    )


def waiting(
    store: str, state: str, *, doing: str = "Trying the weights on days they have not seen"
) -> html.Div:
    """Say that the worker is at it, or what it is doing; the mark asks again by itself."""
    said = "Waiting for the worker" if state == "queued" else doing
    return html.Div(
        [html.Span(className="spinner-border spinner-border-sm", **{"aria-hidden": "true"}), html.Span(said)],
        className="optimise-wait",
        role="status",
        **{"data-poll": store},
    )


def verdict(result: Mapping[str, Any], targets: str) -> html.Div:
    """Draw what came of it in one sentence, and the button that takes the weights over."""
    kept = result["verdict"]["kept"]
    tags = []
    for name, shown in (("equal", "equal weights"), ("current", "book of now")):
        if name in kept:
            tone, mark, said = _KEPT[kept[name]]
            tags.append(
                html.Span(
                    [icon(mark), f"{said} than {shown}" if kept[name] else f"{said} against {shown}"],
                    className=f"tag {tone}",
                )
            )
    use = html.Button(
        "Use these weights",
        type="button",
        className="btn btn-sm btn-primary",
        **{"data-set": "targets", "data-value": targets},
    )
    lines: list[Any] = [
        html.P(result["verdict"]["text"], className="mb-1"),
        html.Div(tags, className="optimise-tags"),
    ]
    left = [f"{row['symbol']}: {row['reason']}" for row in result["excluded"]]
    if left:
        lines.append(html.P(f"Left as they are: {'; '.join(left[:4])}.", className="t3 t12 mb-1"))
    return html.Div([*lines, html.Div(use, className="form-acts")], className="optimise-said")  # fmt: skip


def record(result: Mapping[str, Any], *, look: Theme) -> html.Div:
    """Draw what each way of choosing weights would have earned on days it had not seen, after costs."""
    shown = [(label, token, dash, result["courses"][name]["growth"]) for name, label, token, dash in COURSES]
    chart = growth(shown, result["dates"], look=look, height=190)
    return html.Div([chart, record_table(result)])


def record_table(result: Mapping[str, Any]) -> html.Div:
    """Draw the measures of each course, with the interval of what the optimised one has over the others."""
    cells = []
    for name, label, *_ in COURSES:
        course = result["courses"][name]
        m = course["measures"]
        cells.append(
            [label, percent(m["annualised_return"], plus=True), percent(m["volatility"]), number(m["sharpe_ratio"], 2),
             percent(m["es_975_1d"]), percent(m["max_drawdown"]), percent(course["turnover"]), percent(course["cost"])]
        )  # fmt: skip
    for name, label in (("equal", "less equal weights"), ("current", "less book of now")):
        d = result["against"][name]
        cells.append(
            [html.Span(label, className="t3"), _gap(d["annualised_return"], percent), _gap(d["volatility"], percent), _gap(d["sharpe_ratio"], lambda v, **k: number(v, 2, **k)),
             _gap(d["es_975_1d"], percent), _gap(d["max_drawdown"], percent), "", ""]
        )  # fmt: skip
    heads = ["After costs", "Return", "Volatility", "Sharpe", "ES 97.5%", "Drawdown", "Turnover", "Cost"]
    return table(heads, cells, numeric=(1, 2, 3, 4, 5, 6, 7), label="Out of sample, a year")


def _gap(gap: Mapping[str, Any], show: Any) -> html.Span:
    if gap["value"] is None:
        return html.Span(MISSING)
    inside = known(gap["low"]) is None or (gap["low"] <= 0 <= gap["high"])
    hover = (
        ""
        if gap["low"] is None
        else f"95% interval {show(gap['low'], plus=True)} to {show(gap['high'], plus=True)}"
    )
    return html.Span(
        [show(gap["value"], plus=True), hidden(f", {hover}")],
        className="t3" if inside else "w6",
        title=f"{hover}; {'chance is not excluded' if inside else 'beyond chance'}" if hover else None,
    )


def limits(rows: Sequence[Mapping[str, Any]]) -> html.Div:
    """Draw each limit's use now and then, with the state it would be in."""
    cells = []
    for row in rows:
        use, then = row["before"]["utilisation"], row["after"]["utilisation"]
        state = row["after"]["state"]
        tone = {"breach": "crit", "warn": "high", "ok": "ok"}.get(state, "")
        bar = html.Span(
            [
                html.B(style={"width": f"{min(max(then or 0.0, 0.0) / 1.25, 1.0) * 100:.1f}%"}),
                html.I(style={"left": f"{min(max(use or 0.0, 0.0) / 1.25, 1.0) * 100:.1f}%"}),
                html.S(style={"left": "80%"}),
            ],
            className=f"bullet {'breach' if state == 'breach' else 'warn' if state == 'warn' else ''}".strip(),
            **{"aria-hidden": "true"},
        )
        name = html.Span(row["name"], title=f"{words(row['measure'])}{', hard' if row['hard'] else ''}")
        shown: Any = percent(then) if then is not None else html.Span(MISSING, title=row["after"]["reason"])
        cells.append(
            [
                name,
                html.Span(bar, className="limit-bar"),
                percent(use),
                shown,
                html.Span(_STATES.get(state, words(state).lower()), className=f"tag {tone}"),
            ]
        )
    return table(["Limit", "", "Now", "Then", ""], cells, numeric=(2, 3), wrap=(0,), label="Use of limits")


def orders(name: str | dict[str, str], answer: Mapping[str, Any]) -> html.Div:
    """Draw the orders that trade to the targets."""
    rows = answer["orders"]
    return grid(
        name, _ORDERS, rows=rows, height=min(420, 44 + 30 * max(len(rows), 3)), sort="-value", label="Orders"
    )


def plans(rows: Sequence[Mapping[str, Any]]) -> html.Ul:
    """Draw the organisation's kept plans as links."""
    return html.Ul(
        [
            html.Li(
                [
                    html.A(row["name"], href=f"/portfolio/what-if?{row['query']}", **{"data-carry": "1"}),
                    html.Span(row["created_by_name"], className="t3"),
                ]
            )
            for row in rows
        ],
        className="plan-list",
    )


def keep_form() -> html.Div:
    """Draw the form that keeps the plan on the screen."""
    return html.Div(
        [
            field("Name", dbc.Input(id="plan-name", type="text", autoComplete="off", placeholder="Less technology")),
            html.Div(
                [
                    html.Button("Keep this plan", type="button", id="plan-keep", className="btn btn-sm btn-outline-secondary"),
                    html.Span(id="plan-said", className="t12", role="status"),
                ],
                className="form-acts",
            ),
        ],
        className="plan-form",
    )  # fmt: skip
