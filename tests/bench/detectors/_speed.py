"""How fast: all detectors over one day of ten million order events, over one-minute batches of it, and a what-if.

They look as the nightly job does: those of single instruments at parts of the market, the others at the whole.
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
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import polars as pl

from analytics.compliance.calibration import perturbed
from analytics.compliance.detector import LISTS, all_detectors
from analytics.compliance.looking import Asked, Parts, Windows, look_with, parted
from analytics.datasets import DATASETS

ROOT = Path(__file__).resolve().parents[3]
SEED = 1_999
WINDOW, STEP = timedelta(minutes=10), timedelta(minutes=1)
BATCHES = 20
GOAL_SECONDS, GOAL_GB, GOAL_BATCH, GOAL_CORE, GOAL_WHAT_IF = 60.0, 4.0, 1.0, 10.0, 10.0
WHAT_IF = ("wash_trade", "pinging", "layering", "order_to_trade")  # light to heavy
READING = "reading the parts"


@dataclass(frozen=True)
class Speed:
    """What was measured."""

    rows: int
    seconds: dict[str, float]  # by detector, one look at the whole day
    spent: dict[str, float]  # the same in processor time of both threads
    peaks: dict[str, float]  # GB, by detector: of the process while it looked
    peak_gb: float
    what_if: dict[str, dict[str, float]]  # by detector, as ``what_if`` returns it, at twice the rows
    batch_rows: int  # order events of a ten-minute window, median
    batches: tuple[float, ...]  # seconds of all detectors together, by batch
    peers: dict[str, dict[str, float]]  # by detector: seconds of the same core in DuckDB and in pandas

    @property
    def total(self) -> float:
        """Seconds of all detectors."""
        return sum(self.seconds.values())

    @property
    def cpu(self) -> float:
        """Seconds of processor time, all detectors."""
        return sum(self.spent.values())

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
            f"| All {len(self.seconds.keys() - {READING})} detectors | {self.total:.1f} s | at most {GOAL_SECONDS:.0f} s | {_verdict(self.total <= GOAL_SECONDS)} |",
            f"| The same in processor time | {self.cpu:.1f} s | | |",
            f"| Events a second, all detectors | {self.rows / self.total:,.0f} | | |",
            f"| Peak memory | {self.peak_gb:.2f} GB | at most {GOAL_GB:.0f} GB | {_verdict(self.peak_gb <= GOAL_GB)} |",
            f"| One-minute batch over ten minutes by those that a window can tell something ({self.batch_rows:,} events), median | {statistics.median(self.batches):.2f} s | | |",
            f"| One-minute batch, 95th percentile | {self.p95:.2f} s | at most {GOAL_BATCH:.0f} s | {_verdict(self.p95 <= GOAL_BATCH)} |",
            *self._tried(),
            "",
            "A what-if tries the thresholds in effect and others, at the same rows: the first one makes the features",
            "that no threshold decides and keeps them, every later one asks these alone.",
            "",
            "| detector | seconds | processor seconds | events a second | peak GB |",
            "|---|---|---|---|---|",
            *(
                f"| {name} | {took:.2f} | {self.spent[name]:.2f} | {self.rows / max(took, 1e-9):,.0f} | {self.peaks[name]:.2f} |"
                for name, took in slowest
            ),
            "",
            *self._beside(),
        ]

    def _tried(self) -> list[str]:
        return [
            f"| What-if of {name} over {2 * self.rows:,} events, {when} ({took[f'{when}_spent']:.1f} s of processor, "
            f"peak {took['peak_gb']:.1f} GB, kept {took['kept_gb']:.2f} GB) | {took[f'{when}_seconds']:.1f} s | "
            f"at most {GOAL_WHAT_IF:.0f} s | {_verdict(took[f'{when}_seconds'] <= GOAL_WHAT_IF)} |"
            for name, took in self.what_if.items()
            for when in ("first", "again")
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
        what_if = _child("what_if", folder, *(name for name in WHAT_IF if name in names))
        batches = _child("batches", folder, *names)
        peers = _child("peers", folder, *names)
    return Speed(
        rows=made["rows"],
        seconds=whole["seconds"],
        spent=whole["spent"],
        peaks=whole["peaks"],
        peak_gb=max(whole["peaks"].values()),
        what_if=what_if,
        batch_rows=int(statistics.median(batches["rows"])),
        batches=tuple(batches["seconds"]),
        peers=peers,
    )


def tried(names: Sequence[str], *, rows: int) -> list[str]:
    """Return the lines of the what-if alone, over twice ``rows`` order events."""
    with tempfile.TemporaryDirectory(prefix="quarterdeck-flood-") as folder:
        made = _child("flood", folder, str(rows))
        found = _child("what_if", folder, *(name for name in WHAT_IF if name in names))
    return Speed(made["rows"], {}, {}, {}, 0.0, found, 0, (), {})._tried()


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
    """Return seconds, processor seconds and peak memory (GB) by detector."""
    tables, kinds = tables_of(folder), all_detectors()
    clock = Clock()
    parts = Parts(tables, streamed)
    local = [Asked(kinds[name]()) for name in names if parted(kinds[name])]
    found: dict[str, list[pl.DataFrame]] = {asked.detector.name: [] for asked in local}
    for number in range(len(parts.names) if local else 0):
        with clock.on(READING):
            part = parts.part(number)
        for asked in local:
            with clock.on(asked.detector.name):
                found[asked.detector.name].append(parts.look(asked, part))
        del part
    for asked in local:
        with clock.on(asked.detector.name):
            parts.joined(asked, found[asked.detector.name])
    for name in names:
        if not parted(kinds[name]):
            with clock.on(name):
                streamed(kinds[name]().detect(tables))
    for name, took in clock.seconds.items():
        sys.stderr.write(
            f"{name} {took:.2f} s, {clock.spent[name]:.2f} s of processor, {clock.peaks[name]:.2f} GB\n"
        )
    return {"seconds": clock.seconds, "spent": clock.spent, "peaks": clock.peaks}


def streamed(frame: pl.LazyFrame) -> pl.DataFrame:
    """Compute a frame as the application does."""
    return frame.collect(engine="streaming")


class Clock:
    """Seconds, processor seconds and peak memory, by name."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self.spent: dict[str, float] = {}
        self.peaks: dict[str, float] = {}

    @contextmanager
    def on(self, name: str) -> Iterator[None]:
        """Add what the body takes to ``name``."""
        # Where the kernel lets a process forget its peak, each detector is measured by its own.
        with suppress(OSError):
            Path("/proc/self/clear_refs").write_text("5")
        began, at = time.perf_counter(), time.process_time()
        yield
        self.seconds[name] = self.seconds.get(name, 0.0) + time.perf_counter() - began
        self.spent[name] = self.spent.get(name, 0.0) + time.process_time() - at
        self.peaks[name] = max(self.peaks.get(name, 0.0), _peak())


def _peak() -> float:
    """Return the peak memory of this process in GB."""
    status = Path("/proc/self/status")
    if status.exists():
        line = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM:"))
        return int(line.split()[1]) * 1024 / 1e9
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e9


def what_if(folder: Path, names: Sequence[str]) -> dict[str, dict[str, float]]:
    """Return seconds, processor seconds, peak GB and kept GB by detector, of trying other thresholds.

    At every row twice, under other names: ``first`` makes the features and tries two sets, ``again`` tries two
    others on what was kept.
    """
    kinds, told = all_detectors(), {}
    with tempfile.TemporaryDirectory(prefix="quarterdeck-twice-") as where:
        tables = tables_of(folder) | _twice(folder, Path(where))
        for name in names:
            detector = kinds[name]()
            base, kept = detector.Params(), Path(where) / "kept" / name
            moves = [moved for _, _, moved in perturbed(base)]
            clock = Clock()
            with clock.on("first"):
                look_with(detector, [base, moves[0]], tables, streamed, folder=kept)
            with clock.on("again"):
                look_with(detector, [base, moves[1]], tables, streamed, folder=kept)
            size = sum(path.stat().st_size for path in kept.rglob("*.arrow")) / 1e9
            told[name] = {"kept_gb": size, "peak_gb": max(clock.peaks.values())} | {
                f"{when}_{word}": of[when]
                for word, of in (("seconds", clock.seconds), ("spent", clock.spent))
                for when in ("first", "again")
            }
            sys.stderr.write(f"{name} {told[name]}\n")
    return told


def _twice(folder: Path, where: Path) -> dict[str, pl.LazyFrame]:
    """Return the tables with an instrument, each instrument once more under another name."""
    names = ("order_events", "executions", "instruments", "prices", "bars", "quotes")
    made = {}
    for name in (name for name in names if (folder / name).exists()):
        (where / name).mkdir()
        for path in sorted((folder / name).glob("*.parquet")):
            again = pl.scan_parquet(path)
            ids = [c for c in ("order_id", "exec_id", "match_id") if c in again.collect_schema()]
            other = [pl.format("{}.2", c).alias(c) for c in ("instrument_id", *ids)]
            again.with_columns(other).sink_parquet(where / name / path.name)
        made[name] = pl.concat([tables_of(folder)[name], tables_of(where)[name]], how="diagonal")
    return made


def batches(folder: Path, names: Sequence[str]) -> dict[str, Any]:
    """Return seconds and rows of each batch: what came within ten minutes, as the live log holds it."""
    tables, kinds = tables_of(folder), all_detectors()
    timed = {name for name in tables if name != LISTS and DATASETS[name].time}
    end = tables["order_events"].select(pl.col("transact_time").max()).collect().item()
    start = end.replace(hour=16, minute=0, second=0, microsecond=0)
    windows = Windows({name: tables[name] for name in tables.keys() - timed}, streamed)
    asked = [Asked(kinds[name]()) for name in names]
    seconds, spent, rows = [], [], []
    for number in range(BATCHES + 1):
        until = start + number * STEP
        held = {}
        for name in timed:
            stamp = pl.col(DATASETS[name].time)
            held[name] = tables[name].filter((stamp > until - WINDOW) & (stamp <= until)).collect().lazy()
        began, at = time.perf_counter(), time.process_time()
        windows.look(asked, held)
        if number:  # the first one warms
            seconds.append(time.perf_counter() - began)
            spent.append(time.process_time() - at)
            rows.append(held["order_events"].select(pl.len()).collect().item())
    sys.stderr.write(
        f"batches: {statistics.median(spent):.2f} s of processor, median; {max(spent):.2f} s the dearest\n"
    )
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
        told = {"whole": whole, "what_if": what_if, "batches": batches, "peers": peers}[task](
            Path(where), rest
        )
    sys.stdout.write(json.dumps(told) + "\n")
