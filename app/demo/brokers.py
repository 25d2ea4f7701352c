"""Who executes for clients: a handful of invented brokers, one of whom sends more to the dear venue."""

import numpy as np
import polars as pl

from app.demo.firms import FirmPlan

BROKERS = ("Alder Bridge", "Castlemere", "Fenwick Row", "Larkfield", "Northgate Way")
SHARES = (0.28, 0.24, 0.20, 0.16, 0.12)
# Its orders reach the costly venue more often, which is all that sets it apart: little enough to be luck.
COSTLY = "Larkfield"
_LEANING = 1.5


def with_broker(trades: pl.DataFrame, plan: FirmPlan, rng: np.random.Generator) -> pl.DataFrame:
    """Return the executions with ``broker``: one for each client order, null for the house's own.

    Args:
        trades: ``number`` and ``parent`` (null where orders are gone), ``account_kind``, ``venue``.
        plan: Names the costly venue, if any.
        rng: Source of chance.
    """
    key = pl.coalesce("parent", "number", -1 - pl.int_range(pl.len()))
    keyed = trades.with_columns(_key=key)
    dear = (pl.col("venue") == (plan.costly_venue or "")).cast(pl.Float64).mean()
    orders = keyed.filter(pl.col("account_kind") == "client").group_by("_key").agg(dear=dear).sort("_key")
    weight = np.tile(np.array(SHARES), (orders.height, 1))
    weight[:, BROKERS.index(COSTLY)] *= 1 + _LEANING * orders["dear"].to_numpy()
    upto = np.cumsum(weight, axis=1) / weight.sum(axis=1, keepdims=True)
    drawn = (rng.random((orders.height, 1)) > upto).sum(axis=1).clip(0, len(BROKERS) - 1)
    chosen = orders.select("_key", broker=pl.Series(BROKERS).gather(drawn))
    return keyed.join(chosen, on="_key", how="left", maintain_order="left").drop("_key")
