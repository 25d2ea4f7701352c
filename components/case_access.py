"""Who may know of a case, who looked at it, and the hold on its records."""

from collections.abc import Mapping, Sequence
from typing import Any

from dash import html

from components.casework import act_form, fold, submit, tick, write
from components.states import icon

Row = Mapping[str, Any]
# What of a case's trail is a look at it, in words.
LOOKS = {
    "case.read": "read it",
    "case.file_read": "read a file",
    "case.pack": "took the report pack",
    "case.access": "changed who may know",
    "case.refused": "was refused",
    "door.refused": "was refused at the door",
}


def access(case: Row, people: Sequence[Row], looks: Sequence[Row], *, may: bool) -> list[Any]:
    """Draw who may know of a case, the form that changes it, and who looked.

    Args:
        case: ``cases.case``.
        people: Those of compliance: user_id and name.
        looks: Entries of the case's trail that are looks, the newest first.
        may: Whether the person who looks may change it.
    """
    names = {one["user_id"]: one["name"] for one in people}
    listed = ", ".join(names.get(one, one) for one in case["access"])
    said = (
        [icon("lock", "high"), html.Span([html.B("Need to know: "), f"{listed}, and auditors."])]
        if case["restricted"]
        else [icon("people", "t3"), html.Span("Everybody of compliance, and auditors.")]
    )
    parts: list[Any] = [
        html.P(
            said, className="t12 said mb-2", **{"data-access": "restricted" if case["restricted"] else "open"}
        )
    ]
    if may and case["status"] != "closed":
        parts.append(fold("access", "Change who may know", _form(case, people)))
    if may:
        parts.append(_hold(case))
    elif case["legal_hold"]:
        parts.append(
            html.P([icon("pause-circle"), f" Legal hold: {case['hold_reason']}"], className="t12 said")
        )
    parts.append(html.H3("Access log", className="t12 w5 mt-2 mb-1"))
    if not looks:
        why = (
            "Nobody has yet."
            if case["restricted"]
            else "Looks are kept while a case is on need to know; files and packs always."
        )
        return [*parts, html.P(why, className="t12 t3 mb-0")]
    rows = [
        html.Li(
            [
                html.Span([html.B(one["actor_name"]), f" {LOOKS[one['action']]}"]),
                html.Span(f"{one['time'][:10]} {one['time'][11:16]}", className="t3 num"),
            ]
        )
        for one in looks
    ]
    return [*parts, html.Ul(rows, className="looks")]


def _form(case: Row, people: Sequence[Row]) -> html.Form:
    boxes = [
        tick("people", one["name"], on=one["user_id"] in case["access"], of=one["user_id"]) for one in people
    ]
    return act_form(
        f"/api/compliance/cases/{case['case_id']}/access",
        tick("restricted", "Only these people may know of it", on=case["restricted"]),
        html.Fieldset([html.Legend("People"), *boxes]),
        html.P("You and who has the case are always among them.", className="t11 t3 mb-0"),
        submit("Save who may know", mark="lock"),
        fixed={"version": case["version"]},
        done="Who may know is changed",
        key=f"access-{case['version']}",
    )


def _hold(case: Row) -> html.Details:
    on = bool(case["legal_hold"])
    label = "Lift the legal hold" if on else "Put it on legal hold"
    why = [html.P(f"On hold: {case['hold_reason']}", className="t12 said")] if on else []
    form = act_form(
        f"/api/compliance/cases/{case['case_id']}/hold",
        *why,
        write("rationale", "Why", rows=2, hint="At least 10 characters"),
        submit(label, mark="play-circle" if on else "pause-circle"),
        fixed={"on": not on, "version": case["version"]},
        done="The hold is lifted" if on else "It is on hold",
    )
    return fold("hold", label, form)
