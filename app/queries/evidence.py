"""What an alert rests on: its orders, executions, messages and posts, and the market around them."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import polars as pl

from analytics.compliance.detector import all_detectors
from analytics.datasets import (
    ACCOUNTS,
    BARS,
    EXECUTIONS,
    INSTRUMENTS,
    MESSAGES,
    NEWS,
    ORDER_EVENTS,
    PEOPLE,
    POSTS,
    PRICES,
    QUOTES,
    TAPE,
)
from analytics.trading.orders import order_states, with_fills
from app.desk import Desk
from app.queries._book import instruments
from app.queries._course import course
from app.queries._orders import priced
from app.queries._stretches import months
from app.queries.compliance import alert
from app.storage.cache import cached

MOST = 500  # rows of one kind; detectors keep no more ids
LEAST_AROUND = timedelta(minutes=30)
# Sources of alerts that are no detectors: title, and what they look for.
WATCHES = {
    "limit_breach": (
        "Limit passed",
        "A measure of the book passed a limit of the firm. One alert stands for one episode above it.",
    ),
    "var_model": (
        "VaR model in doubt",
        "Losses of a book and the value at risk of the evening before disagree: a red light, or a rejected model.",
    ),
    "sanctions_match": (
        "Confirmed sanctions match",
        "A person decided that a client or another party is the one on a sanctions list.",
    ),
    "supervision": (
        "Supervised message",
        "No rule found it: a person read this message in a random sample and raised it.",
    ),
}
TALK_AROUND = timedelta(hours=1)
NEWS_AROUND = timedelta(days=1)


@cached(ACCOUNTS, EXECUTIONS, INSTRUMENTS, MESSAGES, NEWS, ORDER_EVENTS, POSTS, records=("alerts",))
def evidence(desk: Desk, alert_id: str) -> dict[str, Any]:
    """Return the rows behind an alert as they stand now; the scope's dates do not matter.

    Returns:
        ``orders`` (states), ``events`` (of those orders), ``executions`` (priced), ``messages``, ``posts``,
        ``news`` (on its instruments, from a day before to a day after): frames, oldest first, each of at most
        MOST rows. ``around`` says whether the messages are named by the alert (False) or are what its people
        wrote within an hour of it (True); ``posts_around`` the same of posts.

    Raises:
        Forbidden: If the role does not read surveillance.
        NotFound: If there is no such alert here, or it is about the one who asks.
    """
    found = alert(desk, alert_id)
    named = found["evidence"]
    executions = _executions(desk, named)
    everything = desk.rows(ORDER_EVENTS, dated=False, scoped=False)
    orders = sorted({*_orders(desk, found, everything), *executions["order_id"].drop_nulls()})[:MOST]
    events = desk.collect(
        everything.filter(pl.col("order_id").is_in(orders)).sort("transact_time_ns", "event_seq")
    )
    states = desk.collect(
        order_states(with_fills(events.lazy(), executions.lazy()))
        .join(instruments(desk).select("instrument_id", "symbol"), on="instrument_id", how="left")
        .sort("first_time", "order_id")
    )
    messages, around = _messages(desk, found)
    posts, posts_around = _posts(desk, found)
    return {
        "orders": states,
        "events": events.select(*ORDER_EVENTS.columns, "transact_time_ns"),
        "executions": executions,
        "messages": messages,
        "posts": posts,
        "news": _news(desk, found),
        "around": around,
        "posts_around": posts_around,
    }


@cached(
    ACCOUNTS,
    BARS,
    EXECUTIONS,
    INSTRUMENTS,
    MESSAGES,
    NEWS,
    ORDER_EVENTS,
    POSTS,
    PRICES,
    QUOTES,
    TAPE,
    records=("alerts",),
)
def market(desk: Desk, alert_id: str) -> dict[str, Any]:
    """Return the price of an alert's instrument around its window, with its orders and fills.

    Returns:
        ``instrument_id``, ``start`` and ``end`` (what is shown), ``kind`` and ``rows`` (see
        ``_course.course``), ``orders`` (order_id, side, limit_px, order_qty, first_time, last_time, status) and
        ``fills`` (exec_id, side, price, quantity, time), ``marks`` (time, ``kind`` news or post, ``words``: what was
        said in public meanwhile, oldest first). Prices as floats: they are only drawn.

    Raises:
        Forbidden: If the role does not read surveillance.
        NotFound: If there is no such alert here, or it is about the one who asks.
    """
    found = alert(desk, alert_id)
    rows = evidence(desk, alert_id)
    instrument = next(iter(found["instrument_ids"]), None)
    begin, finish = _window(found, rows)
    kind, rows_shown = course(desk, instrument, begin, finish) if instrument else ("closes", pl.DataFrame())
    own = pl.col("instrument_id") == (instrument or "")
    orders = rows["orders"].filter(own & pl.col("limit_px").is_not_null())
    fills = rows["executions"].filter(own)
    return {
        "instrument_id": instrument,
        "start": begin,
        "end": finish,
        "window": found["window"],
        "kind": kind,
        "marks": _marks(rows),
        "rows": rows_shown.to_dicts(),
        "orders": orders.select(
            "order_id",
            "side",
            "first_time",
            "last_time",
            "status",
            *(pl.col(name).cast(pl.Float64) for name in ("limit_px", "order_qty")),
        ).to_dicts(),
        "fills": fills.select(
            "exec_id",
            "side",
            time="transact_time",
            price=pl.col("last_px").cast(pl.Float64),
            quantity=pl.col("last_qty").cast(pl.Float64),
        ).to_dicts(),
    }


def _marks(rows: Mapping[str, pl.DataFrame]) -> list[dict[str, Any]]:
    few = 120
    news = rows["news"].select(time="published_time", kind=pl.lit("news"), words="headline")
    posts = rows["posts"].select(time="transact_time", kind=pl.lit("post"), words="text")
    return pl.concat([news, posts]).sort("time", "kind", "words").head(few).to_dicts()


@cached(PEOPLE, ACCOUNTS, INSTRUMENTS)
def names(desk: Desk) -> dict[str, dict[str, str]]:
    """Return what people read instead of ids: ``person``, ``account`` and ``instrument`` id to name."""
    asked = {
        "person": desk.rows(PEOPLE, scoped=False).select(id="person_id", name="name"),
        "account": desk.rows(ACCOUNTS, scoped=False).select(id="account_id", name="name"),
        "instrument": instruments(desk).select(id="instrument_id", name="symbol"),
    }
    return {
        kind: dict(desk.collect(rows.drop_nulls().unique("id", keep="any")).iter_rows())
        for kind, rows in asked.items()
    }


def detector(name: str) -> dict[str, Any] | None:
    """Return what a detector looks for and what it takes for one by mistake; None when it is gone."""
    kind = all_detectors().get(name)
    if kind is None and name in WATCHES:
        told = {"name": name, "code": None, "version": None, "description": WATCHES[name][1]}
        return told | {"false_positives": [], "parameters": []}
    if kind is None:
        return None
    return {
        "name": name,
        "code": kind.code,
        "version": kind.version,
        "description": kind.description,
        "false_positives": list(kind.false_positives),
        "parameters": kind.Params.describe(),
    }


def _orders(desk: Desk, found: Mapping[str, Any], everything: pl.LazyFrame) -> list[str]:
    """Return the orders an alert names; where it counts more than it names, all of its actors in its window."""
    named: list[str] = list(found["evidence"].get("order_ids", ()))
    counted = next((one["value"] for one in found["metrics"] if one["name"] == "orders"), None)
    start, end = found["window"]["start"], found["window"]["end"]
    if not counted or counted <= len(named) or len(named) >= MOST or start is None or end is None:
        return named
    who = {kind: [a["id"] for a in found["actors"] if a["kind"] == kind] for kind in ("account", "trader")}
    theirs = pl.col("account_id").is_in(who["account"]) | pl.col("trader_id").is_in(who["trader"])
    rows = everything.filter(
        theirs,
        months(start, end),
        pl.col("transact_time").is_between(start, end),
        pl.col("instrument_id").is_in(found["instrument_ids"])
        if found["instrument_ids"]
        else pl.lit(value=True),
    )
    first = rows.group_by("order_id").agg(pl.col("transact_time").min()).sort("transact_time", "order_id")
    more = desk.collect(first.head(MOST))["order_id"].to_list()
    return [*named, *(one for one in more if one not in set(named))][:MOST]


def _executions(desk: Desk, named: Mapping[str, list[str]]) -> pl.DataFrame:
    wanted = pl.col("exec_id").is_in(named.get("exec_ids", [])[:MOST]) | pl.col("order_id").is_in(
        named.get("order_ids", [])[:MOST]
    )
    rows = desk.executions(dated=False, scoped=False).filter(wanted)
    return desk.collect(priced(desk, rows).sort("transact_time_ns", "exec_id")).drop("ext", strict=False)


def _messages(desk: Desk, found: Mapping[str, Any]) -> tuple[pl.DataFrame, bool]:
    rows = desk.rows(MESSAGES, dated=False, scoped=False)
    ids = found["evidence"].get("message_ids") or []
    start, end = found["window"]["start"], found["window"]["end"]
    if ids or start is None or end is None:
        chosen = rows.filter(pl.col("message_id").is_in(ids[:MOST]))
    else:
        people = [actor["id"] for actor in found["actors"] if actor["kind"] in {"trader", "person"}]
        wrote = pl.col("sender_id").is_in(people)
        read = pl.col("recipient_ids").list.set_intersection(people).list.len() > 0
        chosen = rows.filter(
            wrote | read, pl.col("transact_time").is_between(start - TALK_AROUND, end + TALK_AROUND)
        )
    columns = ("message_id", "transact_time", "channel", "sender_id", "recipient_ids", "text")
    return desk.collect(chosen.sort("transact_time").head(MOST).select(*columns)), not ids


def _posts(desk: Desk, found: Mapping[str, Any]) -> tuple[pl.DataFrame, bool]:
    """Return the posts an alert names, or what its people posted within an hour of it."""
    rows = desk.rows(POSTS, dated=False, scoped=False)
    ids, window = found["evidence"].get("post_ids") or [], found["window"]
    if ids or window["start"] is None or window["end"] is None:
        chosen = rows.filter(pl.col("post_id").is_in(ids[:MOST]))
    else:
        people = [actor["id"] for actor in found["actors"] if actor["kind"] in {"trader", "person"}]
        during = pl.col("transact_time").is_between(
            window["start"] - TALK_AROUND, window["end"] + TALK_AROUND
        )
        chosen = rows.filter(pl.col("author_id").is_in(people), during)
    return desk.collect(chosen.sort("transact_time").head(MOST).select(*POSTS.columns)), not ids


def _news(desk: Desk, found: Mapping[str, Any]) -> pl.DataFrame:
    """Return the stories on an alert's instruments from a day before it to a day after."""
    rows = desk.rows(NEWS, dated=False, scoped=False).select(*NEWS.columns)
    start, end = found["window"]["start"], found["window"]["end"]
    about, few = found["instrument_ids"], 3
    if start is None or end is None or not 0 < len(about) <= few:
        return desk.collect(rows.clear())
    named = pl.col("instrument_ids").list.set_intersection(about).list.len() > 0
    during = pl.col("published_time").is_between(start - NEWS_AROUND, end + NEWS_AROUND)
    return desk.collect(rows.filter(during, named).sort("published_time", "news_id").head(MOST))


def _window(found: Mapping[str, Any], rows: Mapping[str, pl.DataFrame]) -> tuple[datetime, datetime]:
    """Return what to show: the alert's window and its orders with room on both sides."""
    moments = [found["window"]["start"] or found["created_at"], found["window"]["end"] or found["created_at"]]
    for frame, names_of in (
        (rows["orders"], ("first_time", "last_time")),
        (rows["executions"], ("transact_time",)),
    ):
        moments += [
            moment
            for name in names_of
            for moment in (frame[name].min(), frame[name].max())
            if moment is not None
        ]
    first, last = min(moments), max(moments)
    room = max(LEAST_AROUND, (last - first) / 4)
    return first - room, last + room
