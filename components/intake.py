"""Bringing files in: the upload form, the mapping wizard, what became of a file."""

from collections.abc import Mapping, Sequence
from typing import Any

import dash_bootstrap_components as dbc
from dash import dcc, html

from components.cards import card
from components.formats import MISSING, plural, words
from components.forms import field
from components.imports import errors_table
from components.states import banner, icon
from components.tables import table


def upload_form() -> html.Section:
    """Draw the upload box. The browser posts the file itself (20_js/60_upload.js), so any size goes."""
    drop = html.Button(
        [
            icon("cloud-arrow-up"),
            html.Span("Choose a file, or drop it here", id="upload-name", className="w5"),
            html.Span(
                "CSV, NDJSON, Parquet, FIX, IBKR Flex; also .gz or .zip of one file, up to 256 MB",
                className="t11 t3",
            ),
        ],
        type="button",
        className="drop w-100",
        id="upload-drop",
    )
    form = html.Div(
        [
            drop,
            html.Div(
                [
                    field("Data set", dbc.Select(id="upload-dataset", options=[], value="auto")),
                    field("Format", dbc.Select(id="upload-format", options=FORMATS, value="auto")),
                    field(
                        "Mapping",
                        dbc.Select(
                            id="upload-mapping",
                            options=[{"label": "None: our own columns", "value": "none"}],
                            value="",
                        ),
                    ),
                    field(
                        "Zone",
                        dbc.Input(
                            id="upload-zone", placeholder="America/New_York", debounce=True, type="text"
                        ),
                        "only where times carry none",
                    ),
                    field(
                        "Account",
                        dbc.Input(id="upload-account", placeholder="where rows name none", type="text"),
                    ),
                ],
                className="fields mt-2",
            ),
            html.Div(
                [
                    html.Button(
                        [icon("box-arrow-in-down"), "Import"],
                        id="upload-send",
                        type="button",
                        className="btn btn-primary",
                        disabled=True,
                    ),
                    html.Button(
                        "Check only",
                        id="upload-check",
                        type="button",
                        className="btn btn-outline-secondary",
                        disabled=True,
                    ),
                    html.Button(
                        [icon("magic"), "Read it through a mapping"],
                        id="upload-map",
                        type="button",
                        className="btn btn-outline-secondary",
                        disabled=True,
                    ),
                    html.Span(id="upload-progress", className="t12 t2", role="status"),
                ],
                className="form-acts",
            ),
            dcc.Store(id="upload-file"),
            dcc.Store(id="upload-answer"),
        ]
    )
    return card("upload", "Bring a file in", form, fit="pad", sub="it lands whole or not at all")


FORMATS = [
    {"label": "Recognise it", "value": "auto"},
    {"label": "CSV", "value": "text/csv"},
    {"label": "NDJSON", "value": "application/x-ndjson"},
    {"label": "Parquet", "value": "application/vnd.apache.parquet"},
    {"label": "FIX log", "value": "text/plain"},
    {"label": "IBKR Flex", "value": "application/xml"},
]


def wizard_form() -> html.Div:
    """Draw the wizard's frame; it opens when a file is to be read through a mapping."""
    body = html.Div(
        [
            html.Div(
                [
                    field(
                        "Save as",
                        dbc.Input(id="wizard-name", placeholder="my-broker", type="text"),
                        "lower case, digits, hyphens",
                    ),
                    field("Goes to", dbc.Select(id="wizard-dataset", options=[], value=None)),
                    field(
                        "Zone of the times",
                        dbc.Input(id="wizard-zone", placeholder="Europe/London", type="text", debounce=True),
                    ),
                    field(
                        "Decimal mark",
                        dbc.Select(
                            id="wizard-decimal",
                            options=[{"label": "1.5", "value": "."}, {"label": "1,5", "value": ","}],
                            value=".",
                        ),
                    ),
                    field(
                        "Date formats",
                        dbc.Input(
                            id="wizard-formats", placeholder="%d/%m/%Y %H:%M:%S", type="text", debounce=True
                        ),
                        "besides ISO; several with |",
                    ),
                ],
                className="fields",
            ),
            html.Div(id="wizard-columns", className="mt-2"),
            html.Details(
                [
                    html.Summary(
                        "The whole mapping as JSON: signs, vocabularies, row filters", className="lk t12"
                    ),
                    dbc.Textarea(
                        id="wizard-json",
                        className="mono mt-2",
                        style={"minHeight": "220px"},
                        spellCheck=False,
                    ),
                    html.Button(
                        "Use this text",
                        id="wizard-apply",
                        type="button",
                        className="btn btn-sm btn-outline-secondary mt-2",
                    ),
                ],
                className="mt-2",
            ),
            html.Div(
                [
                    html.Button(
                        "Preview again",
                        id="wizard-preview",
                        type="button",
                        className="btn btn-outline-secondary",
                    ),
                    html.Button(
                        "Save the mapping", id="wizard-save", type="button", className="btn btn-primary"
                    ),
                    html.Span(id="wizard-said", className="t12", role="status"),
                ],
                className="form-acts",
            ),
            html.Div(id="wizard-rows", className="mt-2"),
        ]
    )
    return html.Div(
        [
            card("wizard", "Mapping", body, fit="pad", sub="how this file's columns become ours"),
            dcc.Store(id="wizard-spec"),
        ],
        id="wizard",
        hidden=True,
    )


def columns_form(
    dataset: str,
    columns: Sequence[Mapping[str, Any]],
    headers: Sequence[str],
    chosen: Mapping[str, Mapping[str, Any]],
) -> html.Div:
    """Draw one row a column: where it comes from.

    Args:
        dataset: Data set the rows go to.
        columns: name, doc, required.
        headers: Of the file.
        chosen: Column to its part of the mapping (source, constant, ...).
    """
    options = [{"label": MISSING, "value": ""}, *({"label": h, "value": h} for h in headers)]

    def row(column: Mapping[str, Any]) -> list[Any]:
        name = str(column["name"])
        spec = chosen.get(name, {})
        source = str(spec.get("source") or "")
        known = options if source in {"", *headers} else [*options, {"label": source, "value": source}]
        more = ", ".join(f"{key} {value}" for key, value in spec.items() if key not in {"source", "constant"})
        return [
            html.Span(
                [
                    html.Span(name, className="mono w5" if column["required"] else "mono"),
                    " *" if column["required"] else "",
                ],
                title=str(column["doc"]),
            ),
            dbc.Select(id={"wizard": "source", "column": name}, options=known, value=source, size="sm"),
            dbc.Input(
                id={"wizard": "constant", "column": name},
                value=str(spec.get("constant") or ""),
                placeholder="or the same in every row",
                size="sm",
                debounce=True,
                type="text",
            ),
            html.Span(more, className="t11 t3"),
        ]

    first = [c for c in columns if c["required"] or c["name"] in chosen]
    rest = [c for c in columns if c not in first]
    heads = ("Our column", "Header in the file", "Constant", "Also")
    return html.Div(
        [
            table(heads, map(row, first), label=f"Columns of {dataset}"),
            html.Details(
                [
                    html.Summary(f"{len(rest)} more columns", className="lk t12 mt-2"),
                    table(heads, map(row, rest), label="More columns"),
                ]
            ),
        ]
    )


def preview(
    records: int, rows: Mapping[str, Any], rejects: Sequence[Mapping[str, Any]], warnings: Sequence[str]
) -> html.Div:
    """Draw how the beginning of the file reads: per data set its first rows, then what would be set aside."""
    parts: list[Any] = [
        html.P(
            f"{plural(records, 'record')} at the beginning of the file. Nothing is stored yet.",
            className="t2 mb-2",
        )
    ]
    parts += [banner("info", warning) for warning in warnings]
    for name, frame in rows.items():
        parts.append(html.H3(f"{words(name)}: {plural(frame.height, 'row')}", className="t12 w6 mt-2"))
        parts.append(table(frame.columns, frame.head(12).rows(), label=f"First rows for {name}"))
    if rejects:
        parts.append(
            html.H3(f"Would be set aside: {plural(len(rejects), 'reason')}", className="t12 w6 mt-2")
        )
        parts.append(errors_table(rejects))
    elif rows:
        parts.append(banner("good", "Every one of these records fits."))
    return html.Div(parts)
