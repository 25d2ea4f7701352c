"""Wires the forms of pages/compliance/lists.py."""

from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from dash import ALL, Dash, Input, Output, State, ctx, no_update

from app.actions import lists as room
from app.actions import preclearances as asking
from app.actions import screening as decisions
from app.errors import FieldError, Invalid, QuarterdeckError
from app.gateway.auth import current_context, current_desk
from app.jobs.screening import raise_alerts
from app.queries import lists, preclearances, screening
from app.queries._line import own_line
from callbacks._told import told
from components.ids import URL, at
from components.listings import chosen_entry, found_names

PAGE = "compliance-lists"
AGAIN = {
    name: at(PAGE, name, "retry") for name in ("kpis", "entries", "matches", "match", "requests", "projects")
}
_ANSWERED = {"approved": "approved for 24 hours", "denied": "denied", "withdraw": "withdrawn"}


def wire_entries(app: Dash) -> None:
    """Let compliance add an entry, and end the one that the address names."""

    @app.callback(
        Output("entry-said", "children"),
        *(Output(AGAIN[name], "data", allow_duplicate=True) for name in ("entries", "projects", "kpis")),
        Input("entry-add", "n_clicks"),
        *(State(f"entry-{name}", "value") for name in ("kind", "instrument", "person", "project", "reason", "from", "to")),
        prevent_initial_call=True,
    )  # fmt: skip
    def add(clicks: int | None, *given: str | None) -> tuple[Any, ...]:
        kind, instrument, person, project, reason, start, end = ((one or "").strip() for one in given)
        if not clicks:
            return (no_update,) * 4
        try:
            desk = current_desk("")
            made = room.add(
                desk.database, desk.identity, kind=kind, instrument_id=instrument or None, person_id=person or None,
                project=project or None, reason=reason, valid_from=_moment("valid_from", start),
                valid_to=_moment("valid_to", end),
            )  # fmt: skip
            unknown = lists.told(desk, made)["instrument_known"] is False
        except QuarterdeckError as error:
            return told(error), *(no_update,) * 3
        doubt = f" No instrument is called {instrument} so far." if unknown else ""
        return f"{instrument or person} is on the {kind} list.{doubt}", *(f"add-{made.id}",) * 3

    @app.callback(Output("entry-chosen", "children"), Input(URL, "search"), Input(AGAIN["entries"], "data"))
    def show_chosen(search: str | None, _: Any) -> Any:
        try:
            desk = current_desk(search or "")
            name = desk.scope.extra.get("entry", "")
            found = [
                row for row in lists.entries(desk) if row["entry_id"] == name and row["state"] != "ended"
            ]
            return chosen_entry(found[0] if found else None)
        except QuarterdeckError as error:
            return told(error)

    @app.callback(
        Output("entry-end-said", "children"),
        Output("entry-why", "value"),
        *(Output(AGAIN[name], "data", allow_duplicate=True) for name in ("entries", "projects", "kpis")),
        Input("entry-end", "n_clicks"),
        State("entry-why", "value"),
        State(URL, "search"),
        prevent_initial_call=True,
    )
    def end(clicks: int | None, why: str | None, search: str | None) -> tuple[Any, ...]:
        untouched = (no_update,) * 4
        if not clicks:
            return no_update, *untouched
        try:
            desk = current_desk(search or "")
            name = desk.scope.extra.get("entry", "")
            if not name:
                return "Choose an entry in the table first.", *untouched
            if not (why or "").strip():
                return "Say why it ends.", *untouched
            room.remove(desk.database, desk.identity, name, reason=why or "")
        except QuarterdeckError as error:
            return told(error), *untouched
        return "The entry has ended.", "", *(f"end-{name}",) * 3


def wire_matches(app: Dash) -> None:
    """Let compliance decide the match that the address names."""

    @app.callback(
        Output("match-reason", "options"), Output("match-reason", "value"), Input("match-verdict", "value")
    )
    def show_reasons(verdict: str | None) -> tuple[list[dict[str, str]], str | None]:
        known = screening.catalogue()["reasons"]
        options = [{"label": one["text"], "value": one["code"]} for one in known if one["verdict"] == verdict]
        return options, options[0]["value"] if options else None

    @app.callback(
        Output("match-said", "children"),
        Output("match-rationale", "value"),
        *(Output(AGAIN[name], "data", allow_duplicate=True) for name in ("matches", "match", "kpis")),
        Input("match-decide", "n_clicks"),
        *(State(f"match-{name}", "value") for name in ("verdict", "reason", "rationale")),
        State(URL, "search"),
        prevent_initial_call=True,
    )
    def decide(clicks: int | None, *given: str | None) -> tuple[Any, ...]:
        verdict, reason, rationale, search = (one or "" for one in given)
        untouched = (no_update,) * 4
        if not clicks:
            return no_update, *untouched
        try:
            desk = current_desk(search)
            name = desk.scope.extra.get("match", "")
            if not name:
                return "Choose a match in the table first.", *untouched
            made = decisions.decide(
                desk.database, desk.identity, name, verdict=verdict, reason=reason, rationale=rationale,
                line=own_line(desk),
            )  # fmt: skip
            raise_alerts(current_context(), desk.org)
        except QuarterdeckError as error:
            return told(error), *untouched
        said = {
            "proposed": "Proposed: a second person must agree that it is somebody else.",
            "true_match": "Confirmed: an alert is open, and the accounts are closed to trading.",
            "false_match": "Decided: it stays quiet until either record changes.",
        }[made.status]
        return said, "", *(f"{name}-{made.version}",) * 3


def wire_requests(app: Dash) -> None:
    """Let people ask, and others answer."""

    @app.callback(
        Output("ask-said", "children"),
        *(Output(AGAIN[name], "data", allow_duplicate=True) for name in ("requests", "kpis")),
        Input("ask-send", "n_clicks"),
        *(State(f"ask-{name}", "value") for name in ("instrument", "side", "quantity", "account", "reason")),
        prevent_initial_call=True,
    )
    def ask(clicks: int | None, *given: str | None) -> tuple[Any, ...]:
        instrument, side, amount, account, reason = ((one or "").strip() for one in given)
        if not clicks:
            return (no_update,) * 3
        try:
            desk = current_desk("")
            made = asking.ask(
                desk.database, desk.identity, instrument_id=preclearances.known_instrument(desk, instrument), side=side,
                quantity=_number(amount), account_id=account or None, reason=reason,
                own_accounts=preclearances.own_accounts(desk),
            )  # fmt: skip
        except QuarterdeckError as error:
            return told(error), no_update, no_update
        return "Asked: compliance will answer.", *(f"ask-{made.id}",) * 2

    @app.callback(
        Output("toast", "data", allow_duplicate=True),
        *(Output(AGAIN[name], "data", allow_duplicate=True) for name in ("requests", "kpis")),
        Input({"ask": ALL, "id": ALL}, "n_clicks"),
        prevent_initial_call=True,
    )
    def answer(clicks: list[int | None]) -> tuple[Any, ...]:
        chosen = ctx.triggered_id
        if not any(clicks) or not isinstance(chosen, dict):
            return (no_update,) * 3
        name, act = str(chosen["id"]), str(chosen["ask"])
        try:
            desk = current_desk("")
            if act == "withdraw":
                asking.withdraw(desk.database, desk.identity, name)
            else:
                asking.decide(
                    desk.database, current_context().lake, desk.identity, name, answer=act, line=own_line(desk),
                    comment="Denied by compliance." if act == "denied" else "",
                )  # fmt: skip
        except QuarterdeckError as error:
            return {"kind": "error", "fact": told(error)}, no_update, no_update
        return {"fact": f"The request is {_ANSWERED[act]}"}, *(f"{act}-{name}",) * 2


def wire_lookup(app: Dash) -> None:
    """Hold a name against the lists."""

    @app.callback(
        Output("look-said", "children"),
        Input("look-go", "n_clicks"),
        State("look-name", "value"),
        State("look-kind", "value"),
        prevent_initial_call=True,
    )
    def look(clicks: int | None, name: str | None, kind: str | None) -> Any:
        if not clicks:
            return no_update
        try:
            return found_names(
                screening.look_up(current_desk(""), name=name or "", kind=None if kind == "any" else kind)
            )
        except QuarterdeckError as error:
            return told(error)


def _moment(field: str, text: str) -> datetime | None:
    if not text:
        return None
    try:
        found = datetime.fromisoformat(text[:32])
    except ValueError as error:
        said = FieldError(field, "must be a day and a time", text[:40])
        raise Invalid("The entry does not fit.", errors=[said]) from error
    return found.replace(tzinfo=UTC) if found.tzinfo is None else found


def _number(text: str) -> Decimal:
    try:
        return Decimal(text.replace(",", "").replace(" ", "")[:40])
    except InvalidOperation as error:
        said = FieldError("quantity", "must be a number", text[:40])
        raise Invalid("The request does not fit.", errors=[said]) from error
