"""Wires pages/compliance/supervision.py."""

from typing import Any

from dash import Dash, html

from app.actions.case_access import looked_at
from app.errors import Forbidden
from app.queries import evidence, supervision
from callbacks._fill import Drawn, View, fill, nothing
from callbacks._strip import fill_strip
from components import supervision as draw
from components.cards import segment
from components.formats import number, percent, plural
from components.kpi import strip, tile

PAGE = "compliance-supervision"
SHOWN = (("open", "To read"), ("reviewed", "Read"), ("escalated", "Raised"), ("all", "All"))
MOST = 25  # messages at a time: what is settled makes room for the next
OWN = ("show",)


def register(app: Dash) -> None:
    """Attach this page's callbacks to ``app``."""
    fill_strip(app, PAGE, ask=supervision.figures, draw=_strip, ignores=OWN)
    fill(app, PAGE, "queue", "Messages to read", ask=_listed, draw=_queue)
    fill(app, PAGE, "draw", "Draw a sample", ask=_plan, draw=_draw, ignores=OWN)
    fill(app, PAGE, "samples", "What was drawn", ask=_samples, draw=_drawn, ignores=OWN)


# --- questions ---------------------------------------------------------------------------------------
def _listed(desk: Any) -> tuple[dict[str, Any], dict[str, str]]:
    shown = str(desk.scope.extra.get("show", "open"))
    found = supervision.queue(desk, state=None if shown == "all" else shown, limit=MOST)
    if found["rows"]:
        # What people wrote to one another is sensitive: who read it is on record.
        looked_at(desk.database, desk.identity, "supervision", "queue", what="messages")
    return found, evidence.names(desk)["person"]


def _plan(desk: Any) -> dict[str, Any]:
    if desk.identity.role != "compliance":
        raise Forbidden("A sample is drawn by compliance.")
    return supervision.plan(desk, start=desk.scope.start, end=desk.scope.end)


def _samples(desk: Any) -> list[dict[str, Any]]:
    return supervision.samples(desk)


# --- drawings ----------------------------------------------------------------------------------------
def _strip(found: dict[str, Any], _: View) -> Any:
    why = {name: f"{text[:1].upper()}{text[1:]}." for name, text in found["reasons"].items()}
    people = found["people_read"]
    return strip([
        tile("to_read", "To read", found["open"], number(found["open"]), detail=f"of {number(found['drawn'])} drawn"),
        tile("read", "Read of what was drawn", found["read"], percent(found["read"]), detail=f"{number(found['reviewed'])} nothing to follow",
             reason=why.get("read")),
        tile("coverage", "Read of all messages", found["coverage"], percent(found["coverage"]),
             detail=f"of {plural(found['messages'], 'message')} of the periods", reason=why.get("coverage")),
        tile("people", "People of whom one was read", people, number(people), detail=f"of {number(found['people'])} who wrote",
             reason=why.get("people_read")),
        tile("escalated", "Raised", found["escalated"], number(found["escalated"]), detail="alerts or cases", href="/compliance/alerts"),
        tile("at_most", "Worth a look, at most", found["at_most"], percent(found["at_most"]), detail="of all messages, 95% sure",
             reason=why.get("at_most")),
    ])  # fmt: skip


def _queue(answer: tuple[dict[str, Any], dict[str, str]], view: View) -> Drawn:
    found, names = answer
    shown = view.state("show", "open")
    tools = (segment("Which", "show", SHOWN, shown),)
    if not found["rows"]:
        if shown != "open":
            return nothing(view, "No such message", "None of what was drawn is in this state.", tools=tools)
        drawn = sum(found["counts"].values())
        why = (
            "All that was drawn has been read."
            if drawn
            else "Draw a sample: what no rule named is then read by people."
        )
        return nothing(view, "Nothing to read", why, tools=tools)
    sub = (
        f"{number(len(found['rows']))} of {number(found['total'])}"
        if found["total"] > len(found["rows"])
        else None
    )
    foot = (
        f"{plural(found['own'], 'message')} of your own or to you: somebody else reads them."
        if found["own"]
        else None
    )
    return Drawn(
        html.Div(draw.messages(found["rows"], names), className="scroll-items"),
        badge=html.Span(number(found["total"]), className="tag"),
        sub=sub,
        tools=tools,
        footer=foot,
        fit="flush",
    )


def _draw(found: dict[str, Any], view: View) -> Drawn:
    if not found["messages"]:
        return nothing(view, "No messages in the period", "Import messages, or choose other dates.")
    return Drawn(draw.draw_form(found), fit="pad")


def _drawn(rows: list[dict[str, Any]], view: View) -> Drawn:
    if not rows:
        return nothing(view, "Nothing was drawn yet", "A sample is drawn with the form above.")
    return Drawn(draw.samples_table(rows, supervision.REASONS), sub=plural(len(rows), "sample"), fit="flush")
