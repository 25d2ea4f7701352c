"""The core of eight detectors in DuckDB and in pandas, over the same Parquet files.

A core is the costly step only: the hits, without baselines, look-alike rules, episodes, scores, stories or
evidence. Ours is the whole detector, so the comparison favours the others.
"""

import time
from collections.abc import Callable, Collection
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd

from analytics.compliance.detector import LISTS

SECOND = 10**9
GROUPS = """(SELECT account_id, coalesce('link:' || link_group, 'owner:' || owner_id, 'account:' || account_id) AS grp
    FROM accounts)"""
CLOSE = (
    17 * 3600 + 55 * 60
)  # UTC second of the day after which a print counts as late, in any zone of the demo

SQL = {
    "wash_trade": f"""
        SELECT count(*) FROM (SELECT 1 FROM executions JOIN {GROUPS} USING (account_id) WHERE match_id IS NOT NULL
        GROUP BY grp, instrument_id, venue, trade_date, match_id
        HAVING sum(CASE WHEN side LIKE 'buy%' THEN last_qty END) > 0
           AND sum(CASE WHEN side NOT LIKE 'buy%' THEN last_qty END) > 0)""",
    "quote_stuffing": f"""
        WITH seconds AS (SELECT grp, instrument_id, transact_time_ns // {SECOND} AS second, count(*) AS n
            FROM order_events JOIN {GROUPS} USING (account_id)
            WHERE event_type IN ('new', 'replace', 'cancel') GROUP BY ALL),
        usual AS (SELECT instrument_id, median(n) AS usual FROM seconds GROUP BY ALL)
        SELECT count(*) FROM seconds JOIN usual USING (instrument_id) WHERE n >= greatest(50, 10 * usual)""",
    "order_to_trade": f"""
        SELECT count(*) FROM (SELECT sum(CASE event_type WHEN 'replace' THEN 2 WHEN 'fill' THEN 0 ELSE 1 END) AS orders,
            count(*) FILTER (event_type = 'fill') AS trades
            FROM order_events JOIN {GROUPS} USING (account_id)
            WHERE event_type IN ('new', 'replace', 'cancel', 'fill')
              AND NOT coalesce(cancel_by IN ('smp', 'venue', 'ioc', 'eod'), false)
            GROUP BY grp, instrument_id, venue, transact_time::DATE)
        WHERE orders > 1000 * greatest(trades, 1)""",
    "restricted_list": """
        SELECT count(*) FROM order_events e JOIN lists l USING (instrument_id)
        WHERE event_type IN ('new', 'replace') AND e.transact_time >= l.valid_from
          AND (l.valid_to IS NULL OR e.transact_time < l.valid_to)
          AND (l.subject_kind = 'firm' OR l.subject_id = e.trader_id)""",
    "fat_finger": f"""
        WITH orders AS (SELECT *, limit_px::DOUBLE AS px FROM order_events WHERE event_type IN ('new', 'replace')),
        priced AS (SELECT o.side, o.px, (q.bid_px::DOUBLE + q.ask_px::DOUBLE) / 2 AS mid FROM orders o
            ASOF JOIN quotes q ON o.instrument_id = q.instrument_id AND o.transact_time_ns > q.transact_time_ns),
        repeated AS (SELECT transact_time_ns - lag(transact_time_ns, 2) OVER (
            PARTITION BY account_id, instrument_id, side, venue, order_qty, px ORDER BY transact_time_ns) AS span
            FROM orders WHERE event_type = 'new')
        SELECT (SELECT count(*) FROM priced WHERE CASE WHEN side LIKE 'buy%' THEN 1 ELSE -1 END * (px / mid - 1) > 0.05)
             + (SELECT count(*) FROM repeated WHERE span <= {SECOND})""",
    "layering": f"""
        WITH e AS (SELECT grp, order_id, instrument_id, side LIKE 'buy%' AS buying, event_type,
                transact_time_ns AS ns, limit_px::DOUBLE AS px, cancel_by
            FROM order_events JOIN {GROUPS} USING (account_id)),
        lives AS (SELECT order_id, any_value(grp) AS grp, any_value(instrument_id) AS instrument_id,
                any_value(buying) AS buying, any_value(px) AS px, min(ns) FILTER (event_type = 'new') AS entered,
                max(ns) FILTER (event_type = 'cancel' AND cancel_by = 'user') AS gone
            FROM e GROUP BY order_id HAVING gone IS NOT NULL),
        fills AS (SELECT order_id AS fill_order, grp, instrument_id, NOT buying AS buying, ns FROM e
            WHERE event_type = 'fill'),
        slots AS (SELECT *, ns // {10 * SECOND} + s AS slot FROM fills CROSS JOIN (VALUES (0), (1)) AS t (s)),
        pulled AS (SELECT fill_order, f.ns, count(DISTINCT px) AS levels FROM slots f JOIN lives l
            ON f.grp = l.grp AND f.instrument_id = l.instrument_id AND f.buying = l.buying
               AND f.slot = l.gone // {10 * SECOND}
            WHERE l.gone > f.ns AND l.gone <= f.ns + {10 * SECOND} AND l.entered <= f.ns
              AND l.entered >= f.ns - {90 * SECOND} GROUP BY ALL)
        SELECT count(*) FROM pulled WHERE levels >= 3""",
    "painting_the_tape": f"""
        SELECT count(*) FROM (SELECT sum(last_qty::DOUBLE) AS gross,
            abs(sum(CASE WHEN side LIKE 'buy%' THEN 1 ELSE -1 END * last_qty::DOUBLE)) AS net, count(*) AS n
            FROM executions JOIN {GROUPS} USING (account_id)
            GROUP BY grp, instrument_id, transact_time_ns // {1800 * SECOND})
        WHERE n >= 20 AND net <= 0.1 * gross""",
    "marking_the_close": f"""
        WITH late AS (SELECT grp, instrument_id, trade_date,
                CASE WHEN side LIKE 'buy%' THEN 1 ELSE -1 END * last_qty::DOUBLE AS q
            FROM executions JOIN {GROUPS} USING (account_id) WHERE transact_time_ns // {SECOND} % 86400 >= {CLOSE}),
        own AS (SELECT grp, instrument_id, trade_date, abs(sum(q)) AS net FROM late GROUP BY ALL),
        every AS (SELECT instrument_id, trade_date, sum(abs(q)) AS volume FROM late GROUP BY ALL)
        SELECT count(*) FROM own JOIN every USING (instrument_id, trade_date) WHERE net >= 0.2 * volume""",
}  # fmt: skip


def _read(folder: Path, name: str, columns: list[str]) -> pd.DataFrame:
    return pd.read_parquet(folder / name, columns=columns)


def _grouped(folder: Path, frame: pd.DataFrame) -> pd.DataFrame:
    accounts = _read(folder, "accounts", ["account_id", "owner_id", "link_group"])
    accounts["grp"] = ("link:" + accounts["link_group"]).fillna("owner:" + accounts["owner_id"])
    return frame.merge(accounts[["account_id", "grp"]], on="account_id")


def _wash_trade(folder: Path) -> int:
    columns = ["account_id", "instrument_id", "venue", "trade_date", "match_id", "side", "last_qty"]
    rows = _grouped(folder, _read(folder, "executions", columns).dropna(subset="match_id"))
    buying = rows["side"].str.startswith("buy")
    rows["bought"], rows["sold"] = buying, ~buying
    both = rows.groupby(["grp", "instrument_id", "venue", "trade_date", "match_id"])[["bought", "sold"]].any()
    return int(both.all(axis=1).sum())


def _quote_stuffing(folder: Path) -> int:
    rows = _read(folder, "order_events", ["account_id", "instrument_id", "event_type", "transact_time_ns"])
    rows = _grouped(folder, rows[rows["event_type"].isin(["new", "replace", "cancel"])])
    rows["second"] = rows["transact_time_ns"] // SECOND
    n = rows.groupby(["grp", "instrument_id", "second"]).size().reset_index(name="n")
    usual = n.groupby("instrument_id")["n"].transform("median")
    return int((n["n"] >= np.maximum(50, 10 * usual)).sum())


def _order_to_trade(folder: Path) -> int:
    columns = ["account_id", "instrument_id", "venue", "event_type", "cancel_by", "transact_time"]
    rows = _read(folder, "order_events", columns)
    rows = rows[~rows["cancel_by"].isin(["smp", "venue", "ioc", "eod"])]
    rows = _grouped(folder, rows[rows["event_type"].isin(["new", "replace", "cancel", "fill"])])
    rows["orders"] = rows["event_type"].map({"new": 1, "cancel": 1, "replace": 2, "fill": 0})
    rows["trades"] = (rows["event_type"] == "fill").astype(int)
    rows["day"] = rows["transact_time"].dt.floor("D")
    sums = rows.groupby(["grp", "instrument_id", "venue", "day"])[["orders", "trades"]].sum()
    return int((sums["orders"] > 1000 * sums["trades"].clip(lower=1)).sum())


def _restricted_list(folder: Path) -> int:
    rows = _read(folder, "order_events", ["instrument_id", "event_type", "transact_time", "trader_id"])
    rows = rows[rows["event_type"].isin(["new", "replace"])]
    met = rows.merge(pd.read_parquet(folder / LISTS), on="instrument_id")
    inside = (met["transact_time"] >= met["valid_from"]) & (
        met["valid_to"].isna() | (met["transact_time"] < met["valid_to"])
    )
    return int((inside & ((met["subject_kind"] == "firm") | (met["subject_id"] == met["trader_id"]))).sum())


def _fat_finger(folder: Path) -> int:
    columns = [
        "account_id",
        "instrument_id",
        "side",
        "venue",
        "order_qty",
        "limit_px",
        "event_type",
        "transact_time_ns",
    ]
    rows = _read(folder, "order_events", columns)
    rows = rows[rows["event_type"].isin(["new", "replace"])].sort_values("transact_time_ns")
    rows["px"] = rows["limit_px"].astype(float)
    quotes = _read(folder, "quotes", ["instrument_id", "bid_px", "ask_px", "transact_time_ns"])
    quotes["mid"] = (quotes["bid_px"].astype(float) + quotes["ask_px"].astype(float)) / 2
    quotes = quotes[["instrument_id", "mid", "transact_time_ns"]].sort_values("transact_time_ns")
    priced = pd.merge_asof(rows, quotes, on="transact_time_ns", by="instrument_id", allow_exact_matches=False)
    sign = np.where(priced["side"].str.startswith("buy"), 1, -1)
    far = int((sign * (priced["px"] / priced["mid"] - 1) > 0.05).sum())
    new = rows[rows["event_type"] == "new"].assign(order_qty=lambda frame: frame["order_qty"].astype(float))
    keys = ["account_id", "instrument_id", "side", "venue", "order_qty", "px"]
    span = new["transact_time_ns"] - new.groupby(keys, dropna=False)["transact_time_ns"].shift(2)
    return far + int((span <= SECOND).sum())


def _layering(folder: Path) -> int:
    columns = [
        "account_id",
        "order_id",
        "instrument_id",
        "side",
        "event_type",
        "transact_time_ns",
        "limit_px",
        "cancel_by",
    ]
    rows = _grouped(folder, _read(folder, "order_events", columns))
    rows["buying"], rows["px"] = rows["side"].str.startswith("buy"), rows["limit_px"].astype(float)
    new = rows[rows["event_type"] == "new"][
        ["order_id", "grp", "instrument_id", "buying", "px", "transact_time_ns"]
    ]
    gone = rows[(rows["event_type"] == "cancel") & (rows["cancel_by"] == "user")][
        ["order_id", "transact_time_ns"]
    ]
    lives = new.rename(columns={"transact_time_ns": "entered"}).merge(
        gone.rename(columns={"transact_time_ns": "gone"}), on="order_id"
    )
    fills = rows[rows["event_type"] == "fill"][
        ["order_id", "grp", "instrument_id", "buying", "transact_time_ns"]
    ]
    fills = fills.rename(columns={"transact_time_ns": "ns", "order_id": "fill_order"}).assign(
        buying=~fills["buying"]
    )
    slots = pd.concat([fills.assign(slot=fills["ns"] // (10 * SECOND) + n) for n in (0, 1)])
    lives["slot"] = lives["gone"] // (10 * SECOND)
    met = slots.merge(lives, on=["grp", "instrument_id", "buying", "slot"])
    near = (met["gone"] > met["ns"]) & (met["gone"] <= met["ns"] + 10 * SECOND)
    met = met[near & (met["entered"] <= met["ns"]) & (met["entered"] >= met["ns"] - 90 * SECOND)]
    return int((met.groupby(["fill_order", "ns"])["px"].nunique() >= 3).sum())


def _painting_the_tape(folder: Path) -> int:
    columns = ["account_id", "instrument_id", "side", "last_qty", "transact_time_ns"]
    rows = _grouped(folder, _read(folder, "executions", columns))
    rows["gross"] = rows["last_qty"].astype(float)
    rows["net"] = np.where(rows["side"].str.startswith("buy"), 1, -1) * rows["gross"]
    rows["slot"] = rows["transact_time_ns"] // (1800 * SECOND)
    sums = rows.groupby(["grp", "instrument_id", "slot"]).agg(
        gross=("gross", "sum"), net=("net", "sum"), n=("net", "size")
    )
    return int(((sums["n"] >= 20) & (sums["net"].abs() <= 0.1 * sums["gross"])).sum())


def _marking_the_close(folder: Path) -> int:
    columns = ["account_id", "instrument_id", "trade_date", "side", "last_qty", "transact_time_ns"]
    rows = _grouped(folder, _read(folder, "executions", columns))
    rows = rows[rows["transact_time_ns"] // SECOND % 86400 >= CLOSE]
    rows["q"] = np.where(rows["side"].str.startswith("buy"), 1, -1) * rows["last_qty"].astype(float)
    own = rows.groupby(["grp", "instrument_id", "trade_date"])["q"].sum().abs().reset_index(name="net")
    every = rows.assign(volume=rows["q"].abs()).groupby(["instrument_id", "trade_date"])["volume"].sum()
    met = own.merge(every.reset_index(), on=["instrument_id", "trade_date"])
    return int((met["net"] >= 0.2 * met["volume"]).sum())


PANDAS: dict[str, Callable[[Path], int]] = {
    "wash_trade": _wash_trade,
    "quote_stuffing": _quote_stuffing,
    "order_to_trade": _order_to_trade,
    "restricted_list": _restricted_list,
    "fat_finger": _fat_finger,
    "layering": _layering,
    "painting_the_tape": _painting_the_tape,
    "marking_the_close": _marking_the_close,
}


def compare(folder: Path, names: Collection[str]) -> dict[str, dict[str, float]]:
    """Return seconds of both peers and the hits they agree on, by detector.

    Raises:
        AssertionError: If they do not find the same.
    """
    told = {}
    for name in (name for name in SQL if name in names):
        began = time.perf_counter()
        theirs = duck(folder, SQL[name])
        seconds = time.perf_counter() - began
        began = time.perf_counter()
        hits = PANDAS[name](folder)
        if hits != theirs:
            raise AssertionError(f"{name}: DuckDB finds {theirs}, pandas {hits}")
        told[name] = {"duckdb": seconds, "pandas": time.perf_counter() - began, "hits": hits}
    return told


def duck(folder: Path, query: str) -> int:
    """Ask DuckDB, two threads, over the folder's Parquet files."""
    with duckdb.connect() as connection:
        connection.execute("SET threads = 2; SET TimeZone = 'UTC'")
        for path in folder.iterdir():
            connection.execute(f"CREATE VIEW {path.name} AS FROM read_parquet('{path}/*.parquet')")
        answer = connection.execute(query).fetchone()
    assert answer is not None
    return int(answer[0])
