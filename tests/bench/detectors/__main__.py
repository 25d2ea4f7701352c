"""Measure the detectors on held-out gym days, tell the table, and write docs/benchmarks-detectors.md."""

import argparse
import sys
import time
from pathlib import Path

from analytics.compliance.detector import Detector, all_detectors
from tests.bench._machine import Machine
from tests.bench.detectors import _quality, _speed, _triage
from tests.bench.detectors._report import lines, page, shortfalls, table

TARGET = Path(__file__).resolve().parents[3] / "docs" / "benchmarks-detectors.md"
HELD_OUT = 1_000  # seeds from here on are never tuned on
SEEDS = "2001-2020"
ROWS = 10_000_000


def seeds(text: str) -> tuple[int, ...]:
    """Read ``1001-1020`` or ``1001,1007``."""
    found: list[int] = []
    for part in text.split(","):
        low, _, high = part.partition("-")
        found += range(int(low), int(high or low) + 1)
    return tuple(found)


def parser() -> argparse.ArgumentParser:
    made = argparse.ArgumentParser(prog="python -m tests.bench.detectors", description=__doc__)
    made.add_argument("--detectors", help="names with commas between; all when left out")
    made.add_argument("--seeds", type=seeds, default=seeds(SEEDS), help=f"of the days; {SEEDS} when left out")
    made.add_argument("--quick", action="store_true", help="two days, a tenth of the rows")
    made.add_argument("--bitstamp", type=Path, help="the tape of the negative control, not shipped")
    made.add_argument(
        "--part",
        choices=("quality", *_quality.PARTS, "speed", "what-if", "triage"),
        help="one part only: quality is the four of found and right, split, density and the tape's control; triage ranks "
        "the alerts of sensitive detectors, on seeds of its own",
    )
    made.add_argument(
        "--out", type=Path, help="where to write; docs/benchmarks-detectors.md after a whole run"
    )
    return made


def destination(asked: argparse.Namespace) -> Path | None:
    """Return where the page goes: a run of part of it never replaces the page of a whole one."""
    part = asked.detectors or asked.quick or asked.part or asked.seeds != seeds(SEEDS)
    return asked.out or (None if part else TARGET)


def main(argv: list[str]) -> int:
    asked = parser().parse_args(argv)
    known = all_detectors()
    names = asked.detectors.split(",") if asked.detectors else list(known)
    if unknown := [name for name in names if name not in known]:
        parser().error(f"no detector is called {', '.join(unknown)}")
    kinds, machine = {name: known[name] for name in names}, Machine.look()
    parts = (asked.part,) if asked.part in _quality.PARTS else _quality.PARTS
    if asked.part == "triage":
        return _ranked(known, asked.seeds)
    plan = _quality.Plan.of(asked.seeds, quick=asked.quick, bitstamp=asked.bitstamp, parts=parts)
    began, spent = time.monotonic(), time.process_time()
    if min(plan.seeds) < HELD_OUT:
        _say("These seeds are open to tuning: the figures say nothing of new data.")
    played = None
    if asked.part not in {"speed", "what-if"}:
        _say(f"playing {plan.words()}")
        played = _quality.measure(kinds, plan, _say)
        for row in table(kinds, played):
            _say(row)
        missed = sum(line.met is False for name in names for line in lines(kinds[name], played[name]))
        _say(f"goals missed: {missed}")
        for row in shortfalls(kinds, played) if missed else ():
            _say(row)
    speed = None
    if asked.part in {None, "speed"}:
        speed = _speed.measure(names, rows=ROWS // 10 if asked.quick else ROWS)
        for row in speed.words():
            _say(row)
    if asked.part == "what-if":
        for row in _speed.tried(names, rows=ROWS // 10 if asked.quick else ROWS):
            _say(row)
    out = destination(asked)
    if out is not None and played is not None:
        out.write_text(page(kinds, played, speed, plan, machine))
        _say(f"written: {out.name}")
    _say(
        f"took {(time.monotonic() - began) / 60:.1f} minutes, {(time.process_time() - spent) / 60:.1f} of one core"
    )
    return 0


def _ranked(kinds: dict[str, type[Detector]], chosen: tuple[int, ...]) -> int:
    """Rank the alerts of gym days; its own seeds unless others are asked for."""
    days = (*_triage.LEARNT, *_triage.JUDGED) if chosen == seeds(SEEDS) else chosen
    figures, _ = _triage.ranked(_triage.labelled(kinds, days, _say))
    for row in figures.words():
        _say(row)
    _say("met" if figures.met else "not met")
    return 0 if figures.met else 1


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
