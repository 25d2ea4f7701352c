"""Forms that post to the REST surface, people who answer for a decision, deadlines in words."""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import dash_bootstrap_components as dbc
from dash import html

from components.formats import age, clock, day, words
from components.states import icon

Fixed = Mapping[str, Any]
# What a decision leads to, as people say it.
WORDS = {
    "stor_approved": "Report it",
    "not_reported": "Do not report it",
    "closed": "Close the case",
    "suppressed": "Keep out of the queue",
}


def act_form(
    post: str,
    *parts: Any,
    fixed: Fixed | None = None,
    done: str = "Done",
    key: str | None = None,
    **more: str,
) -> html.Form:
    """Draw a form whose named fields are posted as JSON.

    Args:
        post: Where, under ``/api``.
        parts: Fields and buttons.
        fixed: What is posted beside the fields.
        done: Said when it worked; ``{name}`` is filled in from the answer.
        key: Names what it was drawn from: with another one it is drawn anew, with what stands there now.
        more: ``inside`` (put the fields into an object of this name), ``opens`` (path of the case that was made).
    """
    data = {"data-post": post, "data-json": json.dumps(dict(fixed or {})), "data-done": done}
    data |= {f"data-{name}": value for name, value in more.items()}
    said = html.P("", className="t12 crit mb-0", role="status")
    if key is not None:
        return html.Form([*parts, said], className="act", key=key, **data)
    return html.Form([*parts, said], className="act", **data)


def act_button(label: str, post: str, *, fixed: Fixed | None = None, done: str = "Done", mark: str = "",
               primary: bool = False, **more: str) -> html.Button:  # fmt: skip
    """Draw a button that posts at once; ``more`` are further data attributes."""
    look = "btn-primary" if primary else "btn-outline-secondary"
    data = {"data-post": post, "data-json": json.dumps(dict(fixed or {})), "data-done": done}
    data |= {f"data-{name}": value for name, value in more.items()}
    return html.Button(
        [icon(mark) if mark else None, label], type="button", className=f"btn btn-sm {look}", **data
    )


def choose(name: str, label: str, options: Sequence[tuple[str, str]], *, needed: bool = True) -> html.Label:
    """Draw a list to choose from: (value, words); an empty value is not posted."""
    rows = [html.Option(shown, value=value) for value, shown in options]
    return html.Label(
        [html.Span(label), html.Select(rows, name=name, className="form-select", required=needed)]
    )


def write(
    name: str, label: str, *, rows: int = 3, hint: str = "", needed: bool = True, held: str = ""
) -> html.Label:
    """Draw a field to write into; ``held`` is what stands there already."""
    area = html.Textarea(
        held or None, name=name, rows=rows, placeholder=hint, required=needed, className="form-control"
    )
    return html.Label([html.Span(label), area])


def enter(
    name: str,
    label: str,
    kind: str = "text",
    *,
    hint: str = "",
    needed: bool = True,
    until: bool = False,
    **more: Any,
) -> html.Label:
    """Draw a field of one line.

    Args:
        name: What is posted.
        label: Above it; times are in UTC, and the label says so.
        kind: text, number, date or datetime-local.
        hint: Below it.
        needed: Whether it may be left empty.
        until: A day until whose end something holds: what is posted is the beginning of the next one.
        more: Further properties of the input.
    """
    box = dbc.Input(name=name, type=kind, required=needed, autoComplete="off", **more)
    said = [html.Span(label), box]
    if hint:
        said.append(html.Small(hint, className="form-text"))
    return html.Label(said, **({"data-until": "1"} if until else {}))


def tick(name: str, label: Any, *, on: bool = False, of: str | None = None) -> html.Div:
    """Draw a box to tick; with ``of`` it is one of a list, and ``of`` is posted in it when ticked."""
    marks = {"data-list": name, "data-value": of} if of is not None else {}
    return html.Div(dbc.Checkbox(name=name, value=on, label=label), className="tick", **marks)


def submit(label: str, *, mark: str = "check2", primary: bool = True) -> html.Button:
    """Draw the button that posts its form."""
    look = "btn-primary" if primary else "btn-outline-secondary"
    return html.Button([icon(mark), label], type="submit", className=f"btn btn-sm {look}")


def fold(name: str, label: str, *parts: Any, key: str = "", opened: bool = False) -> html.Details:
    """Draw a part of a card that opens; ``key`` is the letter that opens it."""
    head: list[Any] = [html.Span(label)]
    if key:
        head.append(html.Kbd(key.upper()))
    return html.Details(
        [html.Summary(head), html.Div(list(parts))], className="unfold", open=opened, **{"data-act": name}
    )


def due(at: datetime | None, now: datetime, *, over: bool = False) -> Any:
    """Draw a deadline: how long it is still, or how long it is past."""
    if at is None:
        return html.Span("no deadline", className="t3")
    seconds = (at - now).total_seconds()
    late = seconds < 0
    if over and not late:
        return html.Span(f"{day(at.date())} {clock(at)} UTC", className="t2 num")
    said = f"{age(-seconds)} overdue" if late else f"due in {age(seconds)}"
    tone = "crit" if late else "high" if seconds < 4 * 3600 else ""
    return html.Span(
        [icon("clock"), said], className=f"tag {tone}".strip(), title=f"{day(at.date())} {clock(at)} UTC"
    )


def maker_checker(
    review: Mapping[str, Any], *, post: str, mine: bool, may: bool, fixed: Fixed | None = None
) -> html.Div:
    """Draw a decision that waits for a second person, with what that person may say."""
    asked = html.Div(
        [
            html.Div(
                [html.B(review["requested_name"]), html.Span("decided", className="t3")], className="who"
            ),
            icon("arrow-right", "t3"),
            html.Div(
                [html.B("A second person"), html.Span("agrees or sends back", className="t3")],
                className="who",
            ),
        ],
        className="maker",
    )
    parts: list[Any] = [
        html.P(
            [html.B(WORDS.get(review["to_state"], words(review["to_state"]))), ". ", review["rationale"]],
            className="t12 mb-2 said",
        ),
        asked,
    ]
    if mine:
        parts.append(
            html.P([icon("lock"), " You decided it: somebody else must agree."], className="t12 t2 mb-0")
        )
    elif may:
        parts += [
            act_button("Agree", post, fixed={"decision": "approve", **(fixed or {})}, done="Agreed", mark="check2-all",
                       primary=True),
            fold("return", "Send it back", act_form(post, write("comment", "What is missing", rows=2),
                 submit("Send it back", mark="arrow-return-left", primary=False),
                 fixed={"decision": "return", **(fixed or {})}, done="Sent back")),
        ]  # fmt: skip
    return html.Div(parts, className="waits")


def person(name: str | None) -> html.Span:
    """Draw somebody by name, with initials."""
    if not name:
        return html.Span("nobody", className="t3")
    letters = "".join(part[0] for part in name.split()[:2]).upper()
    return html.Span(
        [html.I(letters, className="face", **{"aria-hidden": "true"}), html.Span(name)], className="person"
    )
