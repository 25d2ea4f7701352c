"""Wires pages/compliance/cases.py."""

from datetime import UTC, datetime
from typing import Any

from dash import Dash, html

from app.queries import case_groups, cases, casework, evidence, surveillance_mi
from callbacks._fill import Drawn, View, fill, nothing
from callbacks._strip import fill_strip
from callbacks.compliance._rule_names import rule_names
from components import cases as draw
from components.cards import segment
from components.facets import facet, facets
from components.formats import number, percent, plural
from components.kpi import strip, tile
from components.severity import SEVERITIES
from components.tables import table

PAGE = "compliance-cases"
SHOWN = (("open", "Open"), ("mine", "Mine"), ("overdue", "Overdue"), ("all", "All"))
LOOKS = (("board", "Board"), ("list", "List"))
_FILTERS = {
    "open": {"open": "true"},
    "mine": {"owner": "me", "open": "true"},
    "overdue": {"overdue": "true"},
    "all": {},
}
MOST = 200
OWN = ("show", "look", "severity")


def register(app: Dash) -> None:
    """Attach this page's callbacks to ``app``."""
    fill_strip(app, PAGE, ask=_figures, draw=_strip, ignores=OWN)
    fill(app, PAGE, "cases", "Cases", ask=_listed, draw=_cases, rows=_rows)
    fill(app, PAGE, "waiting", "Wait for a second person", ask=casework.waiting, draw=_waiting, ignores=OWN)
    fill(app, PAGE, "groups", "Alerts that belong together", ask=_grouped, draw=_groups, ignores=OWN)
    fill(app, PAGE, "figures", "How alerts ended", ask=surveillance_mi.management, draw=_ended, ignores=OWN)


def _chosen(state: Any, *, without: str = "") -> dict[str, str]:
    found = dict(_FILTERS.get(str(state.get("show", "open")), {}))
    if state.get("severity") and without != "severity":
        found["severity"] = str(state["severity"])
    return found


# --- questions ---------------------------------------------------------------------------------------
def _figures(desk: Any) -> tuple[dict[str, Any], int]:
    return surveillance_mi.management(desk), len(casework.waiting(desk))


def _listed(desk: Any) -> dict[str, Any]:
    state = desk.scope.extra
    found = cases.cases(desk, filters=_chosen(state), limit=MOST)
    others = cases.cases(desk, filters=_chosen(state, without="severity"), limit=1)
    return found | {"severities": others["facets"]["severity"]}


def _rows(desk: Any, most: int) -> tuple[list[dict[str, Any]], int]:
    found = cases.cases(desk, filters=_chosen(desk.scope.extra), limit=most)
    return found["rows"], found["total"]


def _grouped(desk: Any) -> tuple[list[dict[str, Any]], Any]:
    return case_groups.proposals(desk, limit=6), evidence.names(desk)


# --- drawings ----------------------------------------------------------------------------------------
def _strip(answer: tuple[dict[str, Any], int], _: View) -> Any:
    found, waits = answer
    work, close, late = found["cases"], found["time_to_close"], found["cases"]["overdue"]
    agreed, passed_on = found["reviews"]["agreement"], found["conversion"]["escalation"]
    hours = close["p50"]
    why = {name: f"{text[:1].upper()}{text[1:]}." for name, text in found["reasons"].items()}
    return strip([
        tile("cases_open", "Open cases", work["open"], number(work["open"]),
             detail=html.Span(f"{number(late)} overdue", className="crit" if late else "")),
        tile("alerts_open", "Open alerts", found["alerts"]["open"], number(found["alerts"]["open"]),
             detail=f"{number(found['alerts']['overdue'])} overdue", href="/compliance/alerts"),
        tile("waiting", "Wait for a second person", waits, number(waits), detail="closings and reports"),
        tile("time_to_close", "Time to a decision", hours, number(hours, 1), unit=" h" if hours is not None else "",
             detail=f"median; 95% within {number(close['p95'], 1)} h" if hours is not None else None, reason=why.get("time_to_close")),
        tile("escalation", "Alerts that became cases", passed_on, percent(passed_on), detail=f"{number(work['reported'])} reported",
             reason=why.get("conversion.escalation")),
        tile("agreement", "Second person agreed", agreed, percent(agreed), detail=f"of {plural(found['reviews']['n'], 'decision')}",
             reason=why.get("reviews.agreement")),
    ])  # fmt: skip


def _cases(found: dict[str, Any], view: View) -> Drawn:
    show, look = view.state("show", "open"), view.state("look", "board")
    tools = (segment("Show", "show", SHOWN, show), segment("Look", "look", LOOKS, look))
    held = [one for one in view.state("severity").split(",") if one]
    narrow = facets(facet("Severity", "severity", found["severities"], held, order=tuple(SEVERITIES)))
    if not found["total"]:
        fact = {
            "open": "No open cases",
            "mine": "No open case is yours",
            "overdue": "Nothing is overdue",
        }.get(show, "No cases")
        return nothing(
            view, fact, "An alert becomes a case when somebody escalates it.", tools=tools, legend=narrow
        )
    now = datetime.now(UTC)
    body = draw.case_table(found["rows"], now) if look == "list" else draw.board(found["rows"], now)
    heads = ["Case", "Title", "Severity", "State", "With", "Alerts"]
    rows = [
        [r["ref"], r["title"], r["severity"], r["status"], r["owner_name"] or "", r["alerts"]]
        for r in found["rows"]
    ]
    return Drawn(
        body,
        sub=plural(found["total"], "case"),
        tools=tools,
        legend=narrow,
        fit="flush",
        as_table=None if look == "list" else table(heads, rows, numeric=(5,), label="Cases"),
    )


def _waiting(rows: list[dict[str, Any]], view: View) -> Drawn:
    may = view.role == "compliance"
    if not rows:
        return nothing(view, "Nothing waits", "Every decision that needed two people has them.")
    return Drawn(
        draw.waiting(rows[:200], may=may),
        badge=html.Span(number(len(rows)), className="tag high"),
        fit="flush",
    )


def _groups(answer: tuple[list[dict[str, Any]], Any], view: View) -> Drawn:
    rows, names = answer
    if not rows:
        return nothing(
            view,
            "No open alerts belong together",
            "None shares owners and an instrument within five days, or an actor.",
        )
    return Drawn(draw.proposals(rows, names, rule_names(), may=view.role == "compliance"), sub="same owners and instrument within 5 days, or same actor",
                 fit="flush")  # fmt: skip


def _ended(found: dict[str, Any], view: View) -> Drawn:
    if not found["by_detector"]:
        return nothing(view, "No alerts in the period", "There is nothing to count.")
    ages = ", ".join(f"{number(row['alerts'])} {row['age']}" for row in found["ageing"] if row["alerts"])
    return Drawn(
        html.Div(draw.detectors_table(found["by_detector"], rule_names()), className="scroll-list"),
        sub=f"open: {ages}" if ages else "nothing is open",
        fit="flush",
    )
