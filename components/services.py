"""Services, response times and work in the background."""

from collections.abc import Mapping, Sequence
from typing import Any

from dash import html

from components.formats import MISSING, age, compact, known, moment, number, percent, since, words
from components.states import empty, icon
from components.tables import facts, table

_MARKS = {
    "ok": ("check-circle-fill", "ok"),
    "degraded": ("exclamation-triangle-fill", "high"),
    "down": ("x-octagon-fill", "crit"),
}


def services_strip(rows: Sequence[Mapping[str, Any]]) -> html.Div:
    """Draw one cell a service: state, latency, what it says."""
    return html.Div([_service(row) for row in rows], className="services", style={"--n": str(len(rows) or 1)})


def _service(row: Mapping[str, Any]) -> html.Div:
    mark, kind = _MARKS.get(str(row["status"]), ("question-circle", "t3"))
    latency = known(row.get("latency_ms"))
    return html.Div(
        [
            html.Div(
                [
                    icon(mark, f"{kind} t11", label=str(row["status"])),
                    html.Span(words(str(row["name"])), className="w5 t12 trunc"),
                ],
                className="d-flex align-items-center gap-2",
            ),
            html.Div(
                str(row.get("detail") or row["status"]),
                className="t11 t2 trunc",
                title=str(row.get("detail") or ""),
            ),
            html.Div(f"{latency:.0f} ms" if latency is not None else MISSING, className="t11 t3 num"),
        ]
    )


def requests_table(rows: Sequence[Mapping[str, Any]]) -> Any:
    """Draw routes and callbacks with their rate and latency."""
    if not rows:
        return empty("Nobody has asked anything lately", "Figures cover this process and the last minutes.")
    cells = [
        (html.Span(_short(str(row["route"])), className="mono t11", title=row["route"]), row["count"], number(row["rate"], 2), number(row["p50_ms"], 1), number(row["p95_ms"], 1), number(row["p99_ms"], 1), row["errors"])
        for row in rows[:40]
    ]  # fmt: skip
    heads = ("Route or callback", "Asked", "per s", "p50 ms", "p95 ms", "p99 ms", "Errors")
    return html.Div(
        table(heads, cells, numeric=(1, 2, 3, 4, 5, 6), label="Response times"), className="scroll-y"
    )


def _short(route: str) -> str:
    """Return a callback by the part of the page it fills, a route as it is."""
    return route.strip(".").split("...")[0].rpartition(".")[0] if route.startswith("..") else route


def work_facts(
    jobs: Mapping[str, Any], cache: Mapping[str, Any], process: Mapping[str, Any], ingest: Mapping[str, Any]
) -> html.Dl:
    """Draw what goes on in the background."""
    return facts(
        [
            ("Jobs", f"{jobs['queued']} waiting, {jobs['running']} running, {jobs['failed']} failed"),
            ("Job time, p95", MISSING if jobs["p95_s"] is None else f"{jobs['p95_s']:.1f} s"),
            (
                "Last import",
                age(ingest.get("lag_s")) + " ago" if ingest.get("lag_s") is not None else MISSING,
            ),
            (
                "Import rate",
                f"{compact(ingest['rows_per_s'])} records/s" if ingest.get("rows_per_s") else MISSING,
            ),
            ("Cache hits", percent(cache.get("hit_ratio"))),
            ("Stampedes avoided", number(cache.get("stampedes_avoided"))),
            ("Memory", f"{compact(process['rss_bytes'])}B"),
            ("Threads", process["threads"]),
            ("Up for", age(process["uptime_s"])),
        ]
    )


def data_table(rows: Sequence[Mapping[str, Any]]) -> Any:
    """Draw data sets: rows, last event, last import, days missing, files, state."""
    if not rows:
        return empty("No data set has rows yet", "They appear with the first import.")
    cells = [
        (
            row["title"],
            number(row["rows"]),
            moment(row["last_event"]),
            since(row["last_ingest"]),
            MISSING if row["gaps"] is None else row["gaps"],
            row["files"],
            f"{compact(row['bytes'])}B",
            html.Span(row["version"], className="mono t11"),
            html.Span(
                words(row["state"]),
                className=f"tag {'ok' if row['state'] == 'ok' else 'crit'}",
                title=row["reason"],
            ),
        )
        for row in rows
    ]
    heads = (
        "Data set",
        "Rows",
        "Last event, UTC",
        "Imported",
        "Days missing",
        "Files",
        "Size",
        "Version",
        "State",
    )
    return table(heads, cells, numeric=(1, 4, 5, 6), label="Data sets")
