"""Wires pages/trading/execution_quality.py."""

import re
from typing import Any

from dash import Dash, html

from app.queries import execution_quality
from app.queries.pulse import names
from callbacks._fill import Drawn, View, fill, nothing, opens
from callbacks._strip import fill_strip
from components.cards import legend, segment
from components.charts.cost_days import cost_days
from components.charts.cost_sizes import bucket_name, cost_sizes
from components.charts.dot_interval import dot_interval
from components.charts.markout_curve import NAMES, markout_curve
from components.charts.waterfall import Fall, waterfall
from components.execution import BENCHMARKS, league_table, outlier_row, strip_of
from components.facets import facet, facets
from components.formats import bps, day, full_money, known, money, number, percent, plural
from components.ids import at
from components.states import link_button
from components.tables import column, grid, table
from components.ticks import money_ticks

PAGE = "trading-execution-quality"
GRID = at(PAGE, "outliers", "grid")
GROUPS = (
    ("venue", "Venue"), ("algo", "Algo"), ("broker", "Broker"), ("trader", "Trader"), ("instrument", "Instrument"),
)  # fmt: skip
IMPORT_FIRST = "No executions have been imported yet."
NOT_WEIGHED = "What is known of these executions cannot be added up."
PARTS = (("delay", "Delay"), ("trading", "Trading"), ("opportunity", "Opportunity"), ("explicit", "Explicit"))
HEIGHT = 252
# Whether orders that never traded count: their quotes may never have been meant to.
SHORTFALLS = (("traded", "Traded"), ("all", "All orders"))
_OUTLIERS = [
    column("order", "Order", "link", minWidth=112),
    column("symbol", "Instrument", minWidth=84),
    column("trader", "Trader", minWidth=108),
    column("cost_bp", "Cost, bps", "bps", width=84),
    column("expected_cost_bp", "Expected", "bps", width=84),
    column("z", "z", "bps", width=64),
    column("q", "q", "number", width=64),
    column("excess", "Excess", "money", width=84),
    column("weight", "Notional", "money", width=100),
    column("size_bp", "bps of ADV", "number", width=94),
    column("side", "Side", "side", width=96),
    column("day", "Day", "date", width=104),
]


def register(app: Dash) -> None:
    """Attach this page's callbacks to ``app``."""
    league = ("group_by", "benchmark")
    fill_strip(app, PAGE, ask=execution_quality.study, draw=strip_of, ignores=(*league, "orders"))
    for name, title, ask, draw, ignores in (
        ("filters", "Narrow and compare", _facets, _draw_facets, ("group_by", "orders")),
        ("benchmarks", "Cost against each benchmark", execution_quality.study, _benchmarks, (*league, "orders")),
        ("markouts", "After the fills", execution_quality.study, _markouts, (*league, "orders")),
        ("shortfall", "Implementation shortfall", execution_quality.study, _shortfall, league),
        ("league", "Who costs more", _league, _draw_league, ("orders",)),
        ("daily", "Cost by day", _daily, _draw_daily, ("group_by", "orders")),
        ("sizes", "Cost by order size", execution_quality.study, _sizes, (*league, "orders")),
        ("outliers", "Orders off their expected cost", _judged, _outliers, (*league, "orders")),
    ):  # fmt: skip
        fill(app, PAGE, name, title, ask=ask, draw=draw, ignores=ignores)
    opens(app, GRID)


def _none(
    view: View, fact: str = "No executions in this period", why: str = IMPORT_FIRST, **more: Any
) -> Drawn:
    held = [name for name in execution_quality.FILTERS if view.state(name)]
    if held and fact.startswith("No executions"):
        clear = html.Button(
            "Clear these filters", type="button", className="btn btn-sm btn-outline-secondary", **{"data-clear": ",".join(held)}
        )  # fmt: skip
        words = "; ".join(f"{name} {view.state(name)}" for name in held)
        return nothing(view, fact, f"The view is narrowed to {words}.", clear, **more)
    start = link_button("Import files", "/operations/pipeline")
    return nothing(view, fact, why, *([start] if why == IMPORT_FIRST else []), **more)


# --- what narrows the view -------------------------------------------------------------------------
def _facets(desk: Any) -> dict[str, Any]:
    found = execution_quality.study(desk)
    return {"counts": execution_quality.counts(desk), "benchmarks": found["benchmarks"]}


def _draw_facets(answer: dict[str, Any], view: View) -> Drawn:
    measured = {row["benchmark"]: row["n"] for row in answer["benchmarks"].to_dicts()}
    chosen = view.state("benchmark", "arrival")
    rows = [
        facet(
            "Measured", "benchmark", measured, [chosen], order=tuple(BENCHMARKS), names=BENCHMARKS, many=False
        )
    ]
    for name, words in (("venue", "Venue"), ("algo", "Algo"), ("broker", "Broker"), ("liquidity", "Role")):
        held = [view.state(name)] if view.state(name) else []
        counted = answer["counts"][name]
        rows.append(facet(words, name, counted, held, names={**dict.fromkeys(held, ""), **{v: v for v in [*counted, *held]}}, many=False))  # fmt: skip
    return Drawn(
        html.Div(facets(*rows), className="facets-flow"), sub="executions each choice would show", fit="pad"
    )


# --- cards -----------------------------------------------------------------------------------------
def _benchmarks(answer: dict[str, Any], view: View) -> Drawn:
    rows = answer["benchmarks"].to_dicts()
    told = [row for row in rows if row["slippage_bp"] is not None]
    if not told:
        return _none(view) if not answer["executions"] else _none(view, "No cost to tell", rows[1]["reason"])
    figure = dot_interval(
        [
            {
                "label": BENCHMARKS[row["benchmark"]],
                "value": row["slippage_bp"],
                "low": row["low"],
                "high": row["high"],
                "size": None,
                "hover": f"{number(row['low'], 2)} to {number(row['high'], 2)}, {plural(row['n'], 'fill')}",
            }
            for row in told
        ],
        look=view.look,
        height=HEIGHT,
        mean=None,
        unit="bps",
        note="bar = 95% interval, an order counts once",
        what="Slippage by benchmark",
    )
    missing = [row for row in rows if row["slippage_bp"] is None]
    footer = [f"{BENCHMARKS[row['benchmark']]}: {row['reason']}" for row in missing] or None
    as_table = table(
        ["Benchmark", "bps", "Low", "High", "Fills", "Why not"],
        [
            [BENCHMARKS[r["benchmark"]], *(bps(r[k], 2, unit=False) for k in ("slippage_bp", "low", "high")), r["n"], r["reason"]]
            for r in rows
        ],
        numeric=(1, 2, 3, 4),
        label="Slippage by benchmark",
    )  # fmt: skip
    return Drawn(figure, sub="bps", as_table=as_table, footer=footer)


def _markouts(answer: dict[str, Any], view: View) -> Drawn:
    rows = answer["markouts"].to_dicts()
    if not any(known(row["markout_bp"]) is not None for row in rows):
        if not answer["executions"]:
            return _none(view)
        return _none(
            view, "No price after the fills", "Neither quotes nor closes are known after these executions."
        )
    as_table = table(
        ["After", "bps", "Low", "High", "Fills", "Groups drawn"],
        [
            [NAMES[r["horizon"]], *(bps(r[k], 2, unit=False) for k in ("markout_bp", "low", "high")), r["n"], r["clusters"]]
            for r in rows
        ],
        numeric=(1, 2, 3, 4, 5),
        label="Mark-outs",
    )  # fmt: skip
    lacking = [NAMES[row["horizon"]] for row in rows if known(row["markout_bp"]) is None]
    footer = [f"No price is known at: {', '.join(lacking)}"] if lacking else None
    return Drawn(
        markout_curve(rows, look=view.look, height=HEIGHT),
        sub="price against the later mid",
        legend=legend(("ln", "acc", "Mean"), ("band", "acc", "95% of 1,000 resamples")),
        footer=footer,
        as_table=as_table,
    )


def _shortfall(answer: dict[str, Any], view: View) -> Drawn:
    kind = view.state("orders", "traded")
    kind = kind if kind in dict(SHORTFALLS) else "traded"
    parts, aside, to = answer["shortfall"][kind], answer["shortfall"]["untraded"], answer["currency"]
    tools = (segment("Which orders", "orders", SHORTFALLS, kind),)
    if not parts["orders"]:
        why = answer["shortfall"]["reasons"].to_dicts()
        fact = "No shortfall to tell" if answer["executions"] else "No executions in this period"
        return _none(view, fact, why[0]["reason"] if why else IMPORT_FIRST, tools=tools)
    falls = [Fall(words, parts[name], hover=full_money(parts[name], to, plus=True)) for name, words in PARTS]
    falls.append(Fall("Total", parts["total"], total=True, hover=full_money(parts["total"], to, plus=True)))
    largest = max(PARTS, key=lambda part: abs(parts[part[0]]))
    finding = (
        f"Implementation shortfall {full_money(parts['total'], to, plus=True)}, {bps(parts['total_bp'], 2)} of "
        f"{money(parts['paper'], to)} decided; the largest part is {largest[1].lower()}."
    )
    figure = waterfall(
        falls,
        look=view.look,
        height=HEIGHT,
        words=lambda value: money(value, to, plus=True),
        ticks=lambda levels: money_ticks(levels, to),
        finding=finding,
        gain_is_good=False,
    )
    footer = [
        f"{bps(parts['total_bp'], 2)} of {money(parts['paper'], to)} in {plural(parts['orders'], 'order')}"
    ]
    if parts["missing"]:
        footer.append(f"{plural(parts['missing'], 'order')} without a shortfall")
    if kind == "traded" and aside["orders"]:
        footer.append(f"{number(aside['orders'])} never traded: {money(aside['opportunity'], to, plus=True)}")
    as_table = table(
        ["Part", "Amount", "bps"],
        [
            [words, full_money(parts[name], to, plus=True), bps(parts[f"{name}_bp"], 3, unit=False)]
            for name, words in (*PARTS, ("total", "Total"))
        ],
        numeric=(1, 2),
        label="Parts of the implementation shortfall",
    )
    return Drawn(figure, tools=tools, footer=footer, as_table=as_table)


def _league(desk: Any) -> dict[str, Any]:
    by = desk.scope.group_by or "venue"
    found = execution_quality.league(desk, by=by)
    called = {one["value"]: one["label"] for one in names(desk, by)} if by in {"trader", "account"} else {}
    return found | {"called": called}


def _draw_league(answer: dict[str, Any], view: View) -> Drawn:
    by = answer["by"]
    options = GROUPS if by in dict(GROUPS) else (*GROUPS, (by, by.capitalize()))
    tools = (segment("Compare", "group_by", options, by),)
    rows = answer["rows"].to_dicts()
    if not rows:
        fact = (
            f"No {by} to compare"
            if answer["reason"] != execution_quality.NO_EXECUTION
            else "No executions in this period"
        )
        return _none(view, fact, answer["reason"] if "No executions" not in fact else IMPORT_FIRST, tools=tools)  # fmt: skip
    held = view.state(by) if by in execution_quality.FILTERS else ",".join(getattr(view.scope, by, ()))
    sub = f"against {BENCHMARKS[answer['benchmark']].lower()}"
    if held:
        sub += f", not filtered by {by}"
    body = html.Div(
        [
            html.P(_called(answer["finding"], answer["called"]), className="finding"),
            league_table(rows, by=by, held=frozenset(filter(None, held.split(","))), called=answer["called"]),
        ]
    )
    rate = percent(answer["false_discovery_rate"])
    footer = [
        f"drawn to the mean by how little is known; needs {answer['min_n']} orders",
        f"at most {rate} of those named are named by luck",
    ]
    return Drawn(body, sub=sub, tools=tools, footer=footer, fit="flush")


def _called(finding: str, called: dict[str, str]) -> str:
    """Return a finding with people and accounts by their names."""
    if not called:
        return finding
    known_as = re.compile("|".join(rf"\b{re.escape(one)}\b" for one in sorted(called, key=len, reverse=True)))
    return known_as.sub(lambda found: called[found.group()], finding)


def _daily(desk: Any) -> dict[str, Any]:
    found = execution_quality.study(desk)
    chosen = execution_quality.choice(desk).benchmark
    whole = next(row for row in found["benchmarks"].to_dicts() if row["benchmark"] == chosen)
    return {
        "rows": execution_quality.daily(desk),
        "currency": found["currency"],
        "whole": whole,
        "executions": found["executions"],
    }


def _draw_daily(answer: dict[str, Any], view: View) -> Drawn:
    rows, whole, to = answer["rows"].to_dicts(), answer["whole"], answer["currency"]
    if not rows:
        return (
            _none(view)
            if not answer["executions"]
            else _none(view, "No cost to tell", whole["reason"] or NOT_WEIGHED)
        )
    figure = cost_days(rows, look=view.look, currency=to, height=HEIGHT, mean=whole["slippage_bp"])
    as_table = table(
        ["Day", "bps", "Low", "High", "Cost", "Fills"],
        [
            [day(r["day"]), *(bps(r[k], 2, unit=False) for k in ("slippage_bp", "low", "high")), full_money(r["cost"], to, plus=True), r["n"]]
            for r in reversed(rows)
        ],
        numeric=(1, 2, 3, 4, 5),
        label="Cost by day",
    )  # fmt: skip
    costs = [cost for row in rows if (cost := known(row["cost"])) is not None]
    footer = [f"{money(sum(costs), to, plus=True)} in all", "bar = 95% interval"]
    sub = f"against {BENCHMARKS[whole['benchmark']].lower()}"
    return Drawn(figure, sub=sub, as_table=as_table, footer=footer)


def _sizes(answer: dict[str, Any], view: View) -> Drawn:
    rows, model = answer["sizes"].to_dicts(), answer["model"]
    if not rows:
        if not answer["executions"]:
            return _none(view)
        return _none(
            view,
            "No order to compare",
            "No order took liquidity with volume and volatility of its instrument known.",
        )
    as_table = table(
        ["Share of ADV", "Cost, bps", "Low", "High", "Expected", "Orders", "Notional"],
        [
            [bucket_name(r["above"], r["up_to"]), *(bps(r[k], 2, unit=False) for k in ("cost_bp", "low", "high", "expected_bp")), r["n"], full_money(r["weight"], answer["currency"])]
            for r in rows
        ],
        numeric=(1, 2, 3, 4, 5, 6),
        label="Cost by order size",
    )  # fmt: skip
    fitted = (
        f"fitted on {plural(model['orders'], 'order')}"
        if model["orders"]
        else "too few orders to fit: a prior"
    )
    return Drawn(
        cost_sizes(rows, look=view.look, height=HEIGHT),
        sub="orders that took liquidity",
        legend=legend(("sq", "acc", "Cost, 95% interval"), ("ds", "t3", "Expected")),
        footer=[f"half spread + {number(model['coefficient'], 2)} × volatility × √(quantity / ADV)", fitted],
        as_table=as_table,
    )


def _judged(desk: Any) -> tuple[Any, int, dict[str, str]]:
    traders = {one["value"]: one["label"] for one in names(desk, "trader")}
    return (*execution_quality.outliers(desk), traders)


def _outliers(answer: tuple[Any, int, dict[str, str]], view: View) -> Drawn:
    frame, total, traders = answer
    rows = frame.to_dicts()
    if not rows:
        return _none(
            view,
            "No order was judged",
            "No order took liquidity with volume and volatility of its instrument known.",
        )
    found = sum(row["outlier"] for row in rows)
    body = grid(
        GRID,
        _OUTLIERS,
        rows=[outlier_row(row, traders=traders) for row in rows],
        height=HEIGHT + 14,
        opens=True,
        label="Orders furthest from their expected cost",
    )
    sub = f"{plural(found, 'order')} beyond chance" if found else "none beyond chance"
    footer = [
        f"furthest {number(len(rows))} of {plural(total, 'order')} judged",
        "z in standard deviations, q = false discovery rate",
    ]
    return Drawn(body, sub=sub, footer=footer, fit="flush")
