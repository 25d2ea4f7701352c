"""One alert: its story, its numbers against their thresholds, what it is pinned to, what is like it."""

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

from dash import html

from components.alerts import actor_name, pattern, people_first
from components.episode import standing
from components.formats import MISSING, compact, day, known, number, percent, short_id, words
from components.severity import SEVERITIES, severity_mark
from components.states import banner, icon
from components.tables import cell, link, table
from components.triage import triage_line

Names = Mapping[str, Mapping[str, str]]
_LABELS = {"q": "Chance of a false find (q)", "log10_chance": "Chance, as a power of ten"}


def story(alert: Mapping[str, Any], names: Names) -> list[Any]:
    """Draw who and what it is about, the numbered sentences, and the ways on with its context."""
    sentences = [_sentence(str(text)) for text in alert["story"]]
    opinion = triage_line(alert.get("triage") or {})
    return [
        html.Div(_subjects(alert, names), className="subjects"),
        html.Ol([html.Li(text) for text in sentences], className="story"),
        *([opinion] if opinion is not None else []),
        html.Div(
            [_way_on(step) for step in ways_on(alert)],
            className="waysto xl-hide",
            role="group",
            **{"aria-label": "Follow it further"},
        ),
    ]


def _sentence(text: str) -> str:
    # Detectors number their sentences for scripts; here the list does.
    head, dot, rest = text.partition(". ")
    return rest if dot and head.isdigit() else text


def _subjects(alert: Mapping[str, Any], names: Names) -> list[Any]:
    icons = {"trader": "person", "account": "wallet2", "instrument": "graph-up"}
    subjects = [("instrument", str(i), names["instrument"].get(i, str(i))) for i in alert["instrument_ids"]]
    subjects += [
        (str(actor["kind"]), str(actor["id"]), actor_name(actor, names))
        for actor in people_first(alert["actors"])
    ]
    return [
        html.A(
            [icon(icons.get(kind, "dot")), html.Span(name)],
            href="/trading/blotter?" + urlencode({"view": "orders", kind: ident} | dates(alert)),
            className="tag line",
            title=f"{words(kind)} {ident}: orders of these days",
        )
        if kind in icons
        else html.Span(name, className="tag line")
        for kind, ident, name in subjects
    ]


def dates(alert: Mapping[str, Any]) -> dict[str, str]:
    """Return the days of an alert's window as parts of an address."""
    start, end = alert["window"]["start"], alert["window"]["end"]
    if start is None or end is None:
        return {}
    return {"from": start.date().isoformat(), "to": end.date().isoformat()}


def ways_on(alert: Mapping[str, Any], counts: Mapping[str, int] | None = None) -> list[dict[str, Any]]:
    """Return next steps that carry the alert's context: label, path, why and, where counted, metric."""
    about = {"instrument": ",".join(alert["instrument_ids"])} if alert["instrument_ids"] else {}
    when = dates(alert)
    whose = ",".join(str(actor["id"]) for actor in alert["actors"] if actor["kind"] == "account")
    accounts = {"account": whose} if whose else {}
    known_counts = counts or {}
    steps = [
        ("Orders around it", "/trading/blotter", {"view": "orders"} | about | when,
         "All orders in the instrument on these days", "orders"),
        ("Posts about it", "/social/feed", about | when, "What was said about it on these days", "posts"),
        ("Talk about it", "/social/feed", {"about": f"alert:{alert['alert_id']}"},
         "The thread on this alert, read by compliance and auditors only", ""),
        ("P&L of these days", "/trading/pnl", accounts | about | when, "What was earned in it on these days", ""),
        ("What it did to positions", "/portfolio/positions", about | when, "What is held of it", ""),
    ]  # fmt: skip
    traders = ",".join(str(a["id"]) for a in alert["actors"] if a["kind"] == "trader")
    if traders:
        query = {"status": "all", "trader": traders}
        why = "Every alert that names the same people"
        steps.append(("Alerts of these people", "/compliance/alerts", query, why, "related"))
    return [
        {
            "label": label,
            "path": f"{path}?{urlencode(query)}",
            "why": why,
            "metric": number(known_counts[fact]) if known_counts.get(fact) else None,
        }
        for label, path, query, why, fact in steps
    ]


def _way_on(step: Mapping[str, Any]) -> html.A:
    return html.A(
        step["label"],
        href=step["path"],
        className="btn btn-sm btn-outline-secondary",
        title=step["why"],
        **{"data-next": step["path"].split("?")[0]},
    )


def measures(alert: Mapping[str, Any], history: Mapping[str, Any] | None = None) -> list[Any]:
    """Draw the score and every number behind it beside its threshold, and where it stands among alerts like it.

    ``history``: ``measures`` of ``app.queries.alert_history.history``.
    """
    past = history or {}
    tone = SEVERITIES.get(alert["severity"], ("", "low", ""))[1]
    score = known(alert["score"]) or 0.0
    top = html.Div(
        [
            html.Span(number(score), className="v num"),
            html.Span("of 100", className="t3"),
            html.Span(
                [severity_mark(alert["severity"]), html.Span(words(alert["severity"]))],
                className=f"sev {tone}",
            ),
        ],
        className="scoreline",
    )
    track = html.Div(html.B(style={"width": f"{min(max(score, 0), 100):.1f}%"}), className=f"track {tone}")
    items = [_measure(metric, past.get(metric["name"])) for metric in alert["metrics"]]
    among = standing(past.get("score"))
    said = html.Div(f"The score is {among}.", className="subhead") if among else None
    return [top, track, said, html.Ul(items, className="measures")]


def _measure(metric: Mapping[str, Any], stands: Mapping[str, Any] | None) -> html.Li:
    value, threshold = known(metric["value"]), known(metric["threshold"])
    unit = str(metric.get("unit") or "")
    parts: list[Any] = [
        html.Div(
            [
                html.Span(_LABELS.get(str(metric["name"])) or words(str(metric["name"]))),
                html.Span(measured(value, unit), className="num"),
            ],
            className="hd",
        )
    ]
    said = [of_unit(unit)]
    if value is not None and threshold:
        full = max(abs(value), abs(threshold)) * 1.15
        above = abs(value) > abs(threshold)
        parts.append(
            html.Div(
                [
                    html.B(style={"width": f"{abs(value) / full * 100:.1f}%"}),
                    html.I(style={"left": f"{abs(threshold) / full * 100:.1f}%"}),
                ],
                className=f"track {'crit' if above else 'acc'}",
            )
        )
        at = "above" if above else "at" if abs(value) == abs(threshold) else "below"
        said.append(f"{at} the threshold of {measured(threshold, unit)}")
    elif threshold is not None:
        said.append(f"threshold {measured(threshold, unit)}")
    else:
        said.append("no threshold, for judgement")
    rank = known(metric.get("percentile"))
    if rank is not None:
        said.append(f"{ordinal(rank)} percentile of its peers")
    said.append(standing(stands))
    parts.append(html.Div(", ".join(part for part in said if part), className="ft"))
    return html.Li(parts)


def measured(value: float | None, unit: str) -> str:
    """Return a measure as people read it: fractions as per cent, long durations in hours or days."""
    if value is None:
        return MISSING
    if unit.startswith("fraction"):
        return percent(value) if abs(value) >= 0.01 else f"{value * 100:.2g}%"
    if unit == "seconds" and abs(value) >= 172_800:
        return f"{value / 86_400:,.1f} days"
    if unit == "seconds" and abs(value) >= 7_200:
        return f"{value / 3_600:,.1f} h"
    if unit == "seconds":
        return f"{value:,.4g} s"
    if unit == "currency":
        return compact(value)
    if 0 < abs(value) < 0.01:
        return f"{value:.2g}"  # a p-value of 0.00 would say nothing
    return number(value, 0 if value == int(value) else 2)


def of_unit(unit: str) -> str:
    """Return what a number counts where the number itself does not say it."""
    if unit.startswith("fraction of "):
        return unit.removeprefix("fraction ")
    return "" if unit in {"seconds", "fraction"} else unit


def ordinal(rank: float) -> str:
    """Return ``97th`` from 97 or 0.97."""
    whole = round(rank * 100 if rank <= 1 else rank)
    last = {1: "st", 2: "nd", 3: "rd"}.get(whole % 10, "th") if whole % 100 not in {11, 12, 13} else "th"
    return f"{whole}{last}"


def pins(alert: Mapping[str, Any]) -> html.Ul:
    """Draw the versions of data, detector and parameters the alert rests on."""
    rows = [
        ("Detector", f"{alert['detector']} {alert['detector_version']}"),
        ("Parameters", str(alert["parameters_version"])),
        *(
            (words(name), f"version {short_id(str(token))}")
            for name, token in sorted(alert["data_versions"].items())
        ),
    ]
    return html.Ul(
        [
            html.Li([html.Span(name, className="t2"), html.Span(value, className="mono", title=value)])
            for name, value in rows
        ],
        className="pins",
    )


def reproduced(answer: Mapping[str, Any]) -> html.Div:
    """Say whether computing it again gave the same: ``app.jobs.surveil.reproduce``."""
    if answer["identical"]:
        how = (
            f"Drawn again with seed {answer['seed']} of the pinned messages: the same ones, in the same order."
            if answer.get("seed") is not None
            else "Computed again from the pinned versions: every field is the same."
        )
        return banner("good", "Identical.", how)
    rows = [
        [words(name), cell(stored), cell(again)]
        for name, (stored, again) in sorted(answer["differences"].items())
    ]
    return html.Div(
        [
            banner("err", "Not identical.", "These fields came out differently."),
            table(["Field", "On record", "Computed now"], rows, wrap=(1, 2), label="Differences"),
        ]
    )


def rule(alert: Mapping[str, Any], detector: Mapping[str, Any] | None) -> list[Any]:
    """Draw what the detector looks for and under which rules; what it takes for one by mistake has its own card."""
    parts: list[Any] = []
    if detector is None:
        parts.append(html.P("The detector is no longer part of this release.", className="inset t2"))
    else:
        parts.append(html.P(detector["description"], className="inset"))
    if alert["regulation"]:
        parts += [
            html.Div("Regulation", className="subhead"),
            html.Ul([html.Li(text) for text in alert["regulation"]], className="plainlist"),
        ]
    return parts


def related(rows: Sequence[Mapping[str, Any]]) -> html.Div:
    """Draw alerts about the same people or accounts."""
    cells = [
        [
            html.Span([severity_mark(row["severity"])]),
            link(row["title"], f"/compliance/alerts/{row['alert_id']}"),
            number(row["score"]),
        ]
        for row in rows
    ]
    return table(["", "Alert", "Score"], cells, numeric=(2,), wrap=(1,), label="Related alerts")


def queue(rows: Sequence[Mapping[str, Any]], current: str, names: Names) -> html.Ol:
    """Draw the open alerts, the one at hand marked."""
    items = []
    for row in rows:
        people = ", ".join(actor_name(a, names) for a in people_first(row["actors"])[:1])
        when = row["window"]["start"] or row["created_at"]
        more = {"aria-current": "page"} if row["alert_id"] == current else {}
        items.append(
            html.Li(
                html.A(
                    [
                        severity_mark(row["severity"]),
                        html.Span(pattern(row["title"]), className="w5 trunc"),
                        html.Span(number(row["score"]), className="num scored"),
                        html.Span(
                            f"{people}, {day(when.date())}" if people else day(when.date()),
                            className="of trunc",
                        ),
                    ],
                    href=f"/compliance/alerts/{row['alert_id']}",
                    **{"data-carry": "1"},
                    **more,
                )
            )
        )
    return html.Ol(items, className="queue")
