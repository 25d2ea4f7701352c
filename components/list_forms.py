"""The forms of the lists page: an entry, its end, a decision about a match, a private trade, a name."""

from collections.abc import Sequence
from typing import Any

import dash_bootstrap_components as dbc
from dash import html

from components.cards import card
from components.formats import words
from components.forms import field
from components.states import icon


def _text(name: str, **more: Any) -> dbc.Input:
    return dbc.Input(id=name, type="text", autoComplete="off", **{"maxLength": 200, **more})


def _choice(name: str, values: Sequence[tuple[str, str]]) -> dbc.Select:
    options = [{"label": label, "value": value} for value, label in values]
    return dbc.Select(id=name, options=options, value=values[0][0] if values else None)


def _acts(said: str, *buttons: Any) -> list[Any]:
    return [
        html.Div(list(buttons), className="form-acts"),
        html.P("", id=said, className="t12 mt-2 mb-0", role="status"),
    ]


def _button(name: str, label: str, image: str, *, main: bool = True) -> html.Button:
    kind = "btn btn-primary" if main else "btn btn-outline-secondary"
    return html.Button([icon(image), label], id=name, type="button", className=kind)


def entry_card() -> html.Section:
    """Draw the form that puts an entry on a list."""
    kinds = [(kind, words(kind)) for kind in ("restricted", "watch", "insider")]
    body = html.Div(
        [
            field("List", _choice("entry-kind", kinds), "a watch is silent: nobody on the desk learns of it"),
            field("Instrument", _text("entry-instrument")),
            field("Person", _text("entry-person"), "needed for insiders"),
            field("Project", _text("entry-project")),
            field("From", dbc.Input(id="entry-from", type="datetime-local"), "UTC; empty: now"),
            field("Until", dbc.Input(id="entry-to", type="datetime-local"), "UTC; empty: further notice"),
            field("Why", _text("entry-reason", maxLength=2000)),
            *_acts("entry-said", _button("entry-add", "Put on the list", "plus-lg")),
        ],
        className="lim-form",
    )
    return card("add-entry", "Add an entry", body, fit="pad", sub="on record with your name")


def end_card() -> html.Section:
    """Draw the form that ends an entry."""
    body = html.Div(
        [
            html.Div("Choose an entry in the table.", id="entry-chosen", className="t12 mb-2"),
            field("Why it ends", _text("entry-why", maxLength=2000)),
            *_acts("entry-end-said", _button("entry-end", "End it now", "x-octagon", main=False)),
        ]
    )
    return card("end-entry", "End an entry", body, fit="pad", sub="it stays on record")


def decide_card() -> html.Section:
    """Draw the form that says whether a match is the listed party; a callback fills in the reasons."""
    verdicts = (("false_match", "Somebody else"), ("true_match", "The listed party"))
    body = html.Div(
        [
            field("It is", _choice("match-verdict", verdicts)),
            field("Reason", dbc.Select(id="match-reason", options=[])),
            field(
                "What shows it", dbc.Textarea(id="match-rationale", rows=3, maxLength=4000), "at least 20 characters"
            ),
            *_acts("match-said", _button("match-decide", "Decide", "check2")),
        ]
    )  # fmt: skip
    return card("decide-match", "Decide", body, fit="pad", sub="strong ones: two people to say no")


def request_card() -> html.Section:
    """Draw the form in which one asks to trade for oneself."""
    sides = [(side, words(side)) for side in ("buy", "sell", "sell_short", "buy_cover")]
    body = html.Div(
        [
            field("Instrument", _text("ask-instrument")),
            field("Side", _choice("ask-side", sides)),
            field("Quantity", _text("ask-quantity", inputMode="decimal", maxLength=40), "at most, in all"),
            field("Account", _text("ask-account"), "empty: any of yours"),
            field("Why", _text("ask-reason", maxLength=2000)),
            *_acts("ask-said", _button("ask-send", "Ask", "send")),
        ],
        className="lim-form",
    )
    return card("ask", "Ask to trade for yourself", body, fit="pad", sub="compliance answers")


def lookup_card() -> html.Section:
    """Draw the form that holds one name against the sanctions lists."""
    kinds = [
        ("any", "Not known"),
        *((kind, words(kind)) for kind in ("person", "entity", "vessel", "aircraft")),
    ]
    body = html.Div(
        [
            field("Name", _text("look-name")),
            field("Kind", _choice("look-kind", kinds)),
            *_acts("look-said", _button("look-go", "Look it up", "search", main=False)),
        ]
    )
    return card("look-up", "Look up a name", body, fit="pad", sub="nothing is kept")
