"""What the detector tests share: tables from text, and the changes that must not change a verdict."""

import polars as pl

from analytics.compliance.detector import LISTS, LISTS_SCHEMA
from analytics.datasets import DATASETS, DECIMAL
from tests.conftest import parse_table

MIRROR = {"buy": "sell", "sell": "buy", "sell_short": "buy_cover", "buy_cover": "sell_short"}
PRICES = ("last_px", "limit_px", "stop_px", "bid_px", "ask_px", "open", "high", "low", "close", "vwap")


def tables(**texts: str) -> dict[str, pl.LazyFrame]:
    return {name: parse_table(text, DATASETS[name]) for name, text in texts.items()}


def lists(*entries: dict) -> dict[str, pl.LazyFrame]:
    blank = {"list_type": "restricted", "subject_kind": "firm", "subject_id": None, "valid_to": None}
    return {LISTS: pl.LazyFrame([blank | entry for entry in entries], schema=LISTS_SCHEMA)}


def alerts(detector, given, params=None) -> list[dict]:
    found = detector().detect(given, params).collect()
    return found.filter(pl.col("kind") == "alert").to_dicts()


def gaps(detector, given) -> list[str]:
    found = detector().detect(given).collect()
    return [row["story"][0] for row in found.filter(pl.col("kind") == "data_gap").to_dicts()]


def verdict(found: list[dict]) -> list[tuple]:
    """Return what must not depend on names, units or the order of rows."""
    return sorted(
        (round(row["score"], 6), row["severity"], len(row["exec_ids"]), len(row["order_ids"]))
        for row in found
    )


def shuffled(given, seed: int):
    return {
        name: frame.collect().sample(fraction=1.0, shuffle=True, seed=seed).lazy()
        for name, frame in given.items()
    }


def scaled(given, factor: int):
    def scale(frame: pl.LazyFrame) -> pl.LazyFrame:
        names = [c for c in frame.collect_schema() if c in PRICES]
        return (
            frame.with_columns((pl.col(names) * pl.lit(factor).cast(DECIMAL)).cast(DECIMAL))
            if names
            else frame
        )

    return {name: scale(frame) for name, frame in given.items()}


def renamed(given):
    def rename(frame: pl.LazyFrame) -> pl.LazyFrame:
        names = [
            c for c in ("account_id", "trader_id", "owner_id", "subject_id") if c in frame.collect_schema()
        ]
        return frame.with_columns(pl.format("zz{}", pl.col(name)).alias(name) for name in names)

    return {name: rename(frame) for name, frame in given.items()}


def shifted(given, **by):
    def shift(frame: pl.LazyFrame) -> pl.LazyFrame:
        schema = frame.collect_schema()
        instants = [c for c, t in schema.items() if isinstance(t, pl.Datetime)]
        days = [c for c, t in schema.items() if t == pl.Date()]
        out = frame.with_columns(pl.col(instants) + pl.duration(**by), pl.col(days) + pl.duration(**by))
        if "transact_time_ns" in schema:
            out = out.with_columns(pl.col("transact_time_ns") + pl.duration(**by).dt.total_nanoseconds())
        return out

    return {name: shift(frame) for name, frame in given.items()}


def mirrored(given):
    return {
        name: frame.with_columns(pl.col("side").replace_strict(MIRROR))
        if "side" in frame.collect_schema()
        else frame
        for name, frame in given.items()
    }


def split(given):
    """Spread each account's orders over two accounts of the same owner."""
    owner = pl.coalesce("owner_id", "account_id")
    out = {}
    for name, frame in given.items():
        columns = frame.collect_schema()
        if name == "accounts":
            known = frame.with_columns(owner_id=owner)
            out[name] = pl.concat([known, known.with_columns(account_id=pl.format("{}-2", "account_id"))])
        elif "account_id" in columns and ("order_id" in columns or "exec_id" in columns):
            ids = [pl.col(c) for c in ("order_id", "exec_id") if c in columns]
            second = pl.coalesce(*ids).str.extract(r"(\d)$").cast(pl.Int64) % 2 == 1
            named = pl.when(second).then(pl.format("{}-2", "account_id")).otherwise("account_id")
            out[name] = frame.with_columns(account_id=named)
        else:
            out[name] = frame
    return out


def delivered_again(given):
    """Every order event once more under another number, and every execution just as it was."""
    out = dict(given)
    if "order_events" in given:
        again = given["order_events"].with_columns(pl.col("event_seq") + 1_000_000)
        out["order_events"] = pl.concat([given["order_events"], again])
    if "executions" in given:
        out["executions"] = pl.concat([given["executions"], given["executions"]])
    return out


# Changes that must not change a verdict, by name.
CHANGES = {
    "rows in another order": lambda given: shuffled(given, 1),
    "prices times ten": lambda given: scaled(given, 10),
    "other names": renamed,
    "buys for sells": mirrored,
    "three hours later": lambda given: shifted(given, hours=3),
    "forty days later": lambda given: shifted(given, days=40),
    "split over linked accounts": split,
}
