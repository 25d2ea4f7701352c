"""The supervision queue: drawn messages, how a sample is drawn, what was drawn."""

from collections.abc import Mapping, Sequence
from typing import Any

from dash import html

from components.casework import act_button, act_form, choose, enter, fold, person, submit, write
from components.formats import day, moment, number, percent, words
from components.states import icon
from components.tables import link, table

Row = Mapping[str, Any]
POST = "/api/compliance/supervision"
SEVERITIES = (("medium", "Medium"), ("high", "High"), ("low", "Low"))


def messages(rows: Sequence[Row], names: Mapping[str, str]) -> html.Ol:
    """Draw drawn messages, each with what may be done about it."""
    return html.Ol([_message(row, names) for row in rows], className="messages drawn")


def _message(row: Row, names: Mapping[str, str]) -> html.Li:
    to = ", ".join(names.get(one, one) for one in row["recipient_ids"][:4])
    more = len(row["recipient_ids"]) - 4
    head = html.Div(
        [
            person(names.get(row["sender_id"], row["sender_id"])),
            html.Span(f"to {to or 'nobody'}{f' and {more} more' if more > 0 else ''}", className="t3 trunc"),
            html.Span(words(row["channel"] or "message"), className="tag line"),
            html.Span(moment(row["sent_at"]), className="t11 t3 num push"),
        ],
        className="hd",
    )
    said = (
        html.P(row["text"], className="said")
        if row["text"] is not None
        else html.P("The message is not in the tables any more.", className="said t3")
    )
    parts: list[Any] = [head, said]
    if row["state"] != "open":
        parts.append(_settled(row))
    elif row["may_act"] and row["text"] is not None:
        parts.append(_acts(row))
    else:
        parts.append(html.P("You read it; others settle it.", className="t12 t3 mb-0"))
    return html.Li(parts, tabIndex="0", **{"data-item": row["id"]})


def _acts(row: Row) -> html.Div:
    place = f"{POST}/{row['id']}"
    read = act_button("Read, nothing to follow", f"{place}/review", done="Read", mark="check2", act="read")
    ways = (("alert", "An alert in the queue"), ("case", "A case at once"))
    raised = act_form(
        f"{place}/escalate",
        html.Div(
            [choose("to", "Raise", ways), choose("severity", "How grave", SEVERITIES)], className="fields"
        ),
        write("rationale", "What you suspect", rows=2, hint="In plain words; at least 20 characters"),
        submit("Raise it", mark="flag"),
        done="Raised",
        opens="/compliance/cases/",
    )
    noted = act_form(
        f"{place}/review",
        write("comment", "What you noted", rows=2),
        submit("Read, with this note"),
        done="Read",
    )
    return html.Div(
        [
            html.Div([read], className="form-acts"),
            fold("raise", "Raise it", raised, key="e"),
            fold("noted", "Read, with a note", noted),
        ],
        className="item-acts",
    )


def _settled(row: Row) -> html.Div:
    state = html.Span(
        [
            icon("flag" if row["state"] == "escalated" else "check2"),
            "Raised" if row["state"] == "escalated" else "Read",
        ],
        className="tag high" if row["state"] == "escalated" else "tag",
    )
    ways = []
    if row["case_id"]:
        ways.append(link("Case", f"/compliance/cases/{row['case_id']}"))
    if row["alert_id"]:
        ways.append(link("Alert", f"/compliance/alerts/{row['alert_id']}"))
    by = html.Span(f"{row['decided_name']}, {moment(row['decided_at'])}", className="t11 t3")
    parts: list[Any] = [html.Div([state, by, *ways], className="hd")]
    if row["comment"]:
        parts.append(html.P(row["comment"], className="said t12 t2"))
    return html.Div(parts)


def draw_form(found: Row) -> list[Any]:
    """Draw how many messages there are to draw from, and the form that draws them: ``supervision.plan``."""
    facts = [
        ("Messages", number(found["messages"])),
        ("Named by alerts", number(found["alerted"])),
        ("Drawn before", number(found["before"])),
        ("Left to draw", number(found["eligible"])),
    ]
    sizes = ", ".join(f"{number(one['size'])} if {number(one['share'] * 100)}% are" for one in found["sizes"])
    usual = next(one["size"] for one in found["sizes"] if one["share"] == 0.05)
    channels = [("", "Every channel"), *((one, words(one)) for one in found["channels"])]
    form = act_form(
        f"{POST}/samples",
        html.Div(
            [
                enter("start", "From", "date", value=found["start"].isoformat()),
                enter("end", "To", "date", value=found["end"].isoformat()),
            ],
            className="fields",
        ),
        html.Div(
            [
                choose("channel", "Channel", channels, needed=False),
                enter("size", "How many", "number", value=max(1, usual), min=1, max=found["largest"], step=1),
            ],
            className="fields",
        ),
        choose("reason", "Why", list(found["reasons"].items())),
        write("rationale", "Why that many", rows=2, hint="At least 20 characters; it stays on record"),
        submit("Draw", mark="shuffle"),
        done="{size} messages drawn",
    )
    note = "The server draws; its seed is on record, and nobody chooses what is read."
    return [
        html.Dl([html.Div([html.Dt(name), html.Dd(value, className="num")]) for name, value in facts], className="stand wide"),
        html.P(f"To find at least one that is worth a look, 95% sure, draw {sizes}.", className="t12 t2"),
        form,
        html.P(note, className="t11 t3 mt-2 mb-0"),
    ]  # fmt: skip


def samples_table(rows: Sequence[Row], reasons: Mapping[str, str]) -> html.Div:
    """Draw what was drawn, why, and how far it is read: ``supervision.samples``."""
    cells = []
    for row in rows:
        counts = row["counts"]
        why = html.Span(reasons.get(row["reason"], words(row["reason"])), title=row["rationale"])
        cells.append(
            [
                html.Span([moment(row["drawn_at"]), html.Span(f", {row['drawn_name']}", className="t3")]),
                f"{day(row['start'])} to {day(row['end'])}"
                + (f", {row['channel']}" if row["channel"] else ""),
                why,
                row["rationale"],
                f"{number(row['size'])} of {number(row['population'])}",
                number(counts["open"]),
                number(counts["escalated"]),
                percent(row["coverage"]),
                percent(row["at_most"]),
                html.Span(str(row["seed"]), className="mono"),
            ]
        )
    heads = [
        "Drawn, UTC",
        "Period",
        "Why",
        "Why that many",
        "Drawn",
        "To read",
        "Raised",
        "Read of all",
        "At most",
        "Seed",
    ]
    return table(heads, cells, numeric=(4, 5, 6, 7, 8, 9), wrap=(0, 2, 3), label="Samples")
