"""Daily returns of all instruments as a matrix."""

from typing import Any

import polars as pl

from analytics.insights._stats import Floats


def returns_of(prices: pl.DataFrame, *, last: int) -> tuple[list[Any], list[str], Floats]:
    """Return days, instrument ids and simple returns (days x instruments) of the last sessions.

    Of several adjustments of a price the most adjusted one counts. Instruments without a price on more than one in
    twenty of the days are left out; what is missing of the others counts as no move.
    """
    order = pl.col("adj_basis").replace_strict({"split_div": 0, "split": 1}, default=2, return_dtype=pl.Int8)
    days = prices["date"].unique().sort().tail(last + 1)
    if days.len() < 3:
        return [], [], pl.DataFrame().to_numpy()
    known = prices.filter(pl.col("date").is_in(days.implode())).with_columns(order=order)
    known = known.filter(pl.col("order") == pl.col("order").min().over("instrument_id"))
    wide = known.pivot(on="instrument_id", index="date", values="close", aggregate_function="first").sort(
        "date"
    )
    closes = wide.drop("date").select(pl.all().cast(pl.Float64))
    full = [name for name in sorted(closes.columns) if closes[name].null_count() <= closes.height / 20]
    moves = closes.select(pl.col(full).forward_fill().pct_change().fill_nan(None).fill_null(0.0)).slice(1)
    return wide["date"].to_list()[1:], full, moves.to_numpy()
