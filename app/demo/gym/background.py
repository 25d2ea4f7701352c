"""Innocent order flow of many members: as dense as asked, and with no intent by construction.

Every order is dealt to a member at random, so whatever a detector says of this flow is a false alarm. Two
legs of one trade always belong to different members with different owners: a self-match here would be a
wash trade that no label knows of.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl

from analytics.datasets import ACCOUNTS, EXECUTIONS, ORDER_EVENTS
from analytics.text import formatted
from app.demo.gym.chances import Orders, Trades, Window, draw_orders, draw_trades, spread
from app.demo.ledger import conform, instant
from app.demo.market import Floats, Ints
from app.demo.microstructure import Quotes
from app.demo.universe import MICS, SYMBOLS, TICK

MEMBERS = 200
MAKER_EVERY, HOUSE_EVERY = 10, 4  # kinds of the members, by their number


@dataclass(frozen=True)
class Flowed:
    """Order events and executions of the background, in the columns of their data sets."""

    order_events: pl.DataFrame
    executions: pl.DataFrame


def member_accounts(count: int = MEMBERS) -> pl.DataFrame:
    """Return the accounts of the members: each with its own owner and desk, linked to nobody."""
    number = np.arange(count)
    kinds = np.where(number % MAKER_EVERY == 0, "mm", np.where(number % HOUSE_EVERY == 1, "house", "client"))
    names = [_member(n) for n in number.tolist()]
    frame = pl.DataFrame(
        {
            "account_id": names,
            "name": [f"Member {n}" for n in number.tolist()],
            "desk": [f"desk-{name}" for name in names],
            "kind": kinds,
            "base_currency": "USD",
            "owner_id": [f"owner-{name}" for name in names],
            "pad": False,
        }
    )
    return conform(frame, ACCOUNTS)


def _member(number: int) -> str:
    return f"MB-{number:03d}"


def weave(
    quotes: Quotes,
    windows: Sequence[Window],
    density: float,
    rng: np.random.Generator,
    *,
    tag: str = "B",
    first_seq: int = 1,
    members: int = MEMBERS,
) -> Flowed:
    """Return innocent flow of ``density`` orders a second in every window.

    Args:
        quotes: The market to quote around.
        windows: Where; overlapping windows add up.
        density: Orders a second and instrument, of all members together.
        rng: Source of chance.
        tag: Begins every id, so that several batches can be put together.
        first_seq: Number of the first event.
        members: Over how many accounts the orders are dealt.
    """
    where = spread(windows, density, rng)
    orders = draw_orders(quotes, where, rng, members)
    trades = draw_trades(orders, rng, members)
    events = pl.concat([_resting(orders, trades), _takers(trades)], how="diagonal")
    events = events.sort("time", "number", "rank").with_columns(
        event_seq=pl.int_range(first_seq, first_seq + pl.len()),
    )
    named = _named(events, tag)
    fills = named.filter(pl.col("event_type") == "fill")
    executions = fills.with_columns(
        version=1, exec_status=pl.lit("new"), currency=pl.lit("USD"), trade_date=instant("time").dt.date(),
        commission=(pl.col("last_qty") * 0.0008).round(2), fees=pl.lit(0), taxes=pl.lit(0),
        arrival_px=pl.col("limit_px"), decision_time=pl.col("received_time"),
    )  # fmt: skip
    return Flowed(conform(named, ORDER_EVENTS), conform(executions, EXECUTIONS))


_RANKS = {"new": 0, "replace": 1, "fill": 2, "cancel": 3}


def _rows(kind: str, columns: dict[str, Any]) -> pl.DataFrame:
    return pl.DataFrame(columns).with_columns(event_type=pl.lit(kind), rank=pl.lit(_RANKS[kind], pl.Int8))


def _of(orders: Orders, some: Ints) -> dict[str, Any]:
    return {
        "number": orders.number[some],
        "instrument": orders.instrument[some],
        "entered": orders.time[some],
        "member": orders.member[some],
        "buying": orders.buying[some],
        "ticks": orders.ticks[some],
        "quantity": orders.quantity[some],
        "ioc": orders.fleeting[some],
        "venue_no": orders.venue[some],
    }


def _resting(orders: Orders, trades: Trades) -> pl.DataFrame:
    every = orders.number
    filled = np.zeros(len(every), dtype=np.int64)
    filled[trades.order] = trades.quantity
    whole = filled >= orders.quantity
    amended = np.nonzero(orders.amended & (filled == 0))[0]
    moved = orders.ticks.copy()
    moved[amended] += np.where(orders.buying[amended], -1, 1)
    later = _of(orders, amended) | {"ticks": np.maximum(moved[amended], 1)}
    left = np.nonzero(~whole)[0]
    withdrawn = _of(orders, left) | {"ticks": np.maximum(moved[left], 1)}
    entered = orders.time[amended]
    return pl.concat(
        [
            _rows("new", _of(orders, every) | {"time": orders.time, "cum": 0 * filled}),
            _rows("replace", later | {"time": (entered + orders.gone[amended]) // 2, "cum": 0 * amended}),
            _rows(
                "fill", _of(orders, trades.order) | _traded(trades) | {"maker": np.ones_like(trades.order)}
            ),
            _rows("cancel", withdrawn | {"time": orders.gone[left], "cum": filled[left]}),
        ],
        how="diagonal",
    )


def _traded(trades: Trades) -> dict[str, Any]:
    return {
        "time": trades.time,
        "cum": trades.quantity,
        "last_qty": trades.quantity,
        "match": np.arange(len(trades.order)),
    }


def _takers(trades: Trades) -> pl.DataFrame:
    base = _of(trades.of, trades.order) | {
        "number": trades.taker,
        "entered": trades.time - 200,
        "member": trades.member,
        "buying": ~trades.of.buying[trades.order],
        "quantity": trades.quantity,
        "ioc": np.ones(len(trades.order), dtype=np.bool_),
    }
    return pl.concat(
        [
            _rows("new", base | {"time": trades.time - 200, "cum": 0 * trades.order}),
            _rows("fill", base | _traded(trades) | {"maker": np.zeros_like(trades.order)}),
        ],
        how="diagonal",
    )


def _named(events: pl.DataFrame, tag: str) -> pl.DataFrame:
    symbols, mics = dict(enumerate(SYMBOLS)), dict(enumerate(MICS))
    fill = pl.col("event_type") == "fill"
    cancel = pl.col("event_type") == "cancel"
    client = (pl.col("member") % MAKER_EVERY != 0) & (pl.col("member") % HOUSE_EVERY != 1)
    price = pl.col("ticks") * TICK
    member = pl.col("member").cast(pl.String).str.zfill(3)
    return events.with_columns(
        order_id=formatted(f"{tag}-O{{}}", "number"),
        transact_time=instant("time"),
        received_time=(pl.col("entered") - 150).cast(pl.Datetime("us", "UTC")),
        instrument_id=pl.col("instrument").replace_strict(symbols, return_dtype=pl.String),
        account_id=formatted("MB-{}", member),
        trader_id=formatted("trader-{}", member),
        desk=formatted("desk-MB-{}", member),
        side=pl.when("buying").then(pl.lit("buy")).otherwise(pl.lit("sell")),
        ord_type=pl.lit("limit"),
        time_in_force=pl.when("ioc").then(pl.lit("ioc")).otherwise(pl.lit("day")),
        limit_px=price,
        order_qty=pl.col("quantity"),
        cum_qty=pl.col("cum"),
        leaves_qty=pl.when(cancel).then(0).otherwise(pl.col("quantity") - pl.col("cum")),
        last_px=pl.when(fill).then(price),
        exec_id=pl.when(fill).then(formatted(f"{tag}-E{{}}", "event_seq")),
        match_id=formatted(f"{tag}-M{{}}", "match"),
        liquidity=pl.when(fill).then(
            pl.when(pl.col("maker") == 1).then(pl.lit("maker")).otherwise(pl.lit("taker"))
        ),
        venue=pl.col("venue_no").replace_strict(mics, return_dtype=pl.String),
        capacity=pl.when(client).then(pl.lit("agency")).otherwise(pl.lit("principal")),
        cancel_by=pl.when(cancel & pl.col("ioc"))
        .then(pl.lit("ioc"))
        .when(cancel)
        .then(pl.lit("user")),
    )  # fmt: skip


def bar_volume(executions: pl.DataFrame, seconds: int = 300) -> pl.DataFrame:
    """Return instrument_id, bar_start, ``added`` and ``more``: volume and trades that the background adds.

    Both legs of a trade are on record, so each counts half.
    """
    return executions.group_by(
        "instrument_id", bar_start=pl.col("transact_time").dt.truncate(f"{seconds}s")
    ).agg(added=pl.col("last_qty").sum() / 2, more=pl.len() // 2)


def cancel_share(order_events: pl.DataFrame) -> float:
    """Return the share of ended orders that never traded."""
    ended = order_events.group_by("order_id").agg(traded=(pl.col("event_type") == "fill").any())
    found: Floats = ended["traded"].to_numpy().astype(np.float64)
    return float(1 - found.mean())
