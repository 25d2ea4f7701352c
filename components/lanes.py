"""Lanes of what happened around an alert: orders, fills, messages, posts and news, each mark a way to it."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote

from dash import html

from components.formats import clock, day, plural

ROWS = "?rows="
BINS = 160  # places along a lane; what falls into one place is one mark
Mark = tuple[datetime, str, str, str]  # when, tone, words, address (or the rows of this page)


def marks(evidence: Mapping[str, Any], people: Mapping[str, str]) -> dict[str, list[Mark]]:
    """Return lane to marks, oldest first: ``app.queries.evidence.evidence``."""
    orders = [
        (
            row["transact_time"],
            _tone(row["side"]) if row["event_type"] == "new" else "crit",
            f"{'Order to' if row['event_type'] == 'new' else 'Withdrawn:'} {_side(row['side'])} {row['order_id']}",
            order_page(row["order_id"]),
        )
        for row in _rows(evidence["events"], "transact_time", "event_type", "side", "order_id")
        if row["event_type"] in {"new", "cancel"} and row["transact_time"] is not None
    ]
    fills = [
        (
            row["transact_time"],
            _tone(row["side"]),
            f"Fill, {_side(row['side'])} {row['exec_id']}",
            order_page(row["order_id"]),
        )
        for row in _rows(evidence["executions"], "transact_time", "side", "exec_id", "order_id")
    ]
    messages = [
        (
            row["transact_time"],
            "",
            f"Message of {people.get(row['sender_id'], row['sender_id'])}",
            ROWS + "messages",
        )
        for row in evidence["messages"].to_dicts()
    ]
    posts = [
        (
            row["transact_time"],
            "",
            f"Post of {people.get(row['author_id'], row['author_id'])}",
            f"/social/feed?post={quote(row['post_id'], safe='')}",
        )
        for row in evidence["posts"].to_dicts()
    ]
    news = [
        (row["published_time"], "", row["headline"], ROWS + "news") for row in evidence["news"].to_dicts()
    ]
    found = {"Orders": orders, "Fills": fills, "Messages": messages, "Posts": posts, "News": news}
    return {name: sorted(lane) for name, lane in found.items()}


def _rows(frame: Any, *columns: str) -> Any:
    """Return the rows with these columns only: events have many, and an alert may rest on hundreds."""
    return () if frame.is_empty() else frame.select(columns).iter_rows(named=True)


def order_page(order_id: Any) -> str:
    """Return the address of an order's life; empty where the order is not known."""
    return f"/trading/orders/{quote(str(order_id), safe='')}" if order_id else ""


def _tone(side: Any) -> str:
    return "up" if str(side).startswith("buy") else "down"


def _side(side: Any) -> str:
    return str(side).replace("_", " ")


def lanes(found: Mapping[str, Sequence[Mark]], window: Mapping[str, Any]) -> html.Div | None:
    """Draw the lanes on one axis of time with the suspected window behind them; None where nothing happened."""
    moments = [mark[0] for lane in found.values() for mark in lane]
    if not moments:
        return None
    bounds = [moment for moment in (window["start"], window["end"]) if moment is not None]
    first, last = min(moments + bounds), max(moments + bounds)
    room = max((last - first) / 40, timedelta(seconds=1))
    first, last = first - room, last + room
    span = last - first

    def place(moment: datetime) -> float:
        return (moment - first) / span

    band = None
    if len(bounds) == 2:
        left, right = place(bounds[0]), place(bounds[1])
        style = {"left": f"{left * 100:.3f}%", "width": f"max(2px, {(right - left) * 100:.3f}%)"}
        band = html.Div(className="lane-window", style=style)
    rows = [
        html.Div(
            [
                html.Span([name, html.Span(str(len(lane)), className="t3")], className="lane-name"),
                html.Div(_binned(lane, place), className="lane"),
            ],
            className="lane-row",
        )
        for name, lane in found.items()
        if lane
    ]
    ends = html.Div(
        [
            html.Span(_end(moment, days=span > timedelta(hours=20)))
            for moment in (first, first + span / 2, last)
        ],
        className="lane-ends",
    )
    cover = html.Div(
        [band, html.Div(className="lane-cursor", hidden=True)],
        className="lane-over",
        **{"aria-hidden": "true"},
    )
    return html.Div(
        [html.Div([*rows, cover], className="lane-rows"), ends],
        className="lanes",
        **{"data-start": str(first.timestamp() * 1000), "data-end": str(last.timestamp() * 1000)},
    )


def _end(moment: datetime, *, days: bool) -> str:
    return f"{day(moment.date())} {clock(moment)}" if days else clock(moment, seconds=True)


def _binned(lane: Sequence[Mark], place: Any) -> list[html.A | html.Button]:
    bins: dict[int, list[Mark]] = {}
    for mark in lane:
        bins.setdefault(int(place(mark[0]) * BINS), []).append(mark)
    drawn: list[html.A | html.Button] = []
    for held in bins.values():
        moment, tone, said, address = held[0]
        tones = {mark[1] for mark in held}
        words = f"{clock(moment, millis=True)} {said}" + (
            f" and {plural(len(held) - 1, 'more here', 'more here')}" if len(held) > 1 else ""
        )
        look: dict[str, Any] = {
            "title": words,
            "className": f"lane-mark {tone if len(tones) == 1 else 'mixed'}{' many' if len(held) > 3 else ''}",
            "style": {"left": f"{place(moment) * 100:.3f}%"},
            "aria-label": words,
        }
        if address.startswith(ROWS):
            # These stand on the same page: the card of rows shows them.
            look |= {"data-set": "rows", "data-value": address.removeprefix(ROWS)}
            drawn.append(html.Button([], type="button", **look))
        else:
            drawn.append(html.A([], **({"href": address} if address else {}), **look))
    return drawn
