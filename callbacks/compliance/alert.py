"""Wires pages/compliance/alert.py."""

from typing import Any

from dash import Dash, Input, Output, State, html, no_update

from app.errors import NotFound, QuarterdeckError
from app.gateway.auth import current_context, current_desk
from app.jobs import surveil
from app.queries import compliance, evidence
from callbacks._fill import Drawn, View, failed, fill, nothing
from callbacks.compliance._alert_decision import wire_decision
from callbacks.compliance._alert_evidence import wire_evidence
from components import alert as draw
from components import context
from components.formats import clock, day, words
from components.ids import DATA, at
from components.severity import severity
from components.states import hidden, icon

PAGE = "compliance-alert"
QUEUE = 40  # open alerts beside the one at hand


def register(app: Dash) -> None:
    """Attach this page's callbacks to ``app``."""
    for name, title, ask, show in (
        ("queue", "Open alerts", _queue_of, _queue),
        ("story", "What happened", _with_names, _story),
        ("pins", "Pinned to", compliance.alert, _pins),
        ("rule", "The rule", _with_rule, _rule),
        ("related", "Related alerts", compliance.alert, _related),
    ):
        fill(app, PAGE, name, title, ask=ask, draw=show, about=True)
    wire_evidence(app, PAGE)
    wire_decision(app, PAGE)

    @app.callback(
        Output(at(PAGE, "title"), "children"),
        Output(at(PAGE, "meta"), "children"),
        Output(at(PAGE, "next"), "children"),
        Input(at(PAGE, "id"), "data"),
        Input(DATA, "data"),
    )
    def show_title(alert_id: str | None, _: str | None) -> tuple[Any, Any, Any]:
        try:
            desk = current_desk("")
            found = compliance.alert(desk, _named(alert_id))
            behind = evidence.evidence(desk, found["alert_id"])
        except QuarterdeckError:
            return "Alert", None, None
        counts = {"orders": behind["orders"].height, "related": len(found["related"])}
        label = html.Span(found["alert_id"][:10], className="mono t11", title=found["alert_id"])
        head = [severity(found["severity"]), " ", label]
        ways = [one for one in draw.ways_on(found, counts) if not one["path"].startswith("/portfolio/")]
        return found["title"], head, context.steps(ways)

    @app.callback(
        Output(at(PAGE, "pins", "answer"), "children"),
        Input(at(PAGE, "pins", "reproduce"), "n_clicks"),
        State(at(PAGE, "id"), "data"),
        prevent_initial_call=True,
        running=[(Output(at(PAGE, "pins", "reproduce"), "disabled"), True, False)],
    )
    def reproduce(clicks: int | None, alert_id: str | None) -> Any:
        if not clicks:
            return no_update
        try:
            desk = current_desk("")
            # The door of the question is the door of the proof: whoever may not read it learns nothing.
            found = compliance.alert(desk, _named(alert_id))
            answer = surveil.reproduce(current_context(), desk.org, found["alert_id"])
        except QuarterdeckError as problem:
            return failed(problem, retry=at(PAGE, "pins", "retry")).body
        return draw.reproduced(answer)


def _named(alert_id: str | None) -> str:
    if not alert_id or not isinstance(alert_id, str) or len(alert_id) > 100:
        raise NotFound("There is no such alert.")
    return alert_id


# --- questions ---------------------------------------------------------------------------------------
def _queue_of(desk: Any, alert_id: str) -> tuple[dict[str, Any], str, Any]:
    return compliance.alerts(desk, filters={"open": "true"}, limit=QUEUE), alert_id, evidence.names(desk)


def _with_names(desk: Any, alert_id: str) -> tuple[dict[str, Any], Any]:
    return compliance.alert(desk, alert_id), evidence.names(desk)


def _with_rule(desk: Any, alert_id: str) -> tuple[dict[str, Any], Any]:
    found = compliance.alert(desk, alert_id)
    return found, evidence.detector(found["detector"])


# --- drawings ----------------------------------------------------------------------------------------
def _queue(answer: tuple[dict[str, Any], str, Any], view: View) -> Drawn:
    found, current, names = answer
    if not found["rows"]:
        return nothing(view, "No open alerts", "Nothing waits for a decision.")
    return Drawn(
        html.Div(draw.queue(found["rows"], current, names), className="scroll-queue"),
        badge=html.Span(str(found["total"]), className="tag"),
        fit="flush",
    )


def _story(answer: tuple[dict[str, Any], Any], _: View) -> Drawn:
    found, names = answer
    start, end = found["window"]["start"], found["window"]["end"]
    when = ""
    if start is not None and end is not None:
        when = f"{day(start.date())} {clock(start, seconds=True)}"
        if end != start:
            same = start.date() == end.date()
            when += f" to {'' if same else day(end.date()) + ' '}{clock(end, seconds=True)}"
        when += " UTC"
    state = html.Span(words(found["status"]), className="tag acc")
    return Drawn(draw.story(found, names), sub=when, tools=(state,), fit="flush")


def _pins(found: dict[str, Any], _: View) -> Drawn:
    button = html.Button(
        [icon("arrow-repeat"), " Reproduce", hidden(" this alert from the pinned versions")],
        type="button",
        id=at(PAGE, "pins", "reproduce"),
        className="btn btn-sm btn-outline-secondary",
    )
    answer = html.Div(id=at(PAGE, "pins", "answer"), className="answerbox", role="status")
    return Drawn([draw.pins(found), answer], tools=(button,), fit="flush")


def _rule(answer: tuple[dict[str, Any], Any], _: View) -> Drawn:
    found, detector = answer
    code = html.Span(detector["code"], className="tag line") if detector and detector["code"] else None
    return Drawn(draw.rule(found, detector), badge=code, fit="flush")


def _related(found: dict[str, Any], view: View) -> Drawn:
    if not found["related"]:
        return nothing(view, "No related alerts", "No other alert names the same people or accounts.")
    badge = html.Span(str(len(found["related"])), className="tag")
    return Drawn(draw.related(found["related"]), badge=badge, sub="same people or accounts", fit="flush")
