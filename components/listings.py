"""Tables of the lists page."""

from collections.abc import Mapping, Sequence
from typing import Any

from dash import html

from components.formats import MISSING, day, moment, number, quantity, words
from components.tables import column, facts, grid, link, table

ENTRIES_GRID = "lists-entries"
STATES = {
    "open": ("open", "high"),
    "proposed": ("waits for a second", "med"),
    "true_match": ("true match", "crit"),
    "false_match": ("false match", ""),
    "lapsed": ("lapsed", ""),
    "pending": ("waits", "high"),
    "approved": ("approved", "ok"),
    "denied": ("denied", "crit"),
    "expired": ("expired", ""),
    "withdrawn": ("withdrawn", ""),
}


def tag(state: str) -> html.Span:
    """Draw a state as a tag."""
    said, tone = STATES.get(state, (words(state), ""))
    return html.Span(said, className=f"tag {tone}".strip())


def entries_grid(rows: Sequence[Mapping[str, Any]], *, full: bool, keeps: bool) -> html.Div:
    """Draw entries of the lists; ``full`` with whom, why and by whom; ``keeps``: a click chooses one to end."""
    columns = [
        column("kind", "List", "words", width=88),
        column("instrument_id", "Instrument", "mono", width=92),
        column("state", "State", "words", width=70),
        column("valid_from", "From", "minute", width=132),
        column("until", "Until", "text", width=124),
    ]
    if full:
        columns += [
            column("person", "Person", minWidth=120),
            column("project", "Project"),
            column("reason", "Why", tooltipField="reason"),
            column("added_by", "Added by"),
            column("ended_reason", "Why it ended"),
        ]
    shown = [
        {name: row[name] for name in ("kind", "instrument_id", "state", "valid_from", "person", "project", "reason", "added_by", "ended_reason")}
        | {"until": moment(row["valid_to"]) if row["valid_to"] else "further notice"}
        | ({"_set": {"entry": row["entry_id"]}} if keeps and row["state"] != "ended" else {})
        for row in rows
    ]  # fmt: skip
    height = 32 + 30 * max(3, min(len(shown), 14)) + 2
    return grid(ENTRIES_GRID, columns, height=height, rows=shown, opens=keeps, label="Entries of the lists")


def chosen_entry(row: Mapping[str, Any] | None) -> Any:
    """Say which entry the form would end."""
    if row is None:
        return "Choose an entry in the table."
    what = " ".join(filter(None, (row["instrument_id"], row["person_id"])))
    return [html.B(what), f" on the {row['kind']} list since {day(row['valid_from'])}."]


def match_table(rows: Sequence[Mapping[str, Any]], *, chosen: str) -> html.Div:
    """Draw parties beside the entries they resemble; one is chosen by its button."""
    return table(
        ["", "Score", "Party", "Resembles", "List", "State"],
        [
            [
                html.Button(
                    "Look", type="button", className="lk",
                    **{"data-set": "match", "data-value": row["hit_id"], "aria-pressed": str(row["hit_id"] == chosen).lower()},
                ),
                number(row["score"], 0),
                html.Span([html.Span(row["subject_name"], className="w6"), " ", html.Span(row["subject_kind"], className="t3")]),
                row["entry_name"],
                f"{row['list_name']} {row['entry_id']}",
                tag(row["status"]),
            ]
            for row in rows
        ],
        numeric=(1,),
        wrap=(2, 3, 4),
        label="Sanctions matches",
    )  # fmt: skip


def match_card(row: Mapping[str, Any]) -> html.Div:
    """Draw both records side by side, what speaks for and against, and what was decided."""
    told = row["explanation"]
    ours, theirs = told["subject"], told["entry"]
    pairs = [
        ("name", "Name"),
        ("kind", "Kind"),
        ("aliases", "Aliases"),
        ("country", "Country"),
        ("date_of_birth", "Born"),
    ]
    both = table(
        ["", "Ours", "List"],
        [[label, _value(ours.get(name)), _value(theirs.get(name))] for name, label in pairs],
        wrap=(1, 2),
        label="Both records",
    )
    parts: list[Any] = [
        both,
        html.Ul([html.Li(said) for said in told["story"]], className="t12 t2 ps-3 mt-2 mb-2"),
    ]
    if row["decided_name"]:
        second = f" and {row['second_name']}" if row["second_name"] else ""
        parts.append(html.P(f"{row['decided_name']}{second}: “{row['rationale']}”", className="t12 mb-1"))
    more = [("Party", f"{row['subject_kind']} {row['subject_id']}"), ("Found", moment(row["created_at"]))]
    if theirs.get("programme"):
        more.append(("Programme", theirs["programme"]))
    if row["alert_id"]:
        more.append(("Alert", link("Open the alert", f"/compliance/alerts/{row['alert_id']}")))
    return html.Div([*parts, facts(more)])


def _value(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(value) or MISSING
    return str(value) if value else MISSING


def request_table(rows: Sequence[Mapping[str, Any]]) -> html.Div:
    """Draw requests to trade for oneself, with what the asking person may do about each."""
    return table(
        ["Asked", "Who", "What", "Account", "State", "Until", "Why", ""],
        [
            [
                moment(row["asked_at"]),
                row["asked_name"],
                f"{words(row['side'])} {quantity(row['quantity'])} {row['instrument_id']}",
                row["account_id"] or "any",
                html.Span(tag(row["status"]), title=_by(row)),
                moment(row["valid_to"]) if row["valid_to"] else MISSING,
                row["comment"] or row["reason"] or MISSING,
                _acts(row),
            ]
            for row in rows
        ],
        wrap=(6,),
        label="Requests for private trades",
    )


def _by(row: Mapping[str, Any]) -> str:
    return (
        f"by {row['decided_name']} on {moment(row['decided_at'])}" if row["decided_name"] else "not answered"
    )


def _acts(row: Mapping[str, Any]) -> Any:
    def act(name: str, label: str) -> html.Button:
        return html.Button(
            label, id={"ask": name, "id": row["request_id"]}, type="button", className="lk", n_clicks=0
        )

    if row["may_answer"]:
        return html.Span([act("approved", "Approve"), " ", act("denied", "Deny")])
    if row["mine"] and row["status"] == "pending":
        return act("withdraw", "Withdraw")
    return ""


def project_table(rows: Sequence[Mapping[str, Any]]) -> html.Div:
    """Draw who is inside, by project."""
    return table(
        ["Project", "Instruments", "People", "Since"],
        [
            [row["project"], ", ".join(row["instrument_ids"]) or MISSING, ", ".join(row["people"]), day(row["since"])]
            for row in rows
        ],
        wrap=(1, 2),
        label="Insiders by project",
    )  # fmt: skip


def found_names(rows: Sequence[Mapping[str, Any]]) -> Any:
    """Say which entries a name resembles."""
    if not rows:
        return "No entry resembles it."
    return html.Ul(
        [
            html.Li([html.B(f"{number(row['score'], 0)} "), f"{row['name']}, {row['list_name']} {row['entry_id']}"])
            for row in rows
        ],
        className="ps-3 mb-0",
    )  # fmt: skip
