"""What a measure is: pairs timed alternately, and what they say."""

import gc
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, Literal


@dataclass(frozen=True)
class Sizes:
    """How much data and how many rounds."""

    rows: int  # executions, and as many order events
    rounds: int  # of each pair, after one unmeasured round
    batches: int  # of 1,000 live rows

    @classmethod
    def named(cls, *, quick: bool) -> "Sizes":
        return cls(100_000, 2, 60) if quick else cls(1_000_000, 5, 2_000)


@dataclass(frozen=True)
class Row:
    """One line of the table: a pair with its ratio, or a plain figure where there is no other side."""

    what: str
    value: float  # the ratio, or the figure itself
    unit: str = "x"
    ours: float | None = None  # seconds, median
    other: float | None = None
    against: str = ""
    goal: float | None = None
    sense: Literal["at most", "at least"] = "at most"
    note: str = ""

    @property
    def met(self) -> bool | None:
        """Tell whether the goal is reached; None where there is none."""
        if self.goal is None:
            return None
        return self.value <= self.goal if self.sense == "at most" else self.value >= self.goal


@dataclass
class Bench:
    """What the measures share: sizes, a folder on disk, and a firm that is made when first asked for."""

    sizes: Sizes
    folder: Path
    _made: dict[str, Any] = field(default_factory=dict)

    @cached_property
    def firm(self) -> Any:
        from tests.bench._firm import Firm

        return Firm.found(self.folder / "firm", rows=self.sizes.rows)

    def room(self, name: str) -> Path:
        """Return a new folder for one measure."""
        path = self.folder / name
        path.mkdir(parents=True)
        return path


def timed(work: Callable[[], Any]) -> float:
    """Return the seconds of one call, without the garbage of the one before."""
    gc.collect()
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def alternate(sides: dict[str, Callable[[], Any]], *, rounds: int, repeat: int = 1) -> dict[str, float]:
    """Time all sides in turn, and return the median seconds of one call of each.

    Args:
        sides: Name to work; each runs once unmeasured first.
        rounds: Rounds of all sides; every second one in the opposite order.
        repeat: Calls of each side in a round, for what takes less than some milliseconds.
    """
    for work in sides.values():
        work()
    seconds: dict[str, list[float]] = {name: [] for name in sides}
    for number in range(rounds):
        for name in reversed(sides) if number % 2 else sides:
            work = sides[name]
            seconds[name].append(timed(lambda work=work: [work() for _ in range(repeat)]) / repeat)
    return {name: statistics.median(found) for name, found in seconds.items()}


def pair(
    what: str,
    seconds: dict[str, float],
    other: str,
    *,
    ours: str = "ours",
    inverse: bool = False,
    **more: Any,
) -> Row:
    """Return the line of one pair: ours / other, or other / ours (how many times faster) if ``inverse``."""
    mine, theirs = seconds[ours], seconds[other]
    value = theirs / mine if inverse else mine / theirs
    return Row(what, value, "x", mine, theirs, other, **more)
