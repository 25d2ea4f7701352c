"""Who carried the price at an edge of the session: in its last minutes, or in its first."""

import polars as pl

from analytics.compliance._features import with_baseline
from analytics.compliance._spans import settled
from analytics.compliance._volumes import BUCKET, over_windows, own_fills, share_of, with_market_move
from analytics.compliance.alerts import listed
from analytics.compliance.detector import Tables
from analytics.text import formatted

WINDOW = pl.duration(minutes=5)
FALLBACK_SIGMA = 0.02  # a day, where no history tells
_BEFORE = pl.duration(minutes=15)
_AFTER = pl.duration(minutes=10)  # prints of the closing auction come late
_NONE = pl.duration(minutes=0)
_MINUTES = {"closes": 15.0, "opens": 5.0}  # from the middle of the reference to the edge
_SESSION = 390.0
_BY = ["actor_group", "instrument_id", "day"]


def pushes(
    tables: Tables, market: pl.LazyFrame, edges: pl.LazyFrame, *, edge: str, orders: int, one_sided: float
) -> pl.LazyFrame:
    """Return what each actor group traded at an edge of the session, measured.

    The edge is the last five minutes and what prints within ten after the close (``closes``), or the first five
    minutes (``opens``). The reference is the market's average price in the quarter hour before, or its first
    price of the day.

    Args:
        tables: executions; accounts and prices help.
        market: As ``market_buckets`` returns it.
        edges: As ``session_edges`` returns it.
        edge: ``closes`` or ``opens``.
        orders: Fewest orders filled on the side that was traded more: one that sweeps the book is one trade.
        one_sided: Least net as a fraction of gross.

    Returns:
        One row per group, instrument and day: buys, own_qty (net, units), gross, fills, orders, last_px (own, last),
        reference (price), share (of market volume), move (log return from the reference to the last print),
        index_move, moves (standard deviations, positive the group's way), sigma_known, market_volume,
        market_source, adv, accounts, traders, order_ids, exec_ids and the columns of an episode.
    """
    late = _at_edge(own_fills(tables, "order_id", "trader_id"), edges, edge)
    signed = pl.when("buys").then(pl.col("qty")).otherwise(-pl.col("qty"))
    keyed = late.with_columns(net=signed.sum().over(_BY), gross=pl.col("qty").sum().over(_BY))
    order = pl.struct("transact_time_ns", "exec_id")
    pushed = settled(
        keyed.filter(pl.col("buys") == (pl.col("net") > 0))
        .group_by(_BY)
        .agg(
            pl.col("buys", "gross", "start", "end").first(),
            own_qty=pl.col("net").first().abs(),
            fills=pl.len(),
            orders=pl.coalesce("order_id", "exec_id").n_unique(),
            last_px=pl.col("px").sort_by(order).last(),
            window_start=pl.col("transact_time").min(),
            window_end=pl.col("transact_time").max(),
            first_seq=formatted("{}.0", pl.col("transact_time_ns").min()),
            last_seq=formatted("{}.0", pl.col("transact_time_ns").max()),
            exec_ids=listed("exec_id"),
            order_ids=listed("order_id"),
            accounts=listed("account_id"),
            traders=listed("trader_id"),
        )
        .filter(pl.col("orders") >= orders, pl.col("own_qty") >= one_sided * pl.col("gross"))
        .sort(_BY)
        .with_row_index("row")
        .with_columns(before=pl.col("start") - _BEFORE)
    )
    measured = over_windows(pushed, market, start="start", end="end")
    if edge == "closes":
        measured = over_windows(measured, market, start="before", end="start", prefix="reference").rename(
            {"reference_vwap": "reference"}
        )
    else:
        first = market.sort("bucket").group_by("instrument_id", "day").agg(reference=pl.col("open").first())
        measured = measured.join(first, on=["instrument_id", "day"], how="left")
    measured = with_market_move(measured, market, start="before" if edge == "closes" else "start", end="end")
    measured = with_baseline(measured, tables)
    sign = pl.when("buys").then(1.0).otherwise(-1.0)
    sigma = pl.col("sigma").fill_null(FALLBACK_SIGMA) * (_MINUTES[edge] / _SESSION) ** 0.5
    return measured.with_columns(
        share=share_of("own_qty", "market_volume"),
        move=(pl.col("last_px") / pl.col("reference")).log(),
        sigma_known=pl.col("sigma").is_not_null(),
    ).with_columns(moves=sign * (pl.col("move") - pl.col("index_move")) / sigma)


def _at_edge(fills: pl.LazyFrame, edges: pl.LazyFrame, edge: str) -> pl.LazyFrame:
    clock = pl.col("transact_time").dt.time()
    after = _AFTER if edge == "closes" else _NONE
    if edge == "closes":
        spans = edges.with_columns(start=pl.col("closes") - WINDOW, end=pl.col("closes") + _AFTER)
        # Only what could be late by the earliest close of any day is looked up by day and instrument.
        bound = spans.select(bound=pl.col("start").dt.time().min())
        near = (clock >= pl.col("bound")) | (clock < pl.time(0, 10))
    else:
        spans = edges.with_columns(start=pl.col("opens"), end=pl.col("opens") + WINDOW)
        bound = spans.select(bound=pl.col("end").dt.time().max())
        near = clock <= pl.col("bound")
    return (
        fills.drop("day")
        .join(bound, how="cross")
        .filter(near)
        .with_columns(day=(pl.col("transact_time") - after).dt.date())
        .join(spans.select("instrument_id", "day", "start", "end"), on=["instrument_id", "day"], how="inner")
        .filter(pl.col("transact_time") >= pl.col("start"), pl.col("transact_time") < pl.col("end"))
    )


def edge_volume(edges: pl.LazyFrame, market: pl.LazyFrame, *, edge: str) -> pl.LazyFrame:
    """Return instrument_id, day, market_volume and market_source of the five minutes at an edge."""
    start = pl.col("closes") - WINDOW if edge == "closes" else pl.col("opens")
    return (
        edges.join(market, on=["instrument_id", "day"], how="inner")
        .filter(pl.col("bucket") == start.dt.truncate(BUCKET))
        .select("instrument_id", "day", market_volume="volume", market_source="source")
    )
