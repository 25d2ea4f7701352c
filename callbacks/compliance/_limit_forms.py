"""Wires the forms of pages/compliance/limits.py: who sets a limit, who settles a breach."""

from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

from dash import ALL, Dash, Input, Output, State, ctx, no_update

from app.actions import breaches as settling
from app.actions import limits as definitions
from app.errors import FieldError, Invalid, NotFound, QuarterdeckError
from app.gateway.auth import current_context, current_desk
from app.jobs.limits import soon
from app.queries import limits
from callbacks._told import told
from components.formats import day
from components.ids import DATA, URL, at
from components.limits import chosen_breach

PAGE = "compliance-limits"
AGAIN = {name: at(PAGE, name, "retry") for name in ("kpis", "limits", "breaches")}


def wire_settling(app: Dash) -> None:
    """Let two people settle the breach that the address names."""

    @app.callback(
        Output("breach-chosen", "children"),
        Input(URL, "search"),
        Input(DATA, "data"),
        Input(AGAIN["breaches"], "data"),
    )
    def show_chosen(search: str | None, _: str | None, __: Any) -> Any:
        try:
            desk = current_desk(search or "")
            name = desk.scope.extra.get("breach", "")
            return chosen_breach(limits.breach(desk, name) if name else None)
        except NotFound:
            return chosen_breach(None)
        except QuarterdeckError as error:
            return told(error)

    @app.callback(
        Output("breach-said", "children"),
        Output("breach-comment", "value"),
        Output(AGAIN["breaches"], "data", allow_duplicate=True),
        Output(AGAIN["kpis"], "data", allow_duplicate=True),
        Input("breach-acknowledge", "n_clicks"),
        Input("breach-confirm", "n_clicks"),
        State("breach-comment", "value"),
        State(URL, "search"),
        prevent_initial_call=True,
    )
    def settle(
        first: int | None, second: int | None, comment: str | None, search: str | None
    ) -> tuple[Any, ...]:
        untouched = (no_update, no_update, no_update)
        if not (first or second):
            return no_update, *untouched
        try:
            desk = current_desk(search or "")
            name = desk.scope.extra.get("breach", "")
            if not name:
                return "Choose a breach in the table first.", *untouched
            act = settling.confirm if ctx.triggered_id == "breach-confirm" else settling.acknowledge
            act(
                desk.database,
                desk.identity,
                name,
                comment=comment or "",
                own_accounts=limits.own_accounts(desk),
            )
        except QuarterdeckError as error:
            return told(error), *untouched
        said = "Confirmed: two people have settled it." if act is settling.confirm else "Acknowledged."
        changed = f"{name}-{first}-{second}"
        return said, "", changed, changed


def wire_definitions(app: Dash) -> None:
    """Let risk set and retire limits."""

    @app.callback(Output("limit-measure", "options"), Input(URL, "pathname"))
    def show_measures(_: str | None) -> list[dict[str, str]]:
        return [{"label": one["title"], "value": one["measure"]} for one in limits.measures()]

    @app.callback(
        Output("limit-said", "children"),
        Output(AGAIN["limits"], "data", allow_duplicate=True),
        Output(AGAIN["kpis"], "data", allow_duplicate=True),
        Input("limit-add", "n_clicks"),
        *(
            State(f"limit-{name}", "value")
            for name in ("name", "measure", "kind", "subject", "value", "warn", "unit", "from", "to", "hard")
        ),
        prevent_initial_call=True,
    )
    def add(clicks: int | None, *given: str | None) -> tuple[Any, Any, Any]:
        name, measure, kind, which, value, warn, unit, start, end, hard = (item or "" for item in given)
        if not clicks:
            return no_update, no_update, no_update
        try:
            desk = current_desk("")
            made = definitions.add(
                desk.database,
                desk.identity,
                name=name,
                measure=measure,
                value=_number("value", value) or Decimal(0),
                subject_kind=kind,
                subject_id=which.strip() or None,
                unit=unit.strip().upper(),
                warn_at=_number("warn_at", warn),
                hard=hard == "hard",
                valid_from=_day("valid_from", start),
                valid_to=_day("valid_to", end),
            )
            soon(current_context(), desk.org)
        except QuarterdeckError as error:
            return told(error), no_update, no_update
        changed = f"add-{clicks}-{made.id}"
        return f"{made.name} is in force from {day(made.valid_from)}.", changed, changed

    @app.callback(
        Output(AGAIN["limits"], "data", allow_duplicate=True),
        Output(AGAIN["kpis"], "data", allow_duplicate=True),
        Output("toast", "data", allow_duplicate=True),
        Input({"limit": ALL, "id": ALL}, "n_clicks"),
        prevent_initial_call=True,
    )
    def retire(clicks: list[int | None]) -> tuple[Any, Any, Any]:
        chosen = ctx.triggered_id
        if not any(clicks) or not isinstance(chosen, dict):
            return no_update, no_update, no_update
        try:
            desk = current_desk("")
            ended = definitions.retire(desk.database, desk.identity, str(chosen["id"]))
            soon(current_context(), desk.org)
        except QuarterdeckError as error:
            return no_update, no_update, {"kind": "error", "fact": told(error)}
        said = {"fact": f"{ended.name} is retired", "effect": "Its history and its breaches stay on record."}
        return f"retired-{ended.id}", f"retired-{ended.id}", said


def _number(field: str, text: str) -> Decimal | None:
    """Return what a field holds; None when it is empty.

    Raises:
        Invalid: If it is no number.
    """
    clean = str(text).strip().replace(",", "").replace(" ", "")
    if not clean:
        return None
    try:
        return Decimal(clean[:60])
    except InvalidOperation as error:
        raise Invalid(
            "The limit does not fit.", errors=[FieldError(field, "must be a number", clean[:80])]
        ) from error


def _day(field: str, text: str) -> date | None:
    if not text:
        return None
    try:
        return date.fromisoformat(str(text)[:10])
    except ValueError as error:
        raise Invalid(
            "The limit does not fit.", errors=[FieldError(field, "must be a day", str(text)[:80])]
        ) from error
