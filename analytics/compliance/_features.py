"""Local baselines that detectors measure against: related owners, usual volume, last close."""

import polars as pl

from analytics.compliance._shared import market_of, once
from analytics.compliance.detector import Tables
from analytics.text import formatted

# Where several adjustments of one day exist, the price people traded at comes first.
_BASIS = {"raw": 0, "split": 1, "split_div": 2}


def account_groups(tables: Tables) -> pl.LazyFrame:
    """Return account_id, owner_id and actor_group: linked owners, else the owner, else the account."""
    return (
        tables["accounts"]
        .select(
            "account_id",
            "owner_id",
            related=pl.coalesce(
                formatted("link:{}", pl.col("link_group")), formatted("owner:{}", pl.col("owner_id"))
            ),
        )
        .unique("account_id", keep="any", maintain_order=False)
    )


def with_group(rows: pl.LazyFrame, tables: Tables) -> pl.LazyFrame:
    """Add ``owner_id`` and ``actor_group`` to rows that name an account; unknown ones stand alone."""
    return rows.join(account_groups(tables), on="account_id", how="left").with_columns(
        actor_group=pl.coalesce("related", formatted("account:{}", pl.col("account_id")))
    )


def daily_closes(tables: Tables) -> pl.LazyFrame:
    """Return instrument_id, date, close and volume, one row a day, unadjusted where known; floats."""
    market = market_of(tables)
    return once(market, "daily_closes", lambda: _closes(market), of=("prices",), lazily=True)


def _closes(tables: Tables) -> pl.LazyFrame:
    return (
        tables["prices"]
        .with_columns(basis=pl.col("adj_basis").replace_strict(_BASIS, default=3))
        .sort("instrument_id", "date", "basis")
        .unique(["instrument_id", "date"], keep="first", maintain_order=True)
        .select("instrument_id", "date", pl.col("close").cast(pl.Float64), pl.col("volume").cast(pl.Float64))
    )


def daily_baseline(tables: Tables, *, days: int = 20) -> pl.LazyFrame:
    """Return what was known before each day opened.

    Columns: instrument_id, date (the session the numbers come from), close, adv (mean volume of the last
    ``days`` sessions, null with fewer than five), sigma (standard deviation of their log returns, null
    with fewer than five). Sorted by instrument and date; to be joined strictly backwards in time.
    """
    market = market_of(tables)
    return once(
        market, f"daily_baseline {days}", lambda: _baseline(market, days), of=("prices",), lazily=True
    )


def _baseline(tables: Tables, days: int) -> pl.LazyFrame:
    closes = daily_closes(tables).sort("instrument_id", "date")
    change = pl.col("close").log().diff()
    return closes.with_columns(
        adv=pl.col("volume").rolling_mean(days, min_samples=5).over("instrument_id"),
        sigma=change.rolling_std(days, min_samples=5).over("instrument_id"),
    ).select("instrument_id", "date", "close", "adv", "sigma")


def with_baseline(rows: pl.LazyFrame, tables: Tables, *, day: str = "day") -> pl.LazyFrame:
    """Add close, adv, sigma and ``close_date`` of the last session strictly before ``day``."""
    base = daily_baseline(tables).rename({"date": "close_date"}).with_columns(known=pl.col("close_date"))
    return rows.sort(day).join_asof(
        base.sort("known"),
        left_on=day,
        right_on="known",
        by="instrument_id",
        strategy="backward",
        allow_exact_matches=False,
        check_sortedness=False,
    )


def mids_of(days: pl.LazyFrame, tables: Tables) -> pl.LazyFrame:
    """Return instrument_id, day, mid and spread of every sound quote on the given days.

    Args:
        days: instrument_id and day, distinct.
        tables: Holds ``quotes``.
    """
    return (
        tables["quotes"]
        .filter((pl.col("bid_px") > 0) & (pl.col("ask_px") >= pl.col("bid_px")))
        .select(
            "instrument_id",
            day=pl.col("transact_time").dt.date(),
            mid=((pl.col("bid_px") + pl.col("ask_px")) / 2).cast(pl.Float64),
            spread=(pl.col("ask_px") - pl.col("bid_px")).cast(pl.Float64),
        )
        .join(days, on=["instrument_id", "day"], how="semi")
    )
