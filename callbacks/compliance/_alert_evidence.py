"""Wires the evidence on pages/compliance/alert.py: what an alert rests on, and how it may be judged."""

from typing import Any

from dash import Dash, Input, Output, html

from app.actions.case_access import looked_at
from app.errors import QuarterdeckError
from app.gateway.auth import current_desk
from app.queries import alternatives, compliance, episode_effect, evidence, evidence_cards, evidence_course
from app.queries.alert_history import history
from app.queries.evidence_cards import lead
from app.queries.evidence_risk import limit_behind, model_behind
from app.queries.evidence_rules import terms
from app.queries.replay import replay
from callbacks._fill import Drawn, View, fill, nothing
from components import alert as draw
from components import alert_risk as risk
from components import episode, lanes
from components import evidence as rows_of
from components import evidence_rows as more_rows
from components import replay as book
from components.cards import legend, segment
from components.charts.gain_days import gain_days
from components.charts.held_course import held_course
from components.charts.picked_returns import picked_returns
from components.charts.price_marks import price_marks
from components.evidence_places import places
from components.formats import bps, clock, day, full_money, plural, price, quantity, words
from components.ids import at
from components.states import link_button
from components.tables import table

_COURSES = {
    "quotes": "best bid and ask",
    "bars": "intraday bars",
    "tape": "trades of the market",
    "fills": "trades of the firm",
    "closes": "daily closes",
}
_KINDS = ("orders", "executions", "messages", "posts", "news", "allocations", "rules", "instruments")
SHOWN = 80  # rows of one kind that are drawn at once: hundreds make a slow page
_ALWAYS = ("orders", "executions", "messages")
_SUBS = {
    "orders": "as they stand now",
    "executions": "as they stand now",
    "news": "from a day before to a day after",
    "allocations": "of its orders",
    "rules": "that held at the time",
    "instruments": "orders and fills behind the alert",
}


def wire_evidence(app: Dash, page: str) -> None:
    """Fill the cards."""
    for name, title, ask, show in (
        ("replay", "Price and book replay", _stretch, _replay),
        ("market", "Price, orders and fills", evidence.market, _market),
        ("position", "What was held", evidence_course.position, _held),
        ("gains", "Gains by day", evidence_course.gains, _gains),
        ("picked", "Who got the winners", evidence_course.picked, _picked),
        ("effect", "What it earned", _with_effect, _effect),
        ("timeline", "Timeline", _with_evidence, _timeline),
        ("evidence", "Evidence", _with_terms, _rows),
        ("alternatives", "Other explanations", alternatives.alternatives, _alternatives),
        ("limit", "The limit", limit_behind, _limit),
        ("model", "Is the model right", model_behind, _model),
        ("measures", "Why the score", _with_history, _measures),
    ):
        fill(app, page, name, title, ask=ask, draw=show, about=True)

    @app.callback(Output(at(page, "cards"), "children"), Input(at(page, "id"), "data"))
    def choose(alert_id: Any) -> list[Any]:
        try:
            if not isinstance(alert_id, str) or not 0 < len(alert_id) <= 100:
                return places(page, evidence_cards.ALL)
            return places(page, evidence_cards.cards(current_desk(""), alert_id))
        except QuarterdeckError:
            # Whoever may not read it, or has lost his session: each card says so itself.
            return places(page, evidence_cards.ALL)


# --- questions ---------------------------------------------------------------------------------------
def _stretch(desk: Any, alert_id: str) -> dict[str, Any]:
    return replay(desk, alert_id, stretch=desk.scope.extra.get("stretch"))


def _with_evidence(desk: Any, alert_id: str) -> tuple[dict[str, Any], Any, Any]:
    found, behind = compliance.alert(desk, alert_id), evidence.evidence(desk, alert_id)
    if not behind["messages"].is_empty():
        # What people wrote to one another is sensitive: who read it is on record.
        looked_at(desk.database, desk.identity, "alert", alert_id, what="messages")
    return found, behind, evidence.names(desk)


def _with_terms(desk: Any, alert_id: str) -> tuple[dict[str, Any], Any, Any, Any]:
    return *_with_evidence(desk, alert_id), terms(desk, alert_id)


def _with_effect(desk: Any, alert_id: str) -> tuple[dict[str, Any], Any]:
    return compliance.alert(desk, alert_id), episode_effect.effect(desk, alert_id)


def _with_history(desk: Any, alert_id: str) -> tuple[dict[str, Any], Any]:
    return compliance.alert(desk, alert_id), history(desk, alert_id)


# --- drawings ----------------------------------------------------------------------------------------
def _replay(answer: dict[str, Any], view: View) -> Drawn:
    if not answer["moves"]:
        return nothing(view, "Nothing to replay", "No order or fill stands behind this alert.")
    sides = {side for _, side, standing, *_ in answer["orders"] if standing == book.SUSPECT}
    keys = [("ln", "t2", "Best bid and ask")] if answer["quotes"] else []
    keys += [("ln", "up", "Suspect buys, ▲ fill")] if 1 in sides else []
    keys += [("ds", "down", "Suspect sells, ▼ fill")] if -1 in sides else []
    keys += [("dot", "crit", "× withdrawn"), ("sq", "t3", "Below: what of them rests")]
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
    keys += [("dot", "high", "News")] if any(m["kind"] == "news" for m in answer["marks"]) else []
    keys += [("dot", "acc", "Posts")] if any(m["kind"] == "post" for m in answer["marks"]) else []
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


def _effect(answer: tuple[dict[str, Any], Any], view: View) -> Drawn:
    found, earned = answer
    if not earned["rows"]:
        return nothing(view, "No effect on P&L", earned["reason"])
    body = episode.effect(earned, draw.dates(found))
    sub = earned["reason"] or f"{plural(earned['fills'], 'fill')}, {earned['currency']}"
    return Drawn(body, sub=sub, fit="flush")


def _timeline(answer: tuple[dict[str, Any], Any, Any], _: View) -> Drawn:
    found, behind, names = answer
    lines = rows_of.lines(found, behind, names["person"])
    drawn = lanes.lanes(lanes.marks(behind, names["person"]), found["window"])
    return Drawn([drawn, *rows_of.timeline(lines)], sub=f"{plural(len(lines), 'event')}, UTC", fit="flush")


def _rows(answer: tuple[dict[str, Any], Any, Any, Any], view: View) -> Drawn:
    found, behind, names, applied = answer
    counts = {name: behind[name].height for name in _KINDS[:5]}
    counts |= {"allocations": applied["allocations"].height, "rules": len(applied["rules"])}
    counts["instruments"] = len(applied["instruments"]) if len(applied["instruments"]) > 1 else 0
    kept = [name for name in _KINDS if counts[name] or name in _ALWAYS]
    telling = lead(found)
    first = (
        telling if telling and counts[telling] else next((name for name in kept if counts[name]), "orders")
    )
    # The first option is what the address leaves out, so the fallback comes first.
    kept.sort(key=lambda name: name != first)
    shown = view.state("rows") or first
    shown = shown if shown in kept else first
    tools = (segment("Evidence", "rows", [(n, f"{words(n)} {counts[n]}") for n in kept], shown),)
    if not counts[shown]:
        fact = f"No {shown} behind this alert"
        return nothing(view, fact, "The detector named none, and none was found around it.", tools=tools)
    sub = _SUBS.get(shown, "named by the alert")
    if shown in {"messages", "posts"} and behind["around" if shown == "messages" else "posts_around"]:
        sub = "what these people wrote within an hour of it"
    most = None if view.state("whole") else SHOWN
    made = _made(shown, behind, applied, names["person"], most)
    if most is None or counts[shown] <= most:
        return Drawn(made, sub=sub, tools=tools, fit="flush")
    every = html.Button(
        f"Show all {counts[shown]}",
        type="button",
        className="btn btn-sm btn-outline-secondary",
        **{"data-set": "whole", "data-value": "1"},
    )
    said = f"The first {most} of {counts[shown]}; the file holds all."
    return Drawn(made, sub=sub, tools=tools, footer=[said, every], fit="flush")


def _made(shown: str, behind: Any, applied: Any, people: Any, most: int | None) -> Any:
    if shown == "rules":
        return more_rows.rules_table(applied["rules"])
    if shown == "instruments":
        return more_rows.instruments_table(applied["instruments"])
    frame = (applied if shown == "allocations" else behind)[shown]
    rows = (frame if most is None else frame.head(most)).to_dicts()
    if shown == "messages":
        return rows_of.messages_list(rows, people)
    if shown == "posts":
        return more_rows.posts_list(rows, people)
    if shown == "orders":
        return rows_of.orders_table(rows, people)
    if shown == "allocations":
        return more_rows.allocations_table(rows, people)
    drawings = {
        "executions": rows_of.executions_table,
        "news": more_rows.news_list,
    }
    return drawings[shown](rows)


def _alternatives(found: dict[str, Any], view: View) -> Drawn:
    if not found["checks"] and not found["known"]:
        return nothing(view, "Nothing else to weigh", "The detector knows of nothing that looks like it.")
    held = sum(check["leans"] == "for" for check in found["checks"])
    sub = f"{held} of {len(found['checks'])} find support in the records" if found["checks"] else None
    return Drawn(episode.alternatives(found), sub=sub, fit="flush")


def _limit(found: dict[str, Any], view: View) -> Drawn:
    if not found["rows"]:
        return nothing(view, "No course to show", found["reason"])
    way = link_button("Open the limit", f"/compliance/limits?limit_id={found['limit_id']}")
    return Drawn(risk.limit(found, look=view.look), sub=found["name"], tools=(way,), fit="flush")


def _held(found: dict[str, Any], view: View) -> Drawn:
    if not found["rows"]:
        return nothing(view, "No course to show", found["reason"])
    keys = [("ln", "acc", "Held" if found["counted"] == "position" else "Traded that day")]
    keys += [("ln", "crit", "Bound")] if found["bound"] else []
    keys += [("dot", "crit", "The most"), ("band", "acc", "Suspected window")]
    rows = [
        [f"{day(row['time'].date())} {clock(row['time'], seconds=True)}", quantity(row["held"])]
        for row in found["rows"]
    ]
    return Drawn(
        held_course(found, look=view.look, height=250),
        sub=f"{found['instrument_id']}, fill by fill, UTC",
        legend=legend(*keys),
        as_table=table(["After, UTC", "Held"], rows, numeric=(1,), label="What was held"),
    )


def _gains(found: dict[str, Any], view: View) -> Drawn:
    if not found["rows"]:
        return nothing(view, "No gains to compare", found["reason"])
    money = found["currency"]
    keys = [("sq", "acc", "The day in question"), ("sq", "t3", "Days before")]
    keys += [("band", "t3", "Nine of ten days before")] if found["low"] is not None else []
    rows = [[day(row["date"]), full_money(row["gain"], money, plus=True)] for row in reversed(found["rows"])]
    return Drawn(
        gain_days(found, look=view.look, height=250),
        sub=f"trades at the close of their day, {money}",
        legend=legend(*keys),
        as_table=table(["Date", "Gain"], rows, numeric=(1,), label="Gains by day"),
    )


def _picked(found: dict[str, Any], view: View) -> Drawn:
    if not found["rows"]:
        return nothing(view, "No allocations to compare", found["reason"])
    keys = (("dot", "acc", f"Favoured, {found['n_own']}"), ("ring", "t3", f"Others, {found['n_rest']}"))
    rows = [
        [f"{day(r['time'].date())} {clock(r['time'], seconds=True)}", r["instrument_id"], r["account_id"],
         "yes" if r["favoured"] else "", bps(r["bp"], unit=False)]
        for r in found["rows"]
    ]  # fmt: skip
    heads = ["Decided, UTC", "Instrument", "Account", "Favoured", "bps"]
    return Drawn(
        picked_returns(found, look=view.look, height=270),
        sub="allocations decided by the same people after the fills",
        legend=legend(*keys),
        as_table=table(heads, rows, numeric=(4,), label="Returns of allocations"),
    )


def _model(found: dict[str, Any], view: View) -> Drawn:
    why = found["reasons"].get("rows")
    if why or found["rows"] is None or found["rows"].is_empty():
        return nothing(view, "No back-test yet", why or "No session can be judged yet.")
    rows = found["rows"].to_dicts()
    money = found["currency"]
    as_table = table(
        ["Date", "P&L", "VaR", "Exception"],
        [
            [r["date"], full_money(r["pnl"], money, plus=True), full_money(r["var"], money), "yes" if r["exception"] else ""]
            for r in reversed(rows)
        ],
        numeric=(1, 2), label="Back-test by day",
    )  # fmt: skip
    sub = f"{words(found['method'])} at {found['confidence'] * 100:g}%, {plural(len(rows), 'session')}"
    return Drawn(risk.model(found, rows, look=view.look), sub=sub, as_table=as_table, fit="flush")


def _measures(answer: tuple[dict[str, Any], Any], _: View) -> Drawn:
    found, stands = answer
    badge = html.Span(
        plural(stands["alerts"] + 1, "alert"), className="tag", title="Alerts of this rule in the firm"
    )
    return Drawn(draw.measures(found, stands["measures"]), badge=badge, fit="flush")
