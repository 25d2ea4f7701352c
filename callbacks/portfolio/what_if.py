"""Wires pages/portfolio/what_if.py."""

from typing import Any

from dash import ClientsideFunction, Dash, Input, Output, State, dcc, html, no_update

from app.actions import what_if as acts
from app.errors import FieldError, Invalid, QuarterdeckError
from app.gateway.auth import current_context, current_desk
from app.jobs import optimise as job
from app.queries import what_if
from app.queries.optimise import COVARIANCES, OBJECTIVES, Asked
from callbacks._fill import Drawn, View, failed, fill, look_at, nothing
from components import what_if as draw
from components.cards import legend
from components.charts.before_after import before_after
from components.charts.frontier import frontier
from components.formats import day, money, number, percent, plural
from components.ids import DATA, THEME, URL, at
from components.states import icon, link_button
from components.tables import table

PAGE = "portfolio-what-if"
IMPORT_FIRST = "A book is needed: import executions and prices first."
ASK_FIRST = "Choose an aim and press Optimise."
_SHARES = ("max_weight", "max_sector", "max_turnover", "budget")
# What the optimiser is asked does not change the plan, and the plan does not change the optimiser's answer.
_OPTIMISER = ("objective", "covariance", "long_only", *_SHARES)


def register(app: Dash) -> None:
    """Attach this page's callbacks to ``app``."""
    _kpis_of(app)
    fill(app, PAGE, "targets", "Target weights", ask=_plan, draw=_targets, ignores=_OPTIMISER)
    fill(app, PAGE, "sectors", "Sectors, before and after", ask=_plan, draw=_sectors, ignores=_OPTIMISER)
    fill(app, PAGE, "limits", "Limits, before and after", ask=_limits_of, draw=_limits, ignores=_OPTIMISER)
    fill(app, PAGE, "orders", "Orders", ask=_plan, draw=_orders, ignores=_OPTIMISER)
    fill(app, PAGE, "plans", "Kept plans", ask=what_if.saved, draw=_plans, ignores=_OPTIMISER)
    fill(app, PAGE, "optimise", "Optimise", ask=_asked_with_answer, draw=_optimise, ignores=("targets",))
    fill(app, PAGE, "record", "Out of sample", ask=_optimised, draw=_record, ignores=("targets",))
    fill(app, PAGE, "frontier", "Efficient frontier", ask=_optimised, draw=_frontier, ignores=("targets",))
    _acts(app)
    app.clientside_callback(
        ClientsideFunction("portfolio", "targets"),
        Output("toast", "clear_data", allow_duplicate=True),
        Input(at(PAGE, "targets", "grid"), "cellValueChanged"),
        prevent_initial_call=True,
    )


def _kpis_of(app: Dash) -> None:
    @app.callback(
        Output(at(PAGE, "kpis"), "children"),
        Output(at(PAGE, "kpis"), "data-state"),
        Input(URL, "search"),
        Input(THEME, "data"),
        Input(DATA, "data"),
    )
    def show_kpis(search: str | None, theme: str | None, _: str | None) -> tuple[Any, str]:
        try:
            desk, _view = look_at(search, theme)
            return draw.kpis(_plan(desk)), "ready"
        except Exception as problem:  # noqa: BLE001 - the strip fails alone
            retry = at(PAGE, "kpis", "retry")
            drawn = failed(problem, retry=retry)
            return [html.Section(drawn.body, className="card"), dcc.Store(id=retry)], drawn.state


def _acts(app: Dash) -> None:
    @app.callback(
        Output(at(PAGE, "orders", "file"), "data"),
        Output("toast", "data", allow_duplicate=True),
        Input("orders-export", "n_clicks"),
        State(URL, "search"),
        prevent_initial_call=True,
    )
    def export(clicks: int | None, search: str | None) -> tuple[Any, Any]:
        if not clicks:
            return no_update, no_update
        try:
            desk = current_desk(search or "")
            plan = _plan(desk)
            text = acts.export_orders(desk.database, desk.identity, plan)
        except QuarterdeckError as problem:
            return no_update, {"kind": "error", "fact": problem.detail}
        count = len(plan["orders"])
        told = {"fact": f"{plural(count, 'order')} exported", "effect": "The export is in the audit trail."}
        return dcc.send_string(text, f"orders-{plan['date']}.csv"), told

    @app.callback(
        Output("plan-said", "children"),
        Output(at(PAGE, "plans", "retry"), "data", allow_duplicate=True),
        Input("plan-keep", "n_clicks"),
        State("plan-name", "value"),
        State(URL, "search"),
        prevent_initial_call=True,
    )
    def keep(clicks: int | None, name: str | None, search: str | None) -> tuple[Any, Any]:
        if not clicks:
            return no_update, no_update
        try:
            desk = current_desk(search or "")
            targets = what_if.targets_of(desk.scope.extra.get("targets", ""))
            made = acts.keep(desk.database, desk.identity, name=name or "", targets=targets)
        except QuarterdeckError as problem:
            return " ".join(
                [problem.detail, *(f"{e.field}: {e.message}." for e in problem.errors)]
            ), no_update
        return f"{made.name} is kept.", f"keep-{made.id}"


# --- questions ---------------------------------------------------------------------------------------
def _plan(desk: Any) -> dict[str, Any]:
    return what_if.what_if(desk, what_if.targets_of(desk.scope.extra.get("targets", "")))


def _limits_of(desk: Any) -> list[dict[str, Any]]:
    return what_if.limits_after(desk, what_if.targets_of(desk.scope.extra.get("targets", "")))


def _asked(desk: Any) -> Asked:
    """Return what the address asks of the optimiser.

    Raises:
        Invalid: If a part of it does not read.
    """
    extra = desk.scope.extra
    shares: dict[str, float | None] = {}
    for name in _SHARES:
        try:
            shares[name] = float(extra[name]) if extra.get(name) else None
        except ValueError as error:
            raise Invalid("The address does not fit.", errors=[FieldError(name, "is a fraction")]) from error
    return Asked(
        objective=extra.get("objective") or "minimum_variance",
        covariance=extra.get("covariance") or "ledoit_wolf",
        long_only=extra.get("long_only") != "no",
        **shares,
    ).checked()


def _optimised(desk: Any) -> dict[str, Any] | None:
    if not desk.scope.extra.get("objective"):
        return None
    return job.request(current_context(), desk, _asked(desk))


def _asked_with_answer(desk: Any) -> tuple[dict[str, Any], dict[str, Any] | None]:
    return _asked(desk).as_dict(), _optimised(desk)


# --- drawings ----------------------------------------------------------------------------------------
def _none(view: View, answer: dict[str, Any]) -> Drawn:
    start = link_button("Import files", "/operations/pipeline")
    return nothing(view, "No book to plan with", answer["reason"] or IMPORT_FIRST, start)


def _targets(answer: dict[str, Any], view: View) -> Drawn:
    if not answer["rows"]:
        return _none(view, answer)
    base = (
        "net asset value"
        if answer["base_name"] == "nav"
        else "gross exposure: no net asset value is known here"
    )
    tools: list[Any] = [
        html.Button("Equal weights", type="button", className="btn btn-sm btn-outline-secondary",
                    **{"data-set": "targets", "data-value": draw.equal_text(answer["rows"])}),
    ]  # fmt: skip
    if answer["others"]:
        tools.append(draw.add_form(answer["others"]))
    if answer["targets"]:
        reset = [icon("arrow-counterclockwise"), "Back to now"]
        tools.append(
            html.Button(reset, type="button", className="btn btn-sm btn-outline-secondary", **{"data-clear": "targets"})
        )  # fmt: skip
    foot = [f"{money(answer['base'], answer['currency'])} base, {day(answer['date'])}"]
    blocked = (answer["trading"] or {}).get("blocked", 0)
    if blocked:
        foot.append(html.Span(f"{plural(blocked, 'buy')} of restricted names left out", className="high"))
    return Drawn(
        draw.targets(at(PAGE, "targets", "grid"), answer),
        sub=f"share of {base}; write in the target column",
        tools=tuple(tools),
        footer=foot,
        fit="flush",
    )


def _sectors(answer: dict[str, Any], view: View) -> Drawn:
    if not answer["sectors"]:
        return _none(view, answer)
    rows = [
        {"label": row["sector"], "before": row["before"], "after": row["after"]} for row in answer["sectors"]
    ]
    cells = [[row["label"], percent(row["before"]), percent(row["after"])] for row in rows]
    return Drawn(
        before_after(rows, look=view.look, height=max(150, 40 + 26 * len(rows)), what="Net weight by sector"),
        sub="net, share of base",
        legend=legend(("ring", "t3", "Now"), ("dot", "acc", "Then")),
        as_table=table(["Sector", "Now", "Then"], cells, numeric=(1, 2), label="Sectors"),
    )


def _limits(rows: list[dict[str, Any]], view: View) -> Drawn:
    if not rows:
        return nothing(
            view,
            "No limit bounds this view",
            "Risk sets limits on the limits page.",
            link_button("See the limits", "/compliance/limits"),
        )
    worse = [row for row in rows if row["after"]["state"] == "breach" and row["before"]["state"] != "breach"]
    badge = (
        html.Span(f"{plural(len(worse), 'new breach', 'new breaches')}", className="tag crit")
        if worse
        else None
    )
    return Drawn(draw.limits(rows), badge=badge, sub="tick: now, bar: then", fit="flush")  # fmt: skip


def _orders(answer: dict[str, Any], view: View) -> Drawn:
    if not answer["rows"]:
        return _none(view, answer)
    if not answer["orders"]:
        return nothing(
            view, "Nothing to trade", "The targets are what is held. Write in the target column, or optimise."
        )
    tools: tuple[Any, ...] = ()
    if view.role in acts.EXPORTERS:
        parts = [icon("download"), "Export CSV"]
        tools = (
            html.Button(
                parts, type="button", id="orders-export", className="btn btn-sm btn-outline-secondary"
            ),
        )
    trading = answer["trading"]
    foot = [f"{number(trading['days'], 1)} sessions at {percent(what_if.PARTICIPATION)} of the volume"]
    return Drawn(
        draw.orders(at(PAGE, "orders", "grid"), answer),
        sub=f"{plural(len(answer['orders']), 'order')}, {money(trading['traded'], answer['currency'])}",
        tools=tools,
        footer=foot,
        fit="flush",
    )  # fmt: skip


def _plans(rows: list[dict[str, Any]], view: View) -> Drawn:
    parts: list[Any] = (
        [draw.plans(rows)] if rows else [html.P("No plan has been kept yet.", className="t3 plan-none")]
    )
    if view.role in acts.EXPORTERS:
        parts.append(draw.keep_form())
    return Drawn(html.Div(parts), sub="open one to see it with today's prices", fit="flush")


def _optimise(answer: tuple[dict[str, Any], dict[str, Any] | None], view: View) -> Drawn:
    asked, found = answer
    if view.role not in job.ROLES:
        return nothing(
            view, "Optimising is for portfolio managers and risk", "You may change the weights by hand."
        )
    form = draw.form(asked, OBJECTIVES, COVARIANCES)
    if found is None:
        return Drawn(form, sub="tested on days it has not seen", fit="flush")
    if found["state"] in {"queued", "running"}:
        store = at(PAGE, "optimise", "retry")
        return Drawn(html.Div([form, draw.waiting(store, found["state"])]), "loading", fit="flush")
    said = (
        draw.verdict(found["result"], what_if.targets_text(found["result"]["targets"]))
        if found["state"] == "ready"
        else html.Div(
            [icon("exclamation-triangle", "high"), f" {_why(found)}"],
            className="optimise-said",
            role="status",
        )
    )
    return Drawn(html.Div([form, said]), fit="flush")


def _why(found: dict[str, Any]) -> str:
    result = found["result"]
    return str((result or {}).get("reason") or found["error"] or "It could not be worked out.")


def _pending(found: dict[str, Any] | None, view: View, name: str) -> Drawn | None:
    """Return the card's state while there is no answer to draw."""
    if found is None:
        return nothing(view, "Nothing optimised yet", ASK_FIRST)
    if found["state"] in {"queued", "running"}:
        return Drawn(draw.waiting(at(PAGE, name, "retry"), found["state"]), "loading")
    if found["state"] != "ready":
        return nothing(view, "No weights to test", _why(found))
    return None


def _record(found: dict[str, Any] | None, view: View) -> Drawn:
    pending = _pending(found, view, "record")
    if pending is not None or found is None:
        return pending or nothing(view, "Nothing optimised yet", ASK_FIRST)
    result = found["result"]
    lines = [
        ("ln", "acc", "Optimised"),
        ("ds", "t3", "Equal weights"),
        ("ds", "med", "Book of now, in hindsight"),
    ]
    return Drawn(
        draw.record(result, look=view.look),
        sub=f"{plural(len(result['dates']), 'session')} in {plural(result['windows'], 'window')}, after costs",
        legend=legend(*lines),
        as_table=draw.record_table(result),
    )


def _frontier(found: dict[str, Any] | None, view: View) -> Drawn:
    pending = _pending(found, view, "frontier")
    if pending is not None or found is None:
        return pending or nothing(view, "Nothing optimised yet", ASK_FIRST)
    curve = found["result"]["frontier"]
    if not curve["in_sample"]:
        return nothing(view, "No frontier", curve["reason"])
    cells = [
        [
            percent(a["risk"]),
            percent(a["return"], plus=True),
            percent(b["risk"]),
            percent(b["return"], plus=True),
        ]
        for a, b in zip(curve["in_sample"], curve["out_of_sample"], strict=True)
    ]
    heads = ["Risk as fitted", "Return as fitted", "Risk out of sample", "Return out of sample"]
    return Drawn(
        frontier(curve, look=view.look, height=310),
        legend=legend(("ln", "acc", "As fitted"), ("sq", "down", "Same points, days not seen")),
        as_table=table(heads, cells, numeric=(0, 1, 2, 3), label="Frontier"),
    )
