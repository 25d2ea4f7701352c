"""Parts of an insight beside its finding: a small course, what goes with it, where it comes from, what one thinks of it."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from dash import html

from components.formats import day, known, number, words
from components.kpi import spark
from components.severity import severity_mark
from components.states import hidden, icon

SNOOZE_DAYS = 7
_SAY = (("useful", "hand-thumbs-up", "Useful"), ("not_useful", "hand-thumbs-down", "Not useful"))


def course(chart: Any) -> html.Div | None:
    """Draw the small course of an insight, with what it shows and what was usual."""
    if not isinstance(chart, Mapping):
        return None
    values, days = list(chart.get("values") or []), list(chart.get("days") or [])
    drawn = spark(values, height=40)
    if drawn is None:
        return None
    recent, usual = int(chart.get("recent") or 0), known(chart.get("usual"))
    parts = [f"{chart.get('label', '')}, {number(len(values))} points, {day(days[0])} to {day(days[-1])}"]
    if recent:
        parts.append(f"the last {number(recent)} were tested")
    if usual is not None:
        parts.append(f"usual {number(usual, 2)}")
    now = known(values[-1]) or 0.0
    parts.append(f"now {number(now, 0 if now == int(now) else 2)}")
    tested = (
        html.I(style={"width": f"{100 * recent / len(values):.1f}%"}, **{"aria-hidden": "true"})
        if recent
        else None
    )
    return html.Div(
        [html.Div([drawn, tested], className="course"), html.Span("; ".join(parts), className="t3")],
        className="ins-course",
    )


def also(rows: Sequence[Mapping[str, Any]]) -> html.Details | None:
    """Draw the other findings of the same story, folded."""
    if not rows:
        return None
    items = [
        html.Li(
            [
                severity_mark(str(row["severity"])),
                html.A(
                    str(row["title"]),
                    href=f"/intelligence/insights?insight={row['id']}",
                    **{"data-carry": "1"},
                ),
            ]
        )
        for row in rows
    ]
    label = f"{number(len(rows))} more finding{'s' if len(rows) > 1 else ''} on this"
    return html.Details([html.Summary(label), html.Ul(items, className="inner")], className="why")


def origin(row: Mapping[str, Any]) -> html.Details:
    """Draw how fresh the data is, what it was held against, and the versions it rests on."""
    rule = row.get("rule") or {}
    fresh = row.get("fresh") or {}
    newest = max((str(value) for value in fresh.values()), default="")
    head = f"Data to {day(newest[:10]) if newest else 'no known day'}"
    told = [
        html.Tr([html.Td(words(str(table))), html.Td(str(fresh.get(table, ""))[:19], className="num"),
                 html.Td(f"version {str(version)[:40]}", className="n mono")])
        for table, version in (row.get("data_versions") or {}).items()
    ]  # fmt: skip
    lines = [
        html.P(
            f"Rule {rule.get('title', '')} ({rule.get('name', '')}), version {rule.get('version') or '1'}."
        ),
        html.P(f"Held against: {rule.get('test')}") if rule.get("test") else None,
        html.Table(html.Tbody(told), **{"aria-label": "Data behind this"}),
    ]
    return html.Details([html.Summary(head), html.Div(lines, className="inner")], className="why origin")


def verdicts(row: Mapping[str, Any]) -> html.Span:
    """Draw the buttons that say what one thinks of an insight; components of assets/20_js/29_insights.js."""
    name, said = str(row["id"]), row.get("verdict")
    buttons = [
        _button(
            name, icon_name, label, {"verdict": "" if said == verdict else verdict}, pressed=said == verdict
        )
        for verdict, icon_name, label in _SAY
    ]
    snoozed = row.get("snoozed_until")
    label = (
        f"Snoozed until {day(str(snoozed)[:10])}: show again" if snoozed else f"Snooze for {SNOOZE_DAYS} days"
    )
    buttons.append(
        _button(
            name, "bell-slash", label, {"snooze_days": 0 if snoozed else SNOOZE_DAYS}, pressed=bool(snoozed)
        )
    )
    return html.Span(buttons, className="verdicts", role="group", **{"aria-label": "What you think of it"})


def _button(name: str, icon_name: str, label: str, says: Mapping[str, Any], *, pressed: bool) -> html.Button:
    return html.Button(
        [icon(f"{icon_name}-fill" if pressed else icon_name), hidden(label)],
        type="button",
        className="iconbtn sm",
        title=label,
        **{
            "data-feedback": name,
            "data-says": json.dumps(says),
            "aria-pressed": "true" if pressed else "false",
        },
    )


def use_table(rows: Sequence[Mapping[str, Any]]) -> html.Div:
    """Draw by rule and week how many insights were told, found useful and acted on."""

    def share(value: Any) -> str:
        found = known(value)
        return "none voted" if found is None else f"{found * 100:.0f}%"

    head = html.Tr([html.Th(name, scope="col") for name in ("Rule", "Week", "Told", "Useful", "Acted on")])
    lines = [
        html.Tr(
            [
                html.Td(row["title"]),
                html.Td(day(str(row["week"]))),
                html.Td(number(row["insights"]), className="n num"),
                html.Td(share(row["share_useful"]), className="n num"),
                html.Td(f"{(known(row['share_acted']) or 0.0) * 100:.0f}%", className="n num"),
            ]
        )
        for row in rows
    ]
    drawn = html.Table(
        [html.Thead(head), html.Tbody(lines)], className="tbl", **{"aria-label": "What rules were worth"}
    )
    return html.Div(drawn, className="use", tabIndex=0)


def digest_settings(held: Mapping[str, bool]) -> html.Div:
    """Draw the two switches of the daily digest."""
    switches = [
        html.Button(
            [icon("check-square" if held[name] else "square"), label],
            type="button",
            className="row-btn",
            role="switch",
            **{
                "data-digest": json.dumps({name: not held[name]}),
                "aria-checked": "true" if held[name] else "false",
            },
        )
        for name, label in (("on", "Every morning, in the bell"), ("mail", "By mail as well"))
    ]
    return html.Div(switches, className="digest")


__all__ = ["also", "course", "digest_settings", "origin", "use_table", "verdicts"]
