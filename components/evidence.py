"""The rows behind an alert: a timeline of what happened, and tables that lead to each order's life."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any
from urllib.parse import quote

from dash import html

from components.formats import bps, clock, day, known, money, percent, plural, price, quantity, words
from components.states import icon
from components.tables import link, table

_EVENTS = {
    "new": ("plus-lg", "acc"),
    "replace": ("arrow-repeat", ""),
    "cancel": ("x-lg", "crit"),
    "reject": ("slash-circle", "crit"),
    "expire": ("hourglass-bottom", ""),
}
MOST = 80  # lines of the timeline

Line = tuple[datetime, str, str, Any, str]  # when, icon, tone, sentence, source


def life(order_id: Any) -> str | None:
    """Return the address of an order's life."""
    return f"/trading/orders/{quote(str(order_id), safe='')}" if order_id else None


def lines(alert: Mapping[str, Any], evidence: Mapping[str, Any], people: Mapping[str, str]) -> list[Line]:
    """Return what happened, oldest first: orders, fills, messages, posts, and the alert itself.

    Only the first MOST have words: an alert may rest on hundreds of orders, and more are not shown.
    """
    makers: dict[str, tuple[Callable[[Mapping[str, Any]], Line], tuple[str, ...]]] = {
        "events": (_of_event, ("transact_time", "event_type", "side", "order_qty", "limit_px", "reason", "order_id")),
        "executions": (_of_fill, ("transact_time", "side", "last_qty", "last_px", "account_id", "order_id")),
        "messages": (lambda row: _of_talk(row, people), ("transact_time", "sender_id", "text")),
        "posts": (lambda row: _of_post(row, people), ("transact_time", "author_id", "text")),
        "news": (_of_news, ("published_time", "headline")),
    }  # fmt: skip
    pending = [
        (row[columns[0]], make, row)
        for kind, (make, columns) in makers.items()
        if not evidence[kind].is_empty()
        for row in evidence[kind].select(columns).iter_rows(named=True)
        if row[columns[0]] is not None and (kind != "events" or row["event_type"] in _EVENTS)
    ]
    pending.sort(key=lambda one: one[0])
    found = [make(row) for _, make, row in pending[:MOST]]
    found += [(moment, "", "", None, "") for moment, *_ in pending[MOST:]]
    found.append(
        (alert["created_at"], "bell", "acc", f"Alert raised, score {alert['score']:.0f}", "detector")
    )
    return found


def _of_event(row: Mapping[str, Any]) -> Line:
    kind = str(row["event_type"])
    shape, tone = _EVENTS[kind]
    return row["transact_time"], shape, tone, _event_words(row, kind), "order"


def _of_fill(row: Mapping[str, Any]) -> Line:
    buys = str(row["side"]).startswith("buy")
    said = [
        f"{_did(row['side'])} {quantity(row['last_qty'])} at {price(row['last_px'])} in ",
        link(row["account_id"], life(row["order_id"]), mono=True),
    ]
    shape = "caret-up-fill" if buys else "caret-down-fill"
    return row["transact_time"], shape, "up" if buys else "down", said, "fill"


def _of_talk(row: Mapping[str, Any], people: Mapping[str, str]) -> Line:
    said = f"{people.get(row['sender_id'], row['sender_id'])} wrote: {_short(row['text'])}"
    return row["transact_time"], "chat-left-text", "", said, "message"


def _of_post(row: Mapping[str, Any], people: Mapping[str, str]) -> Line:
    said = f"{people.get(row['author_id'], row['author_id'])} posted: {_short(row['text'])}"
    return row["transact_time"], "megaphone", "", said, "post"


def _of_news(row: Mapping[str, Any]) -> Line:
    return row["published_time"], "newspaper", "", f"Public: {row['headline']}", "news"


def timeline(found: Sequence[Line]) -> list[Any]:
    """Draw lines with their time; days are named where they change."""
    shown = [*found[: MOST - 1], found[-1]] if len(found) > MOST else found
    items: list[Any] = []
    last = None
    for moment, shape, tone, said, source in shown:
        if moment.date() != last:
            last = moment.date()
            items.append(
                html.Li(
                    [
                        html.Span(),
                        html.Span(icon("calendar3"), className="ic"),
                        html.Span(day(last), className="t3"),
                    ]
                )
            )
        items.append(
            html.Li(
                [
                    html.Span(clock(moment, millis=True), className="tm", title=f"{day(moment.date())} UTC"),
                    html.Span(icon(shape), className=f"ic {tone}".strip()),
                    html.Span(said),
                    html.Span(source, className="tag line"),
                ],
                # A click moves the replay to it.
                **{"data-ms": str(moment.timestamp() * 1000)},
            )
        )
    parts: list[Any] = [html.Div(html.Ol(items, className="timeline"), className="scroll-y")]
    if len(found) > MOST:
        parts.append(
            html.Div(f"{plural(len(found) - MOST, 'event')} in between left out.", className="subhead pb-2")
        )
    return parts


def orders_table(rows: Sequence[Mapping[str, Any]], people: Mapping[str, str] | None = None) -> html.Div:
    """Draw orders; each leads to its life. ``people``: person id to name."""
    several = _several(row["first_time"] for row in rows)
    named = people or {}
    cells = [
        [
            link(row["order_id"], life(row["order_id"]), mono=True),
            _when(row["first_time"], days=several),
            side(row["side"]),
            quantity(row["order_qty"]),
            price(row["limit_px"]),
            percent(row["fill_rate"]),
            words(str(row["status"] or "")),
            row["account_id"],
            named.get(row["trader_id"], row["trader_id"]),
        ]
        for row in rows
    ]
    heads = ["Order", "Placed, UTC", "Side", "Quantity", "Limit", "Filled", "State", "Account", "Trader"]
    return html.Div(table(heads, cells, numeric=(3, 4, 5), label="Orders"), className="scroll-y")


def executions_table(rows: Sequence[Mapping[str, Any]]) -> html.Div:
    """Draw executions; each leads to its order's life."""
    several = _several(row["transact_time"] for row in rows)
    cells = [
        [
            html.Span(row["exec_id"], className="mono"),
            _when(row["transact_time"], days=several),
            side(row["side"]),
            quantity(row["last_qty"]),
            price(row["last_px"]),
            money(row["notional"], row["currency"]),
            bps(row["slippage_bp"], unit=False),
            html.Span(row["match_id"] or "–", className="mono"),
            row["account_id"],
            link(row["order_id"] or "–", life(row["order_id"]), mono=True),
        ]
        for row in rows
    ]
    heads = [
        "Execution",
        "Time, UTC",
        "Side",
        "Quantity",
        "Price",
        "Notional",
        "bps",
        "Match",
        "Account",
        "Order",
    ]
    return html.Div(table(heads, cells, numeric=(3, 4, 5, 6), label="Executions"), className="scroll-y")


def messages_list(rows: Sequence[Mapping[str, Any]], people: Mapping[str, str]) -> html.Div:
    """Draw messages; text is shown as it was written, never as markup."""
    items = []
    for row in rows:
        to = ", ".join(people.get(who, str(who)) for who in (row["recipient_ids"] or [])[:4])
        items.append(
            html.Li(
                [
                    html.Div(
                        [
                            html.Span(people.get(row["sender_id"], row["sender_id"]), className="w5"),
                            html.Span(f"to {to}" if to else "", className="t3"),
                            html.Span(row["channel"] or "message", className="tag line"),
                            html.Span(
                                f"{day(row['transact_time'].date())} {clock(row['transact_time'], seconds=True)} UTC",
                                className="mono t11",
                            ),
                        ],
                        className="hd",
                    ),
                    html.P(str(row["text"])),
                ]
            )
        )
    return html.Div(html.Ul(items, className="talk"), className="scroll-y")


def side(name: Any) -> html.Span:
    """Draw buying or selling: shape, colour and word."""
    buys = str(name).startswith("buy")
    shape = "caret-up-fill" if buys else "caret-down-fill"
    return html.Span([icon(shape), html.Span(words(str(name)))], className=f"sev {'up' if buys else 'down'}")


def _several(moments: Iterable[datetime]) -> bool:
    return len({moment.date() for moment in moments}) > 1


def _when(moment: datetime, *, days: bool) -> html.Span:
    """Draw a time of day; with the day before it where the rows are of several."""
    before = f"{moment.day} {moment:%b} " if days else ""
    return html.Span(f"{before}{clock(moment, millis=True)}", className="mono", title=day(moment.date()))


def _did(name: Any) -> str:
    return {"buy": "Bought", "sell": "Sold", "sell_short": "Sold short", "buy_cover": "Bought to cover"}.get(
        str(name), words(str(name))
    )


def _event_words(event: Mapping[str, Any], kind: str) -> list[Any]:
    said = {
        "new": "Order to",
        "replace": "Changed to",
        "cancel": "Cancelled",
        "reject": "Rejected",
        "expire": "Expired",
    }
    what = [said[kind], str(event["side"]).replace("_", " "), quantity(event["order_qty"])]
    if known(event["limit_px"]) is not None:
        what.append(f"at {price(event['limit_px'])}")
    if event["reason"]:
        what.append(f"({event['reason']})")
    return [" ".join(what) + ", ", link(event["order_id"], life(event["order_id"]), mono=True)]


def _short(text: Any) -> str:
    said = " ".join(str(text).split())
    return f"“{said if len(said) <= 120 else said[:119] + '…'}”"
