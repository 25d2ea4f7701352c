"""Wires pages/portfolio/performance.py."""

from typing import Any

from dash import Dash, Input, Output, html

from app.errors import QuarterdeckError
from app.queries import performance as questions
from callbacks._fill import Drawn, View, fill, look_at, nothing
from callbacks._strip import fill_strip
from callbacks.portfolio import _performance_tables as tables
from components.cards import legend, segment
from components.charts.fall_course import fall_course
from components.charts.index_course import index_course
from components.charts.month_map import MONTHS, month_map
from components.charts.return_bars import return_bars
from components.charts.rolling_course import rolling_course
from components.formats import day, known, number, percent, plural
from components.ids import DATA, URL, at
from components.kpi import spark, strip, tile
from components.metrics import metric
from components.passport import passport_link, passport_of
from components.states import link_button
from components.tables import table
from components.terms import PERIOD, controls

PAGE = "portfolio-performance"
OWN = ("scale", "rolling", "window")  # of single cards; the others ask nothing anew for them
SCALES = (("plain", "Plain"), ("log", "Log"))
MEASURES = (("sharpe", "Sharpe"), ("volatility", "Volatility"), ("beta", "Beta"))
WINDOWS = (("half", "Half year"), ("quarter", "Quarter"), ("year", "Year"))
_WHOLE = {"sharpe": "sharpe_ratio", "volatility": "annualised_volatility", "beta": "beta"}
_TILES = (
    ("total-return", "total_return", "Total return"),
    ("annualised-return", "annualised_return", "A year"),
    ("volatility", "annualised_volatility", "Volatility"),
    ("sharpe", "sharpe_ratio", "Sharpe ratio"),
    ("max-drawdown", "max_drawdown", "Deepest drawdown"),
    ("beta", "beta", "Beta"),
    ("information-ratio", "information_ratio", "Information ratio"),
)


def register(app: Dash) -> None:
    """Attach this page's callbacks to ``app``."""

    @app.callback(Output(at(PAGE, "terms"), "children"), Input(URL, "search"), Input(DATA, "data"))
    def show_terms(search: str | None, _: str | None) -> Any:
        try:
            desk, _view = look_at(search, None)
            found = questions.performance(desk)
        except QuarterdeckError:
            # The cards say what does not fit; without terms there is nothing to set.
            return html.Span("The terms of this address do not fit.", className="t2")
        return controls(PAGE, found["terms"], benchmark=found["benchmark"], known=found["benchmarks"])

    fill_strip(app, PAGE, ask=_key_figures, draw=_strip, ignores=OWN)
    fill(app, PAGE, "course", "Growth of 100", ask=questions.course, draw=_course, ignores=OWN[1:])
    fill(
        app, PAGE, "weighting", "Time or money weighted", ask=questions.money_weighted,
        draw=tables.weighting, ignores=(*OWN, "frequency", "benchmark", "risk_free", "mar", "costs"),
    )  # fmt: skip
    fill(app, PAGE, "falls", "Drawdown", ask=_falls_asked, draw=_falls, ignores=OWN)
    fill(
        app, PAGE, "fall-table", "Deepest drawdowns", ask=questions.drawdowns, draw=tables.falls, ignores=OWN
    )
    fill(app, PAGE, "months", "Returns by month", ask=questions.months, draw=_months, ignores=OWN)
    fill(app, PAGE, "rolling", "Rolling", ask=_rolling_asked, draw=_rolling, ignores=("scale",))
    fill(
        app, PAGE, "spread", "Distribution of returns", ask=questions.distribution, draw=_spread, ignores=OWN
    )
    fill(app, PAGE, "metrics", "All measures", ask=questions.performance, draw=tables.measures, ignores=OWN)
    fill(
        app,
        PAGE,
        "costs",
        "Before and after costs",
        ask=questions.gross_and_net,
        draw=tables.costs,
        ignores=OWN,
    )
    fill(
        app,
        PAGE,
        "capture",
        "Up and down capture",
        ask=questions.performance,
        draw=tables.captures,
        ignores=OWN,
    )


def _key_figures(desk: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    return questions.performance(desk), questions.course(desk)


def _strip(answer: tuple[dict[str, Any], dict[str, Any]], _: View) -> Any:
    found, course = answer
    by_name = {one["name"]: one for one in found["metrics"]}
    rows = course["rows"].to_dicts()
    courses = {
        "total_return": spark([row["index"] for row in rows], "acc"),
        "max_drawdown": spark([row["drawdown"] for row in rows], "down"),
    }
    tiles = []
    for kpi, name, label in _TILES:
        one = by_name[name]
        tiles.append(
            tile(
                kpi,
                label,
                one["value"],
                metric(one["value"], one["unit"]),
                sign=name in {"total_return", "annualised_return", "max_drawdown", "information_ratio"},
                detail=_beside(one),
                viz=courses.get(name),
                reason=one["reason"],
                passport=passport_of(name, of="performance"),
            )
        )
    return strip(tiles)


def _beside(one: dict[str, Any]) -> list[Any]:
    if known(one["low"]) is not None:
        between = f"{metric(one['low'], one['unit'])} to {metric(one['high'], one['unit'])}"
        return [html.Span(between, title="95% interval", className="trunc")]
    return [plural(one["n"], PERIOD[one["convention"]["frequency"]])]


def _none(answer: dict[str, Any], view: View, **more: Any) -> Drawn:
    why = answer["reasons"].get("return") or "No executions, prices or cash have been imported yet."
    start = link_button("Import files", "/operations/pipeline")
    return nothing(view, "No returns to show", why, start, **more)


def _course(answer: dict[str, Any], view: View) -> Drawn:
    scale = "log" if view.state("scale") == "log" else "plain"
    tools = (segment("Scale", "scale", SCALES, scale),)
    rows = answer["rows"].to_dicts()
    if not rows:
        return _none(answer, view, tools=tools)
    name = answer["benchmark"]
    figure = index_course(rows, look=view.look, height=280, benchmark=name, log=scale == "log")
    parts = [("ln", "acc", "Portfolio")] + ([("ds", "t3", name)] if name else [])
    as_table = table(
        ["Date", "Index", name or "Benchmark", "Return"],
        [
            [
                r["date"],
                number(r["index"], 2),
                number(r["benchmark_index"], 2),
                percent(r["return"], plus=True),
            ]
            for r in reversed(rows[-260:])
        ],
        numeric=(1, 2, 3),
        label="Growth of 100",
    )
    footer = [f"{day(rows[0]['date'])} to {day(rows[-1]['date'])}"]
    if answer["left_out"]:
        footer.append(f"{plural(answer['left_out'], 'session')} without a return left out")
    if name is None:
        footer.append(answer["reasons"]["benchmark"])
    unit = PERIOD[answer["terms"]["frequency"]]
    sub = f"{plural(len(rows), unit)}, {answer['terms']['costs']} of costs"
    return Drawn(figure, sub=sub, tools=tools, legend=legend(*parts), footer=footer, as_table=as_table)


def _falls_asked(desk: Any) -> tuple[dict[str, Any], Any]:
    return questions.course(desk), questions.drawdowns(desk, top=1)["rows"]


def _falls(answer: tuple[dict[str, Any], Any], view: View) -> Drawn:
    course, deepest = answer
    rows = course["rows"].to_dicts()
    if not rows:
        return _none(course, view)
    worst = deepest.to_dicts()[0] if deepest.height else None
    unit = PERIOD[course["terms"]["frequency"]]
    figure = fall_course(rows, look=view.look, height=262, worst=worst, unit=unit)
    as_table = table(
        ["Date", "Below the high"],
        [[r["date"], percent(r["drawdown"])] for r in reversed(rows[-260:])],
        numeric=(1,),
        label="Drawdown",
    )
    now = known(rows[-1]["drawdown"]) or 0.0
    footer = f"{percent(-now)} below the high on {day(rows[-1]['date'])}" if now < 0 else "At its high now"
    return Drawn(figure, sub="below the highest value so far", footer=footer, as_table=as_table)


def _months(answer: dict[str, Any], view: View) -> Drawn:
    rows = answer["rows"].to_dicts()
    if not rows:
        return _none(answer, view)
    scope = view.scope
    chosen = (str(scope.start), str(scope.end)) if scope.start and scope.end else None
    by_year: dict[int, dict[int, Any]] = {}
    for row in rows:
        by_year.setdefault(row["year"], {})[row["month"]] = percent(row["return"], plus=True)
    as_table = table(
        ["Year", *MONTHS, "Year's total"],
        [[str(y), *(held.get(m) for m in range(1, 13)), held.get(0)] for y, held in sorted(by_year.items())],
        numeric=tuple(range(1, 14)),
        label="Returns by month",
    )
    sub = f"per cent, {answer['terms']['costs']} of costs; a month narrows the view to it"
    return Drawn(month_map(rows, look=view.look, chosen=chosen), sub=sub, as_table=as_table, fit="pad")


def _rolling_asked(desk: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    return questions.rolling(desk, window=desk.scope.extra.get("window") or "half"), questions.performance(
        desk
    )


def _rolling(answer: tuple[dict[str, Any], dict[str, Any]], view: View) -> Drawn:
    found, whole = answer
    field = view.state("rolling", "sharpe")
    field = field if field in dict(MEASURES) else "sharpe"
    tools = (segment("Measure", "rolling", MEASURES, field),)
    unit = PERIOD[found["terms"]["frequency"]]
    windows = segment("Window", "window", WINDOWS, found["span"])
    named = passport_link(_WHOLE[field], "Definition", of="performance")
    footer = [windows, html.Span(plural(found["window"], unit), className="t2"), named]
    rows = found["rows"].to_dicts()
    if not rows:
        return nothing(view, "Not enough history", found["reasons"]["rows"], tools=tools, footer=footer)
    if all(row[field] is None for row in rows):
        why = found["reasons"].get("benchmark") or "It is not defined in any of these windows."
        return nothing(view, "Nothing to draw", why, tools=tools, footer=footer)
    words = dict(MEASURES)[field]
    named_course = f"Rolling {words if field == 'sharpe' else words.lower()}"
    record = next(one for one in whole["metrics"] if one["name"] == _WHOLE[field])
    fraction = field == "volatility"
    figure = rolling_course(
        rows, field=field, words=named_course, look=view.look, height=246,
        whole=known(record["value"]), fraction=fraction,
    )  # fmt: skip
    tell = percent if fraction else lambda value: number(value, 2)
    as_table = table(
        ["Date", words],
        [[r["date"], tell(r[field])] for r in reversed(rows[-260:])],
        numeric=(1,),
        label=words,
    )
    parts = legend(("ln", "acc", named_course), ("ds", "t3", "Whole period"))
    return Drawn(figure, tools=tools, legend=parts, footer=footer, as_table=as_table)


def _spread(answer: dict[str, Any], view: View) -> Drawn:
    rows = answer["rows"].to_dicts()
    if not rows:
        return _none(answer, view)
    figure = return_bars(rows, quantiles=answer["quantiles"], look=view.look, height=262)
    as_table = table(
        ["Quantile", "Return"],
        [[f"{q['share'] * 100:.0f}%", percent(q["value"], plus=True)] for q in answer["quantiles"]],
        numeric=(1,),
        label="Quantiles of returns",
    )
    unit = PERIOD[answer["terms"]["frequency"]]
    parts = legend(
        ("sq", "down", "Loss"), ("sq", "up", "Gain"), ("ds", "t2", "Normal of the same mean and spread")
    )
    return Drawn(figure, sub=f"{plural(answer['n'], unit)}", legend=parts, as_table=as_table)
