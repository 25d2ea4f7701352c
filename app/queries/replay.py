"""The order book around the orders behind an alert, move by move: one answer that a browser plays."""

from datetime import datetime, timedelta
from typing import Any

import polars as pl

from analytics.datasets import (
    ACCOUNTS,
    BOOK_EVENTS,
    EXECUTIONS,
    INSTRUMENTS,
    MESSAGES,
    NEWS,
    ORDER_EVENTS,
    POSTS,
    QUOTES,
)
from analytics.trading.orders import with_fills
from analytics.trading.resting import book_moves, order_moves
from app.desk import Desk
from app.errors import FieldError, Invalid
from app.queries._stretches import busiest, months, stretches
from app.queries.compliance import alert
from app.queries.evidence import evidence
from app.storage.cache import cached

MOST_MOVES = 4_000  # of one answer; whole orders of others are left out beyond it, and the answer says so
MOST_QUOTES = 1_500
QUOTE_BEFORE = timedelta(minutes=30)  # how far back the first quote may be
SUSPECT, GROUP, OTHER = 2, 1, 0
_READS = (
    ACCOUNTS, BOOK_EVENTS, EXECUTIONS, INSTRUMENTS, MESSAGES, NEWS, ORDER_EVENTS, POSTS, QUOTES,
)  # fmt: skip


def replay(desk: Desk, alert_id: str, *, stretch: str | None = None) -> dict[str, Any]:
    """Return one stretch of what is behind an alert as moves of a book.

    Args:
        desk: Whose; dates and filters of its scope do not matter.
        alert_id: Which alert.
        stretch: Place of the stretch among ``stretches``, counted from 0; the busiest one when None.

    Returns:
        ``stretches`` (instrument_id, first, last, start, end, moves) and ``more`` (how many quieter ones are
        not among them), ``chosen``; ``instrument_id``, ``tick`` (smallest step of its price, null where not
        known), ``start``, ``end``; ``orders``: id, side (1 buys, -1 sells), standing (2 behind the alert, 1 of
        the same owners, 0 of others), account_id, trader_id, client_id; ``moves``: milliseconds since
        ``start``, place in ``orders``, kind, limit, what rests after it, quantity and price of a fill;
        ``quotes``: milliseconds, bid, its quantity, ask, its quantity; ``source`` (``book``: the venue's
        events, ``orders``: only the firm's own orders), ``left_out`` (orders and moves of others, and
        quotes, that did not fit). Prices and quantities as floats: they are only drawn. ``moves`` is empty
        where nothing happened.

    Raises:
        Forbidden: If the role does not read surveillance.
        NotFound: If there is no such alert here, or it is about the one who asks.
        Invalid: If there is no such stretch.
    """
    found, more = _stretches(desk, alert_id)
    if not found:
        return {"stretches": [], "more": 0, "chosen": None, "moves": [], "orders": [], "quotes": []}
    place = busiest(found)
    if stretch is not None:
        if not (stretch.isascii() and stretch.isdigit() and int(stretch) < len(found)):
            error = FieldError("stretch", f"must be a number from 0 to {len(found) - 1}", stretch[:80])
            raise Invalid("There is no such stretch.", errors=[error])
        place = int(stretch)
    return _played(desk, alert_id, place) | {"stretches": found, "more": more - len(found), "chosen": place}


@cached(*_READS, records=("alerts",))
def _stretches(desk: Desk, alert_id: str) -> tuple[list[dict[str, Any]], int]:
    return stretches(evidence(desk, alert_id))


@cached(*_READS, records=("alerts",))
def _played(desk: Desk, alert_id: str, place: int) -> dict[str, Any]:
    one = _stretches(desk, alert_id)[0][place]
    instrument, begin, finish = one["instrument_id"], one["start"], one["end"]
    behind = evidence(desk, alert_id)
    book = _of_book(desk, instrument, begin, finish)
    known = _of_orders(desk, behind, instrument, begin, finish)
    source = "orders" if book.is_empty() else "book"
    # The venue's events hold everybody's orders; the firm's own are laid over them, not added.
    moves = pl.concat([known, book]) if source == "book" else known
    about = _about(desk, alert_id, behind, known)
    moves, left_out = _fitting(_opened(moves, begin), about)
    keys = moves["key"].unique(maintain_order=True)
    index = dict(zip(keys, range(keys.len()), strict=True))
    sides = dict(moves.select("key", "side").unique("key").iter_rows())
    quotes, quotes_left = _quotes(desk, instrument, begin, finish)
    return {
        "instrument_id": instrument,
        "tick": _tick(desk, instrument),
        "start": begin,
        "end": finish,
        "source": source,
        "orders": [[key, sides[key], *about.get(key, (OTHER, None, None, None))] for key in keys],
        "moves": [
            [round(ms, 3), index[key], kind, px, qty, last_qty, last_px]
            for ms, key, kind, px, qty, last_qty, last_px in moves.select(
                _since(begin),
                "key",
                "kind",
                *(pl.col(n).cast(pl.Float64) for n in ("px", "qty", "last_qty", "last_px")),
            ).iter_rows()
        ],
        "quotes": [list(row) for row in quotes.iter_rows()],
        "left_out": left_out | {"quotes": quotes_left},
    }


def _since(begin: datetime, column: str = "time") -> pl.Expr:
    passed = (pl.col(column) - pl.lit(begin, pl.Datetime("us", "UTC"))).dt.total_microseconds()
    return (passed / 1000).alias("ms")


def _day_so_far(begin: datetime, finish: datetime) -> pl.Expr:
    morning = begin.replace(hour=0, minute=0, second=0, microsecond=0)
    return pl.col("transact_time").is_between(morning, finish)


def _of_book(desk: Desk, instrument: str, begin: datetime, finish: datetime) -> pl.DataFrame:
    rows = desk.rows(BOOK_EVENTS, dated=False, scoped=False).filter(
        pl.col("instrument_id") == instrument, months(begin, finish), _day_so_far(begin, finish)
    )
    return desk.collect(book_moves(rows))


def _of_orders(
    desk: Desk, behind: dict[str, Any], instrument: str, begin: datetime, finish: datetime
) -> pl.DataFrame:
    """Return the moves of the firm's orders in the instrument since the morning, those behind the alert too."""
    own = pl.col("instrument_id") == instrument
    bounds = (own, months(begin, finish), _day_so_far(begin, finish))
    columns = [*ORDER_EVENTS.columns, "transact_time_ns"]
    events = desk.rows(ORDER_EVENTS, dated=False, scoped=False).filter(*bounds).select(columns)
    fills = desk.executions(dated=False, scoped=False).filter(*bounds)
    # An order whose entry is on record while its own events lie before the morning still rests.
    earlier = behind["events"].lazy().filter(own, pl.col("transact_time") <= finish)
    every = pl.concat([with_fills(events, fills).select(columns), earlier.select(columns)])
    return desk.collect(order_moves(every.unique(["order_id", "event_seq", "exec_id"], keep="first")))


def _opened(moves: pl.DataFrame, begin: datetime) -> pl.DataFrame:
    """Return the moves since ``begin``, after what rested then as one move each."""
    before = pl.col("time") < begin
    resting = (
        moves.filter(before)
        .group_by("key", maintain_order=True)
        .last()
        .filter(pl.col("qty") > 0, pl.col("px").is_not_null())
        .with_columns(
            time=pl.lit(begin, moves.schema["time"]),
            kind=pl.lit("rests"),
            last_qty=pl.lit(None, moves.schema["last_qty"]),
            last_px=pl.lit(None, moves.schema["last_px"]),
        )
        .select(moves.columns)
    )
    return pl.concat([resting, moves.filter(~before)])


def _about(
    desk: Desk, alert_id: str, behind: dict[str, Any], known: pl.DataFrame
) -> dict[str, tuple[int, str | None, str | None, str | None]]:
    """Return standing, account, trader and client of each of the firm's orders, by order id."""
    suspect = set(behind["orders"]["order_id"])
    accounts = {a["id"] for a in alert(desk, alert_id)["actors"] if a["kind"] == "account"}
    accounts |= set(behind["orders"]["account_id"].drop_nulls())
    group = _same_owners(desk, accounts)
    rows = (
        desk.rows(ORDER_EVENTS, dated=False, scoped=False)
        .filter(pl.col("order_id").is_in(known["key"].unique().implode()))
        .group_by("order_id")
        .agg(pl.col("account_id", "trader_id", "client_id").drop_nulls().first())
    )
    return {
        order: (
            SUSPECT if order in suspect else GROUP if account in group else OTHER,
            account,
            trader,
            client,
        )
        for order, account, trader, client in desk.collect(rows).iter_rows()
    }


def _same_owners(desk: Desk, accounts: set[str]) -> set[str]:
    rows = desk.collect(
        desk.rows(ACCOUNTS, dated=False, scoped=False).select("account_id", "owner_id", "link_group")
    )
    named = rows.filter(pl.col("account_id").is_in(list(accounts)))
    same = pl.any_horizontal(
        pl.col(name).is_in(named[name].drop_nulls().unique().implode()) for name in ("owner_id", "link_group")
    )
    return accounts | set(rows.filter(same.fill_null(value=False))["account_id"])


def _fitting(moves: pl.DataFrame, about: dict[str, Any]) -> tuple[pl.DataFrame, dict[str, int]]:
    """Return at most MOST_MOVES moves: those behind the alert first, then whole orders, the largest first."""
    if moves.height <= MOST_MOVES:
        return moves, {"orders": 0, "moves": 0}
    standing = {key: row[0] for key, row in about.items()}
    orders = (
        moves.group_by("key")
        .agg(moves=pl.len(), size=pl.col("qty").max())
        .with_columns(standing=pl.col("key").replace_strict(standing, default=OTHER, return_dtype=pl.Int8))
        .sort("standing", "size", "key", descending=[True, True, False])
        .with_columns(so_far=pl.col("moves").cum_sum())
    )
    kept = orders.filter(pl.col("so_far") <= MOST_MOVES)
    shown = moves.join(kept.select("key"), on="key", how="semi", maintain_order="left")
    return shown, {"orders": orders.height - kept.height, "moves": moves.height - shown.height}


def _quotes(desk: Desk, instrument: str, begin: datetime, finish: datetime) -> tuple[pl.DataFrame, int]:
    since = begin - QUOTE_BEFORE
    rows = desk.rows(QUOTES, dated=False, scoped=False).filter(
        pl.col("instrument_id") == instrument,
        months(since, finish),
        pl.col("transact_time").is_between(since, finish),
    )
    found = desk.collect(
        rows.sort("transact_time", "seq").select(
            _since(begin, "transact_time"),
            *(pl.col(name).cast(pl.Float64) for name in ("bid_px", "bid_qty", "ask_px", "ask_qty")),
        )
    )
    first = found.filter(pl.col("ms") <= 0).tail(1).with_columns(ms=pl.lit(0.0))
    during = found.filter(pl.col("ms") > 0)
    every = max(1, -(-during.height // MOST_QUOTES))
    shown = pl.concat([first, during.gather_every(every)])
    return shown, during.height + first.height - shown.height


def _tick(desk: Desk, instrument: str) -> float | None:
    rows = desk.rows(INSTRUMENTS, dated=False, scoped=False).filter(pl.col("instrument_id") == instrument)
    found = desk.collect(
        rows.sort("valid_from", nulls_last=False).select(pl.col("tick_size").drop_nulls().last())
    )
    return float(found.item()) if found.height and found.item() is not None else None
