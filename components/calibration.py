"""Thresholds: the list of detectors, the form that tries others, what came of it, versions and who agreed."""

from collections.abc import Mapping, Sequence
from typing import Any

import dash_bootstrap_components as dbc
from dash import html

from components.cards import card
from components.formats import moment, number, percent, plural, words
from components.forms import field
from components.severity import severity
from components.states import icon
from components.tables import table

EVERYWHERE = "everywhere"  # in the address
_STATES = {
    "proposed": ("high", "waits for a second person"),
    "waiting": ("acc", "waits for its day"),
    "in_effect": ("ok", "in effect"),
    "past": ("", "past"),
}


def detector_list(rows: Sequence[Mapping[str, Any]], *, chosen: str) -> html.Ul:
    """Draw every detector as a choice: code, title, whose thresholds, proposals that wait."""
    # Another detector has other parameters: what was tried belongs to the one before.
    own = {"data-resets": "try,days,moved,start,end"}
    return html.Ul([_detector(row, chosen) for row in rows], className="cal-list", **own)


def _detector(row: Mapping[str, Any], chosen: str) -> html.Li:
    waits = sum(one["state"] == "proposed" for one in row["versions"])
    said = f"version {row['in_effect']}" if row["in_effect"] else "defaults"
    if row["segments"]:
        said += f", {plural(len(row['segments']), 'segment')}"
    return html.Li(
        html.Button(
            [
                html.Span(row["code"], className="tag line"),
                html.Span(row["title"].removeprefix("Suspected ").capitalize(), className="trunc"),
                html.Span(plural(waits, "proposal"), className="tag high") if waits else None,
                html.Span(said, className="t3 t11 push nowrap"),
            ],
            type="button",
            className="cal-pick",
            **{
                "data-set": "detector",
                "data-value": row["detector"],
                "aria-pressed": "true" if row["detector"] == chosen else "false",
            },
        )
    )


def parameter_form(
    row: Mapping[str, Any],
    tried: Mapping[str, Any],
    *,
    segments: Sequence[Mapping[str, Any]],
    days: int,
    start: str,
    end: str,
    moved: bool,
    rows_may: bool,
) -> html.Div:
    """Draw one line per parameter, with what it means, and the button that tries the values written there."""
    lines = [_parameter(one, tried) for one in row["parameters"]]
    head = html.Div(
        [html.Span("Parameter"), html.Span("Value"), html.Span("In effect"), html.Span("Allowed")],
        className="cal-line cal-head t11 t3",
    )
    acts = html.Div(
        [
            html.Label(
                [
                    "Days behind",
                    dbc.Input(
                        id="calibrate-days", type="number", min=1, max=400, step=1, value=days, size="sm"
                    ),
                ],
                className="term",
            ),
            _day("From", "calibrate-start", start),
            _day("to", "calibrate-end", end),
            dbc.Checkbox(id="calibrate-moved", label="Move every number too", value=moved),
            html.Button(
                [icon("play"), " Try"],
                type="button",
                className="btn btn-sm btn-primary",
                **{"data-act": "calibrate-try"},
            ),
            html.Button(
                "Back to what is in effect",
                type="button",
                className="btn btn-sm btn-outline-secondary",
                **{"data-clear": "try,days,moved,start,end"},
            ),
        ],
        className="cal-acts",
    )
    return html.Div(
        [_segment(row, segments), html.Div([head, *lines], className="cal-lines"), acts if rows_may else None]
    )


def _day(words: str, name: str, value: str) -> html.Label:
    return html.Label(
        [words, dbc.Input(id=name, type="date", value=value or None, size="sm")], className="term cal-day"
    )


def _segment(row: Mapping[str, Any], segments: Sequence[Mapping[str, Any]]) -> html.Div:
    """Draw the choice of what part of the business the thresholds are for."""
    own = {one["segment"] for one in row["segments"]}
    # A choice with an empty value is drawn as if nothing were chosen.
    options = [{"label": "Everywhere else" if own else "Everywhere", "value": EVERYWHERE}]
    for one in segments:
        unit = "account" if one["segment"].startswith("desk:") else "instrument"
        mark = ", own thresholds" if one["segment"] in own else ""
        label = f"{one['dimension']}: {one['value']} ({plural(one['members'], unit)}{mark})"
        options.append({"label": label, "value": one["segment"]})
    lost = (own | {row["segment"]} - {""}) - {one["value"] for one in options}
    options += [{"label": f"{segment_words(name)} (empty now)", "value": name} for name in sorted(lost)]
    choice = dbc.Select(
        id="calibrate-segment",
        options=options,
        value=row["segment"] or EVERYWHERE,
        size="sm",
        className="w-auto",
    )
    said = (
        "Those of everywhere hold here until a version for it is approved."
        if row["segment"] and not row["own"]
        else ""
    )
    return html.Div(
        [
            html.Label(["For", choice], className="term", **{"data-term": "segment"}),
            html.Span(said, className="t3 t12"),
        ],
        className="cal-acts cal-segment",
    )


def segment_words(segment: str) -> str:
    """Return a segment as people read it."""
    if not segment:
        return "everywhere"
    dimension, _, value = segment.partition(":")
    return f"{words(dimension)} {value}"


def _parameter(one: Mapping[str, Any], tried: Mapping[str, Any]) -> html.Div:
    name, value = one["name"], tried.get(one["name"], one["value"])
    kind = one["type"]
    more: dict[str, Any] = {
        "data-param": name,
        "data-type": kind,
        "data-now": _text(one["value"]),
        "aria-label": words(name),
    }
    if kind == "bool":
        control: Any = html.Span(dbc.Checkbox(id=f"calibrate-{name}", value=bool(value), label=""), **more)
    else:
        step = {"int": 1, "float": "any"}.get(kind)
        limits = {} if step is None else {"min": one["low"], "max": one["high"], "step": step}
        control = html.Span(
            dbc.Input(
                id=f"calibrate-{name}",
                type="number" if step is not None else "text",
                value=value,
                size="sm",
                **{k: v for k, v in limits.items() if v is not None},
            ),
            **more,
        )
    changed = value != one["value"]
    # "Fit seconds" needs no unit beside it.
    unit = one["unit"] if one["unit"] and not words(name).lower().endswith(one["unit"].lower()) else ""
    return html.Div(
        [
            html.Div(
                [
                    html.Span(words(name), className="w5"),
                    html.Span(f" {unit}" if unit else "", className="t3 t11"),
                    html.Div(one["rationale"], className="t3 t12"),
                ]
            ),
            control,
            html.Span(_text(one["value"]), className="num t2" + (" high" if changed else "")),
            html.Span(_range(one), className="num t3 t11"),
        ],
        className="cal-line",
    )


def _range(one: Mapping[str, Any]) -> str:
    low, high = one["low"], one["high"]
    if low is None and high is None:
        return "any"
    return f"{'' if low is None else f'{low:g}'} to {'' if high is None else f'{high:g}'}".strip()


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:g}" if isinstance(value, (int, float)) else str(value)


def outcome_table(result: Mapping[str, Any]) -> html.Div:
    """Draw both sides beside one another: alerts, what people made of them, reviewers' hours."""
    before, after = result["before"], result["after"]
    rows = [
        ["Alerts", number(before["alerts"]), number(after["alerts"])],
        ["Followed up", number(before["followed"]), number(after["followed"])],
        ["Dismissed", number(before["dismissed"]), number(after["dismissed"])],
        ["Not decided yet", number(before["undecided"]), number(after["undecided"])],
        ["Precision of what is decided", percent(before["precision"]), percent(after["precision"])],
        ["Reviewers' hours", number(before["hours"], 1), number(after["hours"], 1)],
    ]
    return table(["", "In effect", "Tried"], rows, numeric=(1, 2), label="In effect against tried")


def lost_followed(ids: Sequence[str]) -> html.Div | None:
    """Name the alerts that people followed up and that would be lost: nobody may overlook them."""
    if not ids:
        return None
    links = [
        html.A(one[:10], href=f"/compliance/alerts/{one}", className="mono t12", title=one)
        for one in ids[:20]
    ]
    return html.Div(
        [
            icon("exclamation-triangle", "crit"),
            html.B(f" {plural(len(ids), 'alert')} that people followed up would be lost: "),
            *[part for link in links for part in (link, " ")],
        ],
        className="cal-warn",
        role="status",
    )


def findings_table(rows: Sequence[Mapping[str, Any]], label: str) -> html.Div:
    """Draw findings that only one of two sets of thresholds has."""
    cells = [
        [
            _name(row),
            severity(row["severity"]),
            number(row["score"]),
            ", ".join(row["instrument_ids"]),
            ", ".join(str(actor["id"]) for actor in row["actors"][:4]),
            moment(row["window_start"]),
            row["story"],
        ]
        for row in rows
    ]
    heads = ["Id", "Severity", "Score", "Instrument", "Who", "When, UTC", "What"]
    if any("under" in row for row in rows):
        heads.append("Tips with")
        for cell, row in zip(cells, rows, strict=True):
            cell.append(words(row["under"]))
    return table(heads, cells, numeric=(2,), label=label)


def _name(row: Mapping[str, Any]) -> Any:
    """Draw an id; a finding that is on record leads to its alert."""
    short = row["alert_id"][:10]
    if not row.get("known"):
        return html.Span(short, className="mono t12", title=row["alert_id"])
    return html.A(
        short, href=f"/compliance/alerts/{row['alert_id']}", className="mono t12", title=row["alert_id"]
    )


def moves_table(rows: Sequence[Mapping[str, Any]]) -> html.Div:
    """Draw what moving one number does: alerts, gained, lost, hours."""
    cells = [
        [
            words(row["parameter"]),
            row["step"],
            _text(row["value"]),
            number(row["alerts"]),
            f"+{row['added']} / \N{MINUS SIGN}{row['lost']}",
            number(row["hours"], 1),
        ]
        for row in rows
    ]
    heads = ["Parameter", "Move", "To", "Alerts", "Gained, lost", "Hours"]
    return table(heads, cells, numeric=(2, 3, 4, 5), label="One number at a time")


def version_table(row: Mapping[str, Any], *, may_approve: bool) -> html.Div:
    """Draw the versions of a detector's thresholds, newest first; a proposal can be approved here."""
    now = {one["name"]: one["default"] for one in row["parameters"]}
    cells = []
    for one in row["versions"]:
        tone, said = _STATES[one["state"]]
        changed = [f"{words(k)} {_text(v)}" for k, v in one["parameters"].items() if v != now.get(k)]
        button: Any = None
        if one["state"] == "proposed" and may_approve:
            button = html.Button(
                [icon("check2-all"), " Approve"],
                type="button",
                id={"approve": row["detector"], "version": one["version"]},
                className="btn btn-sm btn-outline-secondary",
            )
        again = html.Button(
            "Try",
            type="button",
            className="btn btn-sm btn-outline-secondary",
            **{"data-set": "try", "data-value": encoded(one["parameters"])},
        )
        cells.append(
            [
                one["version"],
                html.Span(said, className=f"tag {tone}".strip()),
                html.Span([button, again], className="cal-acts"),
                segment_words(one["segment"]).capitalize(),
                "withdrawn: those of everywhere"
                if one["withdrawn"]
                else "; ".join(changed) or "the defaults",
                one["rationale"],
                f"{one['created_by_name']}, {moment(one['created_at'])}",
                f"{one['approved_by_name']}, {moment(one['approved_at'])}" if one["approved_at"] else None,
                moment(one["effective_from"]) if one["effective_from"] else None,
            ]
        )
    heads = [
        "No.",
        "State",
        "",
        "For",
        "Other than the defaults",
        "Why",
        "Proposed by",
        "Approved by",
        "From",
    ]
    return table(heads, cells, numeric=(0,), label="Versions")


def propose_card() -> html.Section:
    """Draw the form that proposes what is tried."""
    body = html.Div(
        [
            html.P(
                "What was tried above counts, for the part of the business chosen there, once a second person has "
                "approved it.",
                className="t2 t12",
            ),
            field("Why", dbc.Textarea(id="calibrate-why", rows=4, maxLength=4000), "at least 20 characters"),
            field("From", dbc.Input(id="calibrate-from", type="date"), "empty: from its approval on"),
            dbc.Checkbox(
                id="calibrate-withdraw",
                label="Withdraw the segment's own thresholds: those of everywhere hold there again",
                value=False,
            ),
            html.Div(
                html.Button(
                    [icon("send"), " Propose"],
                    id="calibrate-propose",
                    type="button",
                    className="btn btn-primary",
                ),
                className="form-acts",
            ),
            html.P("", id="calibrate-said", className="t12 mt-2 mb-0", role="status"),
        ]
    )
    return card("propose", "Propose these thresholds", body, fit="pad", sub="four eyes")


def encoded(values: Mapping[str, Any]) -> str:
    """Return thresholds as the address holds them: ``name:value,...``."""
    return ",".join(f"{name}:{_text(value)}" for name, value in sorted(values.items()))
