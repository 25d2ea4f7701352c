"""The forms of the ideas pages: putting one forward, taking one back, hiding one, mirroring an author."""

from typing import Any

import dash_bootstrap_components as dbc
from dash import html

from components.cards import card
from components.forms import field
from components.states import icon


def _text(name: str, **more: Any) -> dbc.Input:
    return dbc.Input(id=name, type="text", autoComplete="off", **{"maxLength": 200, **more})


def _number(name: str, **more: Any) -> dbc.Input:
    return _text(name, inputMode="decimal", **{"maxLength": 30, **more})


def _button(name: str, label: str, image: str, *, main: bool = True) -> html.Button:
    kind = "btn btn-primary" if main else "btn btn-sm btn-outline-secondary"
    return html.Button([icon(image), f" {label}"], id=name, type="button", className=kind)


def said(name: str) -> html.P:
    """Reserve the line in which a form answers."""
    return html.P("", id=name, className="t12 mt-2 mb-0", role="status")


def composer_card() -> html.Section:
    """Draw the form in which an idea is put forward, or changed within its quarter of an hour."""
    ways = [{"label": "Long: it rises", "value": "long"}, {"label": "Short: it falls", "value": "short"}]
    thesis = dbc.Textarea(id="idea-thesis", rows=4, maxLength=4000)
    body = html.Div(
        [
            html.Div(id="idea-changing", className="t12 mb-2"),
            html.Div(
                [
                    field("Instrument", _text("idea-instrument")),
                    field("Way", dbc.Select(id="idea-direction", options=ways, value="long")),
                    field("Horizon", _number("idea-horizon", value="20"), "sessions, 1 to 252"),
                    field("Chance", _number("idea-chance"), "of a profit after costs, 1 to 99%"),
                    field("Target", _number("idea-target"), "a price; empty: none"),
                    field("Stop", _number("idea-stop"), "a price; empty: none"),
                ],
                className="idea-form",
            ),
            field("Why", thesis, "at least 20 characters"),
            field(
                "Rests on", _text("idea-context", maxLength=500), "a page of this application: /path?query"
            ),
            html.Div(_button("idea-send", "Put it forward", "send"), className="form-acts"),
            said("idea-said"),
        ]
    )
    return card("compose", "Put an idea forward", body, fit="pad", sub="15 minutes to change it, then sealed")


def acts_of(row: Any, *, role: str) -> html.Div | None:
    """Draw what who looks may do with an idea: change it, take it back, hide it, prove it."""
    parts: list[Any] = [_button("idea-prove", "Prove it", "link-45deg", main=False)]
    if row["editable"]:
        parts.insert(0, html.Button(
            [icon("pencil"), " Change it"], type="button", className="btn btn-sm btn-outline-secondary",
            **{"data-set": "edit", "data-value": row["idea_id"]},
        ))  # fmt: skip
    takes_back = row["mine"] and not row["retracted_at"]
    hides = role == "compliance"
    # Every id is there for every reader, so that the callbacks always find them; what is not open is not shown.
    why = html.Div(
        field("Why", _text("idea-why", maxLength=2000)), className="mt-2" if takes_back or hides else "d-none"
    )
    back = html.Span(
        _button("idea-retract", "Take it back", "arrow-counterclockwise", main=False),
        className="" if takes_back else "d-none",
    )
    label, image = ("Show it again", "eye") if row["hidden"] else ("Hide its words", "eye-slash")
    hide = html.Span(_button("idea-hide", label, image, main=False), className="" if hides else "d-none")
    return html.Div(
        [
            html.Div(parts, className="d-flex flex-wrap gap-2"),
            why,
            html.Div([back, hide], className="d-flex flex-wrap gap-2 mt-2"),
            html.Div(id="idea-proof", className="mt-2", role="status"),
            said("idea-done"),
        ],
        className="idea-acts",
    )


def mirror_card() -> html.Section:
    """Draw the form that begins a paper mirror of an author."""
    body = html.Div(
        [
            html.P(
                "From now on every idea of this author that is sealed passes a gate: lists, size, largest loss, usual "
                "volume. What passes is kept on paper at the same prices and costs. No order is ever sent.",
                className="t2 t12",
            ),
            html.Div(
                [
                    field("Capital", _number("mirror-capital", value="1000000"), "paper money"),
                    field("An idea takes", _number("mirror-weight", value="10"), "% of the capital"),
                    field(
                        "Largest loss", _number("mirror-loss", value="5"), "% of the capital, stops included"
                    ),
                    field("Volume", _number("mirror-adv", value="1"), "% of usual daily volume"),
                ],
                className="idea-form",
            ),
            html.Div(_button("mirror-start", "Mirror on paper", "copy"), className="form-acts"),
            said("mirror-said"),
        ]
    )
    paper = html.Span("PAPER", className="tag med", title="No order, no money")
    return card("mirror-form", "Mirror this author", body, fit="pad", badge=paper, sub="behind a gate")


def proof_form() -> html.Div:
    """Draw the button that proves all ideas of an author."""
    words = (
        "Every version and every seal is an entry of the firm's audit trail: the hash of its content with the hash "
        "before it, anchored outside the database."
    )
    return html.Div(
        [
            html.P(words, className="t2 t12"),
            _button("author-prove", "Prove his ideas", "link-45deg", main=False),
            html.Div(id="author-proof", className="mt-2 t12", role="status"),
        ]
    )
