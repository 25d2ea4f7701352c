"""Wires pages/trading/pnl.py."""

from typing import Any

from dash import Dash, html

from app.queries import pnl as questions
from app.queries.pnl_identity import identity
from callbacks._fill import Drawn, View, fill, nothing, opens
from callbacks._strip import fill_strip
from callbacks.trading import _pnl_position as position
from components.cards import legend, segment
from components.charts.bridge import bridge
from components.charts.line_band import line_band
from components.formats import day, full_money, known, money, plural
from components.ids import at
from components.kpi import spark, strip, tile
from components.passport import passport_of
from components.pnl import PARTS, calendar, identity_state, identity_table
from components.states import link_button
from components.tables import column, grid, table
from components.ticks import money_ticks

PAGE = "trading-pnl"
GROUPS = (
    ("desk", "Desk"),
    ("trader", "Trader"),
    ("strategy", "Strategy"),
    ("account", "Account"),
    ("instrument", "Instrument"),
    ("venue", "Venue"),
    ("day", "Day"),
)
SHOWS = (("causes", "Causes"), ("earned", "Earned"))
# Pixels of what moves most: a book of a billion still fits.
_WIDTHS = {"price": 106, "new_trades": 94, "fx": 86}
OWN = ("group", "show", "position", "lots", "session", "side")
IMPORT_FIRST = "No executions, prices or cash have been imported yet."


def register(app: Dash) -> None:
    """Attach this page's callbacks to ``app``."""
    fill_strip(app, PAGE, ask=_key_figures, draw=_strip, ignores=OWN)
    fill(app, PAGE, "net-pnl", "Net P&L", ask=questions.pnl_series, draw=_net, ignores=OWN)
    fill(app, PAGE, "explain", "What caused it", ask=questions.explain, draw=_explain, ignores=OWN)
    fill(app, PAGE, "groups", "By group", ask=_by_group, draw=_groups, ignores=OWN[2:])
    fill(
        app,
        PAGE,
        "days",
        "By day",
        ask=lambda desk: questions.by_group(desk, group_by="day"),
        draw=_days,
        ignores=OWN,
    )
    fill(app, PAGE, "identity", "Does it add up", ask=identity, draw=_identity, ignores=OWN)
    fill(
        app,
        PAGE,
        "intraday",
        "Through the day",
        ask=position.through_the_day,
        draw=position.course,
        ignores=("group", "show", "position", "lots", "side"),
    )
    fill(
        app,
        PAGE,
        "lots",
        "Lots of one position",
        ask=position.lots_of,
        draw=position.lots_table,
        ignores=("group", "show", "session"),
    )
    fill(app, PAGE, "method", "Cost method", ask=questions.convention, draw=position.method, ignores=OWN)
    opens(app, at(PAGE, "groups", "grid"))
    position.choices_of_method(app, PAGE)
    position.choice_of_position(app, PAGE)


# --- the strip -------------------------------------------------------------------------------------
def _key_figures(desk: Any) -> tuple[Any, ...]:
    return (*questions.figures(desk), questions.pnl_series(desk)["rows"], identity(desk))


def _strip(answer: tuple[Any, ...], view: View) -> Any:
    values, reasons, course, proof = answer
    currency = view.currency
    rows = course.to_dicts()
    words, tone = identity_state(proof)
    share = proof["holds"] / proof["checked"] if proof["checked"] else None

    def amount(
        name: str,
        key: str,
        label: str,
        *,
        sign: bool = True,
        tone: bool = True,
        detail: Any = None,
        viz: Any = None,
    ) -> Any:
        value = values[name]
        return tile(
            key, label, value, money(value, currency, plus=sign), sign=sign and tone, detail=detail, viz=viz,
            hover=full_money(value, currency, plus=sign), reason=reasons.get(name), passport=passport_of(name, of="pnl"),
        )  # fmt: skip

    return strip(
        [
            amount("net_pnl", "net-pnl", "Net P&L", detail=plural(len(rows), "session"), viz=spark([row["cumulative"] for row in rows], "acc")),
            amount("realised_pnl", "realised-pnl", "Realised", detail="before costs"),
            amount("unrealised_change", "unrealised-change", "Unrealised change", detail="with currency"),
            amount("income", "income", "Income", detail="dividends, interest"),
            amount("costs", "costs", "Costs", sign=False, detail="commission, fees, taxes"),
            amount("residual", "residual", "Residual", tone=False, detail="explained by no cause"),
            tile(
                "identity", "Book adds up", share, html.Span(words, className=f"t13 {tone}"),
                detail=f"{proof['holds']:,} of {proof['checked']:,} days",
                reason=proof["reasons"].get("checked"),
                passport=passport_of("book_adds_up", of="pnl"),
            ),
        ]
    )  # fmt: skip


# --- charts ----------------------------------------------------------------------------------------
def _net(answer: dict[str, Any], view: View) -> Drawn:
    rows = answer["rows"].to_dicts()
    currency = answer["currency"]
    if not rows:
        start = link_button("Import files", "/operations/pipeline")
        return nothing(view, "No P&L yet", answer["reasons"].get("pnl", IMPORT_FIRST), start)
    parts = [("ln", "acc", "Net P&L")]
    if any(row["benchmark"] is not None for row in rows):
        parts.append(("ds", "t3", f"Benchmark {answer['benchmark'] or ''}".strip()))
    if any(row["usual_low"] is not None for row in rows):
        parts.append(("band", "t3", "Usual day's end, p10 to p90 of 60 sessions"))
    figure = line_band(
        rows, look=view.look, currency=currency, height=270, value="cumulative", label="Cumulative net P&L",
        benchmark="benchmark", low="usual_low", high="usual_high",
    )  # fmt: skip
    as_table = table(
        ["Date", "Day", "Cumulative", "Benchmark"],
        [
            [row["date"], *(full_money(row[name], currency, plus=True) for name in ("pnl", "cumulative", "benchmark"))]
            for row in reversed(rows[-250:])
        ],
        numeric=(1, 2, 3),
        label="Net P&L by day",
    )  # fmt: skip
    sub = f"cumulative, after costs, {plural(len(rows), 'session')}, {currency}"
    return Drawn(figure, sub=sub, legend=legend(*parts), as_table=as_table)


def _explain(answer: dict[str, Any], view: View) -> Drawn:
    total, currency = answer["total"], answer["currency"]
    if total is None:
        return nothing(view, "No P&L to explain", answer["reasons"].get("total", IMPORT_FIRST))
    if any(known(total[name]) is None for name, _ in PARTS):
        return nothing(view, "P&L cannot be split", answer["reasons"].get("total", "A part is not known."))
    largest = max(PARTS, key=lambda part: abs(total[part[0]]))
    figure = bridge(
        [(words, total[name]) for name, words in PARTS],
        whole="Net P&L",
        look=view.look,
        height=272,
        said=lambda value: money(value, currency, plus=True),
        ticks=lambda low, high: money_ticks((low, high), currency, plus=True, count=3),
        right=72,
        finding=f"Net P&L of {money(total['pnl'], currency, plus=True)}; the largest cause is {largest[1].lower()} "
        f"with {money(total[largest[0]], currency, plus=True)}.",
    )
    as_table = table(
        ["Cause", "Amount"],
        [[words, full_money(total[name], currency, plus=True)] for name, words in (*PARTS, ("pnl", "Net P&L"))],
        numeric=(1,),
        label="Causes of the P&L",
    )  # fmt: skip
    footer = ["The parts sum to the net P&L to the cent"]
    if answer["incomplete"] or answer["unknown"]:
        lacking = answer["incomplete"] + answer["unknown"]
        footer = [
            f"{plural(lacking, 'position day')} without a price or rate: in the residual, or not counted"
        ]
    return Drawn(figure, sub=f"of positions, {currency}", as_table=as_table, footer=footer)


# --- by group --------------------------------------------------------------------------------------
def _by_group(desk: Any) -> tuple[dict[str, Any], str]:
    group = desk.scope.extra.get("group", "desk")
    group = group if group in dict(GROUPS) else "desk"
    if desk.scope.extra.get("show") == "earned":
        return questions.by_group(desk, group_by=group), "earned"
    return questions.explain(desk, group_by=group), "causes"


def _groups(answer: tuple[dict[str, Any], str], view: View) -> Drawn:
    found, show = answer
    group, currency = found["group_by"], found["currency"]
    tools = (
        segment("Figures are", "show", SHOWS, show),
        segment("Group by", "group", GROUPS, group),
    )
    rows = found["rows"] if show == "causes" else found["rows"].to_dicts()
    if not rows:
        reason = found["reasons"].get("total") if show == "causes" else found["note"]
        return nothing(view, "No P&L in this period", reason or IMPORT_FIRST, tools=tools)
    title = dict(GROUPS)[group]
    columns = [column("label", title, minWidth=124), column("pnl", "Net P&L", "signed", minWidth=106)]
    if show == "causes":
        short = {"carry": "Income"}
        columns += [
            column(name, short.get(name, words), "signed", minWidth=_WIDTHS.get(name, 78))
            for name, words in PARTS
            if _told(name, found)
        ]
    else:
        columns += [
            column("realised_pnl", "Realised", "signed"),
            column("unrealised_change", "Unrealised change", "signed", minWidth=128),
            column("income", "Income", "signed"),
            column("costs", "Costs", "money"),
        ]
    made = grid(
        at(PAGE, "groups", "grid"),
        columns,
        rows=[_settled(row) | {"_set": _chosen(group, row["group"])} for row in rows],
        height=min(420, 64 + 30 * max(len(rows), 6)),
        opens=True,
        label=f"P&L by {title.lower()}",
    )
    footer: list[Any] = [
        found["note"] or f"{plural(len(rows), title.lower())}, {currency}; a click narrows the view"
    ]
    rest = found.get("rest")
    if rest is not None:
        footer = [
            f"Rest, which no trade explains: {full_money(rest['pnl'], currency, plus=True)}.",
            f"New trades meet the total to {_cents(found['difference'])}.",
        ]
    sub = "P&L of trades to the day's close" if found["basis"] == "trades" else currency
    return Drawn(made, sub=sub, tools=tools, footer=footer, fit="flush")


def _settled(row: dict[str, Any]) -> dict[str, Any]:
    # What is less than a cent is rounding, and neither gain nor loss.
    return {
        name: 0.0 if name != "group" and (size := known(value)) is not None and abs(size) < 0.005 else value
        for name, value in row.items()
    }


def _told(part: str, found: dict[str, Any]) -> bool:
    # A trade has no value of yesterday, so neither price nor currency effect: columns of noughts say nothing.
    return found["basis"] == "positions" or part in {"new_trades", "carry", "fees"}


def _cents(value: float | None) -> str:
    return "the cent" if value is not None and abs(value) < 0.005 else full_money(value)


def _chosen(group: str, value: str | None) -> dict[str, str]:
    """Return what a click on a group's row sets; nothing where the view has no such bound."""
    if value is None or group in {"strategy", "venue"}:
        return {}
    return {"from": value, "to": value} if group == "day" else {group: value}


def _days(answer: dict[str, Any], view: View) -> Drawn:
    rows, currency = answer["rows"].to_dicts(), answer["currency"]
    if not rows:
        return nothing(view, "No P&L in this period", answer["note"] or IMPORT_FIRST)
    one = str(view.scope.start) if view.scope.start and view.scope.start == view.scope.end else ""
    body = calendar(rows, look=view.look, currency=currency, chosen=one)
    gains = sum(1 for row in rows if (known(row["pnl"]) or 0) > 0)
    best, worst = max(rows, key=_size), min(rows, key=_size)
    as_table = table(
        ["Day", "Net P&L", "Realised", "Unrealised change", "Income", "Costs"],
        [
            [
                day(row["group"]),
                *(full_money(row[name], currency, plus=name != "costs") for name in ("pnl", "realised_pnl", "unrealised_change", "income", "costs")),
            ]
            for row in reversed(rows[-250:])
        ],
        numeric=(1, 2, 3, 4, 5),
        label="P&L by day",
    )  # fmt: skip
    footer = [
        f"{gains} of {plural(len(rows), 'day')} with a gain",
        f"best {_short(best)} {money(best['pnl'], currency, plus=True)}",
        f"worst {_short(worst)} {money(worst['pnl'], currency, plus=True)}",
    ]
    return Drawn(body, sub="click a day to narrow the view", as_table=as_table, footer=footer)


def _short(row: dict[str, Any]) -> str:
    return day(row["group"]).rpartition(" ")[0]


def _size(row: dict[str, Any]) -> float:
    return known(row["pnl"]) or 0.0


# --- does it add up --------------------------------------------------------------------------------
def _identity(answer: dict[str, Any], view: View) -> Drawn:
    if not answer["checked"] and not answer["unknown"]:
        return nothing(view, "Nothing to check", answer["reasons"].get("checked", IMPORT_FIRST))
    words, tone = identity_state(answer)
    badge = html.Span(f"{words} to the cent" if words == "holds" else words, className=f"tag {tone}")
    return Drawn(
        identity_table(answer),
        sub="counted twice, before currency effects",
        badge=badge,
        footer=[
            "realised + unrealised change + income − fees = change of cash and market value − external flows"
        ],
        fit="flush",
    )
