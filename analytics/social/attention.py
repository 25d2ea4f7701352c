"""How much an instrument is talked about, against what is usual at this hour of the week."""

import polars as pl

MIN_WEEKS = 4  # the same hour must have been seen this often before it is a baseline
LONGEST_SILENCE = 365  # days without any mention after which counting begins anew: nothing was listened to, or one date is wrong


def hourly(mentions: pl.DataFrame) -> pl.DataFrame:
    """Return mentions per instrument and hour, hours without any included as zero.

    Args:
        mentions: instrument_id, transact_time; one row per mention.

    Returns:
        instrument_id, hour (start, UTC), mentions; from the first hour any instrument is mentioned to
        the last, sorted by instrument and hour.
    """
    if mentions.is_empty():
        return pl.DataFrame(
            schema={"instrument_id": pl.String, "hour": pl.Datetime("us", "UTC"), "mentions": pl.Int64}
        )
    hours = mentions.with_columns(hour=pl.col("transact_time").dt.truncate("1h"))
    counted = hours.group_by("instrument_id", "hour").agg(mentions=pl.len().cast(pl.Int64))
    span = counted.select(hour=pl.datetime_range(pl.col("hour").min(), pl.col("hour").max(), "1h"))
    grid = counted.select(pl.col("instrument_id").unique()).join(span, how="cross")
    return (
        grid.join(counted, on=["instrument_id", "hour"], how="left")
        .with_columns(pl.col("mentions").fill_null(0))
        .sort("instrument_id", "hour")
    )


def attention(mentions: pl.DataFrame, *, min_weeks: int = MIN_WEEKS) -> pl.DataFrame:
    """Add to each hour's mentions how unusual they are.

    Returns:
        The rows of ``hourly`` with ``usual`` (mean of the same hour of the week, earlier weeks only),
        ``weeks`` (how many of those) and ``z`` = (mentions - usual) / sd. The sd is never taken below
        that of a Poisson count, so that a first lone mention is no burst. Null with fewer than
        ``min_weeks`` earlier weeks.
    """
    slot = pl.col("hour").dt.weekday().cast(pl.Int32) * 24 + pl.col("hour").dt.hour()
    rows = hourly(mentions).with_columns(slot=slot)
    before = pl.col("mentions").shift(1)
    n = before.is_not_null().cum_sum()
    mean = before.fill_null(0).cum_sum() / n
    square = (before.fill_null(0) ** 2).cum_sum() / n
    rows = rows.with_columns(
        weeks=n.over("instrument_id", "slot"),
        usual=mean.over("instrument_id", "slot"),
        square=square.over("instrument_id", "slot"),
    )
    variance = pl.max_horizontal(pl.col("square") - pl.col("usual") ** 2, pl.col("usual"), pl.lit(1.0))
    enough = pl.col("weeks") >= min_weeks
    return rows.with_columns(
        usual=pl.when(enough).then("usual"),
        z=pl.when(enough).then((pl.col("mentions") - pl.col("usual")) / variance.sqrt()),
    ).drop("slot", "square")


def mentions_by_day(mentions: pl.DataFrame) -> pl.DataFrame:
    """Count mentions of every name on every day from the first to the last of them; a silent day counts 0.

    After more than ``LONGEST_SILENCE`` days without a mention of any name another stretch begins, with names of its own:
    old posts beside new ones, or one with a wrong date, do not put years of zeros between them.

    Args:
        mentions: instrument_id and transact_time; one row per mention, at least one.

    Returns:
        instrument_id, day, mentions (Int64, never null), weekend, stretch (from 0); sorted by instrument and day.
    """
    counted = (
        mentions.group_by("instrument_id", day=pl.col("transact_time").dt.date())
        .agg(mentions=pl.len().cast(pl.Int64))
        .sort("day")
        .with_columns(
            stretch=(pl.col("day").diff() > pl.duration(days=LONGEST_SILENCE))
            .fill_null(value=False)
            .cum_sum()
        )
    )
    span = counted.group_by("stretch").agg(
        day=pl.date_ranges(pl.col("day").min(), pl.col("day").max(), "1d").first()
    )
    names = counted.select("stretch", "instrument_id").unique()
    grid = names.join(span, on="stretch").explode("day", empty_as_null=True)
    rows = grid.join(counted, on=["stretch", "instrument_id", "day"], how="left").with_columns(
        pl.col("mentions").fill_null(0), weekend=pl.col("day").dt.weekday() > 5
    )
    return rows.select("instrument_id", "day", "mentions", "weekend", "stretch").sort("instrument_id", "day")


def daily_attention(mentions: pl.DataFrame, *, days: int = 20) -> pl.DataFrame:
    """Return mentions per instrument and day against the mean of the ``days`` weekdays-alike before.

    Posts that come a few a day are too thin for hours. Weekends are compared with weekends.

    Returns:
        instrument_id, day, mentions, usual, n (earlier days compared with), z; null z with n below 5.
    """
    if mentions.is_empty():
        schema = {"instrument_id": pl.String, "day": pl.Date, "mentions": pl.Int64}
        return pl.DataFrame(schema=schema | {"usual": pl.Float64, "n": pl.UInt32, "z": pl.Float64})
    rows = mentions_by_day(mentions)
    before = pl.col("mentions").shift(1).cast(pl.Float64)
    keys = ["instrument_id", "stretch", "weekend"]
    rows = rows.with_columns(
        usual=before.rolling_mean(days, min_samples=5).over(keys),
        spread=before.rolling_std(days, min_samples=5).over(keys),
        n=before.is_not_null().cum_sum().clip(upper_bound=days).over(keys),
    )
    sd = pl.max_horizontal("spread", pl.col("usual").sqrt(), pl.lit(1.0))
    return rows.with_columns(z=(pl.col("mentions") - pl.col("usual")) / sd).select(
        "instrument_id", "day", "mentions", "usual", "n", "z"
    )
