"""What the background breaks without anybody having planted it: order-to-trade ratios.

Most orders of a dense market are withdrawn, so members exceed the limit that scenes of that pattern are
planted against. These sessions are counted from the rows, so that an alert on one is known to be right. The
count is written out here and shares nothing with the detector.
"""

from collections.abc import Mapping
from datetime import datetime

import polars as pl

from app.demo.firm import Label

PATTERN = "order_to_trade"
LEAST = 330  # orders of a session from which a ratio is one
# Limits of the demo's venues in number and volume: of makers, and of everybody else.
LIMITS = {True: (2_500, 50_000), False: (100, 2_000)}
# Sent by the member; an amendment is a cancellation and a new order.
_COUNTS = {"new": 1, "cancel": 1, "replace": 2}
_BY_MARKET = ["venue", "eod", "smp"]


def breaches(tables: Mapping[str, pl.LazyFrame], groups: Mapping[str, str]) -> tuple[Label, ...]:
    """Return a label for every session in which a member's ratio is exceeded, planted ones included.

    Args:
        tables: A gym day's tables.
        groups: Account to actor group.

    Returns:
        Labels of severity 0, one for each actor group, venue, instrument, day in UTC and kind of account.
    """
    events = tables["order_events"]
    makers = tables["accounts"].filter(pl.col("kind") == "mm").select("account_id").collect()
    parents = events.select(order_id="parent_order_id").drop_nulls().unique()
    member = pl.col("account_id").replace_strict(dict(groups), default=None, return_dtype=pl.String)
    weight = pl.col("event_type").replace_strict(_COUNTS, default=0, return_dtype=pl.Int64)
    taken_out = pl.col("cancel_by").is_in(_BY_MARKET).fill_null(value=False)
    fill = (pl.col("event_type") == "fill").cast(pl.Int64)
    session = (
        events.filter(pl.col("event_type").is_in([*_COUNTS, "fill"]))
        .join(parents, on="order_id", how="anti")
        .with_columns(weight=pl.when(taken_out).then(0).otherwise(weight), fill=fill)
        .group_by(
            pl.coalesce(member, "account_id").alias("member"),
            pl.col("account_id").is_in(makers["account_id"].implode()).alias("maker"),
            "venue", "instrument_id", pl.col("transact_time").dt.date().alias("day"),
        )
        .agg(
            orders=pl.col("weight").sum(),
            sent=(pl.col("weight") * pl.col("order_qty").cast(pl.Float64)).sum(),
            trades=pl.col("fill").sum(),
            traded=(pl.col("fill") * pl.col("last_qty").cast(pl.Float64).fill_null(0)).sum(),
            accounts=pl.col("account_id").unique().sort(),
            start=pl.col("transact_time").min(),
            end=pl.col("transact_time").max(),
        )
        .filter(pl.col("orders") >= LEAST)
        .sort("member", "instrument_id", "start", "venue", "maker")
        .collect(engine="streaming")
    )  # fmt: skip
    broken = [row for row in session.iter_rows(named=True) if _exceeded(row)]
    return tuple(_label(n, row["accounts"], row["instrument_id"], row["start"], row["end"])
                 for n, row in enumerate(broken))  # fmt: skip


def _exceeded(row: Mapping[str, float]) -> bool:
    number, volume = LIMITS[bool(row["maker"])]
    if not row["trades"]:
        return row["orders"] > number
    return row["orders"] / row["trades"] - 1 > number or row["sent"] / row["traded"] - 1 > volume


def _label(n: int, accounts: list[str], instrument: str, start: datetime, end: datetime) -> Label:
    return Label(
        f"breach-{n:05d}", PATTERN, abuse=True, severity=0.0, accounts=tuple(accounts), traders=(),
        instrument_ids=(instrument,), start=start, end=end, note="not planted: counted from the rows",
    )  # fmt: skip
