"""Evasion: planted orders dealt over several linked accounts, so that no single one stands out."""

from collections.abc import Collection, Sequence

import polars as pl

from analytics.text import formatted
from app.demo.firm import Label

# Data sets that name the account of an order.
_TABLES = ("order_events", "executions")


def split(
    files: dict[str, pl.DataFrame], labels: Sequence[Label], ways: int, *, spare: Collection[str] = ()
) -> dict[str, pl.DataFrame]:
    """Return the files with the orders of every planted abuse dealt over ``ways`` accounts of its actor.

    New accounts share the link group of the account they stand in for, or its owner where it has none, so
    they belong to the same actor group. Orders are dealt in turn, with all children of one parent kept
    together; look-alikes stay as they are. What the control room approved holds for the new accounts too:
    the split hides orders, it breaks no further rule.

    Args:
        files: Business columns by data set name.
        labels: What was planted; only abuse is split.
        ways: Accounts after the split, the first one included; 1 changes nothing.
        spare: Patterns left alone, since nobody hides them by splitting.
    """
    if ways < 2:
        return files
    dealt = _deal(files["order_events"], labels, ways, spare)
    stands_in = (
        dealt.select("account_id", "stand_in").unique().filter(pl.col("stand_in") != pl.col("account_id"))
    )
    linked = pl.col("link_group").is_not_null()
    added = (
        stands_in.sort("stand_in")
        .join(files["accounts"], on="account_id", how="inner", maintain_order="left")
        .with_columns(
            account_id=pl.col("stand_in"),
            # With a link group the owners may differ: that is what the group is for.
            owner_id=pl.when(linked).then(formatted("{}-owner", "stand_in")).otherwise("owner_id"),
        )
        .select(files["accounts"].columns)
    )
    moved = dealt.select("order_id", "stand_in")
    out = dict(files) | {"accounts": pl.concat([files["accounts"], added])}
    for name in _TABLES:
        out[name] = (
            files[name]
            .join(moved, on="order_id", how="left", maintain_order="left")
            .with_columns(account_id=pl.coalesce("stand_in", "account_id"))
            .drop("stand_in")
        )
    if "preclearances" in files:
        out["preclearances"] = _approved(files["preclearances"], stands_in)
    if "position_limits" in files:
        out["position_limits"] = _limited(files["position_limits"], files["accounts"], stands_in)
    return out


def _limited(given: pl.DataFrame, accounts: pl.DataFrame, stands_in: pl.DataFrame) -> pl.DataFrame:
    """Limit whoever is behind several accounts, not one of them: a firm that limits a client means the client."""
    several = accounts.join(stands_in.select("account_id").unique(), on="account_id", how="semi").select(
        subject_id="account_id", subject_kind=pl.lit("account"),
        _kind=pl.when(pl.col("link_group").is_not_null()).then(pl.lit("link")).otherwise(pl.lit("owner")),
        _id=pl.coalesce("link_group", "owner_id"),
    )  # fmt: skip
    told = given.join(several, on=["subject_kind", "subject_id"], how="left", maintain_order="left")
    return told.with_columns(
        subject_kind=pl.coalesce("_kind", "subject_kind"), subject_id=pl.coalesce("_id", "subject_id")
    ).select(given.columns)


def _approved(given: pl.DataFrame, stands_in: pl.DataFrame) -> pl.DataFrame:
    copies = given.join(
        stands_in.sort("stand_in"), on="account_id", how="inner", maintain_order="left_right"
    ).with_columns(
        account_id=pl.col("stand_in"), preclearance_id=formatted("{}-{}", "preclearance_id", "stand_in")
    )
    return pl.concat([given, copies.select(given.columns)])


def _deal(
    order_events: pl.DataFrame, labels: Sequence[Label], ways: int, spare: Collection[str]
) -> pl.DataFrame:
    """Return order_id, account_id and the account that stands in for it."""
    chosen = [label for label in labels if label.abuse and label.pattern not in spare]
    planted = pl.DataFrame(
        {
            "label": [n for n, label in enumerate(chosen) for _ in label.order_ids],
            "order_id": [order for label in chosen for order in label.order_ids],
        },
        schema={"label": pl.Int64, "order_id": pl.String},
    ).unique("order_id", keep="first", maintain_order=True)
    first = order_events.unique("order_id", keep="first", maintain_order=True)
    family = pl.coalesce("parent_order_id", "order_id")
    orders = (
        first.select("order_id", "account_id", "event_seq", family=family)
        .join(planted, on="order_id", how="inner", maintain_order="left")
        .sort("event_seq")
    )
    turn = pl.col("family").rank("dense").over("label", "account_id") - 1
    place = orders.with_columns(
        family=pl.col("event_seq").min().over("label", "account_id", "family")
    ).with_columns(turn=turn % ways)
    name = formatted("{}-{}", "account_id", pl.col("turn") + 1)
    return place.select(
        "order_id", "account_id", stand_in=pl.when(pl.col("turn") > 0).then(name).otherwise("account_id")
    )
