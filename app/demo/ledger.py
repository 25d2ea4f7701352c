"""From orders and events to the two files of a trading system: order_events and executions."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from analytics.datasets import EXECUTIONS, ORDER_EVENTS, Dataset
from analytics.text import formatted
from app.demo.brokers import with_broker
from app.demo.firms import FirmPlan
from app.demo.flow import Flow
from app.demo.history import Trades, sides
from app.demo.market import MICROSECOND, Floats, Market
from app.demo.microstructure import u_shape
from app.demo.universe import MICS, SYMBOLS, VENUES

_KINDS = {
    "new": 0,
    "ack": 1,
    "trigger": 2,
    "replace": 3,
    "fill": 4,
    "restate": 5,
    "cancel": 6,
    "expire": 7,
    "reject": 8,
}
_CLOSED = ("cancel", "expire", "reject")
CLIENT_COMMISSION = 0.0045  # USD a share
HOUSE_COMMISSION = 0.0008
_DAY_US = 86_400 * MICROSECOND


@dataclass(frozen=True)
class Ledger:
    """The finished files, and what the internal order numbers became."""

    order_events: pl.DataFrame
    executions: pl.DataFrame
    order_ids: dict[int, str]
    spans: dict[int, tuple[int, int]]  # order number to first and last event, microseconds since 1970


def conform(frame: pl.DataFrame, dataset: Dataset, *, decimals: int = 6) -> pl.DataFrame:
    """Return ``frame`` in the business columns and types of ``dataset``; absent columns are null.

    Floats are rounded to ``decimals`` on the way to fixed point, so that 0.1 is 0.1 to the last digit.
    """
    exact = pl.Decimal(38, decimals)

    def column(name: str, dtype: pl.DataType) -> pl.Expr:
        if name not in frame.columns:
            return pl.lit(None, dtype).alias(name)
        rounded = isinstance(dtype, pl.Decimal) and frame.schema[name].is_float()
        return (pl.col(name).cast(exact) if rounded else pl.col(name)).cast(dtype)

    return frame.select(column(name, rule.dtype) for name, rule in dataset.columns.items())


def instant(name: str) -> pl.Expr:
    """Read a column of microseconds since 1970 as an instant."""
    return pl.col(name).cast(pl.Datetime("us", "UTC"))


def finish(flow: Flow, past: pl.DataFrame, rng: np.random.Generator) -> Ledger:
    """Close the books: number orders, matches and executions in order of time.

    Args:
        flow: The recent sessions, order by order.
        past: Executions before them, as ``past_executions`` returns them.
        rng: Of which broker each client order goes to.
    """
    events = _sorted(flow)
    firsts = events.group_by("number", maintain_order=True).agg(pl.len())["number"].to_list()
    order_ids = {number: f"{flow.plan.prefix}-O{place:07d}" for place, number in enumerate(firsts, 1)}
    names = pl.DataFrame({"number": list(order_ids), "order_id": list(order_ids.values())})
    events = events.join(names, on="number", how="left", maintain_order="left")
    parents = names.rename({"number": "parent", "order_id": "parent_order_id"})
    events = events.join(parents, on="parent", how="left", maintain_order="left")
    events = events.join(_books(flow.plan), on="book", how="left", maintain_order="left")
    fills = events.filter(pl.col("kind") == "fill")
    trades = pl.concat([past, _executions(fills)], how="diagonal").sort("time", "uid", maintain_order=True)
    trades = with_broker(trades, flow.plan, rng)
    trades = trades.with_columns(
        exec_id=formatted(f"{flow.plan.prefix}-E{{}}", _padded(pl.int_range(1, pl.len() + 1), 8))
    )
    ids = trades.filter(pl.col("uid").is_not_null()).select("uid", "exec_id")
    events = events.join(ids, on="uid", how="left", maintain_order="left")
    ends = events.group_by("number").agg(first=pl.col("time").min(), last=pl.col("time").max())
    spans = {number: (first, last) for number, first, last in ends.iter_rows()}
    return Ledger(_order_events(events), _as_executions(trades), order_ids, spans)


def _padded(number: pl.Expr, width: int) -> pl.Expr:
    return number.cast(pl.String).str.zfill(width)


def _sorted(flow: Flow) -> pl.DataFrame:
    orders = flow.every_order()
    events = flow.every_event().with_columns(
        rank=pl.col("kind").replace_strict(_KINDS, return_dtype=pl.Int64)
    )
    events = events.join(orders, on="number", how="left", maintain_order="left")
    events = events.sort("time", "number", "rank", maintain_order=True)
    done = pl.col("last_qty").fill_null(0).cum_sum().over("number")
    events = events.with_columns(event_seq=pl.int_range(1, pl.len() + 1), cum=done)
    # A parent's own row never fills; what its children did by then is restated on it.
    families = events.filter((pl.col("kind") == "fill") & pl.col("parent").is_not_null())
    filled = families.group_by("parent").agg(family=pl.col("last_qty").sum()).rename({"parent": "number"})
    events = events.join(filled, on="number", how="left", maintain_order="left")
    restated = (
        pl.when(pl.col("kind") == "restate").then(pl.col("family").fill_null(0)).otherwise(pl.col("cum"))
    )
    events = events.with_columns(cum=restated)
    leaves = pl.when(pl.col("kind").is_in(_CLOSED)).then(0).otherwise(pl.col("order_qty") - pl.col("cum"))
    # Each fill has a trade of its own unless two legs were planted on one.
    own = pl.col("event_seq") + 10_000_000
    fills = pl.when(pl.col("kind") == "fill")
    return events.with_columns(
        leaves=leaves,
        uid=fills.then(pl.col("event_seq")),
        match_key=fills.then(pl.coalesce("match", own)),
    ).with_columns(match_id=formatted("M{}", _padded(pl.col("match_key").rank("dense"), 8)))


def _books(plan: FirmPlan) -> pl.DataFrame:
    return pl.DataFrame(
        {
            "book": range(len(plan.books)),
            "account_id": [book.account_id for book in plan.books],
            "desk": [book.desk for book in plan.books],
            "account_kind": [book.kind for book in plan.books],
            "client_id": [book.owner if book.kind == "client" else None for book in plan.books],
        },
        schema_overrides={"book": pl.Int64},
    )


def _executions(fills: pl.DataFrame) -> pl.DataFrame:
    fees = {(v.mic, "taker"): v.taker_fee for v in VENUES} | {(v.mic, "maker"): v.maker_fee for v in VENUES}
    table = pl.DataFrame(
        {"venue": [k[0] for k in fees], "liquidity": [k[1] for k in fees], "rate": list(fees.values())}
    )
    named = fills.join(table, on=["venue", "liquidity"], how="left", maintain_order="left")
    rate = pl.when(pl.col("account_kind") == "client").then(CLIENT_COMMISSION).otherwise(HOUSE_COMMISSION)
    if "charge" in fills.columns:
        rate = pl.coalesce("charge", rate)
    return named.with_columns(
        commission=(pl.col("last_qty") * rate).round(2),
        fees=(pl.col("last_qty") * pl.col("rate").fill_null(0.0)).round(4),
    )


def past_executions(plan: FirmPlan, market: Market, trades: Trades, rng: np.random.Generator) -> pl.DataFrame:
    """Return the executions of the days without order flow: each trade in one or two pieces.

    Orders of those days are gone, as they are at a firm that kept its fills only.
    """
    quantity = np.abs(trades.quantity)
    pieces = np.where((quantity >= 200) & (rng.random(len(quantity)) < 0.25), 2, 1)
    row = np.repeat(np.arange(len(quantity)), pieces)
    second = np.concatenate([[False], row[1:] == row[:-1]])
    half = quantity[row] // 2
    done = np.where(pieces[row] == 1, quantity[row], np.where(second, quantity[row] - half, half))
    opened, closed = market.opens_us[trades.session[row]], market.closes_us[trades.session[row]]
    time = (opened + u_shape(rng.random(len(row))) * (closed - opened - MICROSECOND)).astype(np.int64)
    sign = np.sign(trades.quantity[row])
    venue = rng.choice(np.array(MICS), size=len(row), p=[v.share for v in VENUES])
    liquidity = np.where(rng.random(len(row)) < 0.5, "maker", "taker")
    cost = np.where(liquidity == "taker", 1.5, -0.8) + rng.normal(0, 2.0, len(row))
    cost = cost + np.where((venue == (plan.costly_venue or "")), plan.costly_bp, 0.0)
    price = np.round(trades.price[row] * (1 + sign * cost * 1e-4), 2)
    who = [plan.books[int(b)].traders for b in trades.book[row]]
    turn = rng.integers(0, 8, len(row))
    fills = pl.DataFrame(
        {
            "book": trades.book[row], "instrument": trades.instrument[row], "time": time,
            "session": trades.session[row], "side": sides(trades.quantity[row], trades.before[row]),
            "last_qty": done, "last_px": price, "venue": venue, "liquidity": liquidity,
            "trader": [names[int(t) % len(names)] for names, t in zip(who, turn, strict=True)],
            "strategy": [plan.books[int(b)].strategy for b in trades.book[row]],
            "arrival": trades.price[row], "received": time - rng.integers(1, 400, len(row)) * MICROSECOND,
        }
    )  # fmt: skip
    fills = fills.with_columns(
        decided=pl.col("received") - 60 * MICROSECOND,
        capacity=pl.Series(
            ["agency" if plan.books[int(b)].kind == "client" else "principal" for b in trades.book[row]]
        ),
    )
    return _executions(fills.join(_books(plan), on="book", how="left", maintain_order="left"))


def maker_round_trips(
    market: Market, books: list[int], rng: np.random.Generator, *, closed: npt.NDArray[np.bool_]
) -> Trades:
    """Return what makers did on the days without order flow: bought and sold the same, a little apart.

    ``closed`` has a row for each of those days: names to keep out of.
    """
    days = np.repeat(np.arange(len(closed)), len(books))
    names = rng.integers(0, 20, len(days))
    free = ~closed[days, names]
    session, instrument = np.repeat(days[free], 2), np.repeat(names[free], 2)
    book = np.repeat(np.tile(np.array(books), len(closed))[free], 2)
    first = np.arange(len(session)) % 2 == 0
    pairs = len(session) // 2
    quantity = np.repeat(100 * rng.integers(5, 60, pairs), 2) * np.where(first, 1, -1)
    middle = np.repeat(rng.uniform(0.1, 0.9, pairs), 2)
    price = market.open[session, instrument] * (1 - middle) + market.close[session, instrument] * middle
    edge: Floats = np.repeat(rng.normal(0.00008, 0.0004, pairs), 2)
    price = np.round(price * (1 - np.sign(quantity) * edge), 2)
    return Trades(session, book, instrument, quantity, price, np.where(first, 0, -quantity))


def _order_events(events: pl.DataFrame) -> pl.DataFrame:
    return conform(
        events.with_columns(
            event_type=pl.col("kind"), transact_time=instant("time"), received_time=instant("received"),
            instrument_id=_symbol(), trader_id=pl.col("trader"), limit_px=pl.col("limit"),
            cum_qty=pl.col("cum"), leaves_qty=pl.col("leaves"),
        ).drop("match"),
        ORDER_EVENTS,
    )  # fmt: skip


def _as_executions(trades: pl.DataFrame) -> pl.DataFrame:
    return conform(
        trades.with_columns(
            version=1, exec_status=pl.lit("new"), trader_id=pl.col("trader"), instrument_id=_symbol(),
            currency=pl.lit("USD"), taxes=pl.lit(0), transact_time=instant("time"),
            trade_date=instant("time").dt.date(),
            settle_date=instant("time").dt.date().dt.add_business_days(2),
            arrival_px=pl.col("arrival").round(4), decision_time=instant("decided"),
        ),
        EXECUTIONS,
    )  # fmt: skip


def _symbol() -> pl.Expr:
    symbols: dict[int, Any] = dict(enumerate(SYMBOLS))
    return pl.col("instrument").replace_strict(symbols, return_dtype=pl.String)
