"""Wires pages/compliance/alerts.py."""

from collections import Counter
from collections.abc import Mapping
from typing import Any

from dash import Dash, html

from app.queries import compliance, evidence
from callbacks._fill import Drawn, View, fill, nothing
from callbacks._rows import Rows, serve_rows
from callbacks.compliance._alert_bulk import wire_several
from callbacks.compliance._rule_names import rule_names
from components.alerts import COLUMNS, alert_row, coverage_table
from components.cards import segment
from components.charts.alert_days import alert_days
from components.facets import facet, facets
from components.formats import day, plural
from components.ids import at
from components.severity import SEVERITIES
from components.tables import grid, records, table

PAGE = "compliance-alerts"
GRID = at(PAGE, "alerts", "grid")
STATES = (("open", "Open"), ("all", "All"), ("closed", "Closed"))
OPEN = {"open": {"open": "true"}, "closed": {"open": "false"}, "all": {}}
SORTED = tuple(one["field"] for one in COLUMNS if one.get("sortable", True) and one["field"] != "status")
DEFAULT_SORT = "-score"
ROW = 30  # pixels
MOST = 1_000  # alerts counted by day


def register(app: Dash) -> None:
    """Attach this page's callbacks to ``app``."""
    fill(app, PAGE, "alerts", "Alerts", ask=_counted, draw=_grid, ignores=("sort", "filter"), rows=_all)
    fill(app, PAGE, "days", "When it happened", ask=_by_day, draw=_days, ignores=("sort", "filter"))
    fill(
        app,
        PAGE,
        "coverage",
        "What the detectors saw",
        ask=compliance.coverage,
        draw=_coverage,
        ignores=("sort", "filter", "severity", "status", "detector", "actor"),
    )

    serve_rows(app, GRID, _block)
    wire_several(app, PAGE, GRID)


def _block(desk: Any, asked: Mapping[str, Any], limit: int, offset: int) -> Rows:
    sort, filters = sort_of(asked.get("sortModel")), chosen(desk.scope.extra)
    found = compliance.alerts(desk, filters=filters, sort=sort, limit=limit, offset=offset)
    named = evidence.names(desk)
    return records(alert_row(row, named) for row in found["rows"]), found["total"]


def chosen(state: Any, *, without: str = "") -> dict[str, str]:
    """Return the filters the address names, one of them left out on request."""
    status = str(state.get("status", "open"))
    found = dict(OPEN[status]) if status in OPEN else {"status": status}
    found |= {name: str(state[name]) for name in ("severity", "detector", "actor") if state.get(name)}
    return {name: value for name, value in found.items() if name != without}


def sort_of(model: Any) -> str:
    """Return the query's sort for what the grid states; the default for what cannot be sorted."""
    first = model[0] if isinstance(model, list) and model and isinstance(model[0], dict) else {}
    column = first.get("colId")
    if column not in SORTED:
        return DEFAULT_SORT
    return f"-{column}" if first.get("sort") == "desc" else str(column)


def _counted(desk: Any) -> dict[str, Any]:
    state = desk.scope.extra
    found = compliance.alerts(desk, filters=chosen(state), limit=1)
    # Each facet counts what choosing another of its values would show.
    others = {
        name: compliance.alerts(desk, filters=chosen(state, without=name), limit=1)["facets"][name]
        for name in ("severity", "detector")
    }
    return {"total": found["total"], "facets": others, "titles": rule_names()}


def _all(desk: Any, most: int) -> tuple[list[dict[str, Any]], int]:
    """Return the alerts as the grid shows them, by the sort and filters in the address."""
    state = desk.scope.extra
    sort = str(state.get("sort", ""))
    found = compliance.alerts(
        desk,
        filters=chosen(state),
        sort=sort if sort.removeprefix("-") in SORTED else DEFAULT_SORT,
        limit=most,
    )
    named = evidence.names(desk)
    return [alert_row(row, named) for row in found["rows"]], found["total"]


def _grid(answer: dict[str, Any], view: View) -> Drawn:
    status = view.state("status", "open")
    tools = (segment("State", "status", STATES, status),)
    held = {name: [v for v in view.state(name).split(",") if v] for name in ("severity", "detector", "actor")}
    rows = [
        facet(
            "Severity", "severity", answer["facets"]["severity"], held["severity"], order=tuple(SEVERITIES)
        ),
        facet("Detector", "detector", answer["facets"]["detector"], held["detector"], names=answer["titles"]),
    ]
    if held["actor"]:
        rows.append(facet("Actor", "actor", {}, held["actor"], names={v: v for v in held["actor"]}))
    narrow = facets(*rows)
    total = answer["total"]
    if not total:
        fact = "No open alerts" if status == "open" else "No alerts"
        why = "No detector has found anything that fits; what they could see stands below."
        return nothing(view, fact, why, tools=tools, legend=narrow)
    sort = view.state("sort")
    return Drawn(
        grid(
            GRID,
            COLUMNS,
            height=34 + ROW * max(4, min(total, 14)),
            keyed=True,
            chooses=view.role == "compliance",
            sort=sort if sort.removeprefix("-") in SORTED else DEFAULT_SORT,
            label="Alerts",
        ),
        sub=f"{plural(total, 'alert')}, a row opens its evidence",
        tools=tools,
        legend=narrow,
        fit="flush",
    )


def _by_day(desk: Any) -> list[tuple[Any, str, int]]:
    found = compliance.alerts(desk, filters=chosen(desk.scope.extra), limit=MOST)["rows"]
    counts = Counter(((row["window"]["start"] or row["created_at"]).date(), row["severity"]) for row in found)
    return [(at_day, severity, n) for (at_day, severity), n in sorted(counts.items())]


def _days(counts: list[tuple[Any, str, int]], view: View) -> Drawn:
    if not counts:
        return nothing(view, "No alerts to place in time", "Nothing fits what is chosen above.")
    rows = [[day(at_day), severity.capitalize(), n] for at_day, severity, n in counts]
    return Drawn(
        alert_days(counts, look=view.look, height=300),
        sub="by severity, as large as their number",
        as_table=table(["Day", "Severity", "Alerts"], rows, numeric=(2,), label="Alerts by day"),
    )


def _coverage(rows: list[dict[str, Any]], view: View) -> Drawn:
    if not rows:
        return nothing(view, "No detectors", "This release has none.")
    bad = sum(row["state"] != "ok" for row in rows)
    sub = f"{plural(bad, 'detector')} could not see all" if bad else "all saw what they need"
    return Drawn(html.Div(coverage_table(rows), className="scroll-list"), sub=sub, fit="flush")
