"""Wires pages/social/leaderboard.py."""

from typing import Any

from dash import Dash, html

from app.queries import ideas
from callbacks._fill import Drawn, View, fill, nothing
from components import ideas as draw
from components.cards import legend
from components.formats import number, percent, plural
from components.states import link_button

PAGE = "social-leaderboard"
START = ("See the ideas", "/social/ideas")


def register(app: Dash) -> None:
    """Attach this page's callbacks to ``app``."""
    fill(app, PAGE, "board", "Ranked", ask=ideas.league, draw=_board)
    fill(app, PAGE, "apart", "Not ranked", ask=ideas.league, draw=_apart)
    fill(app, PAGE, "luck", "What luck reaches", ask=ideas.league, draw=_luck)


def _board(found: dict[str, Any], view: View) -> Drawn:
    rows, band = found["rows"], found["band"]
    if not rows:
        return nothing(
            view,
            "Nobody is ranked yet",
            f"A rank needs {band['least']} days with ideas that have ended.",
            link_button(*START),
        )
    above = sum(bool(row["beyond_luck"]) for row in rows)
    meanings = legend(
        ("dot", "acc", "ratio of a day: mean over standard deviation"),
        ("band", "acc", "its 95% interval"),
        ("ln", "high", "what luck alone reaches"),
    )
    return Drawn(
        draw.board_table(rows, meant=view.state("author")),
        sub=f"{plural(len(rows), 'author')}, {number(above)} beyond luck",
        legend=meanings,
        footer=["By the chance that the true ratio is above zero (PSR)", "net of costs, not of the market"],
        fit="flush",
    )


def _apart(found: dict[str, Any], view: View) -> Drawn:
    if not found["apart"]:
        return nothing(view, "Nobody stands apart", "Every author with an idea that has ended is ranked.")
    return Drawn(
        draw.apart_table(found["apart"], meant=view.state("author")),
        sub="a short record says nothing yet",
        fit="flush",
    )


def _luck(found: dict[str, Any], _: View) -> Drawn:
    band = found["band"]
    words = (
        f"Of a league of {plural(max(band['authors'], 1), 'coin flipper')}, one in {number(1 / band['luck'])} has anybody "
        f"above the band: each author's own test is at {percent(1 - band['level'])}. Ideas of one day share its market "
        "and count once."
    )
    return Drawn(
        html.Div([html.P(words, className="t2 t12 px-3 pt-2"), draw.needed_table(band)]),
        sub="days after which 4 of 5 such authors stand out",
        fit="flush",
    )
