"""Closes that returns may be taken of: one basis per instrument, splits taken out."""

import polars as pl

from analytics.portfolio.facts import BASES


def adjusted_closes(prices: pl.DataFrame, splits: pl.DataFrame) -> pl.DataFrame:
    """Return one close per instrument and day, comparable from day to day.

    Args:
        prices: ``instrument_id``, ``date``, ``adj_basis``, ``close``; further columns are kept.
        splits: ``instrument_id``, ``date`` (ex date), ``ratio``.

    Returns:
        The rows of each instrument's most adjusted basis (split_div, split, raw) without ``adj_basis``;
        ``close`` is Float64, raw ones divided by the ratios of all later splits. Sorted by instrument and day.
    """
    rank = pl.col("adj_basis").fill_null("raw").replace_strict(BASES, default=-1, return_dtype=pl.Int32)
    ranked = prices.with_columns(_rank=rank)
    chosen = ranked.filter(pl.col("_rank") == pl.col("_rank").max().over("instrument_id"))
    later = (
        chosen.filter(pl.col("_rank") == BASES["raw"])
        .select("instrument_id", "date")
        .join(splits.select("instrument_id", "ratio", ex_date="date"), on="instrument_id")
        .filter(pl.col("ex_date") > pl.col("date"))
        .group_by("instrument_id", "date")
        .agg(_factor=pl.col("ratio").cast(pl.Float64).product())
    )
    joined = chosen.join(later, on=["instrument_id", "date"], how="left")
    close = pl.col("close").cast(pl.Float64) / pl.col("_factor").fill_null(1.0)
    return (
        joined.with_columns(close=close).drop("_rank", "_factor", "adj_basis").sort("instrument_id", "date")
    )
