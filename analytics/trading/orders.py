"""Orders as a whole: their state, how much was filled, how many messages a trade took."""

import polars as pl

from analytics.conventions import ZERO
from analytics.datasets import DECIMAL
from analytics.definitions import declares

# Events that end an order; what is not ended is open.
_ENDS = {"cancel": "cancelled", "reject": "rejected", "expire": "expired"}
# What counts as an order message: a new order, a change and a withdrawal count one each, as in the table of
# the annex to RTS 9 (2017/566) for plain limit orders; fills and acknowledgements do not.
MESSAGES = ("new", "replace", "cancel")


def with_fills(events: pl.LazyFrame, executions: pl.LazyFrame) -> pl.LazyFrame:
    """Return the events with a fill for each execution of an order whose own events hold none.

    Some feeds report orders and executions apart; others give every fill in both, and count once here.

    Args:
        events: Rows of ORDER_EVENTS.
        executions: Rows of EXECUTIONS as they stand.

    Returns:
        The columns of ``events``; added rows carry the execution's id, quantity, price, time and account,
        and ``event_seq`` after every other.
    """
    told = events.filter(pl.col("event_type") == "fill").select("order_id").unique()
    orders = events.select("order_id").unique().join(told, on="order_id", how="anti")
    shared = (
        "order_id",
        "exec_id",
        "transact_time",
        "transact_time_ns",
        "instrument_id",
        "account_id",
        "side",
    )
    missing = executions.join(orders, on="order_id", how="semi").select(
        *shared,
        "last_qty",
        "last_px",
        event_type=pl.lit("fill"),
        event_seq=pl.lit(2**62, pl.Int64),
    )
    return pl.concat([events, missing], how="diagonal")


def order_states(events: pl.LazyFrame) -> pl.LazyFrame:
    """Return one row per order: its description and how it stands.

    Args:
        events: Rows of ORDER_EVENTS, any order.

    Returns:
        order_id, instrument_id, account_id, trader_id, desk, strategy, side, ord_type, time_in_force, venue,
        parent_order_id (first known each), limit_px and order_qty (last known), filled_qty (sum of fills
        less busts), fill_rate (0..1), status (open, filled, partial, cancelled, rejected, expired),
        first_time, last_time, events. A cancelled order that traded before is cancelled.
    """
    first = (
        "instrument_id", "account_id", "trader_id", "desk", "strategy", "side", "ord_type", "time_in_force",
        "venue", "parent_order_id",
    )  # fmt: skip
    kind = pl.col("event_type")
    quantity = pl.when(kind == "fill").then("last_qty").when(kind == "bust").then(-pl.col("last_qty"))
    # Sorted once, and kept in that order: sorting inside each of many small groups costs ten times as much.
    ordered = events.sort("transact_time_ns", "event_seq").group_by("order_id", maintain_order=True)
    states = ordered.agg(
        *(pl.col(name).drop_nulls().first() for name in first),
        limit_px=pl.col("limit_px").drop_nulls().last(),
        order_qty=pl.col("order_qty").drop_nulls().last(),
        filled_qty=quantity.cast(DECIMAL).sum(),
        ended=kind.filter(kind.is_in(list(_ENDS))).last(),
        first_time=pl.col("transact_time").first(),
        last_time=pl.col("transact_time").last(),
        events=pl.len().cast(pl.Int64),
    )
    filled = pl.col("filled_qty")
    status = (
        pl.when(filled >= pl.col("order_qty"))
        .then(pl.lit("filled"))
        .when(pl.col("ended").is_not_null())
        .then(pl.col("ended").replace_strict(_ENDS, default=None, return_dtype=pl.String))
        .when(filled > ZERO)
        .then(pl.lit("partial"))
        .otherwise(pl.lit("open"))
    )
    rate = filled.cast(pl.Float64) / pl.col("order_qty").cast(pl.Float64)
    return states.with_columns(status=status, fill_rate=rate).drop("ended")


@declares("fill_rate")
def fill_rate(events: pl.LazyFrame) -> pl.LazyFrame:
    """Return one row: ``orders`` (distinct) and ``fill_rate`` = filled quantity / ordered quantity.

    Only orders that ``order_fills`` calls working count in the rate. Unit: fraction. Null when nothing was
    ordered.
    """
    orders = order_fills(events)
    ordered, filled = (pl.col(name).filter("working").sum() for name in ("ordered", "filled"))
    return orders.select(
        orders=pl.len().cast(pl.Int64), fill_rate=pl.when(ordered > 0).then(filled / ordered)
    )


def order_fills(events: pl.LazyFrame) -> pl.LazyFrame:
    """Return what each order asked for and got: order_id, ``ordered``, ``filled``, ``working``.

    A parent whose children are in the frame too does not work itself, since its children carry its fills;
    neither do rejected orders. The ordered quantity is the last one asked for, the filled one the sum of
    fills less busts. Unit: units, Float64.

    Args:
        events: Rows of ORDER_EVENTS, any order.
    """
    fill, bust = pl.col("event_type") == "fill", pl.col("event_type") == "bust"
    by_order = events.sort("transact_time_ns", "event_seq").group_by("order_id", maintain_order=True)
    orders = by_order.agg(
        ordered=pl.col("order_qty").drop_nulls().last().cast(pl.Float64),
        filled=(pl.col("last_qty").filter(fill).sum() - pl.col("last_qty").filter(bust).sum()).cast(
            pl.Float64
        ),
        _rejected=(pl.col("event_type") == "reject").any(),
        _parent=pl.col("parent_order_id").min(),
    )
    parents = orders.select(order_id="_parent").drop_nulls().unique().with_columns(_is_parent=pl.lit(True))
    orders = orders.join(parents, on="order_id", how="left", maintain_order="left")
    return orders.with_columns(working=~pl.col("_rejected") & pl.col("_is_parent").is_null()).drop(
        "_rejected", "_parent", "_is_parent"
    )


def order_to_trade(events: pl.LazyFrame, *, by: list[str] | None = None) -> pl.LazyFrame:
    """Return the order-to-trade ratios of each group, by number and by volume.

    Number: order messages / trades - 1. Volume: quantity of order messages / quantity traded - 1. A group
    without trades has null ratios (the regulation divides by zero there), and its messages still count.

    Args:
        events: Rows of ORDER_EVENTS.
        by: Columns of the group (say account and instrument); none gives one row.

    Returns:
        ``by``, ``messages``, ``trades``, ``ratio_number``, ``ratio_volume``. Unit: ratio, -1 at the least.
    """
    message = pl.col("event_type").is_in(MESSAGES)
    trade = pl.col("event_type") == "fill"
    columns = list(by or [])
    sums = events.with_columns(_all=pl.lit(0)).group_by(columns or ["_all"])
    found = sums.agg(
        messages=message.sum().cast(pl.Int64),
        trades=trade.sum().cast(pl.Int64),
        message_qty=pl.col("order_qty").filter(message).sum(),
        trade_qty=pl.col("last_qty").filter(trade).sum(),
    )
    volume = pl.col("message_qty").cast(pl.Float64) / pl.col("trade_qty").cast(pl.Float64) - 1
    return found.select(
        *columns,
        "messages",
        "trades",
        ratio_number=pl.when(pl.col("trades") > 0).then(pl.col("messages") / pl.col("trades") - 1),
        ratio_volume=pl.when(pl.col("trade_qty") > 0).then(volume),
    )
