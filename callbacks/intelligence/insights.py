"""Wires pages/intelligence/insights.py."""

from typing import Any

from dash import Dash, html

from app.queries import intelligence
from callbacks._fill import Drawn, View, fill, nothing
from components.facets import facet, facets
from components.formats import number, plural
from components.insight import insights
from components.rules import reading, rule_list
from components.severity import SEVERITIES

PAGE = "intelligence-insights"
STEP = 20  # insights that "Show more" adds
MOST = 200
LIST_ONLY = ("domain", "severity", "n")


def register(app: Dash) -> None:
    """Attach this page's callbacks to ``app``."""
    fill(app, PAGE, "insights", "Insights", ask=_ranked, draw=_insights)
    fill(app, PAGE, "rules", "What is looked for", ask=intelligence.rules, draw=_rules, ignores=LIST_ONLY)
    fill(app, PAGE, "method", "How to read them", ask=_level, draw=_method, live=False, ignores=LIST_ONLY)


def _ranked(desk: Any) -> dict[str, Any]:
    state = desk.scope.extra
    shown = str(state.get("n", ""))
    limit = (
        min(max(int(shown), STEP), MOST) if shown.isascii() and shown.isdigit() and len(shown) < 6 else STEP
    )
    severity = state.get("severity") if state.get("severity") in SEVERITIES else None
    return intelligence.insights(desk, limit=limit, domain=state.get("domain") or None, severity=severity)


def _insights(answer: dict[str, Any], view: View) -> Drawn:
    held = {name: [value] if (value := view.state(name)) else [] for name in ("domain", "severity")}
    narrow = facets(
        facet(
            "Severity",
            "severity",
            answer["facets"]["severity"],
            held["severity"],
            order=tuple(SEVERITIES),
            many=False,
        ),
        facet("Domain", "domain", answer["facets"]["domain"], held["domain"], many=False),
    )
    rows, total = answer["rows"], answer["total"]
    if not total:
        fact = (
            "Nothing fits what is chosen" if held["domain"] or held["severity"] else "No insight stands now"
        )
        return nothing(view, fact, "The rules found nothing else that clears its own noise.", legend=narrow)
    footer: list[Any] = [f"{number(len(rows))} of {plural(total, 'insight')}, weightiest first"]
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
        insights(rows, currency=view.currency, full=True),
        sub=plural(total, "finding"),
        legend=narrow,
        footer=footer,
        fit="flush",
    )


def _rules(rows: list[dict[str, Any]], view: View) -> Drawn:
    if not rows:
        return nothing(view, "No rules", "This release has none.")
    return Drawn(rule_list(rows), sub=plural(len(rows), "rule"), fit="flush")


def _level(_: Any) -> float:
    return intelligence.false_discovery()


def _method(level: float, _: View) -> Drawn:
    return Drawn(reading(level), fit="pad")
