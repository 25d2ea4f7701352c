"""From order events to the life of each order: entered, out, why, how much of it was filled."""

import polars as pl

from analytics.compliance._features import account_groups
from analytics.compliance._shared import computed, market_of, once
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
    events, kind, key = tables["order_events"], pl.col("event_type"), pl.col("order_id").hash()
    withdrawn = (kind == "cancel") & ~pl.col("cancel_by").is_in(BY_MARKET).fill_null(value=False)
    ns, qty = pl.col("transact_time_ns").alias("ns"), pl.col("order_qty").cast(pl.Float64).alias("qty")
    px = pl.col("limit_px").cast(pl.Float64).alias("px")
    # Narrow looks joined by the order are far cheaper than one grouping that carries every column; of the few that
    # were filled or amended both are joined at once.
    outs = events.filter(withdrawn).group_by(key=key).agg(out=pl.col("transact_time_ns").max())
    fills = (
        filled_once(events.filter(kind == "fill").select("order_id", "exec_id", "event_seq", "last_qty", ns))
        .group_by(key=key)
        .agg(filled=pl.col("last_qty").cast(pl.Float64).sum(), last_fill=pl.col("ns").max())
    )
    moves = events.filter(kind == "replace").group_by(key=key).agg(amendments=pl.len())
    moves = settled(moves)
    entered = events.filter(kind == "new").select(
        "order_id", "event_seq", "account_id", "trader_id", "instrument_id",
        ns, qty, px, key=key, buying=pl.col("side").is_in(BUYS),
    )  # fmt: skip
    orders = settled(
        _entered_once(entered)
        .select(
            "key", "order_id", "account_id", "trader_id", "instrument_id", "buying", "qty", "px", entered="ns"
        )
        .join(outs, on="key", how="left")
        .join(fills.join(moves, on="key", how="full", coalesce=True), on="key", how="left")
        .with_columns(pl.col("filled").fill_null(0.0), pl.col("amendments").fill_null(0))
    )
    plain = orders.filter(pl.col("amendments") == 0).with_columns(amended=pl.lit(value=False))
    points = events.filter(
        kind.is_in(["new", "replace"]) | withdrawn, key.is_in(computed(moves)["key"].implode())
    ).select("event_type", "event_seq", ns, qty, px, key=key)
    whole = pl.concat([plain.drop("amendments"), _stretches(orders, points)], how="diagonal")
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


def _stretches(orders: pl.LazyFrame, points: pl.LazyFrame) -> pl.LazyFrame:
    """Return the stretches of amended orders; ``points`` are their entries, amendments and withdrawals."""
    amended = orders.filter(pl.col("amendments") > 0).drop("amendments", "qty", "px", "entered", "out")
    kind = pl.col("event_type")
    points = (
        points.join(amended, on="key", how="inner")
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
