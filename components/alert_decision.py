"""Deciding an alert: take it, escalate it, close it, agree to what somebody else decided."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from dash import html

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
    tick,
    write,
)
from components.formats import moment, number, plural, words
from components.states import icon
from components.tables import link

Work = Mapping[str, Any]
_DONE = (
    "closed",
    "closed_no_issue",
    "closed_false_positive",
    "no_action",
    "near_miss",
    "breach_internal",
    "suppressed",
)


def decision(
    work: Work,
    now: datetime,
    *,
    user: str,
    people: Mapping[str, str],
    reasons: Sequence[Mapping[str, Any]],
    case_id: str | None,
    open_cases: Sequence[Mapping[str, Any]] = (),
    quiet: Mapping[str, Any] | None = None,
) -> list[Any]:
    """Draw where an alert stands and what the person who looks at it may do.

    Args:
        work: ``casework.alert_work``.
        now: This instant.
        user: Who looks.
        people: User id to name.
        reasons: Every reason code: code, text, states.
        case_id: The case it belongs to.
        open_cases: Cases it may be escalated into: case_id, ref, title.
        quiet: What a suppression of findings like it would be about: ``group``, ``instruments``; None where
            its detector names no group, or it is critical.
    """
    post = f"/api/compliance/alerts/{work['alert_id']}"
    over = work["status"] in _DONE
    facts = [
        ("State", words(work["status"])),
        ("With", person(people.get(str(work["assignee"]), work["assignee"]))),
        ("Due", "–" if over else due(work["due_at"], now)),
    ]
    if work["state"] > 1:
        facts.append(("Found", f"grown {plural(work['state'] - 1, 'time')}"))
    if work["gone_at"]:
        facts.append(("Since", f"{moment(work['gone_at'])} no look finds it any more"))
    if case_id:
        facts.append(("Case", link("Open the case", f"/compliance/cases/{case_id}")))
    parts: list[Any] = [
        html.Dl([html.Div([html.Dt(name), html.Dd(value)]) for name, value in facts], className="stand")
    ]
    waits = work["waits"]
    if waits is not None:
        parts.append(
            maker_checker(
                waits, post=f"{post}/review", mine=waits["requested_by"] == user, may=work["may_act"]
            )
        )
    elif work["may_act"]:
        parts += _acts(work, post, user=user, people=people, reasons=reasons, open_cases=open_cases)
        if quiet is not None:
            parts.append(fold("suppress", "Keep findings like it out of the queue", _suppress(work, quiet)))
    else:
        parts.append(html.P("You read this alert; others act on it.", className="t12 t3 mb-0"))
    last = [one for one in work["steps"] if one["rationale"]][-1:]
    if last and (over or work["status"] == "reopened"):
        why = [html.B(words(last[0]["reason"])), ". "] if last[0]["reason"] else []
        parts.append(html.P([*why, last[0]["rationale"]], className="t12 said mt-2 mb-0"))
    return parts


def _acts(
    work: Work,
    post: str,
    *,
    user: str,
    people: Mapping[str, str],
    reasons: Sequence[Mapping[str, Any]],
    open_cases: Sequence[Mapping[str, Any]],
) -> list[Any]:
    status = work["status"]
    if status in {"closed_no_issue", "closed_false_positive", "suppressed"}:
        return [
            fold(
                "reopen",
                "Open it again",
                _form(post, "reopened", reasons, "Open it again", done="Open again"),
            )
        ]
    if status == "escalated" or status in _DONE:
        return []
    take: Any = None
    if work["assignee"] != user:
        take = act_button("Assign to me", f"{post}/assign", fixed={"version": work["version"]}, done="It is yours",
                          mark="hand-index", act="take")  # fmt: skip
    return [
        html.Div([take, html.Kbd("A")], className="form-acts") if take else None,
        fold("escalate", "Open a case", _escalate(post, reasons, open_cases), key="e"),
        fold("close", "Close, no issue", _form(post, "closed_no_issue", reasons, "Close it", done="Closed, or waits for a second person"),
             key="c"),
        fold("false", "Close, false alarm", _form(post, "closed_false_positive", reasons, "Close it",
                                                  done="Closed, or waits for a second person")),
        fold("ask", "Ask for information", _form(post, "info_requested", reasons, "Ask", done="Asked")) if status == "in_review" else None,
        fold("give", "Give it to somebody", _give(work, post, user, people)) if _others(work, user, people) else None,
        html.P([icon("people"), " High, critical and one closing of ten need a second person."], className="t11 t3 mb-0"),
    ]  # fmt: skip


def _others(work: Work, user: str, people: Mapping[str, str]) -> list[tuple[str, str]]:
    return [(one, name) for one, name in people.items() if one not in {user, work["assignee"]}]


def _give(work: Work, post: str, user: str, people: Mapping[str, str]) -> html.Form:
    return act_form(
        f"{post}/assign", choose("assignee", "To", _others(work, user, people)), submit("Give it", mark="person-check"),
        fixed={"version": work["version"]}, done="It is with somebody else now",
    )  # fmt: skip


def _escalate(
    post: str, reasons: Sequence[Mapping[str, Any]], open_cases: Sequence[Mapping[str, Any]]
) -> html.Form:
    into = [("", "A new case"), *((one["case_id"], f"{one['ref']} {one['title']}") for one in open_cases)]
    return act_form(
        f"{post}/transition",
        choose("case_id", "Into", into, needed=False) if open_cases else None,
        choose(
            "reason",
            "Reason",
            [(one["code"], one["text"]) for one in reasons if "escalated" in one["states"]],
        ),
        write("rationale", "Rationale", hint=_HINT),
        submit("Escalate", mark="folder-plus"),
        fixed={"to": "escalated"},
        done="It is with a case now",
    )


def _suppress(work: Work, quiet: Mapping[str, Any]) -> html.Form:
    several = len(quiet["instruments"]) != 1
    where = "every instrument" if several else quiet["instruments"][0]
    fixed = {"alert_id": work["alert_id"]} | ({"every_instrument": True} if several else {})
    return act_form(
        "/api/compliance/suppressions",
        html.P(f"Findings of this rule about {quiet['group']} in {where}. They stay on record; critical ones are always shown.",
               className="t12 t2 mb-0"),
        None if several else tick("every_instrument", "In every instrument, not only here"),
        enter("valid_to", "Until the end of, UTC", "date", until=True, hint="at most 90 days ahead"),
        enter("reason", "Reason, in short", maxLength=63),
        write("rationale", "Why nobody needs to look", rows=2, hint="At least 20 characters"),
        submit("Ask a second person", mark="eye-slash"),
        fixed=fixed,
        done="It holds when a second person agrees",
    )  # fmt: skip


_HINT = "What you looked at, and why it is so; at least 20 characters"


def _form(post: str, to: str, reasons: Sequence[Mapping[str, Any]], label: str, *, done: str) -> html.Form:
    fitting = [(one["code"], one["text"]) for one in reasons if to in one["states"]]
    fixed = {"to": to} if to in {"escalated", "reopened", "info_requested"} else {"to": to, "through": True}
    return act_form(
        f"{post}/transition", choose("reason", "Reason", fitting),
        write("rationale", "Rationale", hint=_HINT),
        submit(label), fixed=fixed, done=done,
    )  # fmt: skip


def similar(found: Mapping[str, Any]) -> list[Any]:
    """Draw past alerts like this one and how they ended."""
    ended = ", ".join(f"{number(n)} {words(state).lower()}" for state, n in found["ended"].items())
    rows = [
        html.Li(
            [
                html.A([html.Span(row["title"], className="trunc"), html.Span(f"{row['likeness']:.2f}", className="num t3")],
                       href=f"/compliance/alerts/{row['alert_id']}", **{"data-carry": "1"}),
                html.Span(f"{words(row['status'])}{', ' + words(row['reason']).lower() if row['reason'] else ''}, {moment(row['closed_at'])}",
                          className="t11 t3"),
                html.P(row["rationale"], className="said t12 t2 clamp") if row["rationale"] else None,
            ]
        )
        for row in found["rows"]
    ]  # fmt: skip
    return [html.P(f"Of this rule: {ended}.", className="t12 t2"), html.Ul(rows, className="files")]
