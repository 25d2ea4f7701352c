"""Daily returns of all instruments as a matrix."""

from collections.abc import Iterator
from typing import Any

import polars as pl

from analytics.insights._rule import Tables
from analytics.insights._say import held_now
from analytics.insights._stats import Floats


def priced_books(
    tables: Tables, *, last: int, least: int
) -> Iterator[tuple[str, pl.DataFrame, list[Any], dict[str, int], Floats]]:
    """Yield desk, what it holds that has prices, the days, the column of each name, and returns (days x names).

    Args:
        tables: ``prices`` and what ``held_now`` reads.
        last: Sessions looked at.
        least: Sessions without which there is nothing to yield.
    """
    days, names, returns = returns_of(tables["prices"], last=last)
    if len(days) < least:
        return
    place = {name: at for at, name in enumerate(names)}
    for (desk,), rows in sorted(held_now(tables).group_by("desk"), key=lambda one: one[0]):
        yield str(desk), rows.filter(pl.col("instrument_id").is_in(names)), days, place, returns


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
