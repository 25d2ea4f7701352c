"""A trader's day in numbers: how much, how large, how long, which way, where, when, and what came of it."""

from dataclasses import dataclass

import polars as pl

from analytics.compliance._features import daily_closes
from analytics.compliance._shared import computed
from analytics.compliance.detector import Tables, empty_table

DAY_NS = 86_400 * 10**9
_HALF_HOUR_NS = 1_800 * 10**9
_BUYS = ("buy", "buy_cover")
_HEAVY = 2_000  # orders of one trader on one day, from which a part of them tells as much as all
_KEPT = 500  # orders of the heaviest day that are looked at one by one
KEYS = ["trader_id", "day"]


@dataclass(frozen=True)
class Feature:
    """One number of a trader's day.

    ``family`` joins numbers that move together, so that one oddity is not counted twice. ``ratio``: compared
    by ratio (logarithms). ``floor``: the least robust deviation that is believed, in logs or in the unit.
    """

    words: str
    unit: str
    family: str
    floor: float
    ratio: bool = False


FEATURES: dict[str, Feature] = {
    "orders": Feature("orders entered", "orders", "activity", 0.15, ratio=True),
    "names": Feature("instruments", "instruments", "breadth", 0.15, ratio=True),
    "small_size": Feature("a small order (tenth percentile)", "of currency", "size", 0.25, ratio=True),
    "median_size": Feature("the median order", "of currency", "size", 0.2, ratio=True),
    "large_size": Feature("a large order (ninetieth percentile)", "of currency", "size", 0.2, ratio=True),
    "median_life": Feature("half of the orders lived at most", "seconds", "life", 0.25, ratio=True),
    "long_life": Feature("nine in ten orders lived at most", "seconds", "life", 0.25, ratio=True),
    "cancelled": Feature("orders cancelled", "of orders", "outcome", 0.05),
    "filled": Feature("quantity filled", "of quantity", "outcome", 0.05),
    "messages": Feature("messages per order", "messages", "outcome", 0.1, ratio=True),
    "buying": Feature("orders to buy", "of orders", "side", 0.05),
    "taking": Feature("fills that took liquidity", "of fills", "aggression", 0.05),
    "at_once": Feature("orders to be done at once or not at all", "of orders", "aggression", 0.05),
    "away": Feature("orders sent to other venues than usual", "of orders", "venues", 0.05),
    "hour": Feature("mean hour of the day", "o'clock UTC", "time", 0.3),
    "rush": Feature("orders in the busiest half hour", "of orders", "time", 0.05),
    "gain": Feature("gain on what was traded", "of the amount traded", "gain", 0.001),
}


def trader_days(tables: Tables, *, sampled: bool = True) -> pl.DataFrame:
    """Return one row per trader and day on which he entered orders: ``FEATURES`` and desk, sorted by both.

    Where a trader enters more orders on a day than can be told apart (2,000), those of some microseconds stand
    for all of his in sizes, lives, sides, venues, hours and quantity filled; counts are exact. A number that
    the day has not got (no fill, no close, no order that ended) is null.

    Args:
        tables: order_events, prices.
        sampled: Whether busy traders are sampled so. Without, a day's numbers rest on no other day's, all but ``away``.
    """
    events = tables["order_events"].filter(pl.col("trader_id").is_not_null())
    events = events.with_columns(day=pl.col("transact_time_ns") // DAY_NS)
    counted = computed(_counts(events))
    some = _sample(events, counted, sampled=sampled)
    made = (
        counted.lazy()
        .join(_of_orders(some).lazy(), on=KEYS, how="inner")
        .join(_ends(events, some), on=KEYS, how="left")
        .join(_away(some), on=KEYS, how="left")
        .join(_gains(events, tables), on=KEYS, how="left")
        .with_columns(
            cancelled=pl.col("cancels") / pl.col("orders"),
            filled=pl.col("done") / pl.col("wanted"),
            messages=pl.col("sent") / pl.col("orders"),
            taking=pl.col("took") / pl.col("fills"),
            day=pl.from_epoch(pl.col("day") * 86_400, time_unit="s").dt.date(),
        )
    )
    numbers = [pl.col(name).cast(pl.Float64).fill_nan(None).round(9) for name in FEATURES]
    return made.select(*KEYS, "desk", *numbers).sort(KEYS).collect()


def counted_days(tables: Tables) -> pl.DataFrame:
    """Return trader_id, day (a number) and orders of the days that ``trader_days`` describes, in any order."""
    events = tables["order_events"].filter(pl.col("trader_id").is_not_null())
    entered = events.filter(pl.col("event_type") == "new")
    entered = entered.with_columns(day=pl.col("transact_time_ns") // DAY_NS)
    counted = computed(entered.group_by(KEYS).agg(orders=pl.len().cast(pl.Float64)))
    if _heavy(counted).is_empty():
        return counted
    # Of the busiest some orders stand for all: a day without one of them is not described.
    busiest = pl.col("trader_id").is_in(_heavy(counted)["trader_id"].implode())
    some = computed(entered.filter(busiest & _kept(counted)).select(KEYS).unique())
    return pl.concat([counted.filter(~busiest), counted.join(some, on=KEYS, how="semi")])


def _heavy(counted: pl.DataFrame) -> pl.DataFrame:
    most = counted.group_by("trader_id").agg(pl.col("orders").max())
    return most.filter(pl.col("orders") > _HEAVY)


def _kept(counted: pl.DataFrame) -> pl.Expr:
    """Tell which orders are looked at one by one."""
    heavy = _heavy(counted)
    if heavy.is_empty():
        return pl.lit(value=True)
    stride = _stride(float(heavy["orders"].max()) / _KEPT)  # type: ignore[arg-type]
    return ~pl.col("trader_id").is_in(heavy["trader_id"].to_list()) | (
        pl.col("transact_time_ns") // 1_000 % stride == 0
    )


def _counts(events: pl.LazyFrame) -> pl.LazyFrame:
    kind = pl.col("event_type")
    entered, fill = kind == "new", kind == "fill"
    return (
        events.group_by(KEYS)
        .agg(
            orders=entered.sum().cast(pl.Float64),
            cancels=(kind == "cancel").sum(),
            amends=(kind == "replace").sum(),
            fills=fill.sum(),
            took=(fill & (pl.col("liquidity") == "taker")).sum(),
        )
        .filter(pl.col("orders") > 0)
        .with_columns(sent=pl.col("orders") + pl.col("cancels") + pl.col("amends"))
    )


def _sample(events: pl.LazyFrame, counted: pl.DataFrame, *, sampled: bool) -> pl.DataFrame:
    """Return orders as entered: all of most traders, of the busiest those of every so manieth microsecond."""
    kept = _kept(counted) if sampled else pl.lit(value=True)
    price = pl.coalesce("limit_px", "stop_px", "last_px").cast(pl.Float64)
    return (
        events.filter((pl.col("event_type") == "new") & kept)
        .select(
            *KEYS,
            "desk",
            "instrument_id",
            "venue",
            key=pl.col("order_id").hash(),
            ns="transact_time_ns",
            qty=pl.col("order_qty").cast(pl.Float64),
            size=pl.col("order_qty").cast(pl.Float64) * price,
            buying=pl.col("side").is_in(_BUYS),
            at_once=(
                pl.col("time_in_force").is_in(["ioc", "fok"]) | (pl.col("ord_type") == "market")
            ).fill_null(value=False),
        )
        .collect(engine="streaming")
    )


def _stride(least: float) -> int:
    """Return the next number that shares no factor with ten: clocks that tick in rounds are sampled evenly too."""
    found = max(1, int(least))
    while found % 2 == 0 or found % 5 == 0:
        found += 1
    return found


def _of_orders(some: pl.DataFrame) -> pl.DataFrame:
    size = pl.col("size")
    whole = some.group_by(KEYS).agg(
        desk=pl.col("desk").min(),
        names=pl.col("instrument_id").n_unique().cast(pl.Float64),
        small_size=size.quantile(0.1, "linear"),
        median_size=size.median(),
        large_size=size.quantile(0.9, "linear"),
        buying=pl.col("buying").mean(),
        at_once=pl.col("at_once").mean(),
        hour=(pl.col("ns") % DAY_NS).mean() / 3.6e12,
        looked_at=pl.len(),
    )
    slots = some.group_by(*KEYS, slot=pl.col("ns") // _HALF_HOUR_NS).agg(n=pl.len())
    busiest = slots.group_by(KEYS).agg(most=pl.col("n").max())
    return whole.join(busiest, on=KEYS, how="left").with_columns(rush=pl.col("most") / pl.col("looked_at"))


def _ends(events: pl.LazyFrame, some: pl.DataFrame) -> pl.LazyFrame:
    """Return quantiles of how long orders lived, to the cancel or the last fill, and the quantity wanted and done."""
    ends = (
        events.filter(pl.col("event_type").is_in(["cancel", "fill", "expire"]))
        .select(key=pl.col("order_id").hash(), out="transact_time_ns", last="last_qty")
        .join(some.lazy().select("key"), on="key", how="semi")
        .group_by("key")
        .agg(pl.col("out").max(), done=pl.col("last").cast(pl.Float64).sum())
    )
    life = ((pl.col("out") - pl.col("ns")) / 1e9).clip(lower_bound=0.001)
    return (
        some.lazy()
        .select(*KEYS, "key", "ns", "qty")
        .join(ends, on="key", how="left")
        .with_columns(life=life)
        .group_by(KEYS)
        .agg(
            median_life=pl.col("life").median(),
            long_life=pl.col("life").quantile(0.9, "linear"),
            done=pl.col("done").sum(),
            wanted=pl.col("qty").sum(),
        )
    )


def _away(some: pl.DataFrame) -> pl.LazyFrame:
    """Return the share of orders that would have to go elsewhere for the trader's usual mix of venues."""
    cells = some.lazy().group_by(*KEYS, "venue").agg(n=pl.len().cast(pl.Float64))
    share = cells.with_columns(part=pl.col("n") / pl.col("n").sum().over(KEYS))
    days = share.select(KEYS).unique().group_by("trader_id").agg(days=pl.len())
    usual = (
        share.group_by("trader_id", "venue")
        .agg(pl.col("part").sum())
        .join(days, on="trader_id")
        .select("trader_id", "venue", usual=pl.col("part") / pl.col("days"))
    )
    # What exceeds the usual share of its venue; those that are used less are the other side of the same.
    above = (pl.col("part") - pl.col("usual")).clip(lower_bound=0.0)
    return (
        share.join(usual, on=["trader_id", "venue"], how="left", nulls_equal=True)
        .group_by(KEYS)
        .agg(away=above.sum())
    )


def _gains(events: pl.LazyFrame, tables: Tables) -> pl.LazyFrame:
    """Return what was gained by the close on what was traded, per currency traded; names without a close left out."""
    qty, price = pl.col("last_qty").cast(pl.Float64), pl.col("last_px").cast(pl.Float64)
    signed = pl.when(pl.col("side").is_in(_BUYS)).then(qty).otherwise(-qty)
    traded = (
        events.filter(pl.col("event_type") == "fill")
        .group_by(*KEYS, "instrument_id")
        .agg(net=signed.sum(), paid=(signed * price).sum(), gross=(qty * price).sum())
    )
    prices = {"prices": tables["prices"] if "prices" in tables else empty_table("prices")}
    closes = daily_closes(prices).select(
        "instrument_id", "close", day=pl.col("date").cast(pl.Int32).cast(pl.Int64)
    )
    return (
        traded.join(closes, on=["instrument_id", "day"], how="inner")
        .group_by(KEYS)
        .agg(won=(pl.col("net") * pl.col("close") - pl.col("paid")).sum(), gross=pl.col("gross").sum())
        .select(*KEYS, gain=pl.col("won") / pl.col("gross"))
    )
