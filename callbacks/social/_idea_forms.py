"""Wires the forms of pages/social/ideas.py."""

from decimal import Decimal, InvalidOperation
from typing import Any

from dash import Dash, Input, Output, State, html, no_update

from app.actions import idea_proof
from app.actions import ideas as acting
from app.errors import FieldError, Invalid, QuarterdeckError
from app.gateway.auth import current_desk
from app.queries import ideas
from callbacks._told import told
from components.formats import clock, price
from components.ideas import proof_list
from components.ids import URL, at
from components.states import icon

PAGE = "social-ideas"
AGAIN = {name: at(PAGE, name, "retry") for name in ("kpis", "ideas", "idea")}
_FIELDS = ("instrument", "direction", "horizon", "chance", "target", "stop", "thesis", "context")
_LEAST, _MOST = Decimal("1e-9"), Decimal("1e15")  # a number of any size else would take for ever to write


def wire_composer(app: Dash) -> None:
    """Let a person put an idea forward, and change it while it is open."""

    @app.callback(
        Output("idea-changing", "children"),
        *(Output(f"idea-{name}", "value") for name in _FIELDS),
        Input(URL, "search"),
        prevent_initial_call=False,
    )
    def fill_in(search: str | None) -> tuple[Any, ...]:
        untouched = (no_update,) * len(_FIELDS)
        try:
            desk = current_desk(search or "")
            name = desk.scope.extra.get("edit")
            if not name:
                instrument = desk.scope.instrument
                return None, instrument[0] if len(instrument) == 1 else no_update, *untouched[1:]
            row = ideas.idea(desk, name)
        except QuarterdeckError as error:
            return told(error), *untouched
        if not row["editable"]:
            return "This idea cannot be changed any more.", *untouched
        off = html.Button("Leave it", type="button", className="lk", **{"data-clear": "edit"})
        words = [icon("pencil"), f" You change your idea, until {clock(row['sealed_at'])} UTC. ", off]
        values = (
            row["instrument_id"], row["direction"], str(row["horizon"]), f"{row['probability'] * 100:g}",
            _shown(row["target"]), _shown(row["stop"]), row["thesis"], row["context"] or "",
        )  # fmt: skip
        return words, *values

    @app.callback(
        Output("idea-said", "children"),
        *(Output(AGAIN[name], "data", allow_duplicate=True) for name in ("ideas", "idea", "kpis")),
        Input("idea-send", "n_clicks"),
        *(State(f"idea-{name}", "value") for name in _FIELDS),
        State(URL, "search"),
        prevent_initial_call=True,
        running=[(Output("idea-send", "disabled"), True, False)],
    )
    def send(clicks: int | None, *given: Any) -> tuple[Any, ...]:
        if not clicks:
            return (no_update,) * 4
        try:
            *values, search = (str(one).strip() if one is not None else "" for one in given)
            desk = current_desk(search)
            said = _said(dict(zip(_FIELDS, values, strict=True)))
            known = acting.Known(**ideas.known(desk, said.instrument_id))
            name = desk.scope.extra.get("edit")
            if name:
                version = acting.edit(desk.database, desk.identity, name, said, known=known)
                return "Changed; what it said before is kept.", *(f"edit-{name}-{version.number}",) * 3
            made, _ = acting.post(desk.database, desk.identity, said, known=known)
        except QuarterdeckError as error:
            return told(error), *(no_update,) * 3
        until = f"Put forward. You may change it until {clock(made.sealed_at)} UTC; then it is sealed. "
        see = html.Button(
            "See it", type="button", className="lk", **{"data-set": "idea", "data-value": made.id}
        )
        return [until, see], *(f"post-{made.id}",) * 3


def wire_acts(app: Dash) -> None:
    """Let its author take an idea back, compliance hide it, and everybody prove it."""

    @app.callback(
        Output("idea-proof", "children"),
        Input("idea-prove", "n_clicks"),
        State(URL, "search"),
        prevent_initial_call=True,
        running=[(Output("idea-prove", "disabled"), True, False)],
    )
    def prove(clicks: int | None, search: str | None) -> Any:
        if not clicks:
            return no_update
        try:
            desk = current_desk(search or "")
            found = idea_proof.prove(desk.database, desk.org, desk.scope.extra.get("idea", ""))
        except QuarterdeckError as error:
            return told(error)
        return proof_list(found.checks, link_of={"hash": found.hash, "previous": found.previous})

    @app.callback(
        Output("idea-done", "children"),
        *(Output(AGAIN[name], "data", allow_duplicate=True) for name in ("ideas", "idea")),
        Input("idea-retract", "n_clicks"),
        State("idea-why", "value"),
        State(URL, "search"),
        prevent_initial_call=True,
    )
    def retract(clicks: int | None, why: str | None, search: str | None) -> tuple[Any, ...]:
        if not clicks:
            return (no_update,) * 3
        try:
            desk = current_desk(search or "")
            name = desk.scope.extra.get("idea", "")
            acting.retract(desk.database, desk.identity, name, why=str(why or ""))
        except QuarterdeckError as error:
            return told(error), no_update, no_update
        return "Taken back: it stays, and it counts as it would have.", *(f"back-{name}",) * 2

    @app.callback(
        Output("idea-done", "children", allow_duplicate=True),
        *(Output(AGAIN[name], "data", allow_duplicate=True) for name in ("ideas", "idea")),
        Input("idea-hide", "n_clicks"),
        State("idea-why", "value"),
        State(URL, "search"),
        prevent_initial_call=True,
    )
    def hide(clicks: int | None, why: str | None, search: str | None) -> tuple[Any, ...]:
        if not clicks:
            return (no_update,) * 3
        try:
            desk = current_desk(search or "")
            name = desk.scope.extra.get("idea", "")
            hidden = not ideas.idea(desk, name)["hidden"]
            acting.set_hidden(desk.database, desk.identity, name, hidden=hidden, why=str(why or ""))
        except QuarterdeckError as error:
            return told(error), no_update, no_update
        words = "Hidden: only its author and surveillance read it." if hidden else "Shown again."
        return words, *(f"hide-{name}-{clicks}",) * 2


def _said(given: dict[str, str]) -> acting.Said:
    errors: list[FieldError] = []

    def amount(name: str, *, needed: bool = False) -> Decimal | None:
        text = given[name].replace(",", "").replace("%", "").replace(" ", "")
        if not text and not needed:
            return None
        try:
            found = Decimal(text[:40])
        except InvalidOperation:
            found = Decimal("NaN")
        if found.is_finite() and (not found or _LEAST <= found.copy_abs() < _MOST):
            return found
        errors.append(FieldError(name, "must be a number", given[name][:40]))
        return None

    chance, horizon = amount("chance", needed=True), amount("horizon", needed=True)
    target, stop = amount("target"), amount("stop")
    if horizon is not None and horizon != int(horizon):
        errors.append(FieldError("horizon", "must be a whole number of sessions", given["horizon"][:40]))
    if errors or chance is None or horizon is None:
        raise Invalid("The idea does not fit.", errors=errors)
    return acting.Said(
        instrument_id=given["instrument"][:200], direction=given["direction"], horizon=int(horizon),
        probability=chance / 100, thesis=given["thesis"], target=target, stop=stop, context=given["context"] or None,
    )  # fmt: skip


def _shown(value: float | None) -> str:
    return "" if value is None else price(value).replace(",", "")
