"""A quiet market to play in: one session of flat bars, a month of daily prices, and orders made in lists."""

from datetime import UTC, date, datetime, timedelta

import polars as pl

from analytics.datasets import DATASETS
from tests.analytics.compliance._kit import CHANGES, mirrored

DAY = date(2026, 11, 19)
OPENS = datetime(2026, 11, 19, 13, 0, tzinfo=UTC)
CLOSES = datetime(2026, 11, 19, 19, 30, tzinfo=UTC)
# Closes go up and down by one percent: a standard deviation of about one percent a day.
SWING = 0.0102


def frame(name: str, rows: list[dict]) -> pl.LazyFrame:
    """Return rows in the stored schema of a data set; what they leave out is null or the column's default."""
    dataset = DATASETS[name]
    given = pl.DataFrame(rows, infer_schema_length=None) if rows else pl.DataFrame(schema=dataset.schema)
    columns = []
    for column, dtype in dataset.schema.items():
        if column in given.columns:
            columns.append(pl.col(column).cast(dtype))
        elif column == "transact_time_ns" and dataset.time:
            columns.append((pl.col(dataset.time).dt.epoch("us") * 1000).alias(column))
        else:
            default = dataset.columns[column].default if column in dataset.columns else None
            columns.append(pl.lit(default).cast(dtype).alias(column))
    return given.select(columns).lazy()


def market(
    *names: str, volume: float = 1000, trades: int = 50, price: float = 100
) -> dict[str, pl.LazyFrame]:
    """Return bars, prices and instruments of names that stand still all day; 78 bars of ``volume`` each."""
    bars = [
        {
            "instrument_id": name, "bar_start": OPENS + timedelta(minutes=5 * n), "freq": "5m", "open": price,
            "high": price, "low": price, "close": price, "volume": volume, "vwap": price, "trades": trades,
        }
        for name in names
        for n in range(78)
    ]  # fmt: skip
    prices = [
        {
            "instrument_id": name, "date": DAY - timedelta(days=n), "close": price * (1.01 if n % 2 else 1),
            "volume": 78 * volume,
        }
        for name in names
        for n in range(1, 30)
    ]  # fmt: skip
    known = [
        {"instrument_id": n, "symbol": n, "asset_class": "equity", "currency": "USD", "tick_size": 0.01}
        for n in names
    ]
    return {
        "bars": frame("bars", bars),
        "prices": frame("prices", prices),
        "instruments": frame("instruments", known),
    }


def accounts(**owners: str) -> pl.LazyFrame:
    """Return accounts by owner: ``A1="O1"``; the owner ``mm`` makes a market maker."""
    return frame(
        "accounts",
        [
            {
                "account_id": account, "kind": "mm" if owner == "mm" else "client", "base_currency": "USD",
                "owner_id": owner,
            }
            for account, owner in owners.items()
        ],
    )  # fmt: skip


def fill(
    number: int, seconds: float, side: str, qty: float, px: float, *, account: str = "A1",
    start: datetime = OPENS, name: str = "AAA", **more,
) -> dict:  # fmt: skip
    """Return one execution ``seconds`` after ``start``."""
    return {
        "exec_id": f"E{number:03}", "order_id": f"X{number:03}", "account_id": account, "trader_id": "T1",
        "instrument_id": name, "side": side, "last_qty": qty, "last_px": px, "currency": "USD",
        "transact_time": start + timedelta(seconds=seconds), **more,
    }  # fmt: skip


def entry(number: int, seconds: float, kind: str, side: str, qty: float, **more) -> dict:
    """Return one order event ``seconds`` after the open."""
    given = {"account": "A1", "name": "AAA", "start": OPENS} | more
    return {
        "order_id": f"X{number:03}", "event_seq": int(seconds * 1000) + 10**7, "event_type": kind,
        "transact_time": given.pop("start") + timedelta(seconds=seconds), "instrument_id": given.pop("name"),
        "account_id": given.pop("account"), "side": side, "order_qty": qty, **given,
    }  # fmt: skip


def reflected(given: dict[str, pl.LazyFrame], *, around: float = 100) -> dict[str, pl.LazyFrame]:
    """Turn every price upside down: what rose by a percentage falls by it, and buys become sells."""
    executions = given["executions"]
    dtype = executions.collect_schema()["last_px"]
    turned = (around**2 / pl.col("last_px").cast(pl.Float64)).cast(dtype)
    return mirrored(given | {"executions": executions.with_columns(last_px=turned)})


# For patterns that push a price, the mirror of buying up is selling down.
PUSHED = CHANGES | {"buys for sells": reflected}
