"""Wires pages/portfolio/attribution.py."""

from typing import Any

from dash import Dash, html

from app.queries.attribution_passports import answer
from callbacks._fill import Drawn, View, fill, nothing, opens
from callbacks._strip import fill_strip
from components.cards import legend, segment
from components.charts.bridge import bridge
from components.charts.diverging import diverging, points
from components.charts.effect_course import effect_course
from components.formats import day, known, percent, plural
from components.ids import at
from components.kpi import spark, strip, tile
from components.passport import passport_of
from components.states import link_button
from components.tables import column, grid, table
from components.theme import Theme

PAGE = "portfolio-attribution"
GRID = at(PAGE, "securities", "grid")
GROUPS = (
    ("sector", "Sector"),
    ("country", "Country"),
    ("asset_class", "Asset class"),
    ("currency", "Currency"),
)
MODELS = (("bf", "Fachler"), ("bhb", "Hood-Beebower"))
LINKINGS = (
    ("carino", "Carino"),
    ("menchero", "Menchero"),
    ("grap", "GRAP"),
    ("frongello", "Frongello"),
    ("geometric", "Geometric"),
)
LINES = (
    ("allocation", "Allocation"),
    ("selection", "Selection"),
    ("interaction", "Interaction"),
    ("costs", "Costs"),
    ("trading", "Trading and income"),
    ("index_difference", "Index difference"),
)
WHY = {
    "allocation": "Weight in classes that did better or worse than the benchmark",
    "selection": "Securities that did better or worse than their class, at the benchmark's weight",
    "interaction": "Both at once: more weight where the selection was good",
    "costs": "Commission, fees and taxes of the trades",
    "trading": "Dealing within the day, dividends and interest: what holdings at the open do not explain",
    "index_difference": "The benchmark's published level against what its weights earned",
}
CHOSEN = ("segment",)


def register(app: Dash) -> None:
    """Attach this page's callbacks to ``app``."""
    fill_strip(app, PAGE, ask=_ask, draw=_strip, ignores=CHOSEN)
    fill(app, PAGE, "effects", "Effects by class", ask=_ask, draw=_effects, ignores=CHOSEN)
    fill(app, PAGE, "bridge", "How it adds up", ask=_ask, draw=_bridge, ignores=CHOSEN)
    fill(app, PAGE, "course", "Over time", ask=_ask, draw=_course, ignores=CHOSEN)
    fill(app, PAGE, "weights", "Over and under weight", ask=_ask, draw=_weights, ignores=CHOSEN)
    fill(app, PAGE, "classes", "Every class", ask=_ask, draw=_classes)
    fill(app, PAGE, "securities", "Securities", ask=_ask, draw=_securities)
    opens(app, GRID)


def _ask(desk: Any) -> dict[str, Any]:
    return answer(desk)


def _colours(look: Theme) -> dict[str, str]:
    return dict(zip(("allocation", "selection", "interaction"), look.series[:3], strict=True))


def _figures(answer: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {metric["name"]: metric for metric in answer["metrics"]}


def _empty(answer: dict[str, Any], view: View, *tools: Any) -> Drawn | None:
    why = answer["reasons"].get("attribution")
    if why is None:
        return None
    start = link_button("Import a benchmark with weights", "/operations/pipeline")
    return nothing(view, "No attribution", why, start, tools=tools)


def _strip(answer: dict[str, Any], _: View) -> Any:
    figures, rows = _figures(answer), answer["course"].to_dicts()
    name = answer["benchmark"] or "Benchmark"

    def one(field: str, label: str, *, detail: Any = None, viz: str | None = None) -> Any:
        figure = figures[field]
        course = spark([row[viz] for row in rows], "acc") if viz else None
        return tile(
            field.replace("_", "-"), label, figure["value"], points(figure["value"]), sign=field != "benchmark_return",
            detail=detail, viz=course, reason=figure["reason"], passport=passport_of(field, of="attribution"),
        )  # fmt: skip

    residual = figures["residual"]
    rest = sum(known(figures[field]["value"]) or 0.0 for field in ("costs", "trading", "index_difference"))
    left = known(residual["value"])
    shown = "0.00%" if left is not None and abs(left) < 1e-12 else points(left)
    exact = f"{abs(left):.0e}, of rounding" if left is not None else None
    return strip(
        [
            one("portfolio_return", "Portfolio", detail=plural(answer["n"], "session"), viz="portfolio"),
            one("benchmark_return", name, detail="benchmark", viz="benchmark"),
            one("active_return", "Active", detail=f"trading, costs {points(rest)}", viz="active"),
            one("allocation", "Allocation", detail="the classes chosen", viz="allocation"),
            one("selection", "Selection", detail="the securities in them", viz="selection"),
            one("interaction", "Interaction", detail="both at once", viz="interaction"),
            tile(
                "residual",
                "Residual",
                residual["value"],
                shown,
                detail=exact,
                reason=residual["reason"],
                passport=passport_of("residual", of="attribution"),
            ),
        ]
    )


def _effects(answer: dict[str, Any], view: View) -> Drawn:
    tools = (
        segment("Group by", "group", GROUPS, answer["group_by"]),
        segment("Model", "model", MODELS, answer["model"]),
    )
    empty = _empty(answer, view, *tools)
    if empty is not None:
        return empty
    rows = _labelled(answer)
    colours = _colours(view.look)
    best, worst = max(rows, key=lambda row: row["total"]), min(rows, key=lambda row: row["total"])
    finding = (
        f"Effects by class: {best['label']} helped most with {points(best['total'])}, "
        f"{worst['label']} least with {points(worst['total'])}."
    )
    figure = diverging(
        sorted(rows, key=lambda row: -row["total"]),
        parts=[(field, words, colours[field]) for field, words in LINES[:3]],
        total="total",
        look=view.look,
        finding=finding,
        least=280,
    )
    return Drawn(
        figure,
        tools=tools,
        legend=legend(("sq", "series1", "Allocation"), ("sq", "series2", "Selection"), ("sq", "series3", "Interaction"),
                      ("ln", "main-line", "Together")),
        footer=_footer(answer),
        as_table=_class_table(rows),
    )  # fmt: skip


def _footer(answer: dict[str, Any]) -> list[str]:
    span = answer["period"]
    words = [f"{day(span['from'])} to {day(span['to'])}, day by day"]
    if answer["note"]:
        words.append(answer["note"])
    return words


def _labelled(answer: dict[str, Any]) -> list[dict[str, Any]]:
    return [row | {"label": row["segment"]} for row in answer["rows"].to_dicts()]


def _bridge(answer: dict[str, Any], view: View) -> Drawn:
    empty = _empty(answer, view)
    if empty is not None:
        return empty
    figures = _figures(answer)
    geometric = answer["linking"] == "geometric"
    parts = [(words, figures[field]["value"]) for field, words in LINES]
    active = figures["active_return"]["value"]
    finding = "The active return of " + points(active) + " is " + ", ".join(
        f"{words.lower()} {points(value)}" for words, value in parts if known(value) is not None
    ) + "."  # fmt: skip
    if geometric:
        # Geometric parts multiply; the figure needs what adds up to the same.
        parts = [*parts, ("Compounding", active - sum(known(value) or 0.0 for _, value in parts))]
    figure = bridge(parts, whole="Active return", look=view.look, height=300, finding=finding)
    as_table = table(
        ["Line", "Effect", "What it is"],
        [[words, points(figures[field]["value"]), WHY[field]] for field, words in LINES]
        + [["Active return", points(active), "Portfolio less benchmark, as on the performance page"]],
        numeric=(1,),
        wrap=(2,),
        label="Lines of the active return",
    )
    left = known(figures["residual"]["value"]) or 0.0
    sums = "multiplies to the active return" if geometric else "adds up to the active return"
    return Drawn(figure, footer=[f"{sums.capitalize()}, to {abs(left):.0e}"], as_table=as_table)


def _course(answer: dict[str, Any], view: View) -> Drawn:
    tools = (segment("Linking", "linking", LINKINGS, answer["linking"]),)
    empty = _empty(answer, view, *tools)
    if empty is not None:
        return empty
    rows = answer["course"].to_dicts()
    colours = _colours(view.look)
    lines = [(field, words, colours[field], "solid") for field, words in LINES[:3]]
    lines.append(("other", "Costs and trading", view.look["text3"], "4px,3px"))
    lines.append(("active", "Active", view.look["text"], "solid"))
    step = max(1, len(rows) // 250)
    as_table = table(
        ["Date", "Allocation", "Selection", "Interaction", "Costs and trading", "Active"],
        [
            [row["date"], *(points(row[field]) for field in ("allocation", "selection", "interaction", "other", "active"))]
            for row in rows[::-step]
        ],
        numeric=(1, 2, 3, 4, 5),
        label="Effects so far, by day",
    )  # fmt: skip
    figure = effect_course(rows, lines=lines, look=view.look, height=280)
    legends = legend(("ln", "series1", "Allocation"), ("ln", "series2", "Selection"), ("ln", "series3", "Interaction"),
                     ("ds", "t3", "Costs and trading"), ("ln", "main-line", "Active"))  # fmt: skip
    return Drawn(figure, tools=tools, legend=legends, as_table=as_table)


def _weights(answer: dict[str, Any], view: View) -> Drawn:
    known_names = [(name, name) for name in answer["benchmarks"]]
    tools = ()
    if 1 < len(known_names) <= 5:
        tools = (segment("Benchmark", "benchmark", known_names, answer["benchmark"]),)
    empty = _empty(answer, view, *tools)
    if empty is not None:
        return empty
    rows = [row | {"over": row["portfolio_weight"] - row["benchmark_weight"]} for row in _labelled(answer)]
    rows.sort(key=lambda row: -row["over"])
    finding = (
        f"Against {answer['benchmark']}, {rows[0]['label']} is the largest overweight with "
        f"{points(rows[0]['over'])} and {rows[-1]['label']} the largest underweight with {points(rows[-1]['over'])}."
    )
    figure = diverging(
        rows, parts=[("over", "Active weight", view.look.faded("accent", 0.85))], total="over", look=view.look,
        finding=finding, least=290,
    )  # fmt: skip
    as_table = table(
        ["Class", "Portfolio", "Benchmark", "Difference"],
        [
            [row["label"], percent(row["portfolio_weight"]), percent(row["benchmark_weight"]), points(row["over"])]
            for row in rows
        ],
        numeric=(1, 2, 3),
        label="Weights by class",
    )  # fmt: skip
    sub = f"mean of {plural(answer['n'], 'session')}, against {answer['benchmark']}"
    return Drawn(figure, sub=sub, tools=tools, as_table=as_table)


def _classes(answer: dict[str, Any], view: View) -> Drawn:
    empty = _empty(answer, view)
    if empty is not None:
        return empty
    chosen = view.state("segment")
    rows = sorted(_labelled(answer), key=lambda row: -row["total"])
    body = _class_table(rows, chosen=chosen, figures=_figures(answer))
    footer = ["Choose a class to see its securities"]
    if answer["offsetting"]:
        footer.append(
            f"Longs and shorts cancel in {', '.join(answer['offsetting'][:3])}: all selection there"
        )
    return Drawn(body, sub=f"against {answer['benchmark']}", footer=footer, fit="flush")


def _class_table(
    rows: list[dict[str, Any]], *, chosen: str = "", figures: dict[str, dict[str, Any]] | None = None
) -> html.Div:
    def name(row: dict[str, Any]) -> Any:
        if figures is None:
            return row["label"]
        mine = row["label"] == chosen
        return html.Button(
            row["label"], type="button", className="lk",
            **{"data-set": "segment", "data-value": "" if mine else row["label"], "aria-pressed": str(mine).lower()},
        )  # fmt: skip

    cells = [
        [
            name(row), percent(row["portfolio_weight"]), percent(row["benchmark_weight"]),
            points(row["portfolio_return"]), points(row["benchmark_return"]), points(row["contribution"]),
            points(row["allocation"]), points(row["selection"]), points(row["interaction"]), points(row["total"]),
        ]
        for row in rows
    ]  # fmt: skip
    if figures is not None:
        effects = [points(figures[field]["value"]) for field in ("allocation", "selection", "interaction")]
        weights = [
            percent(sum(row[side] for row in rows)) for side in ("portfolio_weight", "benchmark_weight")
        ]
        total = sum(row["total"] for row in rows)
        held = sum(row["contribution"] for row in rows)
        cells.append([html.B("Together"), *weights, "", "", points(held), *effects, points(total)])
    heads = [
        "Class", "Weight", "Benchmark weight", "Return", "Benchmark return", "Contribution",
        "Allocation", "Selection", "Interaction", "Together",
    ]  # fmt: skip
    return table(heads, cells, numeric=tuple(range(1, 10)), label="Effects by class")


_COLUMNS = [
    column("symbol", "Instrument", minWidth=100),
    column("name", "Name", minWidth=176),
    column("segment", "Class", minWidth=164),
    column("portfolio_weight", "Weight", "percent", width=96),
    column("benchmark_weight", "Benchmark weight", "percent", width=124),
    column("active_weight", "Difference", "percent", width=104),
    column("return", "Return", "percent", width=96),
    column("contribution", "Contribution, %", "number", width=124),
    column("effect", "Selection and interaction, %", "number", width=176),
]


def _securities(answer: dict[str, Any], view: View) -> Drawn:
    chosen = view.state("segment")
    tools: tuple[Any, ...] = ()
    if chosen:
        back = html.Button(
            "All classes",
            type="button",
            className="btn btn-sm btn-outline-secondary",
            **{"data-clear": "segment"},
        )
        tools = (back,)
    empty = _empty(answer, view, *tools)
    if empty is not None:
        return empty
    rows = [row for row in answer["securities"].to_dicts() if not chosen or row["segment"] == chosen]
    if not rows:
        return Drawn(
            nothing(view, f"No securities in {chosen}", "Neither side held one.").body, "empty", tools=tools
        )
    held = view.scope.instrument
    for row in rows:
        row["active_weight"] = row["portfolio_weight"] - row["benchmark_weight"]
        row["contribution"], row["effect"] = row["contribution"] * 100, row["effect"] * 100
        row["_set"] = {"instrument": "" if held == (row["instrument_id"],) else row["instrument_id"]}
    effect = sum(row["effect"] for row in rows) / 100
    made = grid(
        GRID,
        _COLUMNS,
        rows=rows,
        height=min(560, 78 + 30 * len(rows)),
        opens=True,
        filters=True,
        label="Securities",
    )
    where = f"in {chosen}" if chosen else "in every class"
    return Drawn(
        made,
        sub=f"{plural(len(rows), 'security', 'securities')} {where}, together {points(effect)}",
        tools=tools,
        footer=["Choose a row to take the instrument along"],
        fit="flush",
    )
