"""Trades of which both sides are known: by a shared match number, or because one side names the other."""

import polars as pl

from analytics.compliance._volumes import actors, own_fills
from analytics.compliance.detector import Tables
from analytics.text import formatted

_COLUMNS = ("order_id", "trader_id", "venue", "match_id", "liquidity", "capacity", "strategy", "ext")
_BY = ("key", "instrument_id", "venue", "day", "match_id")
# What the ext of an execution, or its strategy, says of a cross that somebody approved and wrote down.
_CROSS_FIELDS = r"(?i)\"(548|549|CrossID|CrossType|cross_id)\""
_CROSS_STRATEGIES = ("cross", "agency_cross")


def documented() -> pl.Expr:
    """Tell whether a record says that an execution was an approved cross."""
    said = pl.col("ext").str.contains(_CROSS_FIELDS) | pl.col("strategy").is_in(_CROSS_STRATEGIES)
    return said.fill_null(value=False)


def twice(fills: pl.LazyFrame) -> pl.LazyFrame:
    """Keep fills whose match number comes more than once within a venue's day; adds ``key``, its hash.

    Most trades have one leg here, so that what is left is small.
    """
    keyed = fills.filter(pl.col("match_id").is_not_null()).with_columns(pl.col("venue").fill_null(""))
    keyed = keyed.with_columns(key=pl.struct("match_id", "venue", "day").hash())
    more = keyed.group_by("key").len().filter(pl.col("len") > 1).select("key")
    return keyed.join(more, on="key", how="semi")


def known_trades(tables: Tables) -> pl.LazyFrame:
    """Return trades between two actor groups, both known and different, one row each.

    Columns: instrument_id, day, transact_time, transact_time_ns (of the later report), qty and px (floats), and
    for ``buyer`` and ``seller``: ``_group``, ``_account``, ``_kind``, ``_order``, ``_exec`` (null where
    only the other side was reported); trader_ids; ``auction`` and ``cross`` (a record says so).
    """
    fills = own_fills(tables, *_COLUMNS, "contra_account_id")
    legs = twice(fills)
    both = _side(legs.filter("buys"), "buyer").join(
        _side(legs.filter(~pl.col("buys")), "seller"), on=list(_BY), how="inner", suffix="_other"
    )
    matched = both.select(
        "instrument_id",
        "day",
        *(f"{who}_{what}" for who in ("buyer", "seller") for what in _WHAT),
        transact_time=pl.max_horizontal("transact_time", "transact_time_other"),
        transact_time_ns=pl.max_horizontal("transact_time_ns", "transact_time_ns_other"),
        qty=pl.min_horizontal("qty", "qty_other"),
        px="px",
        trader_ids=pl.concat_list("trader_id", "trader_id_other").list.drop_nulls(),
        auction=pl.col("auction") | pl.col("auction_other"),
        cross=pl.col("cross") & pl.col("cross_other"),
    )
    named = _named(
        fills.filter(pl.col("contra_account_id").is_not_null(), pl.col("match_id").is_null()), tables
    )
    return pl.concat([matched, named], how="diagonal").filter(pl.col("buyer_group") != pl.col("seller_group"))


_WHAT = ("group", "account", "kind", "order", "exec")


def _side(legs: pl.LazyFrame, who: str) -> pl.LazyFrame:
    names = zip(_WHAT, ("actor_group", "account_id", "account_kind", "order_id", "exec_id"), strict=True)
    return legs.select(
        *_BY,
        *(pl.col(column).alias(f"{who}_{what}") for what, column in names),
        *("transact_time", "transact_time_ns", "qty", "px", "trader_id"),
        auction=(pl.col("liquidity") == "auction").fill_null(value=False),
        cross=documented(),
    )


def _named(fills: pl.LazyFrame, tables: Tables) -> pl.LazyFrame:
    others = actors(tables).select(contra_account_id="account_id", other_kind="account_kind", other="related")
    told = fills.join(others, on="contra_account_id", how="left").with_columns(
        other_group=pl.coalesce("other", formatted("account:{}", pl.col("contra_account_id")))
    )
    own = {"group": "actor_group", "account": "account_id", "kind": "account_kind", "order": "order_id"}
    own |= {"exec": "exec_id"}
    contra = {"group": "other_group", "account": "contra_account_id", "kind": "other_kind"}

    def picked(who: str, what: str) -> pl.Expr:
        mine, theirs = pl.col(own[what]), pl.lit(None, pl.String)
        if what in contra:
            theirs = pl.col(contra[what])
        buying = pl.col("buys") if who == "buyer" else ~pl.col("buys")
        return pl.when(buying).then(mine).otherwise(theirs).alias(f"{who}_{what}")

    sided = told.select(
        *("instrument_id", "day", "transact_time", "transact_time_ns", "qty", "px", "buys", "exec_id"),
        *(picked(who, what) for who in ("buyer", "seller") for what in _WHAT),
        trader_ids=pl.concat_list("trader_id").list.drop_nulls(),
        auction=(pl.col("liquidity") == "auction").fill_null(value=False),
        cross=documented(),
    )
    # Where both sides name one another it is one trade: the buyer's report is kept.
    same = ["instrument_id", "transact_time_ns", "qty", "px", "buyer_account", "seller_account"]
    nth = pl.int_range(pl.len()).over(*same, "buys")
    return (
        sided.sort("transact_time_ns", "exec_id")
        .with_columns(nth=nth)
        .sort("buys", descending=True, maintain_order=True)
        .unique([*same, "nth"], keep="first", maintain_order=True)
        .drop("buys", "nth", "exec_id")
    )
