"""The negative control: a real level-3 tape whose orders are dealt at random, so that nobody can mean harm.

The tape is one afternoon of Bitstamp BTC/USD as published with the R package obAnalytics. It is not shipped
with this repository; the file is handed in by its path.
"""

import heapq
from pathlib import Path

import numpy as np
import polars as pl

from analytics.compliance.detector import LISTS, LISTS_SCHEMA, Tables
from analytics.datasets import ACCOUNTS, BARS, DATASETS, EXECUTIONS, INSTRUMENTS, ORDER_EVENTS, QUOTES
from app.demo.ledger import conform

SATOSHI = 1e-8
INSTRUMENT = "BTC/USD"
PAIRED_MS = 2_000  # the two reports of one trade come within this
MS = pl.Datetime("ms", "UTC")


def control(path: Path, members: int, seed: int) -> Tables:
    """Return tables of the tape with its orders dealt at random to ``members`` accounts."""
    raw = pl.read_csv(path).with_row_index("row").sort("timestamp", "row")
    lives = raw.group_by("id", maintain_order=True).agg(
        begun=pl.col("action").first(), side=pl.col("direction").first(), n=pl.col("price").n_unique()
    )
    # Orders that were there before the tape began, or whose price was changed, have no known entry.
    whole = lives.filter((pl.col("begun") == "created") & (pl.col("n") == 1)).select("id")
    events = raw.join(whole, on="id", how="semi", maintain_order="left").with_columns(
        before=pl.col("volume").shift(1).over("id"), first=pl.col("volume").first().over("id")
    )
    traded = (pl.col("action") == "changed") | ((pl.col("action") == "deleted") & (pl.col("volume") == 0))
    events = events.with_columns(
        done=pl.when(traded).then(pl.col("before") - pl.col("volume")).otherwise(0).fill_null(0)
    )
    fills = _paired(events.filter(pl.col("done") > 0))
    who = _dealt(events["id"].unique(maintain_order=True), fills, members, seed)
    named = events.join(who, on="id", how="left", maintain_order="left")
    return _tables(named, fills, _touch(raw), members)


def _paired(fills: pl.DataFrame) -> pl.DataFrame:
    """Add ``match``: equal quantities on both sides within moments are one trade."""
    bids = fills.filter(pl.col("direction") == "bid").select("row", "timestamp", "done", "id")
    asks = fills.filter(pl.col("direction") == "ask").select("timestamp", "done", ask_row="row", ask_id="id")
    joined = bids.join_asof(
        asks, on="timestamp", by="done", strategy="nearest", tolerance=PAIRED_MS, check_sortedness=False
    ).filter(pl.col("ask_row").is_not_null())
    once = joined.unique("ask_row", keep="first", maintain_order=True)
    legs = pl.concat(
        [
            once.select("row", match="row", contra="ask_id"),
            once.select(row="ask_row", match="row", contra="id"),
        ]
    )
    return fills.join(legs, on="row", how="left", maintain_order="left").with_columns(
        match=pl.coalesce("match", "row")
    )


def _dealt(orders: pl.Series, fills: pl.DataFrame, members: int, seed: int) -> pl.DataFrame:
    """Return id and member; nobody is dealt both legs of one trade."""
    rng = np.random.default_rng([seed, members])
    dealt = dict(zip(orders.to_list(), rng.integers(0, members, len(orders)).tolist(), strict=True))
    pairs = fills.drop_nulls("contra").select("id", "contra").iter_rows()
    met: dict[int, set[int]] = {}
    for one, other in pairs:
        met.setdefault(one, set()).add(other)
        met.setdefault(other, set()).add(one)
    for order, others in met.items():
        taken = {dealt[other] for other in others}
        while dealt[order] in taken and len(taken) < members:
            dealt[order] = int(rng.integers(0, members))
    return pl.DataFrame({"id": list(dealt), "member": list(dealt.values())})


def _touch(raw: pl.DataFrame) -> pl.DataFrame:
    """Return best bid and ask after every event that changed one of them, from the tape's own orders."""
    live: dict[int, tuple[str, float]] = {}
    heaps: dict[str, list[tuple[float, int]]] = {"bid": [], "ask": []}
    rows, last = [], None
    for row in raw.iter_rows(named=True):
        side, order, price = row["direction"], row["id"], row["price"]
        if row["action"] == "deleted":
            live.pop(order, None)
        else:
            live[order] = (side, price)
            heapq.heappush(heaps[side], (-price if side == "bid" else price, order))
        best = []
        for name, sign in (("bid", -1), ("ask", 1)):
            heap = heaps[name]
            while heap and live.get(heap[0][1]) != (name, sign * heap[0][0]):
                heapq.heappop(heap)
            best.append(sign * heap[0][0] if heap else None)
        # Crossed for the moment between the two reports of a trade.
        if None not in best and best[0] < best[1] and best != last:
            rows.append((row["timestamp"], *best))
            last = best
    return pl.DataFrame(rows, schema=["timestamp", "bid_px", "ask_px"], orient="row")


def _priced(events: pl.DataFrame, touch: pl.DataFrame) -> pl.DataFrame:
    """Add ``traded_px``: the tape tells of either order its limit, and a trade is at that of the one there first.

    Where only one order of a trade is known, it traded at its limit, or at the touch where that was better.
    """
    seen = events.join_asof(touch, on="timestamp", strategy="backward", check_sortedness=False)
    bid = pl.col("direction") == "bid"
    touched = (
        pl.when(bid)
        .then(pl.min_horizontal("price", "ask_px"))
        .otherwise(pl.max_horizontal("price", "bid_px"))
    )
    first = pl.col("price").sort_by("id").first().over("match")
    both = pl.col("id").n_unique().over("match") > 1
    return seen.with_columns(traded_px=pl.when(both).then(first).otherwise(touched)).drop("bid_px", "ask_px")


def _tables(events: pl.DataFrame, fills: pl.DataFrame, touch: pl.DataFrame, members: int) -> Tables:
    matches = fills.select("row", "match")
    told = _priced(events.join(matches, on="row", how="left", maintain_order="left"), touch).with_columns(
        transact_time=pl.col("timestamp").cast(MS).cast(pl.Datetime("us", "UTC")),
        order_id=pl.format("O{}", "id"),
        event_seq=pl.int_range(1, pl.len() + 1),
        event_type=pl.when(pl.col("action") == "created")
        .then(pl.lit("new"))
        .when(pl.col("done") > 0)
        .then(pl.lit("fill"))
        .otherwise(pl.lit("cancel")),
        instrument_id=pl.lit(INSTRUMENT),
        account_id=pl.format("M{}", "member"),
        trader_id=pl.format("T{}", "member"),
        side=pl.when(pl.col("direction") == "bid").then(pl.lit("buy")).otherwise(pl.lit("sell")),
        ord_type=pl.lit("limit"),
        time_in_force=pl.lit("gtc"),
        limit_px=pl.col("price"),
        order_qty=pl.col("first") * SATOSHI,
        venue=pl.lit("BITSTAMP"),
    )
    # A change that took nothing away is no event of ours.
    told = told.filter((pl.col("action") != "changed") | (pl.col("done") > 0))
    fill = pl.col("event_type") == "fill"
    told = told.with_columns(
        last_qty=pl.when(fill).then(pl.col("done") * SATOSHI),
        last_px=pl.when(fill).then("traded_px"),
        cum_qty=(pl.col("first") - pl.col("volume")) * SATOSHI,
        leaves_qty=pl.when(pl.col("event_type") == "cancel").then(0.0).otherwise(pl.col("volume") * SATOSHI),
        exec_id=pl.when(fill).then(pl.format("E{}", "row")),
        match_id=pl.when(fill).then(pl.format("X{}", "match")),
        cancel_by=pl.when(pl.col("event_type") == "cancel").then(pl.lit("user")),
        liquidity=pl.when(fill)
        .then(pl.when((pl.col("id") == pl.col("id").min().over("match"))  # the order that was there first
                      & (pl.col("traded_px") == pl.col("price")))
        .then(pl.lit("maker")).otherwise(pl.lit("taker"))),
    )  # fmt: skip
    done = told.filter(fill).with_columns(
        version=1, exec_status=pl.lit("new"), currency=pl.lit("USD"),
        trade_date=pl.col("transact_time").dt.date(), arrival_px=pl.col("last_px"),
    )  # fmt: skip
    quotes = touch.with_columns(
        instrument_id=pl.lit(INSTRUMENT),
        transact_time=pl.col("timestamp").cast(MS).cast(pl.Datetime("us", "UTC")),
        seq=pl.int_range(1, pl.len() + 1),
    )
    frames = {
        "order_events": conform(told, ORDER_EVENTS, decimals=8),
        "executions": conform(done, EXECUTIONS, decimals=8),
        "quotes": conform(quotes, QUOTES, decimals=8),
        "bars": conform(_bars(done), BARS, decimals=8),
        "accounts": conform(_members(members), ACCOUNTS),
        "instruments": conform(_instrument(), INSTRUMENTS),
    }
    made = {name: _stored(name, frame) for name, frame in frames.items()}
    return made | {LISTS: pl.LazyFrame(schema=LISTS_SCHEMA)}


def _bars(fills: pl.DataFrame) -> pl.DataFrame:
    # Each trade is reported once by either side: half of both.
    price = pl.col("last_px")
    return (
        fills.sort("transact_time")
        .group_by("instrument_id", bar_start=pl.col("transact_time").dt.truncate("5m"), maintain_order=True)
        .agg(
            open=price.first(), high=price.max(), low=price.min(), close=price.last(),
            volume=pl.col("last_qty").sum() / 2, trades=pl.len() // 2,
        )
        .with_columns(freq=pl.lit("5m"))
    )  # fmt: skip


def _members(count: int) -> pl.DataFrame:
    names = [f"M{n}" for n in range(count)]
    return pl.DataFrame({"account_id": names, "owner_id": [f"owner-{name}" for name in names]}).with_columns(
        kind=pl.lit("client"), base_currency=pl.lit("USD"), desk=pl.lit("members")
    )


def _instrument() -> pl.DataFrame:
    return pl.DataFrame(
        {
            "instrument_id": [INSTRUMENT], "symbol": [INSTRUMENT], "name": ["Bitcoin in US dollars"],
            "asset_class": ["crypto"], "currency": ["USD"], "multiplier": [1.0], "tick_size": [0.01],
        }
    )  # fmt: skip


def _stored(name: str, frame: pl.DataFrame) -> pl.LazyFrame:
    dataset = DATASETS[name]
    if dataset.time:
        frame = frame.with_columns(transact_time_ns=pl.col(dataset.time).dt.epoch("us") * 1000)
    absent = [column for column in dataset.schema if column not in frame.columns]
    return frame.lazy().with_columns(pl.lit(None, dataset.schema[column]).alias(column) for column in absent)


def alerted_fills(alerts: pl.DataFrame, executions: pl.DataFrame) -> int:
    """Return how many fills an alert names, by themselves or by their order."""
    if alerts.is_empty():
        return 0
    ids = set(alerts["exec_ids"].explode().drop_nulls().to_list())
    orders = set(alerts["order_ids"].explode().drop_nulls().to_list())
    named = executions["exec_id"].is_in(list(ids)) | executions["order_id"].is_in(list(orders))
    return int(named.sum())
