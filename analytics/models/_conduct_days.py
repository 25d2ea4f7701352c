"""Trader-days and account-days as rows of numbers that rest on no later day."""

from collections.abc import Mapping
from typing import ClassVar

import polars as pl

from analytics.compliance._conduct import FEATURES as CONDUCT
from analytics.compliance._conduct import Feature, trader_days
from analytics.models._base import Model, Tables, Walk

# The share sent to unusual venues is measured against all of a trader's days, later ones too: left out.
NUMBERS: dict[str, Feature] = {name: one for name, one in CONDUCT.items() if name != "away"}
EVENT_COLUMNS = (
    "order_id", "event_seq", "event_type", "transact_time", "transact_time_ns", "instrument_id", "account_id",
    "trader_id", "desk", "side", "ord_type", "time_in_force", "limit_px", "stop_px", "order_qty", "last_qty",
    "last_px", "liquidity", "venue",
)  # fmt: skip
LEAST_ORDERS = 5.0  # of a day: shares and quantiles of fewer are chance


class OfConduct(Model):
    """What models of trader-days and account-days have in common: what they read, their rows and how they are walked."""

    inputs: ClassVar[Mapping[str, tuple[str, ...]]] = {
        "order_events": EVENT_COLUMNS,
        "accounts": ("account_id", "kind"),
        "prices": ("instrument_id", "date", "adj_basis", "close", "volume"),
    }
    keys = ("who", "id", "date")
    # Orders are kept for weeks rather than years: twenty days of peers make a habit, each fold tests a week.
    walk = Walk(first=10, width=5, embargo=1, least=8)
    sessions = 250
    page = "/intelligence/behaviour"
    owner = "Surveillance"

    def features(self, tables: Tables) -> pl.DataFrame:
        """Return one row per trader or account and day, see ``conduct_days``; baseline and target are null."""
        empty = pl.lit(None, pl.Float64)
        return conduct_days(tables).with_columns(baseline=empty, target=empty)

    def known(self, rows: pl.DataFrame) -> pl.DataFrame:
        """Return all rows: a missing number counts as usual."""
        return rows

    def drivers(self, rows: pl.DataFrame) -> list[str]:
        """Watch every number of a day."""
        return list(NUMBERS)


def conduct_days(tables: Tables) -> pl.DataFrame:
    """Return who (trader or account), id, date, peers and ``NUMBERS``, sorted; counts, sizes and lives as logarithms.

    Peers are a trader's desk on the day and an account's kind. Days of fewer than five orders are left out. A
    number that the day has not got is null.

    Args:
        tables: order_events (``EVENT_COLUMNS``), accounts (account_id, kind), prices.
    """
    events, prices = tables["order_events"], tables.get("prices")
    market = {"prices": prices.lazy()} if prices is not None else {}
    traders = trader_days({"order_events": events.lazy()} | market, sampled=False)
    as_trader = events.lazy().with_columns(trader_id=pl.col("account_id"))
    accounts = trader_days({"order_events": as_trader} | market, sampled=False)
    kinds = (
        tables["accounts"]
        .select(trader_id="account_id", peers="kind")
        .unique("trader_id", keep="first", maintain_order=True)
    )
    parts = [
        traders.with_columns(who=pl.lit("trader"), peers="desk"),
        accounts.join(kinds, on="trader_id", how="left", maintain_order="left").with_columns(
            who=pl.lit("account")
        ),
    ]
    ratios = [name for name, one in NUMBERS.items() if one.ratio]
    return (
        pl.concat(parts, how="diagonal")
        .filter(pl.col("orders") >= LEAST_ORDERS)
        .select("who", "peers", *NUMBERS, id="trader_id", date="day")
        .with_columns(pl.col(ratios).clip(lower_bound=1e-9).log(), peers=pl.col("peers").fill_null("none"))
        .select("who", "id", "date", "peers", *NUMBERS)
        .sort("date", "who", "id")
    )


def in_units(name: str, value: float) -> float:
    """Return a number of ``conduct_days`` in the unit people read it in."""
    return float(pl.select(pl.lit(value).exp()).item()) if NUMBERS[name].ratio else value
