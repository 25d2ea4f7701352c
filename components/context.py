"""The context bar: one chip per type the view is narrowed by, and the pickers behind them."""

from collections.abc import Mapping, Sequence
from typing import Any

import dash_bootstrap_components as dbc
from dash import dcc, html

from components.formats import day
from components.page import CONTEXT
from components.states import hidden, icon

CHIPS = "context-chips"
DATES = "context-dates"
PICKER = "context-picker"
PICK_KIND = "context-kind"
PICK_VALUES = "context-values"
DATE_PICKER = "date-picker"
PRESETS = (
    ("1w", "1 week"),
    ("1m", "1 month"),
    ("3m", "3 months"),
    ("1y", "1 year"),
    ("all", "All"),
)
# Types people pick from a list; the others arrive by clicking a row.
PICKABLE = ("desk", "account", "trader", "instrument")


def context_bar() -> html.Div:
    """Lay out the empty context bar; callbacks/shell.py fills the chips from the address."""
    copy = html.Button(
        [icon("link-45deg"), hidden("Copy link to this view")],
        type="button",
        className="iconbtn xs-hide",
        title="Copy link",
        **{"data-act": "copy-link"},
    )
    chips = html.Div(
        id=CHIPS, className="qd-chips", role="group", tabIndex=0, **{"aria-label": "Context chips"}
    )
    return html.Div(
        [chips, html.Span(id=DATES), copy],
        className="qd-context",
        role="group",
        **{"aria-label": "Context"},
    )


def chips(
    found: Mapping[str, Sequence[str]], *, accepts: Sequence[str], names: Mapping[str, str] | None = None
) -> list[html.Span]:
    """Draw the chips of a view.

    Args:
        found: Context type to the values the address narrows it to.
        accepts: Types the page filters on; the others stay, marked as not used here.
        names: Ids to names, where they are known.
    """
    out = []
    for kind, (title, icon_name) in CONTEXT.items():
        values = [(names or {}).get(value, value) for value in found.get(kind, ())]
        if not values:
            if kind in accepts and kind in PICKABLE:
                add = html.Button(
                    [icon("plus"), html.Span(title, className="ty")], type="button", **{"data-pick": kind}
                )
                out.append(html.Span(add, className="chip add"))
            continue
        used = kind in accepts
        shown = values[0] if len(values) == 1 else f"{values[0]} and {len(values) - 1} more"
        words = [
            icon(icon_name if used else "slash-circle"),
            html.Span(title, className="ty"),
            html.Span(shown, className="va trunc"),
        ]
        if not used:
            words.append(hidden("not used here"))
        pick = {"data-pick": kind} if kind in PICKABLE else {}
        out.append(
            html.Span(
                [
                    html.Button(
                        words,
                        type="button",
                        title=", ".join(values) + ("" if used else ". Not used here"),
                        **pick,
                    ),
                    html.Button(
                        [icon("x"), hidden(f"Remove {title}")],
                        type="button",
                        className="x",
                        **{"data-clear": kind},
                    ),
                ],
                className="chip" if used else "chip off",
                **{"data-context": kind},
            )
        )
    return out


def date_chip(start: object, end: object, as_of: object = None) -> html.Span:
    """Draw the chip of the date range."""
    if start and end:
        words = day(start) if start == end else f"{day(start)} – {day(end)}"
    elif start:
        words = f"From {day(start)}"
    elif end:
        words = f"To {day(end)}"
    else:
        words = "All dates"
    parts: list[Any] = [icon("calendar3"), hidden("Date range"), html.Span(words, className="va num")]
    if as_of:
        parts.append(html.Span(f"as known {day(as_of)}", className="ty"))
    button = html.Button(parts, type="button", **{"data-act": "dates"})
    return html.Span(button, className="chip dates", **{"data-context": "dates"})


def pickers() -> list[Any]:
    """Lay out the two dialogs: values of one context type, and the date range."""
    values = dbc.Modal(
        [
            dbc.ModalHeader(dbc.ModalTitle("Narrow the view", id="context-title")),
            dbc.ModalBody(
                dcc.Dropdown(id=PICK_VALUES, multi=True, placeholder="Type to search", options=[], value=[])
            ),
            dbc.ModalFooter(
                [
                    html.Button(
                        "Clear",
                        type="button",
                        className="btn btn-outline-secondary",
                        **{"data-act": "pick-clear"},
                    ),
                    html.Button(
                        "Show", type="button", className="btn btn-primary", **{"data-act": "pick-apply"}
                    ),
                ]
            ),
        ],
        id=PICKER,
        is_open=False,
        centered=True,
    )
    presets = html.Div(
        [html.Button(words, type="button", **{"data-preset": name}) for name, words in PRESETS],
        className="seg mb-3",
        role="group",
        **{"aria-label": "Usual ranges"},
    )
    fields = html.Div(
        [
            html.Div(
                [html.Label(words, htmlFor=name), dbc.Input(id=name, type="date")],
                className="field",
            )
            for name, words in (("date-from", "From"), ("date-to", "To, included"))
        ],
        className="fields",
    )
    dates = dbc.Modal(
        [
            dbc.ModalHeader(dbc.ModalTitle("Dates")),
            dbc.ModalBody([presets, fields]),
            dbc.ModalFooter(
                html.Button("Show", type="button", className="btn btn-primary", **{"data-act": "dates-apply"})
            ),
        ],
        id=DATE_PICKER,
        is_open=False,
        centered=True,
    )
    return [dcc.Store(id=PICK_KIND), values, dates]


def steps(entries: Sequence[Mapping[str, Any]]) -> list[Any]:
    """Draw next steps: label, path, why, metric (or None); the first is the recommended one."""
    if not entries:
        return []
    out: list[Any] = [html.Span("Next", className="lbl")]
    for place, entry in enumerate(entries):
        if place:
            out.append(icon("chevron-right", "sep"))
        words: list[Any] = [
            html.Span(str(place + 1), className="kbd", **{"aria-hidden": "true"}),
            entry["label"],
        ]
        if entry.get("metric"):
            words.append(html.Span(entry["metric"], className="m"))
        out.append(
            html.A(
                words,
                href=entry["path"],
                className="step go" if place == 0 else "step",
                title=entry["why"],
                **{"data-next": entry["path"].split("?")[0], "data-carry": "1"},
            )
        )
    return out
