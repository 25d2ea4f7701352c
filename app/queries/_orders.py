"""Orders and executions, one page at a time, and the whole life of one order."""

from typing import Any

import polars as pl

from analytics.datasets import DAILY_NAV, EXECUTIONS, INSTRUMENTS, ORDER_EVENTS
from analytics.trading.cost import slippage_bp
from analytics.trading.orders import order_states, with_fills
from analytics.trading.volume import notional
from app.desk import Desk
from app.errors import NotFound
from app.queries._book import instruments
from app.queries._grid import Filters, Sort, cut, page, plain
from app.queries._period import within
from app.storage.cache import cached

_ORDERS: dict[str, pl.DataType] = {
    name: ORDER_EVENTS.schema[name]
    for name in (
        "order_id", "instrument_id", "account_id", "trader_id", "desk", "strategy", "side", "ord_type",
        "time_in_force", "venue", "parent_order_id", "limit_px", "order_qty",
    )
} | {
    "symbol": pl.String(), "filled_qty": EXECUTIONS.schema["last_qty"], "fill_rate": pl.Float64(),
    "status": pl.String(), "first_time": ORDER_EVENTS.schema["transact_time"],
    "last_time": ORDER_EVENTS.schema["transact_time"], "events": pl.Int64(),
}  # fmt: skip
_EXECUTIONS: dict[str, pl.DataType] = {
    name: c.dtype for name, c in EXECUTIONS.columns.items() if name not in ("ext", "decision_time")
} | {
    "symbol": pl.String(),
    "notional": EXECUTIONS.schema["last_px"],
    "slippage_bp": pl.Float64(),
}


def orders(
    desk: Desk,
    *,
    limit: int = 100,
    offset: int = 0,
    sort: Sort = None,
    filters: Filters | None = None,
) -> tuple[pl.DataFrame, int]:
    """Return one page of orders with events in the period, newest first by default, and how many there are.

    Columns: order_id, instrument_id, symbol, account_id, trader_id, desk, strategy, side, ord_type,
    time_in_force, venue, parent_order_id, limit_px, order_qty, filled_qty, fill_rate, status, first_time,
    last_time, events. ``sort`` and ``filters`` as ``app.queries._grid.page``.

    Raises:
        Invalid: Naming a column, operator or value that does not fit.
    """
    return _orders(desk, limit=limit, offset=offset, sort=plain(sort), filters=plain(filters))


def all_orders(
    desk: Desk, *, most: int, sort: Sort = None, filters: Filters | None = None
) -> tuple[pl.DataFrame, int]:
    """Return the first ``most`` orders at once, for a file, and how many there are; otherwise as ``orders``."""
    return _ordered(desk, limit=most, offset=0, sort=plain(sort), filters=plain(filters), most=most)


@cached(ORDER_EVENTS, EXECUTIONS, INSTRUMENTS, DAILY_NAV)
def _orders(desk: Desk, **asked: Any) -> tuple[pl.DataFrame, int]:
    return _ordered(desk, **asked)


def _ordered(desk: Desk, **asked: Any) -> tuple[pl.DataFrame, int]:
    wanted = page(_ORDERS, **asked, default="-last_time", tie="order_id")
    bounded, _ = within(desk)
    return cut(desk, _order_states(bounded).lazy(), wanted)


@cached(ORDER_EVENTS, EXECUTIONS, INSTRUMENTS)
def _order_states(desk: Desk) -> pl.DataFrame:
    # Kept whole: the pages of a grid are cut from the same states, whatever they are sorted by.
    named = instruments(desk).select("instrument_id", "symbol")
    events = with_fills(desk.order_events(), desk.executions())
    rows = order_states(events).join(named, on="instrument_id", how="left")
    return desk.collect(rows.select(*_ORDERS))


@cached(ORDER_EVENTS, EXECUTIONS, INSTRUMENTS)
def order_life(desk: Desk, order_id: str) -> dict[str, Any]:
    """Return one order in full: ``order`` (its state), ``events`` and ``executions``, oldest first.

    ``children`` names the orders that were cut from it. Dates of the scope do not matter here.

    Raises:
        NotFound: If no order of this id is in what the asker may see.
    """
    everything = desk.rows(ORDER_EVENTS, dated=False, scoped=False)
    events = desk.collect(everything.filter(pl.col("order_id") == order_id))
    fills = desk.executions(dated=False, scoped=False).filter(pl.col("order_id") == order_id)
    executions = desk.collect(priced(desk, fills).sort("transact_time_ns", "exec_id"))
    if events.is_empty() and executions.is_empty():
        raise NotFound("There is no such order.")
    state = desk.collect(
        order_states(with_fills(events.lazy(), executions.lazy())).join(
            instruments(desk).select("instrument_id", "symbol", "name"), on="instrument_id", how="left"
        )
    )
    children = everything.filter(pl.col("parent_order_id") == order_id).select(
        pl.col("order_id").unique().sort()
    )
    return {
        "order": state.row(0, named=True) if state.height else None,
        "events": events.sort("transact_time_ns", "event_seq").select(*ORDER_EVENTS.columns, "dq_flags"),
        "executions": executions.select(*_EXECUTIONS),
        "children": desk.collect(children)["order_id"].to_list(),
    }


def executions(
    desk: Desk,
    *,
    limit: int = 100,
    offset: int = 0,
    sort: Sort = None,
    filters: Filters | None = None,
) -> tuple[pl.DataFrame, int]:
    """Return one page of executions of the period as they stand, newest first, and how many there are.

    Columns: those of EXECUTIONS, ``symbol``, ``notional`` (execution's currency), ``slippage_bp`` against
    arrival (positive = cost). Busted executions and replaced versions are left out. ``sort`` and
    ``filters`` as ``app.queries._grid.page``.

    Raises:
        Invalid: Naming a column, operator or value that does not fit.
    """
    return _executions(desk, limit=limit, offset=offset, sort=plain(sort), filters=plain(filters))


def all_executions(
    desk: Desk, *, most: int, sort: Sort = None, filters: Filters | None = None
) -> tuple[pl.DataFrame, int]:
    """Return the first ``most`` executions at once, for a file, and how many; otherwise as ``executions``."""
    return _executed(desk, limit=most, offset=0, sort=plain(sort), filters=plain(filters), most=most)


@cached(EXECUTIONS, INSTRUMENTS, DAILY_NAV)
def _executions(desk: Desk, **asked: Any) -> tuple[pl.DataFrame, int]:
    return _executed(desk, **asked)


def _executed(desk: Desk, **asked: Any) -> tuple[pl.DataFrame, int]:
    wanted = page(_EXECUTIONS, **asked, default="-transact_time", tie="exec_id")
    bounded, _ = within(desk)
    return cut(desk, priced(desk, bounded.executions()).select(*_EXECUTIONS), wanted)


def priced(desk: Desk, rows: pl.LazyFrame) -> pl.LazyFrame:
    """Return executions with symbol, multiplier, notional (own currency) and slippage_bp against arrival."""
    described = instruments(desk).select("instrument_id", "symbol", "multiplier")
    rows = rows.join(described, on="instrument_id", how="left")
    return rows.with_columns(notional=notional(), slippage_bp=slippage_bp())
