"""How often somebody sells what he lately bought just by chance: the same looked for where nothing was said."""

import polars as pl

from analytics.compliance._features import with_group
from analytics.compliance.detector import Tables

_QUARTER_NS = 900 * 10**9
_QUARTERS = 96  # of a day
_DAYS = 5  # earlier days of the name that are looked at instead
_BUYS = ("buy", "buy_cover")
_KEY = ["instrument_id", "day"]


def built_up(signed: pl.Expr) -> pl.Expr:
    """Return what was built up since the low point of a position: earlier sales do not hide it."""
    return signed.sum() - pl.min_horizontal(signed.cum_sum().min().fill_null(0.0), pl.lit(0.0))


def taken_off(signed: pl.Expr) -> pl.Expr:
    """Return the most that was sold net of purchases up to any moment: what is bought back later does not hide it."""
    return -pl.min_horizontal(signed.cum_sum().min().fill_null(0.0), pl.lit(0.0))


def with_coincidence(
    found: pl.LazyFrame, trades: pl.LazyFrame, *, bought_days: int, sold: float
) -> pl.LazyFrame:
    """Add ``by_chance``: how many groups sell as much of what they lately bought on an ordinary day of the name.

    The same clock time of the last five earlier days on which the name traded is looked at as if the talk had
    begun then, in quarters of an hour: groups that had built up within ``bought_days`` and took off at least
    ``sold`` of it within a day, worth at least what this one sold. The mean over those days; null where there is no
    earlier day.

    Args:
        found: actor_group, instrument_id, day, start_ns and ``worth`` (what was sold, in currency).
        trades: actor_group, instrument_id, transact_time_ns, buying, qty and px (floats).
        bought_days: How far back purchases count.
        sold: Share of them.
    """
    signed = pl.when("buying").then("qty").otherwise(-pl.col("qty"))
    cells = trades.group_by(
        "actor_group", "instrument_id", quarter=pl.col("transact_time_ns") // _QUARTER_NS
    ).agg(net=signed.sum(), paid=(pl.col("qty") * pl.col("px")).sum(), gross=pl.col("qty").sum())
    traded = cells.select("instrument_id", date=pl.col("quarter") // _QUARTERS).unique()
    moments = (
        found.select(*_KEY, begun=pl.col("start_ns") // _QUARTER_NS)
        .unique(_KEY)
        .join(traded, on="instrument_id", how="inner")
        .filter(pl.col("date") < pl.col("begun") // _QUARTERS)
        .filter(pl.col("date").rank("ordinal", descending=True).over(_KEY) <= _DAYS)
        .select(*_KEY, at=pl.col("date") * _QUARTERS + pl.col("begun") % _QUARTERS)
    )
    near = cells.join(moments, on="instrument_id", how="inner").with_columns(
        off=pl.col("quarter") - pl.col("at")
    )
    near = near.filter(pl.col("off").is_between(-bought_days * _QUARTERS, _QUARTERS))
    net = pl.col("net")
    usual = (
        near.sort("quarter")
        .group_by("actor_group", *_KEY, "at", maintain_order=True)
        .agg(
            bought=built_up(net.filter(pl.col("off") < 0)),
            sold=taken_off(net.filter(pl.col("off") >= 0)),
            px=pl.col("paid").filter(pl.col("off") >= 0).sum()
            / pl.col("gross").filter(pl.col("off") >= 0).sum(),
        )
        .filter((pl.col("bought") > 0) & (pl.col("sold") >= sold * pl.col("bought")))
        .select(*_KEY, usual=pl.col("sold") * pl.col("px"))
    )
    key = ["actor_group", *_KEY]
    counted = (
        found.select(*key, "worth")
        .join(usual, on=_KEY, how="left")
        .group_by(key)
        .agg(n=(pl.col("usual") >= pl.col("worth")).sum())
    )
    days = moments.group_by(_KEY).agg(days=pl.len())
    return (
        found.join(counted, on=key, how="left")
        .join(days, on=_KEY, how="left")
        .with_columns(by_chance=(pl.col("n") / pl.col("days")).round(9))
        .drop("n", "days")
    )


def with_habit(found: pl.LazyFrame, used: pl.LazyFrame, tables: Tables) -> pl.LazyFrame:
    """Add ``usual_sale``: in what share of its other names and days the group sold as much.

    Args:
        found: actor_group, instrument_id, day and ``worth`` (what was sold, in currency).
        used: actor_group, instrument_id and day of what is asked about: no part of what is usual.
        tables: Holds executions and accounts.
    """
    whose, key = found.select("actor_group").unique(), ["actor_group", *_KEY]
    sales = with_group(tables["executions"], tables).join(whose, on="actor_group", how="semi").select(
        "actor_group", "instrument_id", day=pl.col("transact_time").dt.date(),
        worth=pl.when(pl.col("side").is_in(_BUYS)).then(0.0).otherwise(
            pl.col("last_qty").cast(pl.Float64) * pl.col("last_px").cast(pl.Float64)
        ),
    )  # fmt: skip
    cells = sales.group_by(key).agg(usual=pl.col("worth").sum())
    room = sales.group_by("actor_group").agg(
        cells=pl.col("instrument_id").n_unique().cast(pl.Float64) * pl.col("day").n_unique().cast(pl.Float64)
    )
    ordinary = cells.join(used.select(key).unique(), on=key, how="anti").select("actor_group", "usual")
    done = (
        found.select(*key, "worth")
        .join(ordinary, on="actor_group", how="left")
        .group_by(key)
        .agg(as_much=(pl.col("usual") >= pl.col("worth")).sum())
    )
    return (
        found.join(done, on=key, how="left")
        .join(room, on="actor_group", how="left")
        .with_columns(usual_sale=(pl.col("as_much") / pl.col("cells")).round(9).fill_null(0.0))
        .drop("as_much", "cells")
    )
