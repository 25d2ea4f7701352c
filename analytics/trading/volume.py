"""How much was traded, and at what average price."""

import polars as pl

from analytics.conventions import ONE
from analytics.definitions import declares


def notional() -> pl.Expr:
    """Return quantity x price x contract size of each execution.

    Reads ``last_qty``, ``last_px`` and ``multiplier`` (null = 1). Unit: the execution's currency, fixed
    point; never negative.
    """
    return pl.col("last_qty") * pl.col("last_px") * pl.col("multiplier").fill_null(ONE)


@declares("average_price")
def vwap() -> pl.Expr:
    """Return the volume-weighted average price of a group: sum(qty x px) / sum(qty).

    Unit: price, fixed point. Null for an empty group. Mixing instruments or currencies is the caller's error.
    """
    quantity = pl.col("last_qty").sum()
    return pl.when(quantity != 0).then((pl.col("last_qty") * pl.col("last_px")).sum() / quantity)


def with_multiplier(executions: pl.LazyFrame, instruments: pl.LazyFrame) -> pl.LazyFrame:
    """Return the executions with ``multiplier`` and ``symbol`` of the instrument's latest description."""
    latest = instruments.sort("valid_from", nulls_last=False).unique("instrument_id", keep="last")
    return executions.join(
        latest.select("instrument_id", "multiplier", "symbol"), on="instrument_id", how="left"
    )
