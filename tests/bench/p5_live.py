"""A batch of 1,000 live executions acknowledged by the lake: checked against the schema, encoded, appended to
the live log and fsynced; against a bare write and fsync of the same number of bytes, and against an append of
the same batch to a Delta table (which does not fsync). Sides take turns batch by batch; medians over all
batches. Flatness compares that ratio to the bare write in the last tenth of the batches with the first tenth,
so that a disk that others keep busy does not count as growth.
"""

import os
import statistics
from pathlib import Path

import polars as pl
from deltalake import DeltaTable, write_deltalake

from analytics.datasets import EXECUTIONS
from app.context import Context
from app.storage import schema
from tests.bench._firm import SLUG, executions, settings_of, stored
from tests.bench._measure import Bench, Row, pair, timed

TITLE = "Live rows acknowledged"
BATCH = 1_000
DELTA = 300  # appends at most: they get slower with every one


def measure(bench: Bench) -> list[Row]:
    room = bench.room("p5")
    context = Context.open(settings_of(room))
    schema.upgrade(context.database)
    batch = stored(EXECUTIONS, executions(BATCH))
    table = room / "delta"
    write_deltalake(table, batch)
    handle = DeltaTable(table)

    def log(number: int) -> int:
        context.lake.log(SLUG, EXECUTIONS, batch, import_id=f"imp_{number}")
        return number

    log(0)
    payload = os.urandom(_logged(context))
    raw = os.open(room / "raw", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)

    def bare() -> None:
        os.write(raw, payload)
        os.fsync(raw)

    seconds: dict[str, list[float]] = {"ours": [], "raw write and fsync": [], "Delta append": []}
    every = max(1, bench.sizes.batches // DELTA)
    for number in range(1, bench.sizes.batches + 1):
        seconds["ours"].append(timed(lambda number=number: log(number)))
        seconds["raw write and fsync"].append(timed(bare))
        if number % every == 0:
            seconds["Delta append"].append(timed(lambda: write_deltalake(handle, batch, mode="append")))
    os.close(raw)
    _check(context, bench.sizes.batches + 1)
    medians = {name: statistics.median(found) for name, found in seconds.items()}
    tenth = max(5, bench.sizes.batches // 10)
    first, last = (_beside_raw(seconds, part) for part in (slice(tenth), slice(-tenth, None)))
    size = f"{len(payload) / 1e3:.0f} KB a batch, {bench.sizes.batches:,} batches"
    return [
        pair("1,000 rows acknowledged", medians, "raw write and fsync", goal=2.5, note=size),
        pair("the same, times faster", medians, "Delta append", inverse=True, goal=20, sense="at least"),
        Row(
            f"Last tenth of {bench.sizes.batches:,} batches",
            last / first,
            against="the first tenth",
            goal=1.2,
        ),
    ]


def _beside_raw(seconds: dict[str, list[float]], part: slice) -> float:
    ours, raw = (statistics.median(seconds[name][part]) for name in ("ours", "raw write and fsync"))
    return ours / raw


def _logged(context: Context) -> int:
    live = context.lake.live(SLUG, EXECUTIONS)
    return sum(Path(segment.path).stat().st_size for segment in live.segments())


def _check(context: Context, batches: int) -> None:
    found = context.lake.scan(SLUG, EXECUTIONS).select(pl.len()).collect().item()
    if found != batches * BATCH:
        raise AssertionError(f"{found} rows can be read of {batches * BATCH} acknowledged")
