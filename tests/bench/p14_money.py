"""Notional by account and name, summed over every execution: in processes of their own with one, two and four
threads, over rows cut into chunks in four ways and in four orders. Fixed point must give one result to the last
bit; floating point is shown beside it. Then the cost of the fixed-point sum against the same in Float64 within
one process, streaming engine, from memory.
"""

import hashlib
import os
import subprocess
import sys
from pathlib import Path

import polars as pl

from analytics.datasets import EXECUTIONS
from tests.bench._measure import Bench, Row, alternate, pair

TITLE = "Money to the last bit"
KEYS = ("account_id", "instrument_id")
ROOT = Path(__file__).resolve().parents[2]


def measure(bench: Bench) -> list[Row]:
    path = bench.room("p14") / "rows.parquet"
    rows = bench.firm.desk(dated=False).rows(EXECUTIONS).select(*KEYS, "last_qty", "last_px").collect()
    rows.write_parquet(path)
    fixed, floating = set(), set()
    for threads in (1, 2, 4):
        for one, other in _elsewhere(path, threads):
            fixed.add(one)
            floating.add(other)
    floats = rows.with_columns(pl.col("last_qty", "last_px").cast(pl.Float64))
    sides = {"ours": lambda: summed(rows), "Float64": lambda: summed(floats)}
    seconds = alternate(sides, rounds=bench.sizes.rounds, repeat=3)
    return [
        Row(
            "Different results in fixed point, 12 ways",
            len(fixed),
            "",
            goal=1,
            note=f"Float64: {len(floating)}",
        ),
        pair("Grouped sum of products", seconds, "Float64", goal=1.05),
    ]


def summed(rows: pl.DataFrame) -> pl.DataFrame:
    """Return notional by account and name."""
    notional = (pl.col("last_qty") * pl.col("last_px")).sum()
    return rows.lazy().group_by(KEYS).agg(notional).sort(KEYS).collect(engine="streaming")


def digest(rows: pl.DataFrame) -> str:
    """Return what a result says to the last bit."""
    value = rows[rows.columns[-1]]
    data = value.cast(pl.String).to_list() if value.dtype.is_decimal() else value.to_numpy().tobytes().hex()
    return hashlib.sha256(repr((rows[KEYS[0]].to_list(), data)).encode()).hexdigest()


def cuts(rows: pl.DataFrame) -> list[pl.DataFrame]:
    """Return the same rows in one chunk, in many, in reverse and shuffled."""
    many = [rows.slice(at, 7_919) for at in range(0, rows.height, 7_919)]
    few = [rows.slice(at, rows.height // 3 + 1) for at in range(0, rows.height, rows.height // 3 + 1)]
    return [
        rows.rechunk(),
        pl.concat(many, rechunk=False),
        pl.concat(few[::-1], rechunk=False),
        rows.sample(fraction=1, shuffle=True, seed=11),
    ]


def _elsewhere(path: Path, threads: int) -> list[tuple[str, str]]:
    environment = os.environ | {"POLARS_MAX_THREADS": str(threads), "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-m", "tests.bench.p14_money", str(path)],
        cwd=ROOT, env=environment, check=True, capture_output=True, text=True, timeout=300,
    )  # fmt: skip
    pairs = [text.split() for text in done.stdout.splitlines()]
    return [(one, other) for one, other in pairs]


def _told(path: str) -> None:
    for rows in cuts(pl.read_parquet(path)):
        floats = rows.with_columns(pl.col("last_qty", "last_px").cast(pl.Float64))
        sys.stdout.write(f"{digest(summed(rows))} {digest(summed(floats))}\n")


if __name__ == "__main__":
    _told(sys.argv[1])
