"""Orders without a parent and what became of them; among them the client orders of note."""

import polars as pl

from analytics.compliance._features import with_group
from analytics.compliance._products import direction, with_product
from analytics.compliance._shared import once
from analytics.compliance._spans import settled
from analytics.compliance.detector import Tables

SECOND = 10**9


def root_orders(tables: Tables) -> pl.LazyFrame:
    """Return one row per order that has no parent, with what its children filled."""
    return once(tables, "root_orders", lambda: _root_orders(tables))


def _root_orders(tables: Tables) -> pl.LazyFrame:
    events = tables["order_events"]
    kinds = tables["accounts"].select("account_id", "kind").unique("account_id", keep="any")
    fills = (
        events.filter((pl.col("event_type") == "fill") & (pl.col("last_qty") > 0))
        .select(
            "transact_time_ns",
            "transact_time",
            order_id=pl.coalesce("parent_order_id", "order_id"),
            q=pl.col("last_qty").cast(pl.Float64),
            px=pl.col("last_px").cast(pl.Float64),
            passive=(pl.col("liquidity") == "maker").fill_null(value=False),
        )
        .group_by("order_id")
        .agg(
            filled=pl.col("q").sum(),
            vwap=(pl.col("q") * pl.col("px")).sum() / pl.col("q").sum(),
            passive=pl.col("passive").all(),
            first_ns=pl.col("transact_time_ns").min(),
            last_ns=pl.col("transact_time_ns").max(),
            last_time=pl.col("transact_time").max(),
        )
    )
    entered = events.filter((pl.col("event_type") == "new") & pl.col("parent_order_id").is_null()).select(
        "order_id", "instrument_id", "account_id", "trader_id", "desk", "capacity", "received_time",
        entered="transact_time", entered_ns="transact_time_ns", seq="event_seq",
        qty=pl.col("order_qty").cast(pl.Float64), limit=pl.col("limit_px").cast(pl.Float64),
        side_sign=direction(),
    )  # fmt: skip
    # Few orders of a day are filled: the rest is not carried on, and what is left is worked out once.
    fills = settled(fills)
    entered = settled(entered.join(fills.select("order_id"), on="order_id", how="semi"))
    first = entered.sort("entered_ns", "seq").unique("order_id", keep="first", maintain_order=True)
    rows = first.join(kinds, on="account_id", how="left").join(fills, on="order_id", how="inner")
    rows = with_product(rows, tables)
    return with_group(rows, tables).with_columns(
        direction=(pl.col("side_sign") * pl.col("exposure").sign()).cast(pl.Int8)
    )


def client_orders(roots: pl.LazyFrame, *, percentile: float, history: int, longest: float) -> pl.LazyFrame:
    """Return filled client orders of note, by the moment the desk received them.

    Args:
        roots: As ``root_orders`` returns them.
        percentile: Of the desk's client orders by notional, from which one counts.
        history: Orders a desk must have for the percentile to apply; below it all count.
        longest: Seconds from receipt to last fill beyond which an order says nothing about timing.
    """
    sized = roots.filter(pl.col("kind") == "client").with_columns(
        notional=pl.col("qty") * pl.coalesce("limit", "vwap") * pl.col("exposure").abs()
    )
    usual = (
        pl.when(pl.len().over("desk") >= history)
        .then(pl.col("notional").quantile(percentile, "linear").over("desk"))
        .otherwise(0.0)
    )
    received = pl.coalesce(pl.col("received_time").dt.epoch("us") * 1000, pl.col("entered_ns"))
    return (
        sized.filter(pl.col("notional") >= usual)
        .select(
            "product_id", "direction",
            client_order="order_id", client_account="account_id", client_trader="trader_id",
            client_desk="desk", client_qty="qty", client_notional="notional", client_vwap="vwap",
            client_instrument="instrument_id", client_group="actor_group",
            received=pl.min_horizontal(received, "entered_ns"),
            client_last="last_ns", client_last_time="last_time", client_first="first_ns",
        )
        .filter(pl.col("client_last") - pl.col("received") <= int(longest * SECOND))
    )  # fmt: skip
