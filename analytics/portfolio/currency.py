"""Converting money: the last known rate of a day, direct, inverse or through one cross currency."""

import polars as pl

from analytics.conventions import ONE
from analytics.datasets import DECIMAL

RATES: dict[str, pl.DataType] = {
    "currency": pl.String(),
    "base": pl.String(),
    "date": pl.Date(),
    "fx_rate": DECIMAL,
}
# Crosses are tried in this order, then by name: the liquid ones carry the freshest rates.
_CROSSES = {"USD": 2, "EUR": 3}


def rates(fx_rates: pl.LazyFrame, *, pairs: pl.LazyFrame, days: pl.LazyFrame) -> pl.LazyFrame:
    """Return what one unit of ``currency`` was worth in ``base`` on each of ``days``.

    Args:
        fx_rates: Rows of FX_RATES.
        pairs: ``currency``, ``base``; one row per pair wanted.
        days: ``date``.

    Returns:
        ``currency, base, date, fx_rate``: only pairs and days with a rate known on or before that day (a
        missing rate is no row, never 1). A pair of equal currencies is 1. Direct rates win over inverse
        ones, inverse over a cross through USD, EUR or another common currency.
    """
    pairs, days = pairs.select("currency", "base").drop_nulls().unique(), days.select("date").unique()
    same = pairs.filter(pl.col("currency") == pl.col("base")).join(days, how="cross")
    same = same.with_columns(fx_rate=ONE)
    quoted = fx_rates.select("date", base="from_currency", other="to_currency", rate="rate").drop_nulls()
    quoted = quoted.filter((pl.col("rate") > 0) & (pl.col("base") != pl.col("other")))
    legs = pl.concat(
        [
            quoted.select("date", "rate", here="base", there="other", rank=pl.lit(0)),
            quoted.select("date", here="other", there="base", rank=pl.lit(1), rate=ONE / pl.col("rate")),
        ],
        how="diagonal_relaxed",
    )
    known = legs.select("here", "there").unique()
    # One curve per leg on the days asked for; inverse only where the direct rate is not known yet.
    grid = known.join(days, how="cross").sort("date")
    curves = pl.concat(
        [
            grid.join_asof(
                legs.filter(pl.col("rank") == rank).sort("date").drop("rank"),
                on="date",
                by=["here", "there"],
                check_sortedness=False,
            ).with_columns(rank=pl.lit(rank))
            for rank in (0, 1)
        ]
    ).drop_nulls("rate")
    curves = curves.sort("rank").unique(["here", "there", "date"], keep="first", maintain_order=True)
    wanted = pairs.filter(pl.col("currency") != pl.col("base"))
    straight = wanted.join(
        curves, left_on=["currency", "base"], right_on=["here", "there"], how="inner", coalesce=True
    ).select("currency", "base", "date", "rank", fx_rate="rate", via=pl.lit(None, pl.String))
    second = curves.select(via="here", base="there", date="date", second="rate")
    crossed = (
        wanted.join(curves, left_on="currency", right_on="here", how="inner", coalesce=True)
        .rename({"there": "via"})
        .filter(pl.col("via") != pl.col("base"))
        .join(second, on=["via", "base", "date"], how="inner")
        .select(
            "currency",
            "base",
            "date",
            rank=pl.col("via").replace_strict(_CROSSES, default=4, return_dtype=pl.Int32),
            fx_rate=pl.col("rate") * pl.col("second"),
            via="via",
        )
    )
    found = pl.concat([straight, crossed]).sort("rank", "via", nulls_last=False)
    found = found.unique(["currency", "base", "date"], keep="first", maintain_order=True)
    return pl.concat([same.select(*RATES), found.select(*RATES)])
