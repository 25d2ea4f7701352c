"""The orders that a period's fills belong to, put together once: events, fills, trees, windows, the market then."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import cached_property
from typing import Any, Self

import numpy as np
import polars as pl

from analytics.datasets import ACCOUNTS, DAILY_NAV, EXECUTIONS, FX_RATES, INSTRUMENTS, ORDER_EVENTS
from analytics.trading.benchmarks import Market, order_windows
from analytics.trading.shortfall import root_orders
from app.desk import Desk
from app.queries._market import MARKET, market

# Orders that work over several days began before the period; what is older than this is not looked for.
LOOKBACK = timedelta(days=7)
READS = (EXECUTIONS, ORDER_EVENTS, INSTRUMENTS, ACCOUNTS, FX_RATES, DAILY_NAV, *MARKET)
# What a shared table is narrowed by.
OWNERS = ("account_id", "trader_id", "instrument_id")
_EVENTS = (
    "order_id", "parent_order_id", "event_seq", "event_type", "transact_time", "transact_time_ns", "received_time",
    "instrument_id", "account_id", "trader_id", "side", "order_qty", "last_qty", "algo_id", "venue",
)  # fmt: skip
_FILLS = (
    "exec_id", "order_id", "instrument_id", "account_id", "trader_id", "side", "last_qty", "last_px", "commission", "fees",
    "taxes", "transact_time", "transact_time_ns", "decision_time",
)  # fmt: skip
# Few different names in very many rows.
_NAMED = (*OWNERS, "algo_id", "venue")
_PUT_TOGETHER: ContextVar["dict[str, Lives] | None"] = ContextVar("tca_lives", default=None)


@dataclass(frozen=True)
class Numbering:
    """Numbers for names, in the order of the names."""

    names: pl.Series  # sorted: the number is the place

    @classmethod
    def of(cls, texts: Sequence[pl.Series]) -> tuple[Self, list[pl.Series]]:
        """Return the numbering of all names in some columns, and the columns as numbers; null stays null."""
        # Categories number names as they come, faster than any join; here they only get their order.
        seen = pl.concat(texts).cast(pl.Categorical(pl.Categories.random()))
        known = seen.drop_nulls().unique()
        spelt = pl.DataFrame({"name": known.cast(pl.String), "seen": known.to_physical()}).sort("name")
        number = np.zeros(int(spelt["seen"].to_numpy().max(initial=0)) + 1, dtype=np.uint32)
        number[spelt["seen"].to_numpy()] = np.arange(spelt.height, dtype=np.uint32)
        numbers = pl.Series(number).gather(seen.to_physical())
        ends = np.cumsum([0, *(text.len() for text in texts)]).tolist()
        parts = [
            numbers[first:last].alias(text.name)
            for first, last, text in zip(ends[:-1], ends[1:], texts, strict=True)
        ]
        return cls(spelt["name"]), parts

    def numbers(self, texts: pl.Series) -> pl.Series:
        """Return the numbers of names; null for null and for what has none."""
        known = self.names.to_frame("_name").with_row_index("_number")
        found = texts.to_frame("_name").join(known, on="_name", how="left", maintain_order="left")
        return found["_number"].alias(texts.name)

    def spelt(self, numbers: pl.Series) -> pl.Series:
        """Return the names of numbers; null stays null."""
        return self.names.gather(numbers).alias(numbers.name)


@dataclass(frozen=True)
class Lives:
    """The orders of a period and of the LOOKBACK before it, as one desk sees them.

    Orders are numbers here: everything below is joined and grouped by order a dozen times, and numbers are
    several times faster than text.
    """

    numbering: Numbering
    events: pl.DataFrame  # order_id, parent_order_id: UInt32
    history: pl.DataFrame  # executions as they stand, order_id: UInt32
    desk: Desk
    _markets: dict[date, Market] = field(default_factory=dict)

    @cached_property
    def tree(self) -> pl.DataFrame:
        """Return order_id, root_id, algo_id, order_venue and whose each order is, one row each."""
        rows = self.events.lazy()
        roots = root_orders(rows.select("order_id", "parent_order_id"))
        # The largest name stands for the first known one: an order has one, and this is many times faster.
        named = rows.group_by("order_id").agg(pl.col(_NAMED).max())
        return roots.join(named, on="order_id", how="left").collect().rename({"venue": "order_venue"})

    @cached_property
    def roots(self) -> pl.LazyFrame:
        """Return order_id and root_id."""
        return self.tree.lazy().select("order_id", "root_id")

    @cached_property
    def windows(self) -> pl.DataFrame:
        """Return ``benchmarks.order_windows`` of all of them."""
        found = order_windows(self.events.lazy(), self.history.lazy(), self.roots)
        return found.with_columns(pl.col("instrument_id").cast(pl.String)).collect()

    @cached_property
    def instruments(self) -> list[str]:
        """Return what they trade, sorted."""
        found = pl.concat([_few(self.events["instrument_id"]), _few(self.history["instrument_id"])])
        return found.unique().sort().to_list()

    def market(self, windows: pl.DataFrame) -> Market:
        """Return the market from the earliest decision of some of them to the day after the period."""
        start, end = self.desk.scope.start, self.desk.scope.end
        if start is None or end is None:
            return Market.of()
        first = first_day(windows, start)
        if first not in self._markets:
            self._markets[first] = market(
                self.desk, instruments=self.instruments, start=first, end=end + timedelta(days=1)
            )
        return self._markets[first]


def lives(desk: Desk) -> Lives:
    """Return the orders of the desk's period, those put together before within ``put_together_once``."""
    kept = _PUT_TOGETHER.get()
    if kept is None:
        return _lives(desk)
    key = "|".join((desk.org, desk.scope.key, desk.identity.entitlements, desk.token(READS)))
    if key not in kept:
        kept[key] = _lives(desk)
    return kept[key]


@contextmanager
def put_together_once() -> Iterator[None]:
    """Within, questions about the same orders share what is put together for them; it is let go at the end."""
    token = _PUT_TOGETHER.set({} if _PUT_TOGETHER.get() is None else _PUT_TOGETHER.get())
    try:
        yield
    finally:
        _PUT_TOGETHER.reset(token)


def _lives(desk: Desk) -> Lives:
    events, history = desk.collect(order_history(desk)), desk.collect(fill_history(desk))
    few = {
        name: pl.Enum(
            pl.concat([_few(frame[name]) for frame in (events, history) if name in frame.columns])
            .unique()
            .sort()
        )
        for name in _NAMED
    }
    orders = [events["order_id"], events["parent_order_id"], history["order_id"]]
    numbering, (own, parent, filled) = Numbering.of(orders)
    named = {name: pl.col(name).cast(kind) for name, kind in few.items()}
    events = events.with_columns(own, parent, *named.values())
    history = history.with_columns(filled, *(named[name] for name in OWNERS))
    return Lives(numbering, events, history, desk)


def order_history(desk: Desk) -> pl.LazyFrame:
    """Return the order events of the period and of the days before in which its orders may have begun."""
    return earlier(desk).order_events().select(_EVENTS)


def fill_history(desk: Desk) -> pl.LazyFrame:
    """Return the executions of the period and of the days before, as they stand."""
    return earlier(desk).executions().select(_FILLS)


def earlier(desk: Desk) -> Desk:
    """Return the desk with LOOKBACK more days before its period."""
    start = desk.scope.start
    return desk if start is None else desk.with_scope(start=start - LOOKBACK)


def first_day(windows: pl.DataFrame, start: date) -> date:
    """Return the day from which quotes are needed: that of the earliest decision, at most LOOKBACK before."""
    decided: Any = windows["decision_time"].min()
    return start if decided is None else max(start - LOOKBACK, min(start, decided.date()))


def _few(names: pl.Series) -> pl.Series:
    return names.drop_nulls().unique().cast(pl.String)


__all__ = ["LOOKBACK", "OWNERS", "READS", "Lives", "lives", "put_together_once"]
