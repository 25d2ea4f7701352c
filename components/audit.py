"""The audit trail as people read it: entries, what changed in each, and whether the chain holds."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from dash import html

from components.facets import facet, facets
from components.formats import moment, number, plural, words
from components.states import icon
from components.tables import facts, table


def entry_table(rows: Sequence[Mapping[str, Any]]) -> html.Div:
    """Draw entries: number, time, who, what, of which thing, what changed, and the hash that seals it."""
    cells = [
        [
            row["seq"],
            row["time"][:19].replace("T", " "),
            html.Span([row["actor_name"], html.Span(f" {row['actor_kind']}", className="t3 t11")]),
            words(row["action"].replace(".", " ")),
            html.Span([words(row["object_kind"]), " ", html.Span(row["object_id"][:40], className="mono t11", title=row["object_id"])]),
            _changes(row["before"], row["after"]),
            html.Span(row["hash"][:10], className="mono t11", title=row["hash"]),
        ]
        for row in rows
    ]  # fmt: skip
    heads = ["No.", "When, UTC", "Who", "Did", "To", "Changed", "Hash"]
    return table(heads, cells, numeric=(0,), label="Audit entries")


def _changes(before: Any, after: Any) -> Any:
    told = _told(before, after)
    if not told:
        return None
    whole = "\n".join(told)
    shown = "; ".join(told[:2]) + (f"; {len(told) - 2} more" if len(told) > 2 else "")
    if len(whole) <= 56:
        return html.Span(shown, className="t12")
    return html.Details(
        [html.Summary(html.Span(shown, className="t12 trunc")), html.Pre(whole, className="t11 mb-0")],
        className="audit-more",
    )


def _told(before: Any, after: Any) -> list[str]:
    old, new = _document(before), _document(after)
    if not isinstance(old, Mapping) and not isinstance(new, Mapping):
        return [_word(new)] if new is not None else []
    old, new = (one if isinstance(one, Mapping) else {} for one in (old, new))
    lines = []
    for name in {**old, **new}:
        was, now = old.get(name), new.get(name)
        if was == now:
            continue
        lines.append(f"{name}: {_word(now)}" if was is None else f"{name}: {_word(was)} to {_word(now)}")
    return lines


def _document(value: Any) -> Any:
    if isinstance(value, str):
        try:
            return json.loads(value)
        except ValueError:
            return value
    return value


def _word(value: Any) -> str:
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, str):
        return value
    if isinstance(value, list) and all(isinstance(one, str | int) for one in value):
        return ", ".join(map(str, value)) or "none"
    return json.dumps(value, ensure_ascii=False, default=str)


def kind_facets(kinds: Mapping[str, int], chosen: str) -> html.Div:
    """Draw the kinds of things acted on as choices."""
    return facets(
        facet(
            "Of",
            "kind",
            dict(kinds),
            [chosen] if chosen else [],
            names={k: words(k) for k in kinds},
            many=False,
        )
    )


def chain(report: Mapping[str, Any]) -> html.Div:
    """Draw the outcome of a proof of the whole chain."""
    good = report["ok"]
    head = html.Div(
        [
            icon("check-circle" if good else "x-octagon", "ok" if good else "crit"),
            html.B(
                f" {plural(report['entries'], 'entry', 'entries')} proven"
                if good
                else f" Broken at entry {number(report['first_bad'])}: {report['reason']}"
            ),
        ],
        className="mb-1",
    )
    rows = [
        ("Last hash", html.Span(report["head"][:24], className="mono t12", title=report["head"])),
        (
            "Anchors outside the database",
            f"{number(report['anchors'])}, up to entry {number(report['anchored'])}",
        ),
        ("Proven", f"{moment(report['at'])} UTC, in {number(report['seconds'], 2)} s"),
    ]
    return html.Div([head, facts(rows)])
