"""The report on a case: what it says, what is missing, and the pack that is made of it."""

from collections.abc import Mapping
from typing import Any

from dash import html

from components.casework import act_button, act_form, enter, fold, submit, write
from components.formats import plural, words
from components.states import icon

Row = Mapping[str, Any]
# Field, label, and whether it takes more than a line.
FIELDS: tuple[tuple[str, str, bool], ...] = (
    ("narrative", "What happened, and why it is suspicious", True),
    ("submitter_name", "Who reports", False),
    ("submitter_position", "Position", False),
    ("entity_name", "Entity", False),
    ("entity_lei", "LEI", False),
    ("entity_address", "Address", False),
    ("acting_capacity", "Acting capacity", False),
    ("activity_type", "Type of activity", False),
    ("relationship", "Relationship to the person", False),
    ("contact", "Contact", False),
    ("additional_information", "Further information", True),
)
LABELS = {name: label for name, label, _ in FIELDS}
APPROVED = frozenset({"stor_approved", "stor_submitted", "regulator_follow_up", "closed"})


def report(case: Row, checked: Row, *, may: bool) -> list[Any]:
    """Draw the draft of a report.

    Args:
        case: ``cases.case``.
        checked: ``stor.checked``.
        may: Whether the person who looks may write.
    """
    place = f"/api/compliance/cases/{case['case_id']}"
    parts: list[Any] = [_missing(checked["missing"])]
    if may and case["status"] not in APPROVED:
        parts.append(fold("draft", "Write the report", _form(case, place)))
    elif case["report"]:
        parts.append(_said(case["report"]))
    if case["status"] in APPROVED and case["status"] != "closed":
        parts.append(
            html.P([icon("lock"), " Two people agreed on it: it is not rewritten."], className="t12 t3 mb-0")
        )
    if may:
        pack = act_button("Report pack", f"{place}/pack", mark="file-earmark-zip", download="")
        told = html.Span(
            "JSON with its schema, PDF, events, trail, files and their hashes", className="t11 t3"
        )
        parts.append(html.Div([pack, told], className="form-acts"))
    return parts


def _form(case: Row, place: str) -> html.Form:
    held = case["report"]
    short = [
        enter(name, label, value=held.get(name, ""), needed=False) for name, label, long in FIELDS if not long
    ]
    long = {
        name: write(name, label, rows=5, held=held.get(name, ""), needed=False)
        for name, label, tall in FIELDS
        if tall
    }
    return act_form(
        f"{place}/report",
        long["narrative"],
        html.Div(short, className="fields"),
        long["additional_information"],
        submit("Keep the draft", mark="save"),
        fixed={"version": case["version"]},
        done="The draft is kept",
        inside="given",
        key=f"report-{case['version']}",
    )


def _missing(rows: Any) -> Any:
    written = [one for one in rows if one["field"]]
    held = [one for one in rows if not one["field"]]
    if not rows:
        return html.P([icon("check-circle", "ok"), " Every field is answered."], className="t12")
    parts: list[Any] = []
    if written:
        parts.append(
            html.P(
                [icon("exclamation-triangle", "high"), f" {plural(len(written), 'field')} not written yet:"],
                className="t12 mb-1",
            )
        )
        parts.append(
            html.Ul(
                [html.Li(LABELS[one["field"]], **{"data-missing": one["field"]}) for one in written],
                className="missing",
            )
        )
    else:
        parts.append(
            html.P([icon("check-circle", "ok"), " All that people write is written."], className="t12")
        )
    if held:
        rest = html.Ul(
            [html.Li([html.Span(one["path"], className="mono"), f", {one['reason']}"]) for one in held[:50]],
            className="missing",
        )
        parts.append(
            html.Details(
                [
                    html.Summary(f"{plural(len(held), 'field')} the records do not hold: NA with the reason"),
                    rest,
                ],
                className="t12",
            )
        )
    return html.Div(parts)


def _said(held: Row) -> html.Dl:
    rows = [
        html.Div([html.Dt(label), html.Dd(held[name], className="said")])
        for name, label, _ in FIELDS
        if held.get(name)
    ]
    return html.Dl(rows, className="stand told")


def complete(checked: Row) -> html.Span:
    """Draw how far the report is."""
    left = sum(1 for one in checked["missing"] if one["field"])
    state = words(checked["report"].status)
    return html.Span(
        f"{state}, {plural(left, 'field')} left" if left else state,
        className="tag high" if left else "tag acc",
    )
