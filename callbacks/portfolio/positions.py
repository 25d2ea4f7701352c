"""Wires pages/portfolio/positions.py."""

from typing import Any

from dash import Dash, html

from app.queries import portfolio
from callbacks._fill import Drawn, View, fill, nothing
from callbacks._strip import fill_strip
from components.cards import legend, segment
from components.charts.line_band import line_band
from components.charts.long_short import long_short
from components.formats import day, full_money, known, money, number, percent, plural, quantity, words
from components.ids import at
from components.kpi import bullet, spark, strip, tile
from components.metrics import metrics
from components.passport import passport_of
from components.states import link_button
from components.tables import column, grid, table

PAGE = "portfolio-positions"
GROUPS = (
    ("sector", "Sector"),
    ("desk", "Desk"),
    ("account", "Account"),
    ("country", "Country"),
    ("currency", "Currency"),
)
IMPORT_FIRST = "No executions, prices or cash have been imported yet."
_COLUMNS = [
    column("symbol", "Instrument", minWidth=92),
    column("name", "Name", minWidth=176),
    column("account_id", "Account", minWidth=88),
    column("quantity", "Quantity", "quantity", width=100),
    column("avg_cost", "Average cost", "price", width=104),
    column("market_px", "Price", "price", width=84),
    column("currency", "Ccy", width=68),
    column("market_value", "Value", "money", width=124),
    column("weight", "Share of gross", "percent", width=112),
    column("unrealised_pnl", "Unrealised", "signed", width=120),
    column("pnl", "Day P&L", "signed", width=112),
    column("difference", "Broker difference", "quantity", width=136),
    column("desk", "Desk", minWidth=126),
    column("sector", "Sector", minWidth=160),
]


def register(app: Dash) -> None:
    """Attach this page's callbacks to ``app``."""
    fill_strip(app, PAGE, ask=_key_figures, draw=_strip, ignores=("group",))
    fill(app, PAGE, "exposure", "Exposure", ask=_exposure_by, draw=_exposure)
    fill(app, PAGE, "nav", "Net asset value", ask=portfolio.nav_series, draw=_nav)
    fill(app, PAGE, "positions", "Positions", ask=portfolio.positions, draw=_positions, ignores=("group",))
    fill(
        app,
        PAGE,
        "performance",
        "Performance",
        ask=portfolio.performance,
        draw=_performance,
        ignores=("group",),
    )
    fill(
        app,
        PAGE,
        "reconciliation",
        "Against broker and custodian",
        ask=portfolio.reconciliation,
        draw=_reconciliation,
        ignores=("group",),
    )


def _key_figures(desk: Any) -> tuple[dict[str, Any], dict[str, str], dict[str, Any]]:
    return (*portfolio.kpis(desk), portfolio.nav_series(desk))


def _strip(answer: tuple[dict[str, Any], dict[str, str], dict[str, Any]], view: View) -> Any:
    values, reasons, course = answer
    currency = view.currency
    rows = course["rows"].to_dicts()
    used = known(values["var_limit_used"])
    return strip(
        [
            tile("nav", "Net asset value", values["nav"], money(values["nav"], currency), hover=full_money(values["nav"], currency),
                 passport=passport_of("nav", of="portfolio"), reason=reasons.get("nav"), viz=spark([row["nav"] for row in rows][-120:], "acc")),
            tile("gross-exposure", "Gross exposure", values["gross_exposure"], money(values["gross_exposure"], currency),
                 detail=["net", money(values["net_exposure"], currency, plus=True)], reason=reasons.get("gross_exposure"), passport=passport_of("gross_exposure", of="portfolio")),
            tile("leverage", "Leverage", values["leverage"], number(values["leverage"], 2), unit="× NAV",
                 reason=reasons.get("leverage"), detail="gross to net asset value", passport=passport_of("leverage", of="portfolio")),
            tile("var", "VaR 99%, 1 day", values["var_99_1d"], money(values["var_99_1d"], currency), viz=bullet(used),
                 detail=[f"{percent(used)} of the limit"] if used is not None else [f"ES {money(values['es_975_1d'], currency)}"],
                 reason=reasons.get("var_99_1d"), passport=passport_of("var_99_1d", of="portfolio")),
            tile("total-return", "Total return", values["total_return"], percent(values["total_return"], plus=True), sign=True,
                 reason=reasons.get("total_return"), detail="net, time-weighted", passport=passport_of("total_return", of="performance")),
            tile("sharpe", "Sharpe ratio", values["sharpe_ratio"], number(values["sharpe_ratio"], 2), reason=reasons.get("sharpe_ratio"),
                 detail=[f"volatility {percent(values['annualised_volatility'])}"], passport=passport_of("sharpe_ratio", of="performance")),
            tile("max-drawdown", "Deepest drawdown", values["max_drawdown"], percent(values["max_drawdown"]), sign=True,
                 reason=reasons.get("max_drawdown"), viz=spark([row["drawdown"] for row in rows], "down"), passport=passport_of("max_drawdown", of="performance")),
        ]
    )  # fmt: skip


def _exposure_by(desk: Any) -> dict[str, Any]:
    return portfolio.exposure(desk, group_by=desk.scope.extra.get("group", "sector"))


def _exposure(answer: dict[str, Any], view: View) -> Drawn:
    tools = (segment("Group by", "group", GROUPS, view.state("group", "sector")),)
    rows = answer["rows"].to_dicts()
    if not rows:
        start = link_button("Import files", "/operations/pipeline")
        return nothing(view, "Nothing is held", IMPORT_FIRST, start, tools=tools)
    figure = long_short(rows, look=view.look, currency=answer["currency"], height=262)
    as_table = table(
        ["Group", "Gross", "Net", "Share", "Positions"],
        [
            [
                r["label"],
                full_money(r["gross"], answer["currency"]),
                full_money(r["net"], answer["currency"], plus=True),
                percent(r["weight"]),
                r["positions"],
            ]
            for r in rows
        ],
        numeric=(1, 2, 3, 4),
        label="Exposure by group",
    )
    hhi = known(answer["total"].get("hhi"))
    footer = [f"{plural(answer['total']['positions'], 'position')} at {day(answer['date'])}"]
    if hhi:
        footer.append(f"as concentrated as {number(1 / hhi, 1)} equal positions")
    return Drawn(
        figure,
        tools=tools,
        legend=legend(("sq", "acc", "Long"), ("sq", "down", "Short")),
        footer=footer,
        as_table=as_table,
    )


def _nav(answer: dict[str, Any], view: View) -> Drawn:
    rows = [row for row in answer["rows"].to_dicts() if row["nav"] is not None]
    if not rows:
        return nothing(view, "No net asset value yet", answer["reasons"].get("nav", IMPORT_FIRST))
    figure = line_band(
        rows,
        look=view.look,
        currency=answer["currency"],
        height=288,
        value="nav",
        label="Net asset value",
        from_zero=False,
    )
    as_table = table(
        ["Date", "NAV", "Return", "Drawdown"],
        [
            [
                r["date"],
                full_money(r["nav"], answer["currency"]),
                percent(r["return"], plus=True),
                percent(r["drawdown"]),
            ]
            for r in reversed(rows[-250:])
        ],
        numeric=(1, 2, 3),
        label="Net asset value by day",
    )
    return Drawn(figure, sub=f"{plural(len(rows), 'session')}, {answer['currency']}", as_table=as_table)


def _positions(answer: Any, view: View) -> Drawn:
    rows = answer.to_dicts()
    if not rows:
        return nothing(
            view, "Nothing is held", IMPORT_FIRST, link_button("Import files", "/operations/pipeline")
        )
    for row in rows:
        row["symbol"] = row["symbol"] or row["instrument_id"]
        row["_open"] = f"/trading/blotter?instrument={row['instrument_id']}&account={row['account_id']}"
    columns = [
        c | {"cellRenderer": "QdLink", "cellRendererParams": {"hrefFrom": "_open"}}
        if c["field"] == "symbol"
        else c
        for c in _COLUMNS
    ]
    height = min(560, 78 + 30 * len(rows))
    made = grid(
        at(PAGE, "positions", "grid"), columns, rows=rows, height=height, filters=True, label="Positions"
    )
    return Drawn(
        made,
        sub=f"{plural(len(rows), 'position')} at {day(rows[0]['date'])}, money in {view.currency}",
        fit="flush",
    )


def _performance(answer: dict[str, Any], view: View) -> Drawn:
    if all(row["value"] is None for row in answer["metrics"]):
        return nothing(view, "No performance yet", answer["metrics"][0]["reason"] or IMPORT_FIRST)
    span = answer["period"]
    sub = f"{day(span['from'])} to {day(span['to'])}" + (
        f", against {answer['benchmark']}" if answer["benchmark"] else ""
    )
    return Drawn(metrics(answer["metrics"], label="Performance", columns=2), sub=sub, fit="flush")


def _reconciliation(answer: dict[str, Any], view: View) -> Drawn:
    rows = answer["rows"].to_dicts()
    if not rows:
        return nothing(
            view, "Nothing to compare with", answer["reasons"].get("rows", "No broker positions are known.")
        )
    breaks = [row for row in rows if row["state"] != "matched"]
    tone = "high" if breaks else "ok"
    badge = html.Span(f"{plural(len(breaks), 'break')}" if breaks else "all matched", className=f"tag {tone}")
    body = table(
        ["Account", "Instrument", "Derived", "Reported", "Difference", "State"],
        [
            [
                r["account_id"],
                r["symbol"] or r["instrument_id"],
                quantity(r["derived_quantity"]),
                quantity(r["reported_quantity"]),
                quantity(r["difference"], plus=True),
                words(r["state"]),
            ]
            for r in (breaks or rows)[:20]
        ],
        numeric=(2, 3, 4),
        label="Reconciliation",
    )
    return Drawn(body, badge=badge, footer=[plural(len(rows), "position") + " compared"], fit="flush")
