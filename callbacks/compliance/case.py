"""Wires pages/compliance/case.py."""

from datetime import UTC, datetime
from typing import Any

from dash import Dash, Input, Output, html

from app.actions import case_access
from app.errors import NotFound, QuarterdeckError
from app.gateway.auth import current_desk
from app.queries import cases, casework, evidence, stor
from callbacks._fill import Drawn, View, fill, nothing
from components import case_access as parts
from components import case_report as report
from components import cases as draw
from components.alerts import actor_name, people_first
from components.case_decision import decision
from components.context import steps
from components.formats import plural
from components.ids import DATA, at
from components.severity import severity
from components.states import icon

PAGE = "compliance-case"


def register(app: Dash) -> None:
    """Attach this page's callbacks to ``app``."""
    for name, title, ask, show in (
        ("alerts", "Alerts", _with_names, _alerts),
        ("files", "Attachments", _case, _files),
        ("notes", "Notes", _case, _notes),
        ("trail", "Audit trail", cases.trail, _trail),
        ("decision", "Decision", _with_people, _decision),
        ("report", "Report", _with_report, _report),
        ("access", "Who may know", _with_looks, _access),
        ("checklist", "Checklist", _case, _checklist),
    ):
        fill(app, PAGE, name, title, ask=ask, draw=show, about=True)

    @app.callback(
        Output(at(PAGE, "title"), "children"),
        Output(at(PAGE, "meta"), "children"),
        Output(at(PAGE, "next"), "children"),
        Output(at(PAGE, "writing"), "hidden"),  # a closed case takes no notes
        Input(at(PAGE, "id"), "data"),
        Input(DATA, "data"),
        Input(at(PAGE, "decision", "retry"), "data"),
    )
    def show_title(case_id: str | None, _: str | None, __: Any) -> tuple[Any, Any, Any, bool]:
        try:
            if not isinstance(case_id, str):
                raise NotFound("There is no such case.")
            desk = current_desk("")
            found = _case(desk, case_id)
        except QuarterdeckError:
            return "Case", None, None, True
        marks = [
            html.Span([icon("lock"), "Restricted"], className="tag high") if found["restricted"] else None,
            html.Span([icon("pause-circle"), "Legal hold"], className="tag acc")
            if found["legal_hold"]
            else None,
        ]
        head = [severity(found["severity"]), " ", html.Span(found["ref"], className="mono t11"), " ", *marks]
        writes = desk.identity.role == "compliance" and found["status"] != "closed"
        return found["title"], head, steps(_ways_on(found)), not writes


def _case(desk: Any, case_id: str) -> dict[str, Any]:
    """Return a case; a look at a restricted one is on record, whichever card asked."""
    found = cases.case(desk, case_id) | {"user": desk.identity.user_id}
    if found["restricted"]:
        case_access.looked_at(desk.database, desk.identity, "case", case_id, what="case")
    return found


def _with_people(desk: Any, case_id: str) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    return _case(desk, case_id), casework.colleagues(desk)


def _with_report(desk: Any, case_id: str) -> tuple[dict[str, Any], dict[str, Any]]:
    return _case(desk, case_id), stor.checked(desk, case_id)


def _with_looks(desk: Any, case_id: str) -> tuple[dict[str, Any], list[dict[str, Any]], list[dict[str, Any]]]:
    found = _case(desk, case_id)
    looks = [row for row in cases.trail(desk, case_id, limit=1000) if row["action"] in parts.LOOKS]
    return found, casework.colleagues(desk), looks


def _with_names(desk: Any, case_id: str) -> tuple[dict[str, Any], Any]:
    return _case(desk, case_id), evidence.names(desk)


def _ways_on(found: dict[str, Any]) -> list[dict[str, Any]]:
    traders = ",".join(str(one["id"]) for one in found["actors"] if one["kind"] == "trader")
    instruments = ",".join(found["instrument_ids"])
    ways = [
        (
            "Orders in question",
            "/trading/blotter",
            f"view=orders&instrument={instruments}",
            "Every order in these instruments",
            instruments,
        ),
        (
            "Alerts of these people",
            "/compliance/alerts",
            f"status=all&trader={traders}",
            "All that names them",
            traders,
        ),
        ("All cases", "/compliance/cases", "", "Back to the board", "yes"),
    ]
    return [
        {"label": label, "path": f"{path}?{query}" if query else path, "why": why, "metric": None}
        for label, path, query, why, when in ways
        if when
    ]


# --- drawings ----------------------------------------------------------------------------------------
def _alerts(answer: tuple[dict[str, Any], Any], view: View) -> Drawn:
    found, names = answer
    if not found["alerts"]:
        return nothing(view, "No alerts", "The case was opened of something a person noticed.")
    people = ", ".join(actor_name(one, names) for one in people_first(found["actors"])[:3])
    return Drawn(
        draw.case_alerts(found["alerts"]),
        badge=html.Span(str(len(found["alerts"])), className="tag"),
        sub=people,
        fit="flush",
    )


def _files(found: dict[str, Any], _: View) -> Drawn:
    may = found["may_act"] and found["status"] != "closed"
    return Drawn(draw.files(found, may=may), fit="pad", sub="PDF, images, office files, text; 10 MB")


def _notes(found: dict[str, Any], view: View) -> Drawn:
    if not found["notes"]:
        return nothing(view, "Nothing is written yet", "What you find belongs here, with what it points to.")
    return Drawn(
        draw.notes(found, author=found["user"], may=found["may_act"]),
        sub=plural(len(found["notes"]), "note"),
        fit="flush",
    )


def _trail(rows: list[dict[str, Any]], _: View) -> Drawn:
    return Drawn(draw.trail(rows[:50]), sub="who did what, and who looked", fit="flush")


def _decision(answer: tuple[dict[str, Any], list[dict[str, Any]]], _: View) -> Drawn:
    found, people = answer
    state = html.Span(draw.state_words(found["status"]), className="tag acc")
    body = decision(found, datetime.now(UTC), user=found["user"], people=people)
    return Drawn(body, badge=state, fit="pad")


def _report(answer: tuple[dict[str, Any], dict[str, Any]], view: View) -> Drawn:
    found, checked = answer
    if found["suspicion_at"] is None:
        return nothing(
            view, "No report yet", "A report is drafted once a suspicion is formed: say so under Decision."
        )
    may = found["may_act"]
    return Drawn(report.report(found, checked, may=may), badge=report.complete(checked), fit="pad")


def _access(answer: tuple[dict[str, Any], list[dict[str, Any]], list[dict[str, Any]]], _: View) -> Drawn:
    found, people, looks = answer
    return Drawn(parts.access(found, people, looks[:12], may=found["may_act"]), fit="pad")


def _checklist(found: dict[str, Any], _: View) -> Drawn:
    may = found["may_act"] and found["status"] != "closed"
    done = found["checks"] - found["checks_left"]
    return Drawn(draw.checklist(found, may=may), sub=f"{done} of {found['checks']}", fit="flush")
