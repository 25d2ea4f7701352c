"""Alerts as a list: the grid's rows and columns, when they came, what the detectors could see."""

from collections.abc import Mapping, Sequence
from typing import Any

from dash import html

from components.formats import known, moment, number, plural, since, words
from components.states import icon
from components.tables import column, table

_FIXED = {"sortable": False}
COLUMNS = [
    column("severity", "Severity", "severity", width=104, phone=(0, 40)),
    column("title", "Finding", flex=3, minWidth=180, tooltipField="title", phone=(2, None), **_FIXED),
    column("instruments", "Instrument", width=104, tooltipField="instruments", **_FIXED),
    column("who", "Who", flex=2, minWidth=120, tooltipField="who", **_FIXED),
    column("score", "Score", "score", width=124, phone=(1, 50)),
    # Sorted by the server, filtered by nobody: most queues have no model that has shown that it can tell.
    column(
        "triage",
        "Worth it",
        "percent",
        width=92,
        filter=False,
        desk=True,
        headerTooltip="Chance that it is worth escalation",
    ),
    column("age", "Age", "text", width=64, phone=(3, 56), headerTooltip="Since it happened", **_FIXED),
    column("window", "When, UTC", "minute", width=150),
    column("status", "State", "state", width=92, cellRendererParams={"tones": {"new": "acc"}}, **_FIXED),
    column("assignee", "Assigned to", width=104, **_FIXED),
    column("alert_id", "Alert", "link", width=104, desk=True, **_FIXED),
]
_STATES = {
    "ok": ("check-circle", "ok", "saw all it needs"),
    "gap": ("exclamation-triangle", "high", "could not judge all"),
    "failed": ("x-octagon", "crit", "failed"),
    "not_run": ("dash-circle", "", "has not run"),
}


def alert_row(row: Mapping[str, Any], names: Mapping[str, Mapping[str, str]]) -> dict[str, Any]:
    """Return an alert as a grid's row; ids of people, accounts and instruments become names."""
    return {
        "severity": row["severity"],
        "title": row["title"],
        "instruments": ", ".join(names["instrument"].get(i, i) for i in row["instrument_ids"]),
        "who": ", ".join(actor_name(actor, names) for actor in people_first(row["actors"])),
        "score": row["score"],
        "triage": (row.get("triage") or {}).get("probability"),
        "age": since(row["window"]["start"] or row["created_at"]),
        "window": row["window"]["start"] or row["created_at"],
        "status": row["status"],
        "assignee": row["assignee"] or "nobody",
        "alert_id": row["alert_id"][:10],
        "_open": f"/compliance/alerts/{row['alert_id']}",
        "_id": row["alert_id"],
        "_detector": row["detector"],
        "_severity": row["severity"],
    }


def pattern(title: str) -> str:
    """Return a title without the word that every one begins with: ``Wash trade in UNH``."""
    rest = title.removeprefix("Suspected ")
    return rest[:1].upper() + rest[1:]


def people_first(actors: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Return actors with people before accounts."""
    return sorted(actors, key=lambda actor: (actor["kind"] != "trader", str(actor["id"])))


def actor_name(actor: Mapping[str, Any], names: Mapping[str, Mapping[str, str]]) -> str:
    """Return an actor's name, else the id."""
    kind = "person" if actor["kind"] in {"trader", "author"} else str(actor["kind"])
    return names.get(kind, {}).get(actor["id"], str(actor["id"]))


def coverage_table(rows: Sequence[Mapping[str, Any]]) -> html.Div:
    """Draw what each detector could see in its last run: ``app.queries.compliance.coverage``."""
    cells = []
    for row in rows:
        shape, tone, said = _STATES.get(row["state"], ("question-circle", "", words(row["state"])))
        missing = sum(int(known(gap.get("missing")) or 0) for gap in row["gaps"])
        why = row["reason"] or "; ".join(str(gap["reason"]) for gap in row["gaps"][:3])
        if missing:
            said += f", {plural(missing, 'event')} left out"
        cells.append(
            [
                html.Span(pattern(row["title"]), className="w5", title=row["title"]),
                html.Span([icon(shape), html.Span(said)], className=f"sev {tone}", title=why or said),
                html.Span(number(row["found"])),
                html.Span(since(row["ran_at"]), title=moment(row["ran_at"])),
            ]
        )
    return table(["Detector", "Last run", "Alerts", "Age"], cells, numeric=(2, 3), label="Detectors")
