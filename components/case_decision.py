"""Where a case stands, what waits for a second person, and what may come next."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from dash import html

from components.cases import Row, state_words
from components.casework import (
    act_button,
    act_form,
    choose,
    due,
    enter,
    fold,
    maker_checker,
    person,
    submit,
    write,
)
from components.formats import clock, day, plural, words
from components.states import icon


def decision(case: Row, now: datetime, *, user: str, people: Sequence[Row]) -> list[Any]:
    """Draw where a case stands, what waits, and what may come next."""
    place = f"/api/compliance/cases/{case['case_id']}"
    version = {"version": case["version"]}
    facts = [
        ("State", state_words(case["status"])),
        ("Level", {"l2": "Second level", "lead": "Team lead", "legal": "Legal"}[case["level"]]),
        ("With", person(case["owner_name"])),
        ("Due", due(case["due_at"], now) if case["status"] != "closed" else "–"),
    ]
    if case["suspicion_at"] is not None:
        facts.append(("Suspected", f"{day(case['suspicion_at'].date())} {clock(case['suspicion_at'])} UTC"))
    decided = case["decision"]
    if decided:
        agreed = f", agreed by {decided['approved_name']}" if decided["approved_name"] else ", not agreed yet"
        facts.append(("Report", f"{'Yes' if decided['submit'] else 'No'}, {decided['by_name']}{agreed}"))
    if case["submitted_ref"]:
        facts.append(("Reference", case["submitted_ref"]))
    parts: list[Any] = [
        html.Dl([html.Div([html.Dt(name), html.Dd(value)]) for name, value in facts], className="stand")
    ]
    waits = next((one for one in case["reviews"] if one["decision"] == "pending"), None)
    if waits is not None:
        parts.append(
            maker_checker(
                waits, post=f"{place}/review", mine=waits["requested_by"] == user, may=case["may_act"]
            )
        )
    elif case["may_act"]:
        parts += _next(case, place, version)
    elif not case["may_act"]:
        parts.append(html.P("You read this case; others act on it.", className="t12 t3 mb-0"))
    if case["may_act"] and case["status"] != "closed":
        parts.append(_given(case, place, version, user=user, people=people))
    return parts


def _given(
    case: Row, place: str, version: Mapping[str, Any], *, user: str, people: Sequence[Row]
) -> html.Details:
    """Draw who has it, and how it gets to somebody else."""
    parts: list[Any] = []
    if case["owner"] != user:
        parts.append(
            act_button("Take it over", f"{place}/take", fixed=version, done="It is yours", mark="hand-index")
        )
    others = [
        (one["user_id"], f"{one['name']}, {plural(one['open'], 'open alert')}")
        for one in people
        if one["user_id"] not in {user, case["owner"]}
    ]
    if others:
        parts.append(
            act_form(f"{place}/take", choose("owner", "To", others), submit("Give it", mark="person-check", primary=False),
                     fixed=version, done="It is with somebody else now")
        )  # fmt: skip
    return fold("give", "Who has it", *parts)


def _next(case: Row, place: str, version: Mapping[str, Any]) -> list[Any]:
    """Return what may come next, each as a part that opens."""
    parts: list[Any] = []
    if case["status"] != "closed" and case["suspicion_at"] is None:
        form = act_form(
            f"{place}/suspicion", enter("suspicion_at", "When it was formed, UTC", "datetime-local", needed=False, hint="empty: now"),
            submit("Start the clock", mark="stopwatch"), fixed=version, done="The clock of a report runs",
        )  # fmt: skip
        parts.append(fold("suspicion", "A suspicion is formed", form))
    if case["suspicion_at"] is not None and case["status"] == "investigation" and not case["decision"]:
        for submit_it, label in ((True, "Report it"), (False, "Do not report it")):
            parts.append(fold(
                "report" if submit_it else "no-report", label,
                act_form(f"{place}/decision", write("reasons", "Reasons"), submit("Ask a second person", mark="people"),
                         fixed={"submit": submit_it, **version}, done="It waits for a second person"),
            ))  # fmt: skip
    left = [item for item in case["checklist"] if item["mandatory"] and item["state"] == "open"]
    for one in case["next"]:
        to = one["state"]
        if to in {"stor_draft", "stor_approved"}:
            continue
        blocked = left and to in {"no_action", "near_miss", "breach_internal", "closed"}
        if blocked:
            body: list[Any] = [
                html.P(
                    [icon("info-circle"), f" {plural(len(left), 'mandatory check')} open."],
                    className="t12 t2 mb-0",
                )
            ]
        else:
            fields: list[Any] = []
            if one["reasons"]:
                fields = [
                    choose("reason", "Reason", [(r["code"], r["text"]) for r in one["reasons"]]),
                    write("rationale", "Rationale"),
                ]
            if to == "stor_submitted":
                fields.append(write("reference", "What the regulator calls it", rows=1))
            say = "Ask a second person" if to == "closed" else "Do it"
            body = [
                act_form(
                    f"{place}/transition",
                    *fields,
                    submit(say),
                    fixed={"to": to, **version},
                    done=state_words(to),
                )
            ]
        parts.append(fold(to, _verbs(to), *body))
    higher = {"l2": ("lead", "Hand it to the lead"), "lead": ("legal", "Hand it to legal")}.get(case["level"])
    if higher and case["status"] != "closed":
        parts.append(fold("up", higher[1], act_form(f"{place}/escalate", write("rationale", "Why", rows=2), submit("Hand it up", mark="arrow-up"),
                                                    fixed={"to": higher[0], **version}, done="Handed up")))  # fmt: skip
    return parts


def _verbs(state: str) -> str:
    return {
        "closed": "Close the case", "reopened": "Open it again", "investigation": "Go on investigating",
        "info_requested": "Ask for information", "no_action": "No action", "near_miss": "Near miss",
        "breach_internal": "Internal breach", "stor_submitted": "It was handed in", "regulator_follow_up": "The regulator asks",
    }.get(state, words(state))  # fmt: skip
