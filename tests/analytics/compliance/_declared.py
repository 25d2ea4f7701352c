"""What the test file of each detector declares as ``KIT``: test_kit_complete.py holds that nothing is missing.

A kit is a scene that must be alerted, the tests of look-alikes that must not be, for every parameter a pair
of values just either side of which the scene is found and missed, and the changes of the scene that must not
change the verdict. What does not apply is declared with its reason.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import polars as pl

from analytics.compliance.detector import Detector
from analytics.compliance.parameters import Parameters
from tests.analytics.compliance._kit import CHANGES, MIRROR

Given = Mapping[str, pl.LazyFrame]
Scene = Callable[[], Given]
Change = Callable[[Given], Given]
PRICE_PAIRS = (("bid_px", "ask_px"), ("bid_qty", "ask_qty"), ("low", "high"))
EXPECTED = ("n", "hit", "found", "flagged")  # names of a test's arguments that say how many alerts there are
PLAIN_PRICES = ("last_px", "limit_px", "stop_px", "open", "close", "vwap", "px", "arrival_px")


@dataclass(frozen=True)
class Edge:
    """A parameter's threshold: at ``found`` the scene gives more alerts than at ``missed``, right beside it.

    ``scene`` stands in for the kit's positive where another one hangs on this threshold; ``others`` are
    further parameters, the same on both sides, that leave the verdict to this one.
    """

    found: Any
    missed: Any
    scene: Scene | None = None
    others: Mapping[str, Any] = field(default_factory=dict)

    @property
    def close(self) -> bool:
        """Whether the two values lie right beside one another."""
        if isinstance(self.found, bool | str):
            return self.found != self.missed
        if isinstance(self.found, int) and isinstance(self.missed, int):
            return abs(self.found - self.missed) == 1
        return 0 < abs(self.found - self.missed) <= 0.05 * max(abs(self.found), abs(self.missed))


@dataclass(frozen=True)
class Pair:
    """A threshold at its default: two scenes just either side of it."""

    found: Scene
    missed: Scene


@dataclass(frozen=True)
class Waived:
    """What does not apply, and why."""

    reason: str


@dataclass(frozen=True)
class Near:
    """A change after which the same is found, with a score that may differ by up to ``by`` points."""

    change: Change
    by: float


@dataclass(frozen=True)
class Kit:
    """Everything a detector is tested by.

    Attributes:
        detector: The class.
        positive: Makes the scene that must be alerted.
        innocents: Tests of look-alikes; their parametrised cases count.
        edges: By parameter.
        changes: By name of ``CHANGES``: what stands in for the usual change.
        params: Thresholds that the scene is looked at with; the defaults when None.
    """

    detector: type[Detector]
    positive: Scene
    innocents: tuple[Callable[..., None], ...]
    edges: Mapping[str, Edge | Pair | Waived]
    changes: Mapping[str, Change | Near | Waived] = field(default_factory=dict)
    params: Parameters | None = None

    def with_values(self, values: Mapping[str, Any]) -> Parameters:
        """Return the kit's parameters with some of them changed."""
        base = vars(self.params) if self.params is not None else {}
        return self.detector.Params(**{**base, **values})

    def change(self, name: str) -> Change | Near | Waived:
        """Return what is done to the scene under a name of ``CHANGES``."""
        return self.changes.get(name, CHANGES[name])


def innocents_in(test: Callable[..., None]) -> int:
    """Return how many cases of a test function expect no alert; all of them where it does not say how many."""
    count = 1
    for mark in getattr(test, "pytestmark", []):
        if mark.name != "parametrize":
            continue
        names = mark.args[0].replace(" ", "").split(",") if isinstance(mark.args[0], str) else mark.args[0]
        rows = [row if isinstance(row, tuple | list) and len(names) > 1 else (row,) for row in mark.args[1]]
        places = [n for n, name in enumerate(names) if name in EXPECTED]
        count *= sum(all(row[n] == 0 for n in places) for row in rows)
    return count


def upside_down(given: Given, *, around: float = 100.0) -> Given:
    """Turn the market upside down: what rose by a dollar falls by one, bids become offers, buys sales, calls puts."""

    def turn(frame: pl.LazyFrame) -> pl.LazyFrame:
        schema = frame.collect_schema()
        flip = {name: name for name in PLAIN_PRICES if name in schema}
        for low, high in PRICE_PAIRS:
            if low in schema and high in schema:
                flip |= {low: high, high: low}
        made = [
            (
                pl.col(other)
                if name.endswith("_qty")
                else (2 * around - pl.col(other).cast(pl.Float64)).round(9)
            )
            .cast(schema[name])
            .alias(name)
            for name, other in flip.items()
        ]
        if "side" in schema:
            made.append(pl.col("side").replace(MIRROR))
        if "put_call" in schema:
            made.append(pl.col("put_call").replace({"put": "call", "call": "put"}))
        return frame.with_columns(made)

    return {name: turn(frame) for name, frame in given.items()}
