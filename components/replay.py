"""The replay of a book: chart, ladder and the bar that plays it. assets/20_js/82_replay.js moves it."""

import json
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from dash import html

from components.cards import segment
from components.charts.replay_course import SUSPECT, replay_course
from components.formats import clock, day, plural
from components.states import hidden, icon
from components.theme import Theme

SPEEDS = (1, 5, 20, 60)
USUAL = 20
_SOURCES = {
    "book": "Book from the venue's order book events; the orders of the firm are laid over it.",
    "orders": "No order book events of this time were imported: the ladder is rebuilt from the firm's own "
    "orders, others' are not in it.",
}


def replay(answer: Mapping[str, Any], *, look: Theme) -> html.Div:
    """Draw a stretch ready to be played; needs moves."""
    return html.Div(
        [
            replay_course(answer, look=look, height=330),
            _bar(answer),
            html.Div([_ladder(), _side()], className="replay-book"),
            html.P(told(answer), className="replay-note"),
        ],
        className="replay",
        **{"data-replay": packed(answer)},
    )


def packed(answer: Mapping[str, Any]) -> str:
    """Return what the browser plays as JSON: ``app.queries.replay.replay`` without what only a server needs."""
    span = (answer["end"] - answer["start"]) / timedelta(milliseconds=1)
    return json.dumps(
        {
            "start": answer["start"].timestamp() * 1000,
            "span": span,
            "tick": answer["tick"],
            "source": answer["source"],
            "orders": [order[:5] for order in answer["orders"]],
            "moves": answer["moves"],
            "quotes": answer["quotes"],
        },
        separators=(",", ":"),
    )


def choice(answer: Mapping[str, Any]) -> tuple[Any, ...]:
    """Draw the stretches to choose from; nothing where there is one."""
    found = answer["stretches"]
    if len(found) < 2:
        return ()
    several = len({one["instrument_id"] for one in found}) > 1
    days = len({one["first"].date() for one in found}) > 1
    names = [
        " ".join(
            part
            for part in (
                one["instrument_id"] if several else "",
                f"{one['first'].day} {one['first']:%b}" if days else "",
                clock(one["first"]),
            )
            if part
        )
        for one in found
    ]
    chosen = str(answer["chosen"])
    options = [(str(place), name) for place, name in enumerate(names)]
    # The first option is what the address leaves out, and that is the busiest stretch.
    moves = [one["moves"] for one in found]
    busiest = str(moves.index(max(moves)))
    options.sort(key=lambda option: option[0] != busiest)
    return (segment("Stretch of activity", "stretch", options, chosen),)


def told(answer: Mapping[str, Any]) -> list[Any]:
    """Say where the book comes from and what of it is not shown."""
    said = [_SOURCES[answer["source"]]]
    if not answer["quotes"]:
        said.append("No quote of this time is known, so best bid and ask are those of these orders.")
    left = answer["left_out"]
    if left["orders"]:
        said.append(
            f"{plural(left['orders'], 'smaller order')} of others with {plural(left['moves'], 'move')} did not fit "
            "and are left out."
        )
    if left["quotes"]:
        said.append(f"{plural(left['quotes'], 'quote')} between those shown are left out.")
    if answer["more"]:
        said.append(
            f"{plural(answer['more'], 'quieter stretch', 'quieter stretches')} are only in the list of orders."
        )
    return [" ".join(said)]


def _bar(answer: Mapping[str, Any]) -> html.Div:
    span = (answer["end"] - answer["start"]) / timedelta(milliseconds=1)
    buttons = [
        _button("back", "skip-start-fill", "Step back to the event before", "ArrowLeft"),
        _button("play", "play-fill", "Play", "Space"),
        _button("next", "skip-end-fill", "Step to the next event", "ArrowRight"),
    ]
    speeds = [
        html.Button(
            f"{speed}×",
            type="button",
            **{"data-replay-speed": str(speed), "aria-pressed": "true" if speed == USUAL else "false"},
        )
        for speed in SPEEDS
    ]
    return html.Div(
        [
            html.Div(buttons, className="replay-keys"),
            html.Span(
                clock(answer["start"], millis=True),
                className="mono replay-clock",
                title=f"{day(answer['start'].date())}, UTC",
            ),
            html.Div(
                className="replay-seek",
                **{"data-label": "Moment of the replay", "data-span": str(max(round(span), 1))},
            ),
            html.Div(speeds, className="seg", role="group", **{"aria-label": "Speed"}),
        ],
        className="replay-bar",
    )


def _button(act: str, shape: str, words: str, key: str) -> html.Button:
    return html.Button(
        [icon(shape), hidden(words)],
        type="button",
        className="iconbtn",
        title=words,
        **{"data-replay-act": act, "aria-keyshortcuts": key},
    )


def _ladder() -> html.Div:
    heads = ("Share", "Bid size", "Price", "Ask size", "Share")
    return html.Div(
        [
            html.Div([html.Span(head) for head in heads], className="lad-row lad-head"),
            html.Div(className="lad-rows"),
        ],
        className="lad",
        role="img",
        **{
            "aria-label": "Orders resting by price at the moment of the replay; the line below says it in words."
        },
    )


def _side() -> html.Div:
    tiles = (
        ("buy", "Buys resting"),
        ("sell", "Sells resting"),
        ("bought", "Bought so far"),
        ("sold", "Sold so far"),
    )
    return html.Div(
        [
            html.Dl(
                [
                    html.Div([html.Dt(words), html.Dd("–", **{"data-replay-sum": name})], className="pair")
                    for name, words in tiles
                ],
                className="replay-sums",
            ),
            html.P("", className="replay-now", role="status"),
            html.Ol([], className="replay-log", **{"aria-label": "Last moves before this moment"}),
        ],
        className="replay-side",
    )


__all__ = ["SUSPECT", "choice", "packed", "replay", "told"]
