"""How fast: all detectors over one day of ten million order events, and over one-minute batches of it.

Each measure runs in a process of its own with two threads, so that its peak memory is its own.
"""

import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import polars as pl

from analytics.compliance.detector import LISTS, all_detectors
from analytics.datasets import DATASETS

ROOT = Path(__file__).resolve().parents[3]
SEED = 1_999
WINDOW, STEP = timedelta(minutes=10), timedelta(minutes=1)
BATCHES = 20
GOAL_SECONDS, GOAL_GB, GOAL_BATCH, GOAL_CORE = 60.0, 4.0, 1.0, 10.0


@dataclass(frozen=True)
class Speed:
    """What was measured."""

    rows: int
    seconds: dict[str, float]  # by detector, one look at the whole day
    cpu: float  # seconds of both threads, all detectors
    peak_gb: float
    parted_seconds: float  # the same, instrument by instrument
    parted_gb: float
    batch_rows: int  # order events of a ten-minute window, median
    batches: tuple[float, ...]  # seconds of all detectors together, by batch
    peers: dict[str, dict[str, float]]  # by detector: seconds of the same core in DuckDB and in pandas

    @property
    def total(self) -> float:
        """Seconds of all detectors."""
        return sum(self.seconds.values())

    @property
    def p95(self) -> float:
        """95th percentile of a batch."""
        return sorted(self.batches)[max(0, round(0.95 * len(self.batches)) - 1)]

    def words(self) -> list[str]:
        """Return the page's part on speed."""
        slowest = sorted(self.seconds.items(), key=lambda item: -item[1])
        return [
            "## Speed",
            "",
            f"One day of {self.rows:,} order events in twenty instruments, read from Parquet; two threads.",
            "",
            "| measured | figure | goal | |",
            "|---|---|---|---|",
            f"| All {len(self.seconds)} detectors | {self.total:.1f} s | at most {GOAL_SECONDS:.0f} s | {_verdict(self.total <= GOAL_SECONDS)} |",
            f"| The same in processor time | {self.cpu:.1f} s | | |",
            f"| Events a second, all detectors | {self.rows / self.total:,.0f} | | |",
            f"| Peak memory | {self.peak_gb:.2f} GB | at most {GOAL_GB:.0f} GB | {_verdict(self.peak_gb <= GOAL_GB)} |",
            f"| All of them, instrument by instrument | {self.parted_seconds:.1f} s | at most {GOAL_SECONDS:.0f} s | {_verdict(self.parted_seconds <= GOAL_SECONDS)} |",
            f"| Peak memory, instrument by instrument | {self.parted_gb:.2f} GB | at most {GOAL_GB:.0f} GB | {_verdict(self.parted_gb <= GOAL_GB)} |",
            f"| One-minute batch over ten minutes ({self.batch_rows:,} events), median | {statistics.median(self.batches):.2f} s | | |",
            f"| One-minute batch, 95th percentile | {self.p95:.2f} s | at most {GOAL_BATCH:.0f} s | {_verdict(self.p95 <= GOAL_BATCH)} |",
            "",
            "Seconds by detector: " + ", ".join(f"{name} {spent:.2f}" for name, spent in slowest) + ".",
            "",
            *self._beside(),
        ]

    def _beside(self) -> list[str]:
        rows = [
            f"| {name} | {self.seconds[name]:.2f} s | {peer['duckdb']:.2f} s | {peer['pandas']:.2f} s | "
            f"{peer['duckdb'] / self.seconds[name]:.2f}x | {peer['pandas'] / self.seconds[name]:.2f}x |"
            for name, peer in self.peers.items()
        ]
        if not rows:
            return []
        ours = sum(self.seconds[name] for name in self.peers)
        return [
            "## Beside DuckDB and pandas",
            "",
            "Ours is the whole detector; theirs is its costly core alone (hits without baselines, look-alike rules,",
            "episodes, scores, stories and evidence), on the same files, two threads. They agree with one another on",
            "the number of hits. Above 1x ours is faster.",
            "",
            "| detector | ours, whole | DuckDB, core | pandas, core | against DuckDB | against pandas |",
            "|---|---|---|---|---|---|",
            *rows,
            "",
            f"Together {ours:.1f} s; goal at most {GOAL_CORE:.0f} s, {_verdict(ours <= GOAL_CORE)}.",
            "",
        ]


def _verdict(met: bool) -> str:
    return "met" if met else "missed"


def measure(names: Sequence[str], *, rows: int) -> Speed:
    """Make the day, then look at it in processes of their own."""
    with tempfile.TemporaryDirectory(prefix="quarterdeck-flood-") as folder:
        made = _child("flood", folder, str(rows))
        whole = _child("whole", folder, *names)
        parts = _child("parts", folder, *names)
        batches = _child("batches", folder, *names)
        peers = _child("peers", folder, *names)
    return Speed(
        rows=made["rows"],
        seconds=whole["seconds"],
        cpu=whole["cpu"],
        peak_gb=whole["peak_gb"],
        parted_seconds=sum(parts["seconds"].values()),
        parted_gb=parts["peak_gb"],
        batch_rows=int(statistics.median(batches["rows"])),
        batches=tuple(batches["seconds"]),
        peers=peers,
    )


def _child(task: str, folder: str, *more: str) -> dict[str, Any]:
    command = [sys.executable, "-m", "tests.bench.detectors._speed", task, folder, *more]
    environment = os.environ | {"POLARS_MAX_THREADS": "2"}
    done = subprocess.run(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, check=True, text=True)
    return json.loads(done.stdout.splitlines()[-1])


# --- in the child ------------------------------------------------------------------------------------
def flood(folder: Path, rows: int) -> dict[str, Any]:
    """Write one day of about ``rows`` order events, one file an instrument, and what else there is to it."""
    import numpy as np

    from app.demo.control_room import closed_to_all
    from app.demo.generate import quoted_market
    from app.demo.gym.background import member_accounts, weave
    from app.demo.gym.chances import Window
    from app.demo.gym.day import TODAY, Recipe, built_firm
    from app.demo.gym.store import listed, put

    recipe = Recipe(SEED, severities=(0.3, 0.6, 0.9))
    firm = built_firm(recipe)
    market = (quotes := quoted_market(SEED, recipe.scale, TODAY)).market
    closed, last = closed_to_all(market, firm.lists), len(market.sessions) - 1
    names = [n for n in range(20) if not closed[last, n]]
    opened, shut = int(market.opens_us[last]), int(market.closes_us[last])
    density = rows / 2.01 / len(names) / ((shut - opened) / 1e6)
    for name, frame in firm.files.items():
        put(folder, name, pl.concat([frame, member_accounts()]) if name == "accounts" else frame)
    put(folder, LISTS, listed(firm.lists))
    rng, seq, made = np.random.default_rng(SEED), firm.files["order_events"].height + 1, 0
    for number, name in enumerate(names):
        window = Window(last, name, opened, shut)
        flowed = weave(quotes, [window], density, rng, tag=f"F{number}", first_seq=seq)
        seq, made = seq + flowed.order_events.height, made + flowed.order_events.height
        put(folder, "order_events", flowed.order_events)
        put(folder, "executions", flowed.executions)
    return {"rows": made + firm.files["order_events"].height}


def tables_of(folder: Path) -> dict[str, pl.LazyFrame]:
    """Return the tables in a folder, absent columns as nulls."""
    made = {}
    for path in sorted(folder.iterdir()):
        frame = pl.scan_parquet(path / "*.parquet")
        if path.name != LISTS:
            schema = DATASETS[path.name].schema
            have = frame.collect_schema().names()
            frame = frame.with_columns(pl.lit(None, t).alias(c) for c, t in schema.items() if c not in have)
        made[path.name] = frame
    return made


def whole(folder: Path, names: Sequence[str]) -> dict[str, Any]:
    """Return seconds by detector and the peak memory of the process."""
    tables, kinds, seconds = tables_of(folder), all_detectors(), {}
    at_start = time.process_time()
    for name in names:
        began = time.perf_counter()
        kinds[name]().detect(tables).collect(engine="streaming")
        seconds[name] = time.perf_counter() - began
        sys.stderr.write(f"{name} {seconds[name]:.2f} s, {_peak():.2f} GB\n")
    return {"seconds": seconds, "cpu": time.process_time() - at_start, "peak_gb": _peak()}


def parts(folder: Path, names: Sequence[str]) -> dict[str, Any]:
    """Return the same as ``whole``, with one instrument's orders and fills at a time."""
    tables, kinds, seconds = tables_of(folder), all_detectors(), dict.fromkeys(names, 0.0)
    every = tables["instruments"].select("instrument_id").collect().to_series().to_list()
    for instrument in every:
        given = tables | {
            name: tables[name].filter(pl.col("instrument_id") == instrument)
            for name in ("order_events", "executions", "quotes")
        }
        for name in names:
            began = time.perf_counter()
            kinds[name]().detect(given).collect(engine="streaming")
            seconds[name] += time.perf_counter() - began
    return {"seconds": seconds, "peak_gb": _peak()}


def _peak() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e9


def batches(folder: Path, names: Sequence[str]) -> dict[str, Any]:
    """Return seconds and rows of each batch: what came within ten minutes, as the live log holds it."""
    tables, kinds = tables_of(folder), all_detectors()
    timed = {name for name in tables if name != LISTS and DATASETS[name].time}
    end = tables["order_events"].select(pl.col("transact_time").max()).collect().item()
    start = end.replace(hour=16, minute=0, second=0, microsecond=0)
    seconds, rows = [], []
    for number in range(BATCHES + 1):
        until = start + number * STEP
        given = dict(tables)
        for name in timed:
            stamp = pl.col(DATASETS[name].time)
            held = tables[name].filter((stamp > until - WINDOW) & (stamp <= until)).collect()
            given[name] = held.lazy()
        began = time.perf_counter()
        for name in names:
            kinds[name]().detect(given).collect(engine="streaming")
        if number:  # the first one warms
            seconds.append(time.perf_counter() - began)
            rows.append(given["order_events"].select(pl.len()).collect().item())
    return {"seconds": seconds, "rows": rows}


def peers(folder: Path, names: Sequence[str]) -> dict[str, Any]:
    """Return seconds of the peers for those detectors they know the core of."""
    from tests.bench.detectors._peers import compare

    return compare(folder, names)


if __name__ == "__main__":
    task, where, *rest = sys.argv[1:]
    if task == "flood":
        told = flood(Path(where), int(rest[0]))
    else:
        told = {"whole": whole, "parts": parts, "batches": batches, "peers": peers}[task](Path(where), rest)
    sys.stdout.write(json.dumps(told) + "\n")
