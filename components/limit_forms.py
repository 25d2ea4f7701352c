"""The forms that set a limit and settle a breach."""

import dash_bootstrap_components as dbc
from dash import html

from components.cards import card
from components.formats import words
from components.forms import field
from components.states import icon


def settle_card() -> html.Section:
    """Draw the form in which two people settle a breach."""
    body = html.Div(
        [
            html.Div("Choose a breach in the table.", id="breach-chosen", className="t12 mb-2"),
            field(
                "What is done about it",
                dbc.Textarea(id="breach-comment", rows=3, maxLength=2000),
                "one person acknowledges with a comment, a second one confirms",
            ),
            html.Div(
                [
                    html.Button(
                        [icon("check2"), "Acknowledge"],
                        id="breach-acknowledge",
                        type="button",
                        className="btn btn-primary",
                    ),
                    html.Button(
                        [icon("check2-all"), "Confirm"],
                        id="breach-confirm",
                        type="button",
                        className="btn btn-outline-secondary",
                    ),
                ],
                className="form-acts",
            ),
            html.P("", id="breach-said", className="t12 mt-2 mb-0", role="status"),
        ]
    )
    return card("settle", "Settle a breach", body, fit="pad", sub="four eyes")


def limit_form() -> html.Section:
    """Draw the form that sets a limit; a callback fills in what can be measured."""
    kinds = ("organisation", "desk", "account", "trader", "instrument")
    body = html.Div(
        [
            field("Name", dbc.Input(id="limit-name", type="text", autoComplete="off", maxLength=200)),
            field(
                "Measure",
                dbc.Select(id="limit-measure", options=[], value="gross_exposure"),
            ),
            field(
                "Of",
                dbc.Select(
                    id="limit-kind",
                    options=[{"label": "The firm" if k == "organisation" else words(k), "value": k} for k in kinds],
                    value="organisation",
                ),
            ),
            field("Which", dbc.Input(id="limit-subject", type="text", autoComplete="off"), "empty for the firm"),
            field("Limit", dbc.Input(id="limit-value", type="text", inputMode="decimal"), "breached above it; 0.1 is 10%"),
            field("Warn at", dbc.Input(id="limit-warn", type="text", inputMode="decimal"), "empty: 80% of the limit"),
            field("Currency", dbc.Input(id="limit-unit", type="text", maxLength=3, placeholder="base currency"), "of money"),
            field("From", dbc.Input(id="limit-from", type="date"), "empty: today"),
            field("Until", dbc.Input(id="limit-to", type="date"), "empty: until further notice"),
            field("Kind", dbc.Select(id="limit-hard", options=[{"label": "Soft", "value": "soft"}, {"label": "Hard", "value": "hard"}], value="soft")),
            html.Div(
                [
                    html.Button([icon("plus-lg"), "Set the limit"], id="limit-add", type="button", className="btn btn-primary"),
                    html.Span(id="limit-said", className="t12", role="status"),
                ],
                className="form-acts",
            ),
        ],
        className="lim-form",
    )  # fmt: skip
    return card("define", "Set a limit", body, fit="pad")
