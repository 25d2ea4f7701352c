"""Wires pages/compliance/coverage.py."""

from typing import Any

from dash import Dash, html

from app.queries import assurance, compliance
from callbacks._fill import Drawn, View, fill, nothing
from components.alerts import coverage_table
from components.cards import legend
from components.coverage import canary_table, coverage_map, feed_table, volume_table
from components.formats import day, moment, number, plural
from components.states import link_button

PAGE = "compliance-coverage"


def register(app: Dash) -> None:
    """Attach this page's callbacks to ``app``."""
    fill(app, PAGE, "matrix", "Who looks where", ask=assurance.matrix, draw=_matrix)
    fill(app, PAGE, "volumes", "Too many, too few", ask=assurance.volumes, draw=_volumes)
    fill(app, PAGE, "feeds", "Feeds", ask=assurance.feeds, draw=_feeds)
    fill(app, PAGE, "canaries", "Canaries", ask=assurance.canaries, draw=_canaries)
    fill(app, PAGE, "runs", "Last runs", ask=compliance.coverage, draw=_runs)


def _matrix(found: dict[str, Any], view: View) -> Drawn:
    if not found["places"]:
        start = link_button("Import files", "/operations/pipeline")
        return nothing(view, "Nothing to watch yet", "No order and no execution was imported.", start)
    blind = sum(cell["state"] == "blind" for row in found["rows"] for cell in row["cells"])
    off = sum(row["state"] in {"failed", "not_run"} for row in found["rows"])
    badge = html.Span(plural(blind, "blind spot"), className="tag crit") if blind else None
    said = f"{plural(len(found['rows']), 'detector')}, {plural(len(found['places']), 'place')}"
    return Drawn(
        coverage_map(found),
        badge=badge,
        sub=f"{said}, {number(off)} did not look" if off else said,
        legend=legend(("dot", "ok", "Sees it"), ("dot", "crit", "Blind: a table has no row from there"), ("dot", "high", "Did not look")),
        fit="flush",
    )  # fmt: skip


def _volumes(rows: list[dict[str, Any]], view: View) -> Drawn:
    alarms = sum(row["state"] in {"many", "few"} for row in rows)
    at = next((row["day"] for row in rows if row["day"]), None)
    if at is None:
        return nothing(view, "No session to judge", "No order and no execution was imported.")
    return Drawn(
        html.Div(volume_table(rows), className="cal-moves"),
        badge=html.Span(plural(alarms, "alarm"), className="tag crit") if alarms else None,
        sub=f"alerts of {day(at)} against up to twenty sessions before",
        footer=["An alarm is rarer than three standard deviations, on either side"],
        fit="flush",
    )


def _feeds(rows: list[dict[str, Any]], view: View) -> Drawn:
    if not any(row["rows"] for row in rows):
        return nothing(view, "No feed yet", "Nothing was imported.")
    bad = sum(row["state"] in {"quiet", "silent"} for row in rows)
    return Drawn(
        feed_table(rows),
        badge=html.Span(f"{number(bad)} not flowing", className="tag crit") if bad else None,
        sub=f"rows of {day(rows[0]['day'])} against the median session",
        fit="flush",
    )


def _canaries(found: dict[str, Any], view: View) -> Drawn:
    if found["state"] == "never":
        return nothing(
            view, "No canaries yet", "Known patterns are sent through surveillance every day at 04:00 UTC."
        )
    silent = sum(not row["answered"] for row in found["rows"])
    said = {
        "ok": f"all answered, {moment(found['ran_at'])}",
        "late": f"last sent {moment(found['ran_at'])}: the daily job does not run",
        "failed": f"could not be sent: {found['reason']}",
    }
    at = moment(found["answered_at"]) if found["answered_at"] else "never"
    return Drawn(
        canary_table(found["rows"]),
        badge=None if found["state"] == "ok" else html.Span("Alarm", className="tag crit"),
        sub=said.get(found["state"], f"{plural(silent, 'detector')} did not answer, {moment(found['ran_at'])}"),
        footer=[f"All answered last: {at}", "Known patterns, sent through import, detectors and alerts of an installation of their own"],
        fit="flush",
    )  # fmt: skip


def _runs(rows: list[dict[str, Any]], view: View) -> Drawn:
    if not rows:
        return nothing(view, "No detectors", "This release has none.")
    bad = sum(row["state"] != "ok" for row in rows)
    sub = f"{plural(bad, 'detector')} could not see all" if bad else "all saw what they need"
    return Drawn(html.Div(coverage_table(rows), className="scroll-list"), sub=sub, fit="flush")
