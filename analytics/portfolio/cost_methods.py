"""Which cost method a book is kept by, and what happens where lots cannot hold a position."""

from typing import get_args

import numpy as np
import polars as pl

from analytics.portfolio.costing import GROUP, average_cost
from analytics.portfolio.lots import Method, costed, decimals_of

METHODS: tuple[Method, ...] = get_args(Method)
DEFAULT: Method = "average"
TITLES: dict[str, str] = {
    "average": "Average cost",
    "fifo": "First in, first out",
    "lifo": "Last in, first out",
}

# Lots count in whole units of a position's finest decimal, and multiply a cost by them; with room to spare.
_MOST_UNITS = 2.0**61
_MOST_SPENT = 1e25
_MANY = 1e12


def costed_or_averaged(events: pl.DataFrame, *, method: Method = DEFAULT) -> pl.DataFrame:
    """Return position, cost basis, cash and realised P&L after every event, whatever a position's size.

    Args:
        events: As ``average_cost`` takes them.
        method: average, fifo or lifo.

    Returns:
        As ``costed`` has it, in the order given, and ``averaged``: true for all rows of a position whose
        turnover is too large to be counted in lots. It is kept at average cost instead; its total P&L is the
        same, and so is everybody else's. Never with method average.

    Raises:
        ValueError: If the method is none of the three.
    """
    if method == DEFAULT:
        return average_cost(events).with_columns(averaged=pl.lit(value=False))
    rows = events.with_row_index("_row").with_columns(averaged=~_fits(events))
    lots = costed(rows.filter(~pl.col("averaged")), method=method)
    plain = rows.filter("averaged")
    if plain.height:
        lots = pl.concat([lots, average_cost(plain)], how="vertical").sort("_row")
    return lots.drop("_row")


def _fits(events: pl.DataFrame) -> pl.Series:
    if events.is_empty():
        return pl.Series(dtype=pl.Boolean())
    group = events.select(pl.struct(GROUP).rle_id()).to_series().to_numpy().astype(np.int64)
    splits = events.select(pl.col("price").is_null() & (pl.col("quantity") != 0)).to_series()
    scale = 10.0 ** decimals_of(events["quantity"], group, splits)
    size = events["quantity"].cast(pl.Float64).abs().to_numpy()
    unit = events.select((pl.col("price") * pl.col("multiplier")).cast(pl.Float64).abs().fill_null(0.0))
    units = np.bincount(group, weights=size)[group] * scale
    spent = np.bincount(group, weights=size * unit.to_series().to_numpy())[group]
    shared = np.where(units > _MANY, units / 1e6, units)
    return pl.Series((units < _MOST_UNITS) & (spent * np.maximum(shared, 1.0) < _MOST_SPENT))
