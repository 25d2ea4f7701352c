"""Days on which a price moved beyond what the market explains."""

import polars as pl

from analytics.compliance._features import daily_closes
from analytics.compliance.detector import Tables

_ENOUGH = 5  # instruments that make a market


def price_events(
    tables: Tables, *, sigmas: float, move: float, history: int = 120, least: int = 20
) -> pl.LazyFrame:
    """Return product_id, day, abnormal, sigma and previous of every abnormal move, sorted.

    ``abnormal`` is the day's log return less what a market model over the ``history`` sessions before
    predicts, ``sigma`` the standard deviation of what it leaves over in these (the market is the mean of all instruments of the day; with fewer than five it is left out);
    ``previous`` is the day of the instrument's last event before, null for its first.

    Args:
        tables: Holds ``prices``.
        sigmas: Times ``sigma`` which the move must reach.
        move: Size that it must reach as well.
        history: Sessions of the model.
        least: Sessions without which nothing is said.
    """
    returns = (
        daily_closes(tables)
        .sort("instrument_id", "date")
        .with_columns(r=pl.col("close").log().diff().over("instrument_id"))
        .filter(pl.col("r").is_not_null() & pl.col("r").is_finite())
        .with_columns(
            market=pl.when(pl.len().over("date") >= _ENOUGH)
            .then(pl.col("r").mean().over("date"))
            .otherwise(0.0)
        )
        .sort("instrument_id", "date")
    )

    def mean(value: pl.Expr) -> pl.Expr:
        return value.rolling_mean(history, min_samples=least).shift(1).over("instrument_id")

    r, m = pl.col("r"), pl.col("market")
    modelled = returns.with_columns(mr=mean(r), mm=mean(m), mrm=mean(r * m), mmm=mean(m * m), mrr=mean(r * r))
    spread = pl.col("mmm") - pl.col("mm") ** 2
    beta = pl.when(spread > 1e-12).then((pl.col("mrm") - pl.col("mr") * pl.col("mm")) / spread).otherwise(0.0)
    # What the model left over in its own window; two of its days go into fitting it.
    seen = pl.col("seen").cast(pl.Float64)
    left = (pl.col("mrr") - pl.col("mr") ** 2 - pl.col("beta") ** 2 * spread).clip(lower_bound=0.0)
    return (
        modelled.with_columns(
            beta=beta, seen=pl.int_range(pl.len()).over("instrument_id").clip(upper_bound=history)
        )
        .with_columns(abnormal=r - pl.col("beta") * m, sigma=(left * seen / (seen - 2)).sqrt())
        .filter(
            (pl.col("abnormal").abs() >= sigmas * pl.col("sigma")) & (pl.col("abnormal").abs() >= move)
        )
        .select(
            "abnormal", "sigma", product_id="instrument_id", day="date",
            previous=pl.col("date").shift(1).over("instrument_id"),
        )
    )  # fmt: skip
