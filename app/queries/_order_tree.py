"""One order with everything that was cut from it: events, executions, the market of its time."""

from dataclasses import dataclass
from datetime import datetime, timedelta

import polars as pl

from analytics.datasets import EXECUTIONS, INSTRUMENTS, ORDER_EVENTS
from analytics.trading.benchmarks import Market, order_windows
from app.desk import Desk
from app.errors import NotFound
from app.queries._market import MARKET, market

READS = (ORDER_EVENTS, EXECUTIONS, INSTRUMENTS, *MARKET)
_GENERATIONS = 8
_BEFORE = timedelta(days=1)  # a mid of the session before still counts where none is newer
_AFTER = timedelta(minutes=30)  # the last mark-out within the session


@dataclass(frozen=True)
class Tree:
    """An order, the orders cut from it and theirs, as one."""

    order_id: str
    parent_id: str | None  # whom it was cut from itself
    events: pl.DataFrame  # of all of them, oldest first; the order's own parent is left out
    fills: pl.DataFrame  # executions as they stand, oldest first
    window: dict[str, object]  # the row of ``order_windows``

    @property
    def instrument_id(self) -> str:
        """Instrument of the order."""
        return str(self.window["instrument_id"])

    def moment(self, name: str) -> datetime | None:
        """Return an instant of the window."""
        found = self.window[name]
        return found if isinstance(found, datetime) else None

    @property
    def first(self) -> datetime:
        """When the first thing happened: decision, release or fill."""
        return min(m for n in ("decision_time", "release_time", "first_fill_time") if (m := self.moment(n)))

    @property
    def last(self) -> datetime:
        """When the last thing happened: its end or its last fill."""
        return max(m for n in ("end_time", "last_fill_time", "release_time") if (m := self.moment(n)))


def tree(desk: Desk, order_id: str) -> Tree:
    """Return an order with its children; dates and filters of the scope do not matter here.

    Raises:
        NotFound: If no order of this id is in what the asker may see.
    """
    everything = desk.rows(ORDER_EVENTS, dated=False, scoped=False)
    own = desk.collect(everything.filter(pl.col("order_id") == order_id))
    known, parts = {order_id}, [own]
    # What was cut from an order came after it: older months need not be read again.
    since = _month(own, "transact_time")
    later = everything.filter(pl.col("month") >= since) if since else everything
    layer = [order_id]
    for _ in range(_GENERATIONS):
        named = desk.collect(later.filter(pl.col("parent_order_id").is_in(layer)).select("order_id").unique())
        layer = sorted(set(named["order_id"]) - known)
        if not layer:
            break
        # In full: an event may come without the name of its parent.
        parts.append(desk.collect(later.filter(pl.col("order_id").is_in(layer))))
        known |= set(layer)
    executions = desk.executions(dated=False, scoped=False).filter(pl.col("order_id").is_in(sorted(known)))
    if since:
        executions = executions.filter(pl.col("month") >= since)
    fills = desk.collect(executions.sort("transact_time_ns", "exec_id"))
    if own.is_empty() and fills.is_empty():
        raise NotFound("There is no such order.")
    parents = own["parent_order_id"].drop_nulls()
    up = pl.when(pl.col("order_id") != order_id).then("parent_order_id")
    events = (
        pl.concat(parts).with_columns(parent_order_id=up).sort("transact_time_ns", "event_seq", "order_id")
    )
    windows = desk.collect(order_windows(events.lazy(), fills.lazy()))
    return Tree(order_id, parents[0] if parents.len() else None, events, fills, windows.row(0, named=True))


def market_of(desk: Desk, found: Tree) -> Market:
    """Return what the market did around an order, from the session before it to the one after."""
    begin, finish = (found.first - _BEFORE).date(), (found.last + _AFTER).date()
    return market(desk, instruments=[found.instrument_id], start=begin, end=finish)


def _month(rows: pl.DataFrame, column: str) -> str | None:
    first = rows[column].min()
    return f"{first - _BEFORE:%Y-%m}" if isinstance(first, datetime) else None
