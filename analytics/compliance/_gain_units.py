"""Whose gains are looked at together: accounts, traders, groups, and new accounts with an older one of their trader.

Fills are those of ``analytics.compliance._gains.standing``.
"""

import polars as pl

from analytics.compliance._features import with_group
from analytics.compliance._spans import settled
from analytics.compliance.detector import Tables
from analytics.text import formatted

_JOINED = "with:"
_ACCOUNT = "account:"


def units(fills: pl.LazyFrame, tables: Tables) -> pl.LazyFrame:
    """Return fills with ``unit``: by account; by trader where one trades several house accounts; and by group.

    A group is of linked accounts that are not the house's own.
    """
    others = with_group(fills.join(_house(tables), on="account_id", how="anti"), tables)
    own = fills.join(_house(tables), on="account_id", how="semi").filter(pl.col("trader_id").is_not_null())
    parts = [fills.with_columns(unit=formatted("account:{}", "account_id"))]
    for rows, key, name in ((own, "trader_id", "trader:{}"), (others, "actor_group", "group:{}")):
        several = (
            rows.group_by(key)
            .agg(held=pl.col("account_id").n_unique())
            .filter(pl.col("held") > 1)
            .select(key)
        )
        parts.append(rows.join(several, on=key, how="semi").with_columns(unit=formatted(name, key)))
    return pl.concat(parts, how="diagonal").drop("actor_group", "owner_id", "related", strict=False)


def joined(fills: pl.LazyFrame, tables: Tables, *, history: int) -> pl.LazyFrame:
    """Return fills of house accounts together with what their traders did in new ones, with ``unit`` and ``of``.

    A new account has no past to be unusual against, and a day dealt over new accounts leaves too little in the
    old one; all that the trader does together may drown it. So each account with ``history`` days of trades is
    looked at once more with the fills of the same trader in accounts of the same owner or link group that were
    begun later and have fewer yet. ``of`` is that trader; nothing is returned where no account is new.
    """
    own = with_group(
        fills.join(_house(tables), on="account_id", how="semi").filter(pl.col("trader_id").is_not_null()),
        tables,
    )
    days = settled(
        own.select("account_id", "day")
        .unique()
        .with_columns(
            before=pl.col("day").rank("ordinal").over("account_id") - 1,
            begun=pl.col("day").min().over("account_id"),
        )
    )
    new = settled(
        own.join(days.filter(pl.col("before") < history), on=["account_id", "day"], how="inner").drop(
            "before"
        )
    )
    grown = days.filter(pl.col("before") >= history).group_by(old="account_id").agg(since=pl.col("day").min())
    known = (
        own.group_by("actor_group", "trader_id", old="account_id")
        .agg(met=pl.col("day").min())
        .join(grown, on="old", how="inner")
    )
    added = settled(
        new.join(known, on=["actor_group", "trader_id"], how="inner")
        .filter(
            (pl.col("day") >= pl.max_horizontal("since", "met")) & (pl.col("account_id") != pl.col("old"))
        )
        .with_columns(of="trader_id")
    )
    pairs = added.select("old", "of").unique()
    theirs = own.join(pairs, left_on="account_id", right_on="old", how="inner", coalesce=False)
    both = pl.concat([added.drop("since", "met", "begun"), theirs], how="diagonal")
    return both.with_columns(unit=formatted("with:{}|{}", "old", "of")).drop(
        "old", "actor_group", "owner_id", "related", strict=False
    )


def alone(unit: str = "unit") -> pl.Expr:
    """Tell whether a unit is one account by itself."""
    return pl.col(unit).str.starts_with(_ACCOUNT)


def is_joined(unit: str = "unit") -> pl.Expr:
    """Tell whether a unit is an account together with new ones."""
    return pl.col(unit).str.starts_with(_JOINED)


def once(hits: pl.LazyFrame, fills: pl.LazyFrame, *by: str) -> pl.LazyFrame:
    """Leave a trader or group out where one of his accounts says it alone, on the same ``by``.

    Args:
        hits: unit, day and figures.
        fills: As ``units`` or ``joined``.
        by: ``day``, or nothing where stretches are compared.
    """
    found = settled(hits)
    whose = fills.select("unit", "day", "account_id").filter(~alone())
    said = found.select("day", account_id=pl.col("unit").str.strip_prefix(_ACCOUNT))
    again = whose.join(said, on=["account_id", *by], how="inner").select("unit", *by).unique()
    return found.join(again, on=["unit", *by], how="anti")


def foremost(hits: pl.LazyFrame, fills: pl.LazyFrame) -> pl.LazyFrame:
    """Keep, of one trader's day, the account that stands out most together with the new ones, and leave him out.

    Args:
        hits: unit, day, z and figures.
        fills: As ``joined``.
    """
    found = settled(hits)
    of = fills.select("unit", "of").unique()
    best = (
        found.filter(is_joined())
        .join(of, on="unit", how="inner")
        .sort("z", "unit", descending=[True, False])
        .unique(["of", "day"], keep="first", maintain_order=True)
    )
    said = best.select("day", unit=formatted("trader:{}", "of"))
    rest = found.filter(~is_joined()).join(said, on=["unit", "day"], how="anti")
    return pl.concat([rest, best.drop("of")])


def _house(tables: Tables) -> pl.LazyFrame:
    return tables["accounts"].filter(pl.col("kind") == "house").select("account_id").unique()
