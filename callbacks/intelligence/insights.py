"""Wires pages/intelligence/insights.py."""

from typing import Any

from dash import Dash, html

from app.actions import insights as saying
from app.errors import NotFound
from app.queries import insight_use, intelligence
from callbacks._fill import Drawn, View, fill, nothing
from components.facets import facet, facets
from components.formats import number, plural
from components.insight import insights
from components.insight_parts import digest_settings, use_table
from components.rules import reading, rule_list
from components.severity import SEVERITIES
from components.states import empty

PAGE = "intelligence-insights"
STEP = 20  # insights that "Show more" adds
MOST = 200
LIST_ONLY = ("domain", "severity", "kind", "state", "insight", "n")
STATES = {"new": "New", "snoozed": "Snoozed"}


def register(app: Dash) -> None:
    """Attach this page's callbacks to ``app``."""
    fill(app, PAGE, "insights", "Insights", ask=_ranked, draw=_insights)
    fill(app, PAGE, "rules", "What is looked for", ask=intelligence.rules, draw=_rules, ignores=LIST_ONLY)
    fill(app, PAGE, "use", "What they were worth", ask=_use, draw=_worth, ignores=LIST_ONLY)
    fill(app, PAGE, "digest", "Daily digest", ask=_digest, draw=_settings, live=False, ignores=LIST_ONLY)
    fill(app, PAGE, "method", "How to read them", ask=_level, draw=_method, live=False, ignores=LIST_ONLY)


def _ranked(desk: Any) -> dict[str, Any]:
    state = desk.scope.extra
    shown = str(state.get("n", ""))
    limit = (
        min(max(int(shown), STEP), MOST) if shown.isascii() and shown.isdigit() and len(shown) < 6 else STEP
    )
    severity = state.get("severity") if state.get("severity") in SEVERITIES else None
    found = intelligence.insights(
        desk,
        limit=limit,
        domain=state.get("domain") or None,
        severity=severity,
        kind=state.get("kind") or None,
        state=state.get("state") if state.get("state") in STATES else None,
    )
    if not state.get("insight"):
        return found
    try:
        one = [intelligence.insight(desk, str(state["insight"]))]
    except NotFound as gone:
        return found | {"rows": [], "total": 0, "gone": gone.detail}
    return found | {"rows": one, "total": 1, "one": True}


def _insights(answer: dict[str, Any], view: View) -> Drawn:
    names = ("domain", "severity", "kind", "state")
    held = {name: [value] if (value := view.state(name)) else [] for name in names}
    fresh = html.Button("Mark all as seen", type="button", className="lk", **{"data-act": "seen"})
    tools = (fresh,) if answer["new"] else ()
    every = html.Button("Show all insights", type="button", className="lk", **{"data-clear": "insight"})
    if answer.get("gone"):
        return Drawn(empty("This insight does not stand", str(answer["gone"]), every), "empty", tools=tools)
    if answer.get("one"):
        return Drawn(
            insights(answer["rows"], currency=view.currency, role=view.role, full=True),
            sub="one of them",
            footer=[every],
            fit="flush",
        )
    narrow = facets(
        facet("Show", "state", {"new": answer["new"]}, held["state"], names=STATES, order=tuple(STATES), many=False),
        facet("Severity", "severity", answer["facets"]["severity"], held["severity"], order=tuple(SEVERITIES), many=False),
        facet("Domain", "domain", answer["facets"]["domain"], held["domain"], many=False),
        facet("Rule", "kind", dict.fromkeys(held["kind"], answer["total"]), held["kind"], many=False),
    )  # fmt: skip
    rows, total = answer["rows"], answer["total"]
    if not total:
        fact = "Nothing fits what is chosen" if any(held.values()) else "No insight stands now"
        return nothing(
            view, fact, "The rules found nothing else that clears its own noise.", legend=narrow, tools=tools
        )
    footer: list[Any] = [f"{number(len(rows))} of {plural(total, 'insight')}, weightiest first"]
    if not held["state"]:
        footer.append(html.Button("Snoozed ones", type="button", className="lk", **{"data-set": "state", "data-value": "snoozed"}))  # fmt: skip
    if len(rows) < min(total, MOST):
        footer.append(
            html.Button(
                f"Show {number(min(STEP, total - len(rows)))} more",
                type="button",
                className="lk",
                **{"data-set": "n", "data-value": str(len(rows) + STEP)},
            )
        )
    return Drawn(
        insights(rows, currency=view.currency, role=view.role, full=True),
        sub=f"{plural(total, 'finding')}, {number(answer['new'])} new",
        legend=narrow,
        tools=tools,
        footer=footer,
        fit="flush",
    )


def _rules(rows: list[dict[str, Any]], view: View) -> Drawn:
    if not rows:
        return nothing(view, "No rules", "This release has none.")
    return Drawn(rule_list(rows), sub=plural(len(rows), "rule"), fit="flush")


def _use(desk: Any) -> list[dict[str, Any]] | None:
    return None if desk.identity.desks is not None else insight_use.weekly(desk)


def _worth(rows: list[dict[str, Any]] | None, view: View) -> Drawn:
    if rows is None:
        why = "What all desks say of the rules is told to those who see every desk."
        return Drawn(empty("Not told here", why, icon_name="people"), "empty")
    if not rows:
        return nothing(view, "Nobody has said anything yet", "Say of an insight whether it was useful.")
    return Drawn(use_table(rows[:30]), sub="share useful, share acted on, by week", fit="flush")


def _digest(desk: Any) -> dict[str, bool]:
    return saying.digest(desk.database, desk.identity)


def _settings(held: dict[str, bool], _: View) -> Drawn:
    return Drawn(digest_settings(held), sub="what is new since the last one", fit="pad")


def _level(_: Any) -> float:
    return intelligence.false_discovery()


def _method(level: float, _: View) -> Drawn:
    return Drawn(reading(level), fit="pad")
