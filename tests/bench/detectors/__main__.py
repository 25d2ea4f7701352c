"""Measure the detectors on held-out gym days, tell the table, and write docs/benchmarks-detectors.md."""

import argparse
import sys
import time
from pathlib import Path

from analytics.compliance.detector import Detector, all_detectors
from tests.bench._machine import Machine
from tests.bench.detectors import _quality, _speed, _triage, _triage_page
from tests.bench.detectors._report import lines, page, shortfalls, table

TARGET = Path(__file__).resolve().parents[3] / "docs" / "benchmarks-detectors.md"
HELD_OUT = 1_000  # seeds from here on are never tuned on
SEEDS = "3001-3020"
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
        "the alerts of sensitive detectors, on seeds of its own unless told others, and writes its section alone",
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
        return _ranked(known, asked, machine)
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
        kept = _triage_page.found(out.read_text()) if out.exists() else None
        made = page(kinds, played, speed, plan, machine)
        out.write_text(made if kept is None else _triage_page.put(made, kept))
        _say(f"written: {out.name}")
    _say(
        f"took {(time.monotonic() - began) / 60:.1f} minutes, {(time.process_time() - spent) / 60:.1f} of one core"
    )
    return 0


def _ranked(kinds: dict[str, type[Detector]], asked: argparse.Namespace, machine: Machine) -> int:
    """Rank the alerts of gym days, by either reading of what is worth it; the days given are the judged ones."""
    began, spent = time.monotonic(), time.process_time()
    learnt = _triage.LEARNT[:3] if asked.quick else _triage.LEARNT
    judged = _triage.JUDGED if asked.seeds == seeds(SEEDS) else asked.seeds
    judged = judged[:1] if asked.quick else judged
    if clash := sorted({*learnt} & {*judged}):
        parser().error(f"these days are learnt from, and cannot be judged: {', '.join(map(str, clash))}")
    alerts = _triage.labelled(kinds, (*learnt, *judged), _say)
    figures = {}
    for worth in _triage.WORTH:
        figures[worth], _ = _triage.ranked(alerts, learnt=len(learnt), worth=worth)
        for row in (f"worth it is what {worth}:", *figures[worth].words()):
            _say(row)
        _say("met" if figures[worth].met else "not met")
    out = asked.out or (None if asked.quick else TARGET)
    if out is not None:
        page_now = out.read_text() if out.exists() else ""
        out.write_text(_triage_page.put(page_now, _triage_page.section(figures, learnt, judged, machine)))
        _say(f"written: {_triage_page.TITLE} in {out.name}")
    _say(
        f"took {(time.monotonic() - began) / 60:.1f} minutes, {(time.process_time() - spent) / 60:.1f} of one core"
    )
    return 0 if figures["names"].met else 1


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
