"""From order events to the life of each order: entered, out, why, how much of it was filled."""

import polars as pl

from analytics.compliance._features import account_groups
from analytics.compliance._shared import market_of, once
from analytics.compliance._spans import settled
from analytics.compliance.detector import Tables
from analytics.text import formatted

BUYS = ("buy", "buy_cover")
# Taken out by the market or by a rule of the order itself: nobody's decision at that moment.
BY_MARKET = ("smp", "venue", "ioc", "eod")
SECOND = 10**9
DAY = 86_400 * SECOND


def at_ns(ns: pl.Expr) -> pl.Expr:
    """Return the instant of nanoseconds since 1970, to the microsecond."""
    return (ns // 1000).cast(pl.Datetime("us", "UTC"))


def whose(accounts: list[str]) -> str:
    """Name the accounts of one group in a sentence."""
    if len(accounts) == 1:
        return f"account {accounts[0]}"
    return f"linked accounts {', '.join(accounts[:3])}" + (" and more" if len(accounts) > 3 else "")


def order_lives(tables: Tables) -> pl.LazyFrame:
    """Return one row per stretch of an order's life: an amendment ends one and begins the next.

    Columns: order_id, actor_group, account_id, trader_id, instrument_id, buying, entered and out
    (nanoseconds; out is null while nobody has withdrawn it), amended (whether an amendment ended it),
    qty and px (as entered in this stretch), filled (of the whole order) and done (when it was filled to the
    end, else null). Orders taken out by the market count as not withdrawn. Two groupings by order, linear; nothing is sorted but orders
    that were amended, and detectors that look at the same tables share the result.
    """
    return once(tables, "order_lives", lambda: _order_lives(tables), kept=True)


def parent_orders(tables: Tables) -> pl.LazyFrame:
    """Return order_id of the orders anywhere in the market that others name as their parent."""
    market = market_of(tables)
    parents = pl.col("parent_order_id").alias("order_id")
    return once(
        market, "parents", lambda: market["order_events"].select(parents).drop_nulls().unique(), kept=True
    )


def _order_lives(tables: Tables) -> pl.LazyFrame:
    events = (
        tables["order_events"]
        .filter(pl.col("event_type").is_in(["new", "replace", "cancel", "fill"]))
        .select(
            "order_id", "event_type", "event_seq", "account_id", "trader_id", "instrument_id", "exec_id",
            key=pl.col("order_id").hash(),
            ns="transact_time_ns",
            buying=pl.col("side").is_in(BUYS),
            qty=pl.col("order_qty").cast(pl.Float64),
            px=pl.col("limit_px").cast(pl.Float64),
            done=pl.col("last_qty").cast(pl.Float64),
            withdrawn=(pl.col("event_type") == "cancel")
            & ~pl.col("cancel_by").is_in(BY_MARKET).fill_null(value=False),
        )
    )  # fmt: skip
    kind = pl.col("event_type")
    # Four narrow looks joined by the order are far cheaper than one grouping that carries every column.
    outs = events.filter("withdrawn").group_by("key").agg(out=pl.col("ns").max())
    fills = (
        filled_once(events.filter(kind == "fill"))
        .group_by("key")
        .agg(filled=pl.col("done").sum(), last_fill=pl.col("ns").max())
    )
    moves = events.filter(kind == "replace").group_by("key").agg(amendments=pl.len())
    orders = (
        _entered_once(events.filter(kind == "new"))
        .select(
            "key", "order_id", "account_id", "trader_id", "instrument_id", "buying", "qty", "px", entered="ns"
        )
        .join(outs, on="key", how="left")
        .join(fills, on="key", how="left")
        .join(moves, on="key", how="left")
        .with_columns(pl.col("filled").fill_null(0.0), pl.col("amendments").fill_null(0))
    )
    plain = orders.filter(pl.col("amendments") == 0).with_columns(amended=pl.lit(value=False))
    whole = pl.concat([plain.drop("amendments"), _stretches(orders, events)], how="diagonal")
    return whole.join(account_groups(tables), on="account_id", how="left").select(
        "order_id", "account_id", "trader_id", "instrument_id", "buying", "entered", "out", "amended",
        "qty", "px", "filled",
        done=pl.when(pl.col("filled") >= pl.col("qty")).then("last_fill"),
        actor_group=pl.coalesce("related", formatted("account:{}", pl.col("account_id"))),
    )  # fmt: skip


def filled_once(fills: pl.LazyFrame) -> pl.LazyFrame:
    """Leave out fills that were delivered again: the same execution of the same order, under another number.

    Fills without an execution id are told apart by ``event_seq`` alone. ``fills`` carries order_id, exec_id and it.
    """
    named = pl.coalesce("exec_id", pl.col("event_seq").cast(pl.String))
    return fills.with_columns(_fill=named).unique(["order_id", "_fill"], keep="any").drop("_fill")


def _entered_once(entries: pl.LazyFrame) -> pl.LazyFrame:
    """Leave out entries that were delivered again: of the same order at the same instant, under another number.

    Looking whether there are any is far cheaper than leaving out none.
    """
    repeated = entries.select(again=pl.len() > pl.col("key").n_unique())
    if not settled(repeated).collect().item():
        return entries
    return entries.sort("ns", "event_seq", nulls_last=True).unique(
        ["key", "ns"], keep="first", maintain_order=True
    )


def _stretches(orders: pl.LazyFrame, events: pl.LazyFrame) -> pl.LazyFrame:
    """Return the stretches of amended orders."""
    amended = orders.filter(pl.col("amendments") > 0).drop("amendments", "qty", "px", "entered", "out")
    kind = pl.col("event_type")
    points = (
        events.filter(kind.is_in(["new", "replace"]) | pl.col("withdrawn"))
        .select("key", "ns", "event_seq", "event_type", "qty", "px")
        .join(amended, on="key", how="inner")
        .sort("key", "ns", "event_seq")
        .unique(["key", "ns", "event_type", "qty", "px"], keep="first", maintain_order=True)
    )
    same = pl.col("key").shift(-1) == pl.col("key")
    return (
        points.with_columns(
            entered=pl.col("ns"),
            out=pl.when(same).then(pl.col("ns").shift(-1)),
            amended=(same & (kind.shift(-1) == "replace")).fill_null(value=False),
        )
        .filter(kind != "cancel")
        .drop("ns", "event_seq", "event_type")
    )
