"""Wires pages/compliance/alert.py."""

from typing import Any

from dash import Dash, Input, Output, State, html, no_update

from app.actions.case_access import looked_at
from app.errors import NotFound, QuarterdeckError
from app.gateway.auth import current_context, current_desk
from app.jobs import surveil
from app.queries import compliance, evidence
from app.queries.replay import replay
from callbacks._fill import Drawn, View, failed, fill, nothing
from callbacks.compliance._alert_decision import wire_decision
from components import alert as draw
from components import context
from components import evidence as rows_of
from components import replay as book
from components.cards import legend, segment
from components.charts.price_marks import price_marks
from components.formats import clock, day, plural, price, quantity, words
from components.ids import DATA, at
from components.severity import severity
from components.states import hidden, icon
from components.tables import table

PAGE = "compliance-alert"
QUEUE = 40  # open alerts beside the one at hand
_COURSES = {
    "quotes": "best bid and ask",
    "bars": "intraday bars",
    "tape": "trades of the market",
    "fills": "trades of the firm",
    "closes": "daily closes",
}


def register(app: Dash) -> None:
    """Attach this page's callbacks to ``app``."""
    for name, title, ask, show in (
        ("queue", "Open alerts", _queue_of, _queue),
        ("story", "What happened", _with_names, _story),
        ("replay", "Price and book replay", _stretch, _replay),
        ("market", "Price, orders and fills", evidence.market, _market),
        ("timeline", "Timeline", _with_evidence, _timeline),
        ("evidence", "Evidence", _with_evidence, _rows),
        ("measures", "Why the score", compliance.alert, _measures),
        ("pins", "Pinned to", compliance.alert, _pins),
        ("rule", "The rule", _with_rule, _rule),
        ("related", "Related alerts", compliance.alert, _related),
    ):
        fill(app, PAGE, name, title, ask=ask, draw=show, about=True)
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
        return found["title"], head, context.steps(draw.ways_on(found, counts))

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


def _stretch(desk: Any, alert_id: str) -> dict[str, Any]:
    return replay(desk, alert_id, stretch=desk.scope.extra.get("stretch"))


def _with_names(desk: Any, alert_id: str) -> tuple[dict[str, Any], Any]:
    return compliance.alert(desk, alert_id), evidence.names(desk)


def _with_evidence(desk: Any, alert_id: str) -> tuple[dict[str, Any], Any, Any]:
    found, behind = compliance.alert(desk, alert_id), evidence.evidence(desk, alert_id)
    if not behind["messages"].is_empty():
        # What people wrote to one another is sensitive: who read it is on record.
        looked_at(desk.database, desk.identity, "alert", alert_id, what="messages")
    return found, behind, evidence.names(desk)


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


def _replay(answer: dict[str, Any], view: View) -> Drawn:
    if not answer["moves"]:
        return nothing(view, "Nothing to replay", "No order or fill stands behind this alert.")
    sides = {side for _, side, standing, *_ in answer["orders"] if standing == book.SUSPECT}
    keys = [("ln", "t2", "Best bid and ask")] if answer["quotes"] else []
    keys += [("ln", "up", "Suspect buys, ▲ fill")] if 1 in sides else []
    keys += [("ds", "down", "Suspect sells, ▼ fill")] if -1 in sides else []
    keys += [("dot", "crit", "× withdrawn"), ("dot", "t3", "below: what of them rests")]
    return Drawn(
        book.replay(answer, look=view.look),
        sub=f"{answer['instrument_id']}, {day(answer['start'].date())}, UTC",
        legend=legend(*keys),
        tools=book.choice(answer),
        fit="flush",
    )


def _market(answer: dict[str, Any], view: View) -> Drawn:
    if not answer["rows"] and not answer["fills"] and not answer["orders"]:
        return nothing(
            view, "No price to show", "Neither quotes, trades nor daily prices of it were imported."
        )
    sides = {
        str(row["side"]).startswith("buy")
        for row in (*(o for o in answer["orders"]), *(f for f in answer["fills"]))
    }
    keys = [("ln", "t2", _COURSES[answer["kind"]].capitalize())]
    keys += [("ln", "up", "Buys: limit, ▲ fill")] if True in sides else []
    keys += [("ds", "down", "Sells: limit, ▼ fill")] if False in sides else []
    keys.append(("band", "acc", "Suspected window"))
    rows = [
        [clock(f["time"], millis=True), words(f["side"]), quantity(f["quantity"]), price(f["price"])]
        for f in answer["fills"]
    ]
    return Drawn(
        price_marks(answer, look=view.look, height=290),
        sub=f"{answer['instrument_id']}, UTC",
        legend=legend(*keys),
        as_table=table(["Time", "Side", "Quantity", "Price"], rows, numeric=(2, 3), label="Suspect fills"),
    )


def _timeline(answer: tuple[dict[str, Any], Any, Any], _: View) -> Drawn:
    found, behind, names = answer
    lines = rows_of.lines(found, behind, names["person"])
    return Drawn(rows_of.timeline(lines), sub=f"{plural(len(lines), 'event')}, UTC", fit="flush")


def _rows(answer: tuple[dict[str, Any], Any, Any], view: View) -> Drawn:
    _, behind, names = answer
    counts = {name: behind[name].height for name in ("orders", "executions", "messages")}
    shown = view.state("rows") or next((name for name, n in counts.items() if n), "orders")
    shown = shown if shown in counts else "orders"
    options = [(name, f"{name.capitalize()} {counts[name]}") for name in counts]
    # The first option is what the address leaves out, so the fallback comes first.
    first = next((name for name, n in counts.items() if n), "orders")
    options.sort(key=lambda option: option[0] != first)
    tools = (segment("Evidence", "rows", options, shown),)
    if not counts[shown]:
        fact = f"No {shown} behind this alert"
        return nothing(view, fact, "The detector named none, and none was found around it.", tools=tools)
    rows = behind[shown].to_dicts()
    if shown == "messages":
        sub = "what these people wrote within an hour of it" if behind["around"] else "named by the alert"
        return Drawn(rows_of.messages_list(rows, names["person"]), sub=sub, tools=tools, fit="flush")
    made = rows_of.orders_table(rows) if shown == "orders" else rows_of.executions_table(rows)
    return Drawn(made, sub="as they stand now", tools=tools, fit="flush")


def _measures(found: dict[str, Any], _: View) -> Drawn:
    return Drawn(draw.measures(found), fit="flush")


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
    code = html.Span(detector["code"], className="tag line") if detector else None
    return Drawn(draw.rule(found, detector), badge=code, fit="flush")


def _related(found: dict[str, Any], view: View) -> Drawn:
    if not found["related"]:
        return nothing(view, "No related alerts", "No other alert names the same people or accounts.")
    badge = html.Span(str(len(found["related"])), className="tag")
    return Drawn(draw.related(found["related"]), badge=badge, sub="same people or accounts", fit="flush")
