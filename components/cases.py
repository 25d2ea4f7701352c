"""Cases: the board, and the parts of one case."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from dash import html

from components.casework import (
    WORDS,
    act_button,
    act_form,
    choose,
    due,
    fold,
    maker_checker,
    person,
    submit,
    write,
)
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


def proposals(
    rows: Sequence[Row], names: Mapping[str, Mapping[str, str]], rules: Mapping[str, str], *, may: bool
) -> html.Ul:
    """Draw alerts that belong together, each group with a button that opens a case; ``rules``: detector to words."""
    return html.Ul([_proposal(row, names, rules, may=may) for row in rows], className="groups")


def _named(ident: str, names: Mapping[str, Mapping[str, str]]) -> str:
    return next((found[ident] for found in names.values() if ident in found), ident)


def _proposal(
    row: Row, names: Mapping[str, Mapping[str, str]], rules: Mapping[str, str], *, may: bool
) -> html.Li:
    who = ", ".join(_named(part, names) for part in str(row["actor"]).split(","))
    what = (
        names["instrument"].get(row["instrument_id"], row["instrument_id"])
        if row["instrument_id"]
        else "several instruments"
    )
    kinds = ", ".join(rules.get(name, words(name)) for name in row["detectors"])
    about = f"{plural(len(row['alert_ids']), 'alert')}: {kinds}"
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
            html.Div(f"{about}; {day(row['start'].date())} to {day(row['end'].date())}", className="t12 t3"),
            opened,
        ]
    )


def waiting(rows: Sequence[Row], *, may: bool) -> list[Any]:
    """Draw decisions that wait for a second person; a batch is settled as one, here."""
    batches: dict[str, list[Row]] = {}
    alone = []
    for row in rows:
        if row["batch_id"]:
            batches.setdefault(row["batch_id"], []).append(row)
        else:
            alone.append(row)
    parts: list[Any] = [_batch(name, held, may=may) for name, held in batches.items()]
    if alone:
        parts.append(_waiting_table(alone))
    return parts


def _batch(name: str, rows: Sequence[Row], *, may: bool) -> html.Div:
    said = html.P(
        [html.B(f"{plural(len(rows), 'alert')} together"), f", since {moment(rows[0]['requested_at'])}"],
        className="t12 mb-1",
    )
    ways = html.Details(
        [
            html.Summary("Which"),
            html.Ul(
                [
                    html.Li(link(row["object_id"], f"/compliance/alerts/{row['object_id']}", mono=True))
                    for row in rows
                ],
                className="files",
            ),
        ],
        className="t12 mt-2",
    )
    settled = maker_checker(
        rows[0], post=f"/api/compliance/alerts/bulk/{name}", mine=rows[0]["mine"], may=may
    )
    return html.Div([said, settled, ways], className="batch", **{"data-batch": name})


def _waiting_table(rows: Sequence[Row]) -> html.Div:
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
                else link(
                    "Look at it",
                    f"{pages[row['object_kind']]}{row['object_id']}"
                    if row["object_kind"] in pages
                    else "/compliance/alerts",
                ),
            ]
            for row in rows
        ],
        label="Decisions that wait for a second person",
    )


def detectors_table(rows: Sequence[Row], rules: Mapping[str, str]) -> html.Div:
    """Draw how each detector's alerts ended; ``rules``: detector to words."""
    return table(
        ["Detector", "Found", "Open", "Closed", "False alarms", "Escalated", "Reported"],
        [
            [rules.get(row["name"], words(row["name"])), number(row["found"]), number(row["open"]), number(row["closed"]),
             percent(row["false_positive_rate"]), number(row["escalated"]), number(row["reported"])]
            for row in rows
        ],
        numeric=(1, 2, 3, 4, 5, 6),
        label="Alerts by detector",
    )  # fmt: skip


# --- one case --------------------------------------------------------------------------------------
def checklist(case: Row, *, may: bool) -> html.Ul:
    """Draw the checks, the mandatory ones marked; one is ticked by a press, or set aside with a word why."""
    return html.Ul([_check(item, case, may=may) for item in case["checklist"]], className="checklist")


def _check(item: Row, case: Row, *, may: bool) -> html.Li:
    post = f"/api/compliance/cases/{case['case_id']}/checklist"
    done = item["state"] != "open"
    shape = {"done": ("check-square-fill", "acc"), "open": ("square", "t3")}.get(
        item["state"], ("dash-square", "t3")
    )
    text = [html.Span(item["text"]), None if item["mandatory"] else html.Span("optional", className="t3")]
    fixed = {"key": item["key"], "version": case["version"]}
    if may:
        tick: Any = act_button(
            "",
            post,
            fixed=fixed | {"state": "open" if done else "done"},
            done="Open again" if done else "Checked",
        )
        tick.children = [icon(*shape), *text, hidden("open again" if done else "mark as done")]
        tick.className = "check"
    else:
        tick = html.Span([icon(*shape), *text], className="check")
    line: list[Any] = [tick, html.Span(item.get("by_name") or "", className="t11 t3")]
    if may and not done:
        aside = act_form(
            post, write("comment", "What you found, or why it does not apply", rows=2), choose("state", "It is", _STATES),
            submit("Keep it"), fixed=fixed, done="Kept",
        )  # fmt: skip
        line.append(fold(f"check-{item['key']}", "Comment", aside))
    parts: list[Any] = [html.Div(line, className="line")]
    if item.get("comment"):
        parts.append(html.P(item["comment"], className="said t11 t2 mb-1"))
    return html.Li(parts, **{"data-check": item["key"]})


_STATES = (("done", "Done"), ("not_applicable", "Does not apply"))


def notes(case: Row, *, author: str, may: bool) -> html.Ol:
    """Draw what was written, the newest version of each with the earlier ones under it; one corrects one's own."""
    place = f"/api/compliance/cases/{case['case_id']}/notes" if may and case["status"] != "closed" else None
    rows = reversed(case["notes"])
    return html.Ol([_note(row, mine=row["author"] == author, place=place) for row in rows], className="notes")


def _correction(row: Row, place: str) -> html.Details:
    fixed = {
        "note_id": row["note_id"],
        "replaces": row["version"],
        "kind": row["kind"],
        "evidence": row["evidence"],
    }
    form = act_form(
        place, write("text", "The note as it should read", held=row["text"], rows=4), submit("Keep as a further version", mark="pencil"),
        fixed=fixed, done="Version {version} is kept", key=f"{row['note_id']}-{row['version']}",
    )  # fmt: skip
    return fold(f"correct-{row['note_id']}", "Correct it", form)


def _note(row: Row, *, mine: bool, place: str | None) -> html.Li:
    head = html.Div(
        [
            person(row["author_name"]),
            html.Span(words(row["kind"]), className="tag") if row["kind"] != "note" else None,
            html.Span("yours", className="t11 t3") if mine else None,
            html.Span(f"version {row['version']}", className="t11 t3") if row["earlier"] else None,
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
    if mine and place is not None:
        parts.append(_correction(row, place))
    return html.Li(parts, **{"data-note": row["note_id"]})


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
                html.A(
                    html.Span([icon("paperclip"), one["name"]], className="trunc"),
                    href=f"{post}/{one['id']}",
                    download="",
                ),
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
    said = html.P("", className="t12 crit mt-1 mb-0", role="status")
    return [html.Div([*parts, attach, said])] if may else parts


def trail(rows: Sequence[Row]) -> html.Div:
    """Draw what was done to a case, the newest first, with the hash each entry has in the chain."""
    return table(
        ["Time, UTC", "Who", "What", "Entry", "Hash"],
        [
            [html.Span(f"{row['time'][:10]} {row['time'][11:19]}", className="nowrap"), row["actor_name"], words(row["action"].replace(".", " ")), number(row["seq"]),
             html.Span(f"{row['hash'][:6]}…{row['hash'][-2:]}", className="mono", title=row["hash"])]
            for row in rows
        ],
        numeric=(3,),
        label="What was done to this case",
    )  # fmt: skip
