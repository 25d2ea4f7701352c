"""What the price of an order is held against: the mid of its moment, else the last close."""

from typing import Protocol

import polars as pl

from analytics.compliance._features import with_baseline
from analytics.compliance._shared import once
from analytics.compliance._spans import is_empty, settled
from analytics.compliance.detector import Tables

BUYS = ("buy", "buy_cover")
KEPT = ("order_id", "event_seq", "transact_time", "transact_time_ns", "instrument_id", "account_id",
        "trader_id", "side", "limit_px", "order_qty")  # fmt: skip
_AUCTION = ("opg", "at_open", "cls", "at_close", "moc", "loc", "moo", "loo")
_MINUTES = 390.0  # of a regular session: turns a daily standard deviation into one of a minute
_SLACK = 1e-9  # floats that decide which orders to look up may round the other way


class Collar(Protocol):
    """The thresholds of a price collar."""

    @property
    def collar(self) -> float: ...
    @property
    def spreads(self) -> float: ...
    @property
    def sigmas(self) -> float: ...
    @property
    def close_collar(self) -> float: ...
    @property
    def max_quote_age(self) -> float: ...
    @property
    def max_close_age(self) -> int: ...


def entered_orders(tables: Tables) -> pl.LazyFrame:
    """Return entered and amended orders with floats to compare by, and the day they fall on."""
    return (
        tables["order_events"]
        .filter(pl.col("event_type").is_in(["new", "replace"]))
        .select(
            *KEPT,
            "event_type",
            "venue",
            "parent_order_id",
            at_auction=pl.col("time_in_force").is_in(_AUCTION) | pl.col("ord_type").is_in(_AUCTION),
            px=pl.col("limit_px").cast(pl.Float64),
            qty=pl.col("order_qty").cast(pl.Float64),
            day=pl.col("transact_time").dt.date(),
        )
    )


def entered_days(tables: Tables) -> pl.LazyFrame:
    """Return how far the orders of each instrument and day went, a few rows for millions of orders.

    Columns: instrument_id, day, ``most`` (the largest quantity entered), ``dearest`` and ``cheapest`` (the highest
    limit to buy, the lowest to sell). What these do not exceed, no order of the day does.
    """
    return once(tables, "entered_days", lambda: _entered_days(tables))


def _entered_days(tables: Tables) -> pl.LazyFrame:
    px, buys = pl.col("px"), pl.col("side").is_in(BUYS)
    return (
        entered_orders(tables)
        .select(
            "instrument_id", "day",
            most=pl.when(pl.col("event_type") == "new").then("qty"),
            dearest=pl.when(buys).then(px),
            cheapest=pl.when(~buys.fill_null(value=False)).then(px),
        )
        .group_by("instrument_id", "day")
        .agg(pl.col("most", "dearest").max(), pl.col("cheapest").min())
    )  # fmt: skip


def grounds(tables: Tables, params: Collar) -> pl.LazyFrame:
    """Return, by instrument and day with orders, what they are held against.

    Columns: those of ``entered_days``, close, adv and sigma of the session before, ``recent`` (whether the close may serve as a
    reference), ``option``, and the ``lowest`` and ``highest`` reference that any order of the day may meet.
    """
    asked = entered_days(tables)
    options = tables["instruments"].filter(pl.col("asset_class") == "option").select("instrument_id").unique()
    mid = (pl.col("bid_px").cast(pl.Float64) + pl.col("ask_px").cast(pl.Float64)) / 2
    stamp = pl.col("transact_time").dt
    later = stamp.offset_by(f"{int(params.max_quote_age * 1e6)}us").dt.date()
    mids = (
        _sound(tables["quotes"])
        .join(asked.select("instrument_id").unique(), on="instrument_id", how="semi")
        .group_by("instrument_id", day=stamp.date(), later=later)
        .agg(low=mid.min(), high=mid.max())
    )
    # A quote late in the evening still counts on the next day.
    both = pl.concat(
        [mids.drop("later"), mids.select("instrument_id", "low", "high", day="later")], how="diagonal"
    )
    extremes = both.group_by("instrument_id", "day").agg(pl.col("low").min(), pl.col("high").max())
    recent = (pl.col("day") - pl.col("close_date")).dt.total_days() <= params.max_close_age
    close = pl.when("recent").then("close")
    return (
        with_baseline(asked, tables)
        .join(extremes, on=["instrument_id", "day"], how="left")
        .join(options.with_columns(option=True), on="instrument_id", how="left")
        .with_columns(pl.col("option").fill_null(value=False), recent=recent.fill_null(value=False))
        .select(
            "instrument_id", "day", "most", "dearest", "cheapest", "close", "adv", "sigma", "recent", "option",
            lowest=pl.min_horizontal("low", close), highest=pl.max_horizontal("high", close),
        )
    )  # fmt: skip


def _sound(quotes: pl.LazyFrame) -> pl.LazyFrame:
    return quotes.filter((pl.col("bid_px") > 0) & (pl.col("ask_px") >= pl.col("bid_px")))


def limits_of(orders: pl.LazyFrame) -> pl.LazyFrame:
    """Keep the orders, joined to their grounds, that a price collar applies to."""
    return orders.filter(
        pl.col("px").is_not_null() & ~pl.col("at_auction").fill_null(value=False) & ~pl.col("option")
    )


def referenced(limits: pl.LazyFrame, tables: Tables, params: Collar) -> pl.LazyFrame:
    """Add the reference price and its collar to limit orders; null where nothing recent is known."""
    days = limits.select("instrument_id", "day").unique()
    known = pl.concat([days, days.with_columns(pl.col("day") - pl.duration(days=1))]).unique()
    quotes = (
        _sound(tables["quotes"])
        .select(
            "instrument_id",
            mid=((pl.col("bid_px") + pl.col("ask_px")) / 2).cast(pl.Float64),
            spread=(pl.col("ask_px") - pl.col("bid_px")).cast(pl.Float64),
            quote_ns="transact_time_ns",
            transact_time_ns="transact_time_ns",
            seq="seq",
            day=pl.col("transact_time").dt.date(),
        )
        .join(known, on=["instrument_id", "day"], how="semi")
        .sort("transact_time_ns", "seq")
    )
    age = int(params.max_quote_age * 1e9)
    # A quote of the very same instant may already show the order itself: strictly before.
    quoted = limits.sort("transact_time_ns", "event_seq").join_asof(
        quotes.drop("seq", "day"),
        on="transact_time_ns",
        by="instrument_id",
        strategy="backward",
        allow_exact_matches=False,
        check_sortedness=False,
    )
    fresh = (pl.col("transact_time_ns") - pl.col("quote_ns") <= age).fill_null(value=False)
    live = pl.max_horizontal(
        pl.lit(params.collar),
        params.spreads * pl.col("spread") / pl.col("mid"),
        params.sigmas * pl.col("sigma") / _MINUTES**0.5,
    )
    still = pl.max_horizontal(pl.lit(params.close_collar), params.sigmas * pl.col("sigma"))
    return quoted.with_columns(
        reference=pl.when(fresh).then("mid").when("recent").then("close"),
        reference_kind=pl.when(fresh).then(pl.lit("mid")).otherwise(pl.lit("last close")),
        band=pl.when(fresh).then(live).otherwise(still),
    )


def beyond_all(orders: pl.LazyFrame, ground: pl.LazyFrame, params: Collar) -> pl.LazyFrame:
    """Keep the limits that may be beyond their collar: those beyond that of the day's furthest reference.

    The result has the columns of ``ground``; orders of days on which no limit went that far are not looked at.
    """
    above, below = _beyond("px", "px", params)
    days = settled(ground.filter(pl.any_horizontal(*_beyond("dearest", "cheapest", params), _NO_FLOOR)))
    if is_empty(days):
        orders = orders.clear()
    far = pl.when(pl.col("side").is_in(BUYS)).then(above).otherwise(below)
    held = orders.join(days, on=["instrument_id", "day"], how="inner")
    return limits_of(held).filter(far | _NO_FLOOR)


def _beyond(above: str, below: str, params: Collar) -> tuple[pl.Expr, pl.Expr]:
    least = min(params.collar, params.close_collar) * (1 - _SLACK)
    return pl.col(above) > pl.col("lowest") * (1 + least), pl.col(below) < pl.col("highest") * (1 - least)


_NO_FLOOR = pl.col("lowest") <= 0
