"""One close per instrument and day, on one basis."""

from collections.abc import Sequence

import polars as pl

_BASIS = {"split_div": 0, "split": 1, "raw": 2}


def adjusted_closes(prices: pl.DataFrame, *, also: Sequence[str] = ()) -> pl.DataFrame:
    """Return instrument_id, date, close (Float64) and ``also``, sorted by both: the most adjusted basis there is.

    Mixing bases within an instrument would show every split as a crash. Closes that are not positive are left out.

    Args:
        prices: Rows of PRICES.
        also: More of its columns.
    """
    rows = prices.filter(pl.col("close") > 0).with_columns(
        basis=pl.col("adj_basis").replace_strict(_BASIS, default=3), close=pl.col("close").cast(pl.Float64)
    )
    best = rows.filter(pl.col("basis") == pl.col("basis").min().over("instrument_id"))
    found = best.sort("instrument_id", "date", "close").unique(["instrument_id", "date"], keep="first")
    return found.select("instrument_id", "date", "close", *also).sort("instrument_id", "date")
