"""Cases: the board, and the parts of one case."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from dash import html

from components.casework import WORDS, act_button, act_form, due, fold, person, submit, write
from components.formats import day, moment, number, percent, plural, words
from components.severity import severity_mark
from components.states import hidden, icon
from components.tables import link, table

Row = Mapping[str, Any]
COLUMNS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("Investigation", ("investigation", "info_requested", "reopened")),
    ("Decided", ("no_action", "near_miss", "breach_internal")),
    ("Report", ("stor_draft", "stor_approved", "stor_submitted", "regulator_follow_up")),
    ("Closed", ("closed",)),
)
STATE_WORDS = {
    "stor_draft": "Report drafted",
    "stor_approved": "Report approved",
    "stor_submitted": "Reported",
}


def state_words(state: str) -> str:
    """Return a state as people say it."""
    return STATE_WORDS.get(state, words(state))


# --- the list --------------------------------------------------------------------------------------
def board(rows: Sequence[Row], now: datetime) -> html.Div:
    """Draw cases in columns by how far they are."""
    made = []
    for title, states in COLUMNS:
        mine = [row for row in rows if row["status"] in states]
        head = html.H3([title, html.Span(number(len(mine)), className="t3 num")])
        body = [_tile(row, now) for row in mine] or [html.P("None", className="t12 t3 mb-0")]
        made.append(html.Div([head, html.Div(body, className="stack")], className="col"))
    return html.Div(made, className="board")


def _tile(row: Row, now: datetime) -> html.A:
    marks = [
        icon("lock", "t3", label="Restricted") if row["restricted"] else None,
        icon("pause-circle", "t3", label="Legal hold") if row["legal_hold"] else None,
    ]
    return html.A(
        [
            html.Div(
                [severity_mark(row["severity"]), html.Span(row["ref"], className="mono t11 t3"), *marks]
            ),
            html.Div(row["title"], className="w5 clamp"),
            html.Div(
                [
                    html.Span(state_words(row["status"]), className="tag"),
                    due(row["due_at"], now) if row["status"] != "closed" else None,
                ]
            ),
            html.Div(
                [person(row["owner_name"]), html.Span(plural(row["alerts"], "alert"), className="t3")],
                className="foot",
            ),
        ],
        href=f"/compliance/cases/{row['case_id']}",
        className="case",
        **{"data-carry": "1", "data-case": row["case_id"]},
    )


def case_table(rows: Sequence[Row], now: datetime) -> html.Div:
    """Draw cases as rows."""
    return table(
        ["Case", "Severity", "Title", "State", "With", "Due", "Checks left"],
        [
            [
                link(row["ref"], f"/compliance/cases/{row['case_id']}"),
                severity_mark(row["severity"]),
                row["title"],
                state_words(row["status"]),
                row["owner_name"] or "nobody",
                due(row["due_at"], now) if row["status"] != "closed" else "–",
                number(row["checks_left"]),
            ]
            for row in rows
        ],
        numeric=(6,),
        wrap=(2,),
        label="Cases",
    )


def proposals(rows: Sequence[Row], names: Mapping[str, Mapping[str, str]], *, may: bool) -> html.Ul:
    """Draw alerts that belong together, each group with a button that opens a case."""
    return html.Ul([_proposal(row, names, may=may) for row in rows], className="groups")


def _named(ident: str, names: Mapping[str, Mapping[str, str]]) -> str:
    return next((found[ident] for found in names.values() if ident in found), ident)


def _proposal(row: Row, names: Mapping[str, Mapping[str, str]], *, may: bool) -> html.Li:
    who = ", ".join(_named(part, names) for part in str(row["actor"]).split(","))
    what = (
        names["instrument"].get(row["instrument_id"], row["instrument_id"])
        if row["instrument_id"]
        else "several instruments"
    )
    about = f"{plural(len(row['alert_ids']), 'alert')}, {', '.join(words(name).lower() for name in row['detectors'])}"
    opened = None
    if may:
        opened = fold(
            "open", "Open a case",
            act_form("/api/compliance/cases", write("rationale", "Why they belong together", rows=2),
                     submit("Open the case", mark="folder-plus"), fixed={"alert_ids": row["alert_ids"]},
                     done="Case opened", opens="/compliance/cases/"),
        )  # fmt: skip
    return html.Li(
        [
            html.Div([severity_mark(row["severity"]), html.B(f"{who} in {what}", className="trunc")]),
            html.Div(f"{about}, {day(row['start'].date())} to {day(row['end'].date())}", className="t12 t3"),
            opened,
        ]
    )


def waiting(rows: Sequence[Row]) -> html.Div:
    """Draw decisions that wait for a second person."""
    pages = {"alert": "/compliance/alerts/", "case": "/compliance/cases/", "stor": "/compliance/cases/"}
    return table(
        ["Since", "Decision", "By", ""],
        [
            [
                moment(row["requested_at"]),
                WORDS.get(row["to_state"], words(row["to_state"]))
                + (" (sample)" if row["why"] == "sample" else ""),
                row["requested_name"],
                html.Span("yours: somebody else agrees", className="t3")
                if row["mine"]
                else link("Look at it", f"{pages[row['object_kind']]}{row['object_id']}"),
            ]
            for row in rows
        ],
        label="Decisions that wait for a second person",
    )


def detectors_table(rows: Sequence[Row]) -> html.Div:
    """Draw how each detector's alerts ended."""
    return table(
        ["Detector", "Found", "Open", "Closed", "False alarms", "Escalated", "Reported"],
        [
            [words(row["name"]), number(row["found"]), number(row["open"]), number(row["closed"]),
             percent(row["false_positive_rate"]), number(row["escalated"]), number(row["reported"])]
            for row in rows
        ],
        numeric=(1, 2, 3, 4, 5, 6),
        label="Alerts by detector",
    )  # fmt: skip


# --- one case --------------------------------------------------------------------------------------
def checklist(case: Row, *, may: bool) -> html.Ul:
    """Draw the checks, the mandatory ones marked; one is ticked by a press."""
    post = f"/api/compliance/cases/{case['case_id']}/checklist"
    items = []
    for item in case["checklist"]:
        done = item["state"] != "open"
        after = "open" if done else "done"
        mark = (
            icon("check-square-fill", "acc")
            if item["state"] == "done"
            else icon("dash-square", "t3")
            if done
            else icon("square", "t3")
        )
        text = [html.Span(item["text"]), None if item["mandatory"] else html.Span("optional", className="t3")]
        fixed = {"key": item["key"], "state": after, "version": case["version"]}
        if may:
            tick: Any = act_button("", post, fixed=fixed, done="Checked" if after == "done" else "Open again")
            tick.children = [mark, *text, hidden("open again" if done else "mark as done")]
            tick.className = "check"
        else:
            tick = html.Span([mark, *text], className="check")
        items.append(
            html.Li(
                [tick, html.Span(item.get("by_name") or "", className="t11 t3")],
                **{"data-check": item["key"]},
            )
        )
    return html.Ul(items, className="checklist")


def notes(rows: Sequence[Row], *, author: str) -> html.Ol:
    """Draw what was written, the newest version of each with the earlier ones under it."""
    return html.Ol([_note(row, mine=row["author"] == author) for row in reversed(rows)], className="notes")


def _note(row: Row, *, mine: bool) -> html.Li:
    head = html.Div(
        [
            person(row["author_name"]),
            html.Span(words(row["kind"]), className="tag") if row["kind"] != "note" else None,
            html.Span("yours", className="t11 t3") if mine else None,
            html.Span(moment(row["created_at"]), className="t11 t3 num"),
        ],
        className="hd",
    )
    parts: list[Any] = [head, html.P(row["text"], className="said")]
    if row["evidence"]:
        parts.append(
            html.Div(
                [
                    html.Span(f"{one['kind']} {one['id']}", className="tag line mono")
                    for one in row["evidence"]
                ]
            )
        )
    if row["earlier"]:
        old = [html.P([html.Span(f"Version {one['version']}, {moment(one['created_at'])}", className="t11 t3"), html.Br(), one["text"]],
                      className="said t12") for one in row["earlier"]]  # fmt: skip
        parts.append(html.Details([html.Summary(plural(len(old), "earlier version")), *old], className="t12"))
    return html.Li(parts)


def case_alerts(rows: Sequence[Row]) -> html.Ol:
    """Draw the alerts of a case as a queue."""
    return html.Ol(
        [
            html.Li(
                html.A(
                    [
                        severity_mark(row["severity"]),
                        html.Span(row["title"], className="w5 trunc"),
                        html.Span(number(row["score"]), className="num scored"),
                        html.Span(words(row["status"]), className="of trunc"),
                    ],
                    href=f"/compliance/alerts/{row['alert_id']}",
                    **{"data-carry": "1"},
                )
            )
            for row in rows
        ],
        className="queue",
    )


def files(case: Row, *, may: bool) -> list[Any]:
    """Draw the attachments with their hashes."""
    post = f"/api/compliance/cases/{case['case_id']}/attachments"
    rows = [
        html.Li(
            [
                html.A([icon("paperclip"), one["name"]], href=f"{post}/{one['id']}", download=""),
                html.Span(f"{number(one['size'])} bytes, {one['added_by_name']}", className="t11 t3"),
                html.Span(one["sha256"][:16], className="mono t11 t3", title=f"SHA-256 {one['sha256']}"),
            ]
        )
        for one in case["files"]
    ]
    attach = html.Button([icon("plus-lg"), "Attach a file"], type="button", className="btn btn-sm btn-outline-secondary",
                         **{"data-upload": post})  # fmt: skip
    parts: list[Any] = (
        [html.Ul(rows, className="files")] if rows else [html.P("Nothing attached.", className="t12 t3")]
    )
    return [*parts, attach] if may else parts


def trail(rows: Sequence[Row]) -> html.Div:
    """Draw what was done to a case, the newest first, with the hash each entry has in the chain."""
    return table(
        ["Time, UTC", "Who", "What", "Entry", "Hash"],
        [
            [f"{row['time'][:10]} {row['time'][11:19]}", row["actor_name"], words(row["action"].replace(".", " ")), number(row["seq"]),
             html.Span(f"{row['hash'][:6]}…{row['hash'][-2:]}", className="mono", title=row["hash"])]
            for row in rows
        ],
        numeric=(3,),
        label="What was done to this case",
    )  # fmt: skip
