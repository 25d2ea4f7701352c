"""Wires the stress tests of pages/portfolio/risk.py."""

from typing import Any

from dash import Dash, Input, Output, State, html, no_update

from app.actions import scenarios as kept
from app.errors import QuarterdeckError
from app.gateway.auth import current_desk
from app.queries import stress
from callbacks._fill import Drawn, View, fill, nothing
from components import stress as draw
from components.cards import segment
from components.formats import day, percent
from components.ids import URL, at
from components.states import icon, link_button

PAGE = "portfolio-risk"
VIEWS = (("", "Scenarios"), ("sell", "Time to sell"))
CUSTOM = "mine"
IMPORT_FIRST = "A book is needed: import executions and prices first."


def register(app: Dash) -> None:
    """Attach this card's callbacks to ``app``."""
    fill(app, PAGE, "stress", "Stress tests", ask=_ask, draw=_draw)

    @app.callback(
        Output("stress-said", "children"),
        Output(at(PAGE, "stress", "retry"), "data", allow_duplicate=True),
        Input("stress-keep", "n_clicks"),
        State(URL, "search"),
        State("stress-name", "value"),
        prevent_initial_call=True,
    )
    def keep(clicks: int | None, search: str | None, name: str | None) -> tuple[Any, Any]:
        if not clicks:
            return no_update, no_update
        try:
            desk = current_desk(search or "")
            shocks = stress.shocks_of(desk.scope.extra.get("shocks", ""))
            if not shocks.flat():
                return "Show it first: what is shown is kept.", no_update
            asked = stress.Asked(name=name or "", shocks=shocks)
            made = kept.save(
                desk.database, desk.identity, kind="stress", name=name or "", body=asked.as_dict()
            )
        except QuarterdeckError as problem:
            return " ".join(
                [problem.detail, *(f"{e.field}: {e.message}." for e in problem.errors)]
            ), no_update
        return f"{made.name} is kept.", f"keep-{made.id}"


def _ask(desk: Any) -> tuple[dict[str, Any], dict[str, Any] | None, str]:
    found = stress.catalogue(desk)
    chosen = desk.scope.extra.get("scenario", "")
    shocks = desk.scope.extra.get("shocks", "")
    if shocks:
        mine = stress.scenario(desk, stress.Asked("Your shock", shocks=stress.shocks_of(shocks)))
        found = found | {"scenarios": [*found["scenarios"], mine | {"kind": "own", "id": CUSTOM}]}
        if chosen == CUSTOM:
            return found, mine, chosen
    if chosen and not found["reasons"]:
        return found, stress.named(desk, chosen), chosen
    return found, None, ""


def _draw(answer: tuple[dict[str, Any], dict[str, Any] | None, str], view: View) -> Drawn:
    found, one, _ = answer
    why = found["reasons"].get("scenarios")
    if why:
        start = link_button("Import files", "/operations/pipeline")
        return nothing(view, "Nothing to stress", why if view.scope.trader else IMPORT_FIRST, start)
    currency = found["currency"]
    if one is not None:
        back = html.Button(
            [icon("arrow-left"), "All scenarios"],
            type="button",
            className="btn btn-sm btn-outline-secondary",
            **{"data-clear": "scenario"},
        )
        return Drawn(
            draw.parts(one, currency=currency), sub=one["name"], tools=(back, _form(found, view)), fit="flush"
        )
    shown = view.state("stress")
    tools = (segment("Stress tests show", "stress", VIEWS, shown), _form(found, view))
    if shown == "sell":
        part = percent(found["liquidity"]["participation"])
        foot = f"At {part} of the mean volume of 20 sessions; longs and shorts both undone"
        return Drawn(
            draw.horizon(found["liquidity"], currency=currency), tools=tools, footer=foot, fit="flush"
        )
    market = found["benchmark"] or "none known"
    note = f"held unchanged, {day(found['date'])}; market: {market}"
    return Drawn(
        draw.scenarios(found["scenarios"], currency=currency),
        tools=tools,
        footer=draw.reverse(found["reverse"], currency=currency) if found["reverse"] else note,
        fit="flush",
    )


def _form(found: dict[str, Any], view: View) -> Any:
    options = [{"label": "Market, by each beta", "value": "factor:market"}]
    options += [{"label": f"Sector {name}", "value": f"sector:{name}"} for name in found["sectors"]]
    options += [
        {"label": f"Currency {name}", "value": f"currency:{name}"}
        for name in found["currencies"]
        if name != found["currency"]
    ]
    options += [
        {"label": f"{row['symbol']}", "value": f"instrument:{row['instrument_id']}"} for row in found["names"]
    ]
    return draw.form(options, keeps=view.role in kept.KEEPERS)
