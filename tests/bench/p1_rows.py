"""Executions of the last 30 days, five columns, through the desk (ledger looked up, entitlements, scope,
kept handle), against the same rows in plain Parquet by month without a catalogue, and in SQLite with an
index on time read by pandas through SQLAlchemy. SQLite holds the five columns only, which favours it.
"""

import sqlite3
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from typing import Any

import pandas as pd
import polars as pl
import sqlalchemy as sa

from analytics.datasets import EXECUTIONS
from tests.bench._firm import Firm
from tests.bench._measure import Bench, Row, alternate, pair

TITLE = "Rows of one organisation"
COLUMNS = ("exec_id", "instrument_id", "last_qty", "last_px", "transact_time")


def measure(bench: Bench) -> list[Row]:
    firm, room = bench.firm, bench.room("p1")
    plain, engine = _parquet(firm, room), _sqlite(firm, room)
    low = datetime.combine(firm.start, time(), UTC)
    high = datetime.combine(firm.end + timedelta(days=1), time(), UTC)

    def ours() -> pl.DataFrame:
        desk = firm.desk()
        return desk.collect(desk.rows(EXECUTIONS).select(COLUMNS))

    def parquet() -> pl.DataFrame:
        months = pl.col("month").is_between(pl.lit(f"{low:%Y-%m}"), pl.lit(f"{firm.end:%Y-%m}"))
        rows = pl.scan_parquet(
            plain / "**/*.parquet", hive_partitioning=True, hive_schema={"month": pl.String}
        )
        instant = pl.col("transact_time")
        return (
            rows.filter(months & (instant >= low) & (instant < high))
            .select(COLUMNS)
            .collect(engine="streaming")
        )

    def sqlite() -> Any:
        asked = sa.text(
            f"SELECT {', '.join(COLUMNS)} FROM executions WHERE transact_time >= :low AND transact_time < :high"
        )
        with engine.connect() as connection:
            return pd.read_sql_query(asked, connection, params={"low": _micros(low), "high": _micros(high)})

    found = ours()
    if not found.equals(parquet().select(found.columns)) or len(sqlite()) != found.height:
        raise AssertionError("the three sides do not return the same rows")
    seconds = alternate(
        {"ours": ours, "plain Parquet": parquet, "SQLite and pandas": sqlite},
        rounds=bench.sizes.rounds,
        repeat=3,
    )
    engine.dispose()
    note = f"{found.height:,} rows of {bench.sizes.rows:,}"
    return [
        pair("30 days, 5 columns", seconds, "plain Parquet", goal=1.2, note=note),
        pair("the same, times faster", seconds, "SQLite and pandas", inverse=True, goal=40, sense="at least"),
    ]


def _micros(moment: datetime) -> int:
    return int(moment.timestamp()) * 1_000_000


def _parquet(firm: Firm, room: Path) -> Path:
    rows = firm.desk(dated=False).rows(EXECUTIONS).collect()
    for (month,), part in rows.partition_by("month", as_dict=True, include_key=False).items():
        folder = room / f"month={month}"
        folder.mkdir()
        part.write_parquet(folder / "0.parquet")
    return room


def _sqlite(firm: Firm, room: Path) -> sa.Engine:
    path = room / "rows.db"
    rows = firm.desk(dated=False).rows(EXECUTIONS).select(COLUMNS).collect()
    rows = rows.with_columns(
        pl.col("last_qty", "last_px").cast(pl.Float64), pl.col("transact_time").dt.epoch("us")
    )
    with sqlite3.connect(path) as connection:
        connection.execute(
            "CREATE TABLE executions (exec_id TEXT, instrument_id TEXT, last_qty REAL, last_px REAL, transact_time INTEGER)"
        )
        connection.executemany("INSERT INTO executions VALUES (?, ?, ?, ?, ?)", rows.iter_rows())
        connection.execute("CREATE INDEX by_time ON executions (transact_time)")
    connection.close()
    return sa.create_engine(f"sqlite:///{path}")
