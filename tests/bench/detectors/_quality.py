"""Detectors on gym days: found, right, late, and how that holds in dense flow and under splitting."""

import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import polars as pl

from analytics.compliance.detector import Detector, Tables
from app.demo.gym import Day, Recipe, build
from tests.bench.detectors._bitstamp import alerted_fills, control
from tests.bench.detectors._metrics import Alert, Share, Tally, judge
from tests.bench.detectors._types import UNSPLIT, WARNING, types, watches_orders

THIN, DENSE = 3.0, 250.0  # orders a second and instrument
AROUND = 300.0  # seconds of that about each scene: some six million events a day, in one gigabyte
MEMBERS = (20, 200)
PARTS = ("base", "split", "density", "control")
Say = Callable[[str], None]


@dataclass(frozen=True)
class Plan:
    """Which days are played."""

    seeds: tuple[int, ...]  # recall, precision, delay; each also split
    dense_seeds: tuple[int, ...]  # thin against dense
    bitstamp: Path | None
    control_seeds: tuple[int, ...] = (1, 2, 3)  # of the dealing, which is chance alone
    parts: tuple[str, ...] = PARTS

    @classmethod
    def of(
        cls, seeds: Sequence[int], *, quick: bool, bitstamp: Path | None, parts: Sequence[str] = PARTS
    ) -> "Plan":
        """Return the usual plan over ``seeds``: all of them, and the first few in dense flow as well."""
        few = tuple(seeds[:2] if quick else seeds)
        return cls(few, few[: 1 if quick else 4], bitstamp, (1,) if quick else (1, 2, 3), tuple(parts))

    def words(self) -> str:
        """Say what is played, and how often."""
        days = f"{len(self.seeds)} days from seed {min(self.seeds)} to {max(self.seeds)}"
        told = {
            "base": days, "split": f"{days} split",
            "density": f"{len(self.dense_seeds)} days at {THIN:g}/s and at {DENSE:g}/s",
            "control": f"the tape dealt {len(self.control_seeds)} times to {' and '.join(map(str, MEMBERS))} members"
            if self.bitstamp else "no tape handed in",
        }  # fmt: skip
        return "; ".join(told[part] for part in self.parts)


@dataclass
class Scores:
    """All that was measured of one detector."""

    base: Tally = field(default_factory=Tally)
    split: Tally = field(default_factory=Tally)
    thin: Tally = field(default_factory=Tally)
    dense: Tally = field(default_factory=Tally)
    control: dict[int, Share] = field(default_factory=dict)  # by number of members
    cpu: float = 0.0  # seconds, over base days
    rows: int = 0  # order events of the base days
    failed: str | None = None


def measure(kinds: dict[str, type[Detector]], plan: Plan, say: Say) -> dict[str, Scores]:
    """Play every day of the plan before every detector."""
    scores = {name: Scores() for name in kinds}
    for seed in plan.seeds:
        ways = 2 + seed % 4
        if "base" in plan.parts:
            _play(kinds, scores, Recipe(seed), "base", say)
        if "split" in plan.parts:
            _play(kinds, scores, Recipe(seed, split=ways, unsplit=UNSPLIT), "split", say)
    for seed in plan.dense_seeds if "density" in plan.parts else ():
        for density, part in ((THIN, "thin"), (DENSE, "dense")):
            recipe = Recipe(seed, density=density, severities=(0.6,), around=AROUND)
            _play(kinds, scores, recipe, part, say)
    if plan.bitstamp is not None and "control" in plan.parts:
        for members in MEMBERS:
            for seed in plan.control_seeds:
                _deal(kinds, scores, control(plan.bitstamp, members, seed), members)
            say(f"tape dealt to {members} members")
    return scores


def _play(
    kinds: dict[str, type[Detector]], scores: dict[str, Scores], recipe: Recipe, part: str, say: Say
) -> None:
    fell_short = []
    with tempfile.TemporaryDirectory(prefix="quarterdeck-gym-") as folder:
        day = build(recipe, folder=Path(folder))
        for name, kind in kinds.items():
            began = time.process_time()
            alerts = _alerts(kind, day.tables, scores[name])
            if part == "base":
                scores[name].cpu += time.process_time() - began
                scores[name].rows += day.orders
            alerts, warnings = _parted(kind, alerts)
            tally = _judged(kind, alerts, day)
            tally.warnings = warnings
            getattr(scores[name], part).add(tally)
            if tally.recall().hits < len(tally.scenarios) or tally.right < tally.alerts:
                found, right = tally.recall(), tally.precision
                fell_short.append(
                    f"{name} {found.hits}/{found.of} found, {right.hits}/{right.of} right ({tally.other} other abuse)"
                )
    say(f"seed {recipe.seed} {part}: {day.firm}, {len(day.labels)} labels, {day.orders:,} order events")
    for line in fell_short:
        say(f"  {line}")


def _alerts(kind: type[Detector], tables: Tables, scores: Scores) -> pl.DataFrame:
    try:
        found = kind().detect(tables).filter(pl.col("kind") == "alert").collect(engine="streaming")
    except Exception as error:  # noqa: BLE001 - the others are still measured, and the page says it
        scores.failed = f"{type(error).__name__}: {str(error).splitlines()[0][:120]}"
        return pl.DataFrame()
    return found


def _parted(kind: type[Detector], alerts: pl.DataFrame) -> tuple[pl.DataFrame, int]:
    """Return the alerts, and how many rows only warn that a limit is near."""
    if kind.name not in WARNING or alerts.is_empty():
        return alerts, 0
    said = alerts.filter(pl.col("score") >= WARNING[kind.name])
    return said, alerts.height - said.height


def _judged(kind: type[Detector], alerts: pl.DataFrame, day: Day) -> Tally:
    told = [Alert.of(row) for row in alerts.iter_rows(named=True)]
    return judge(told, day.labels, day.groups, types(kind), day.breaches)


def _deal(kinds: dict[str, type[Detector]], scores: dict[str, Scores], tables: Tables, members: int) -> None:
    fills = tables["executions"].select("exec_id", "order_id").collect()
    for name, kind in kinds.items():
        if not watches_orders(kind):
            continue
        alerts, _ = _parted(kind, _alerts(kind, tables, scores[name]))
        before = scores[name].control.get(members, Share(0, 0))
        hits = alerted_fills(alerts, fills)
        scores[name].control[members] = Share(before.hits + hits, before.of + fills.height)
