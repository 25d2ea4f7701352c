"""Wires pages/social/sentiment.py."""

from dataclasses import replace
from typing import Any

from dash import Dash, html

from app.queries import evidence, social, talk
from callbacks._fill import Drawn, View, fill, nothing
from callbacks.social._course import course
from components.attention import UNUSUAL, attention_table
from components.charts.lead_lag import FINDINGS, lead_lag
from components.formats import day, known, number, plural
from components.states import link_button
from components.tables import table
from components.talk_tables import bursts_table, instruments_table

PAGE = "social-sentiment"
DAYS = 120  # days with posts that the course shows
LISTED = 14
MOST = 20  # bursts


def register(app: Dash) -> None:
    """Attach this page's callbacks to ``app``."""
    fill(app, PAGE, "course", "Tone, attention and price", ask=social.sentiment, draw=_course)
    fill(app, PAGE, "leads", "Does talk lead price", ask=talk.leads, draw=_leads)
    fill(app, PAGE, "instruments", "Who is talked about", ask=_asked(talk.by_instrument), draw=_instruments)
    fill(app, PAGE, "attention", "Attention now", ask=_asked(social.attention), draw=_attention)
    fill(app, PAGE, "bursts", "Bursts of talk", ask=_asked(talk.bursts), draw=_bursts)


def _asked(question: Any) -> Any:
    """Return the question with the symbols of instruments beside its answer."""

    def ask(desk: Any) -> tuple[list[dict[str, Any]], dict[str, str]]:
        return question(desk).to_dicts(), evidence.names(desk)["instrument"]

    return ask


def _none(view: View) -> Drawn:
    way = link_button("Import files", "/operations/pipeline")
    return nothing(
        view, "No talk in this period", "No post names an instrument: post one, or import a feed.", way
    )


def _course(frame: Any, view: View) -> Drawn:
    drawn = course(frame, view, most=DAYS, height=300)
    if drawn is None:
        return _none(view)
    back = html.Button("All instruments", type="button", className="lk", **{"data-clear": "instrument"})
    return replace(
        drawn,
        footer="a tone weighs by how sure it is, how much the post is about it, and its author's record",
        tools=(back,) if view.scope.instrument else (),
    )


def _leads(found: dict[str, Any], view: View) -> Drawn:
    if found["reason"] is not None:
        if not found["instruments"]:
            return _none(view)
        return nothing(view, "Too little to tell", f"There are {found['reason']}.")
    rows = found["rows"]
    cells = [
        [row["lag"], number(row["value"], 2, plus=True), number(row["low"], 2, plus=True),
         number(row["high"], 2, plus=True), number(row["n"]), number(row["days"])]
        for row in rows
    ]  # fmt: skip
    heads = ["Lag", "Correlation", "Low", "High", "Pairs", "Sessions"]
    known_rows = [row for row in rows if row["value"] is not None]
    foot = [
        f"95% for all {number(found['lags'])} lags at once",
        f"{number(max(row['n'] for row in known_rows))} pairs, {number(max(row['days'] for row in known_rows))} sessions",
    ]
    return Drawn(
        [
            html.P(
                f"{FINDINGS[found['finding']]}.",
                className="t12 px-3 mb-1",
                **{"data-finding": found["finding"]},
            ),
            lead_lag(rows, look=view.look, height=280, finding=found["finding"]),
        ],
        sub="tone against returns",
        footer=foot,
        as_table=table(heads, cells, numeric=(0, 1, 2, 3, 4, 5), label="Does talk lead price"),
    )


def _instruments(answer: tuple[list[dict[str, Any]], dict[str, str]], view: View) -> Drawn:
    rows, symbols = answer
    if not rows:
        return _none(view)
    body = instruments_table(rows[:LISTED], symbols=symbols, chosen=view.scope.instrument)
    clear = sum(row["low"] is not None and (row["low"] > 0 or row["high"] < 0) for row in rows)
    foot = [
        f"tone of {number(clear)} of {number(len(rows))} is clear of zero; by chance {number(len(rows) * 0.05, 1)}",
        html.Span(f"{number(min(len(rows), LISTED))} of {number(len(rows))}", className="nowrap"),
    ]
    return Drawn(body, sub="most talked about first", footer=foot, fit="flush")


def _attention(answer: tuple[list[dict[str, Any]], dict[str, str]], view: View) -> Drawn:
    rows, symbols = answer
    if not rows:
        return _none(view)
    unusual = sum((known(row["z"]) or 0.0) >= UNUSUAL for row in rows)
    return Drawn(
        attention_table(rows[:LISTED], symbols=symbols, chosen=view.scope.instrument),
        sub=f"{plural(unusual, 'instrument')} above usual on {day(rows[0]['day'])}",
        footer=f"against comparable days before; from z {UNUSUAL:.0f} it stands out",
        fit="flush",
    )


def _bursts(answer: tuple[list[dict[str, Any]], dict[str, str]], view: View) -> Drawn:
    rows, symbols = answer
    if not rows:
        return nothing(
            view, "No burst of talk", "On no day was an instrument talked about far more than usual."
        )
    return Drawn(
        bursts_table(rows[:MOST], symbols=symbols, chosen=view.scope.instrument),
        sub=f"{number(min(len(rows), MOST))} of {plural(len(rows), 'day')} from z {talk.BURST:.0f}",
        footer="returns close to close; the day opens its posts",
        fit="flush",
    )
