"""The panel behind a measure's name: what it means, what it is here, how other houses would read it.

Any card or tile can open it:

    passport_link("sharpe_ratio", of="performance")                       a measure's name
    passport_link("value_at_risk", of="risk", method="historical")        one of several of that name
    tile(..., passport=passport_of("sharpe_ratio", of="performance"))     a key figure (components.kpi)
    metrics(rows, label="Risk", of="risk")                                a whole table (components.metrics)

``of`` names a module of ``app.queries`` with ``PASSPORTS = Subject(records=..., datasets=...)``. Functions of
``analytics`` declare what they compute with ``@declares("name")``: their docstring is the definition shown.
Nothing is asked before the panel opens; the question is asked in the page's own view.
"""

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

import dash_bootstrap_components as dbc
from dash import dcc, html

from analytics.definitions import title
from components.formats import MISSING, day, known, moment, number, plural, words
from components.states import bones, icon
from components.tables import facts, table

PANEL = "passport"
ASKED = "passport-asked"
BODY = "passport-body"
TITLE = "passport-title"


def passport_of(name: str, *, of: str, **pick: Any) -> str:
    """Return what ``data-passport`` says: the measure, and which one where a name occurs several times."""
    return f"{of}:{name}" + (f"?{urlencode(pick)}" if pick else "")


def passport_link(name: str, shown: str | None = None, *, of: str, **pick: Any) -> html.Button:
    """Draw a measure's name as a button that opens its passport.

    Args:
        name: Of the measure.
        shown: Words instead of its name.
        of: Module of queries that answers for it.
        pick: Parts of its convention that tell it from others of its name.
    """
    return html.Button(
        shown or title(name),
        type="button",
        className="ppl",
        **{"data-passport": passport_of(name, of=of, **pick), "aria-haspopup": "dialog"},
    )


def panel() -> html.Div:
    """Lay out the closed panel, once for all pages; callbacks/shell_passport.py fills it."""
    return html.Div(
        [
            dcc.Store(id=ASKED),
            dbc.Offcanvas(
                html.Div(bones("rows"), id=BODY),
                id=PANEL,
                title=html.Span("Measure", id=TITLE),
                placement="end",
                is_open=False,
                className="passport",
            ),
        ]
    )


def shown_in(value: Any, unit: str) -> str:
    """Return a measure as people read it, with a digit more than in tables."""
    found = known(value)
    if found is None:
        return MISSING
    if unit == "fraction":
        return f"{number(found * 100, 2)}%"
    if unit == "currency":
        return number(found, 2)
    return number(found, 0 if unit in {"count", "days", "periods"} else 4 if abs(found) < 100 else 2)


def passport_body(answer: Mapping[str, Any]) -> list[Any]:
    """Draw what ``app.queries.passports.passport`` answers."""
    parts: list[Any] = []
    record = answer["record"]
    if record:
        parts.append(_figure(record))
    meaning = answer["definition"]
    if meaning:
        parts += _meaning(meaning)
    elif record:
        parts.append(html.P("Its function gives no definition in words.", className="t2"))
    if record and record.get("convention"):
        parts.append(html.H3("Taken with"))
        parts.append(facts(_taken(record["convention"], (meaning or {}).get("parameters", {}))))
    if answer["readings"]:
        parts += _readings(answer["readings"], record["unit"] if record else "ratio")
    parts += _rests_on(answer)
    return parts


def _figure(record: Mapping[str, Any]) -> html.Div:
    value = shown_in(record["value"], record["unit"])
    low, high = (shown_in(record.get(side), record["unit"]) for side in ("low", "high"))
    under = [f"{low} to {high} at 95%"] if MISSING not in {low, high} else ["no interval"]
    under.append(plural(record["n"], "observation"))
    lines: list[Any] = [html.Div(value, className="pp-value")]
    if record.get("reason"):
        lines.append(html.P(f"{words(record['reason'])}.".replace("..", "."), className="t2"))
    lines.append(html.Div(" · ".join(under), className="t2 t12"))
    return html.Div(lines, className="pp-figure")


def _meaning(meaning: Mapping[str, Any]) -> list[Any]:
    rows = [
        ("Unit", meaning["unit"]), ("No value", meaning["undefined"]), ("Source", meaning["source"]),
        ("Checked", meaning["checks"].removeprefix("Checked against ")),
    ]  # fmt: skip
    shown = [(name, _sentence(said)) for name, said in rows if said]
    return [
        html.H3("Definition"),
        html.P(meaning["formula"], className="pp-formula"),
        facts(shown) if shown else None,
    ]


def _sentence(said: str) -> str:
    text = said.strip().rstrip(".").replace("None ", "none ", 1) if said.startswith("None ") else said.strip()
    return text[:1].upper() + text[1:].rstrip(".")


def _taken(convention: Mapping[str, Any], meanings: Mapping[str, str]) -> list[tuple[str, Any]]:
    return [
        (
            words(name),
            html.Span(_plain(value), title=meanings.get(name, "")) if name in meanings else _plain(value),
        )
        for name, value in convention.items()
    ]


def _plain(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:g}"
    return MISSING if value is None else str(value)


def _readings(readings: Sequence[Mapping[str, Any]], unit: str) -> list[Any]:
    rows = [
        [
            html.Span([html.B("Ours: ") if place == 0 else None, reading["convention"]]),
            shown_in(reading["value"], unit),
            _gap(reading["difference"], unit) if place else "",
        ]
        for place, reading in enumerate(readings)
    ]
    return [
        html.H3("Read by other houses"),
        html.P("The same data under other definitions: why two tools differ.", className="t2 t12"),
        table(["Definition", "Value", "Less ours"], rows, numeric=(1, 2), wrap=(0,), label="Other readings"),
    ]


def _gap(value: Any, unit: str) -> str:
    found = known(value)
    if found is None:
        return MISSING
    scaled, decimals, sign = (found * 100, 2, "%") if unit == "fraction" else (found, 4, "")
    return number(scaled, decimals, plus=True) + sign


def _rests_on(answer: Mapping[str, Any]) -> list[Any]:
    span = answer.get("period") or {}
    pairs: list[tuple[str, Any]] = []
    if span.get("from"):
        pairs.append(("Period", f"{day(span['from'])} to {day(span['to'])}"))
    pairs.append(("As known", moment(answer["as_of"]) if answer.get("as_of") else "now"))
    versions = answer.get("versions") or {}
    if versions:
        said = ", ".join(f"{words(name).lower()} {version}" for name, version in versions.items())
        pairs.append(("Data versions", said))
    return [html.H3("Rests on"), facts(pairs)]


def mark() -> html.I:
    """Draw the small sign that a figure has a passport."""
    return icon("info-circle", "pp-mark")
