"""What it cost to cross the spread, day by day, from quotes."""

import polars as pl

DAILY_SPREADS = "daily_spreads"
COLUMNS = ("instrument_id", "date", "spread_bp")
QUOTE_COLUMNS = ("instrument_id", "transact_time", "bid_px", "ask_px")
_USUAL = 20  # sessions of usual spread


def daily_spreads(quotes: pl.LazyFrame) -> pl.LazyFrame:
    """Return ``COLUMNS``: the median quoted spread of each instrument and day, bp of the middle; sorted.

    Quotes with one side only, and those that are locked or crossed, tell nothing of the cost: left out.

    Args:
        quotes: ``QUOTE_COLUMNS`` of QUOTES.
    """
    bid, ask = pl.col("bid_px").cast(pl.Float64), pl.col("ask_px").cast(pl.Float64)
    return (
        quotes.select("instrument_id", date=pl.col("transact_time").dt.date(), bid=bid, ask=ask)
        .filter(pl.col("bid") > 0, pl.col("ask") > pl.col("bid"))
        .group_by("instrument_id", "date")
        .agg(spread_bp=(20_000 * (pl.col("ask") - pl.col("bid")) / (pl.col("ask") + pl.col("bid"))).median())
        .sort("instrument_id", "date")
    )


def against_usual(spreads: pl.DataFrame | None) -> pl.DataFrame:
    """Return date and ``spread``: log of the day's spreads over each instrument's last 20 days, the median over instruments.

    A day before an instrument has ten days of its own tells nothing of it.

    Args:
        spreads: Of ``daily_spreads``; None where there are none.
    """
    if spreads is None or spreads.is_empty():
        return pl.DataFrame(schema={"date": pl.Date, "spread": pl.Float64})
    usual = pl.col("spread_bp").shift(1).rolling_median(_USUAL, min_samples=_USUAL // 2).over("instrument_id")
    rows = spreads.sort("instrument_id", "date").with_columns(usual=usual)
    return (
        rows.filter(pl.col("usual") > 0, pl.col("spread_bp") > 0)
        .group_by("date")
        .agg(spread=(pl.col("spread_bp") / pl.col("usual")).log().median())
        .sort("date")
    )
