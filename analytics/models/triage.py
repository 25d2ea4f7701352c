"""How likely an alert is worth escalation: a second opinion on the order of the queue, never on its end."""

from collections.abc import Mapping
from typing import Any, ClassVar, Self

import numpy as np
import polars as pl

from analytics.models._alert_facts import ALERT_FACTS, ALERT_FACTS_SCHEMA, FEATURES, alert_facts
from analytics.models._base import Floats, Model, Tables, Walk
from analytics.models._learn import SEED, Blend, top_reasons

LEAST = 50  # endings of each kind without which nothing is said
_TOPS = (0.1, 0.4)  # shares of the queue that are looked at first


class Triage(Model):
    """Regularised logistic regression and gradient boosting on what is known when an alert is raised.

    Features: the detector's score and measures, each among its own earlier ones; how earlier alerts of the
    detector, on the actors and on the instrument ended; what else was raised on the same people just before,
    messages among it. Endings count from the day after they were decided. With fewer than fifty endings of
    either kind it repeats the baseline. It sorts, it closes nothing.
    """

    name = "alert_triage"
    title = "Alert triage"
    version = "1.0.0"
    purpose = "How likely each open alert is to be followed up, so that the gravest are looked at first."
    kind = "probability"
    unit = "probability"
    inputs: ClassVar[Mapping[str, tuple[str, ...]]] = {ALERT_FACTS: tuple(ALERT_FACTS_SCHEMA)}
    keys = ("alert_id", "date")
    target_name = "the alert was followed up (1) or dismissed (0)"
    horizon = 1
    baseline_name = "share followed up among earlier alerts of a like score"
    metric = "Brier skill: 1 - Brier score / Brier score of the baseline; recall in the first 10 % and 40 % of the queue"
    references = (
        "Platt, Probabilistic outputs for support vector machines, 1999",
        "Friedman, Greedy function approximation: a gradient boosting machine, 2001",
        "Naeini, Cooper and Hauskrecht, Obtaining well calibrated probabilities, 2015",
    )
    limits = (
        "It learns what people followed up, their mistakes included",
        "Patterns that nobody has ever followed up it cannot rank high: read the detector's own score beside it",
        "It sorts the queue; it never closes, suppresses or assigns an alert",
    )
    # Alerts come in bursts and are decided within days: ten days keep endings of the test out of the training.
    walk = Walk(first=20, width=10, embargo=9, least=10)
    seeds: ClassVar[Mapping[str, int]] = {"trees": SEED}
    page = "/compliance/alerts"
    owner = "Surveillance"

    def __init__(self, *, strength: float = 0.03, trees: int = 120, leaves: int = 8) -> None:
        self.strength, self.trees, self.leaves = strength, trees, leaves

    def features(self, tables: Tables) -> pl.DataFrame:
        """Return one row per alert, see ``alert_facts``."""
        return alert_facts(tables.get(ALERT_FACTS, pl.DataFrame(schema=ALERT_FACTS_SCHEMA)))

    def known(self, rows: pl.DataFrame) -> pl.DataFrame:
        """Return decided alerts: a measure that an alert has not got is no reason to leave it out."""
        return rows.drop_nulls("target")

    def drivers(self, rows: pl.DataFrame) -> list[str]:
        """Watch what an alert says of itself; counts of endings grow by nature and would always look like drift."""
        return [name for name in FEATURES if not name.endswith(("_seen", "_before", "_share"))]

    def fit(self, rows: pl.DataFrame) -> Self:
        """Fit on decided alerts; with fewer than ``LEAST`` of either kind remember that there is nothing to say."""
        good = int(rows["target"].sum())
        self.endings_ = [good, rows.height - good]
        self.blend_ = None
        if min(self.endings_) >= LEAST:
            self.kinds_ = sorted(rows["detector"].unique())
            blend = Blend(
                self._columns(), strength=self.strength, trees=self.trees, leaves=self.leaves, least=10
            )
            self.blend_ = blend.fit(self._wide(rows))
        return self

    def predict(self, rows: pl.DataFrame) -> Floats:
        """Return the probability that each alert is followed up; the baseline's before there is enough to learn."""
        if self.blend_ is None:
            return np.asarray(rows["baseline"].to_numpy(), dtype=np.float64)
        return self.blend_.chance(self._wide(rows))

    def latest(self, rows: pl.DataFrame) -> pl.DataFrame:
        """Return the alerts that wait for a decision: keys, ``predicted`` and ``baseline``; none before it has learnt."""
        waiting = rows.filter(pl.col("target").is_null()) if self.blend_ is not None else rows.clear()
        return waiting.select(
            *self.keys, pl.Series("predicted", self.predict(waiting), dtype=pl.Float64), "baseline"
        )

    def calibration(self, tested: pl.DataFrame) -> dict[str, Any]:
        """Return reliability, and the share of what was followed up in the first part of each test's queue."""
        return super().calibration(tested) | {
            "recall": found_early(tested),
            "recall_baseline": found_early(tested, "baseline"),
        }

    def reasons(self, rows: pl.DataFrame) -> list[list[dict[str, Any]]]:
        """Return the three features that move each probability most, in log odds from a typical alert."""
        if self.blend_ is None:
            return [[] for _ in range(rows.height)]
        columns = self._columns()
        parts = self.blend_.parts(self._wide(rows))
        # Which detector raised it counts once, whatever columns say so.
        own = [place for place, name in enumerate(columns) if name.startswith("is_")]
        at = columns.index("detector_share")
        parts[:, at] += parts[:, own].sum(axis=1)
        parts[:, own] = 0.0
        words = {name: f"{said} ({unit})" for name, (said, unit) in FEATURES.items()}
        return top_reasons(parts, columns, words, unit="log odds")

    def state(self) -> dict[str, Any]:
        """Return parameters, detectors known, endings learnt from and the learners."""
        return {
            "parameters": {"strength": self.strength, "trees": self.trees, "leaves": self.leaves},
            "version": self.version, "endings": self.endings_,
            "kinds": self.kinds_ if self.blend_ is not None else [],
            "blend": self.blend_.state() if self.blend_ is not None else None,
        }  # fmt: skip

    @classmethod
    def restore(cls, state: Mapping[str, Any]) -> Self:
        """Take up what ``state`` gave."""
        made = cls.begun(state)
        made.endings_, made.kinds_ = list(state["endings"]), list(state["kinds"])
        made.blend_ = None if state["blend"] is None else Blend.restore(state["blend"])
        return made

    def _columns(self) -> list[str]:
        return [
            *FEATURES,
            *(f"is_{name}" for name in self.kinds_),
            *(f"score_{name}" for name in self.kinds_),
        ]

    def _wide(self, rows: pl.DataFrame) -> pl.DataFrame:
        one = {name: pl.col("detector") == name for name in self.kinds_}
        return rows.with_columns(
            **{f"is_{name}": is_it.cast(pl.Float64) for name, is_it in one.items()},
            **{f"score_{name}": pl.when(is_it).then("score").otherwise(0.0) for name, is_it in one.items()},
        )


def found_early(tested: pl.DataFrame, by: str = "predicted") -> dict[str, float | None]:
    """Return the share of what was followed up among the first tenth and the first four tenths of the queue.

    Args:
        tested: ``target``, ``by`` and ``alert_id``; ties are broken by id.
        by: What the queue is sorted by, largest first.

    Returns:
        Share of the queue ("0.1", "0.4") to share found; None where nothing was followed up. A tenth of the
        queue cannot hold more than a tenth of all: where more was followed up, the share is of what it can hold.
    """
    rows = tested.sort(by, "alert_id", descending=[True, False])
    followed = float(rows["target"].sum())
    found: dict[str, float | None] = {}
    for share in _TOPS:
        size = int(np.ceil(share * rows.height))
        can = min(float(size), followed)
        found[str(share)] = float(rows["target"].head(size).sum()) / can if can else None
    return found
