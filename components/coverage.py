"""Coverage as a map of detectors and places, and the two alarms beside it."""

from collections.abc import Mapping, Sequence
from typing import Any

from dash import html

from components.formats import day, number, words
from components.states import hidden, icon
from components.tables import table

_CELLS = {
    "covered": ("check-lg", "ok", "sees it"),
    "blind": ("exclamation-triangle", "crit", "is blind"),
    "off": ("dash-lg", "high", "did not look"),
}
_VOLUMES = {
    "usual": ("", "usual"),
    "many": ("crit", "too many"),
    "few": ("crit", "too few"),
    "unknown": ("", "too few days to judge"),
    "off": ("high", "did not look"),
}
_FEEDS = {
    "flowing": ("ok", "flowing"),
    "quiet": ("high", "quiet"),
    "silent": ("crit", "silent"),
    "never": ("", "never imported"),
    "unknown": ("", "too few days to judge"),
}


def coverage_map(found: Mapping[str, Any]) -> html.Div:
    """Draw one row per detector and one column per asset class and venue."""
    heads = ["No.", "Detector", *(f"{p['asset_class']} {p['venue']}" for p in found["places"])]
    cells = [
        [
            html.Span(row["code"], className="tag line"),
            html.Span(row["title"].removeprefix("Suspected ").capitalize(), className="nowrap"),
            *(_cell(cell) for cell in row["cells"]),
        ]
        for row in found["rows"]
    ]
    return table(heads, cells, label="Detectors by place")


def _cell(cell: Mapping[str, Any]) -> html.Span:
    shape, tone, said = _CELLS[cell["state"]]
    why = f"{said}: no {', '.join(map(words, cell['missing']))} from there" if cell["missing"] else said
    return html.Span([icon(shape, tone), hidden(why)], title=why)


def volume_table(rows: Sequence[Mapping[str, Any]]) -> html.Div:
    """Draw the last session's alerts of each detector against what is usual; alarms first."""
    ranked = sorted(rows, key=lambda row: (row["state"] not in {"many", "few"}, -row["last"], row["code"]))
    cells = [
        [
            html.Span(row["code"], className="tag line"),
            row["title"].removeprefix("Suspected ").capitalize(),
            number(row["last"]),
            None if row["mean"] is None else number(row["mean"], 1),
            None if row["low"] is None else f"{row['low']} to {row['high']}",
            html.Span(_VOLUMES[row["state"]][1], className=f"tag {_VOLUMES[row['state']][0]}".strip()),
        ]
        for row in ranked
    ]
    heads = ["No.", "Detector", "Alerts", "Mean", "Usual", ""]
    return table(heads, cells, numeric=(2, 3, 4), label="Alerts of the last session")


def feed_table(rows: Sequence[Mapping[str, Any]]) -> html.Div:
    """Draw the last session's rows of each feed against its median session."""
    cells = [
        [
            row["title"],
            number(row["last"]),
            None if row["median"] is None else number(row["median"]),
            day(row["newest"]) if row["newest"] else None,
            html.Span(_FEEDS[row["state"]][1], className=f"tag {_FEEDS[row['state']][0]}".strip()),
        ]
        for row in rows
    ]
    return table(["Feed", "Rows", "Median", "Newest", ""], cells, numeric=(1, 2), label="Feeds")


def canary_table(rows: Sequence[Mapping[str, Any]]) -> html.Div:
    """Draw which detectors answered the canaries; those that did not come first."""
    cells = [
        [
            row["title"].removeprefix("Suspected ").capitalize(),
            html.Span("answered" if row["answered"] else "silent", className=f"tag {'ok' if row['answered'] else 'crit'}"),
        ]
        for row in rows
    ]  # fmt: skip
    return table(["Detector", ""], cells, label="Answers to the canaries")
