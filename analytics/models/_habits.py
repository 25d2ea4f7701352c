"""Habits: what is usual of each trader or account, in robust deviations from all."""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl

from analytics.models._base import Floats
from analytics.models._clusters import Ints
from analytics.models._conduct_days import NUMBERS

LEAST_DAYS = 3  # of one, without which there is no habit
_CLIP = 6.0  # robust deviations beyond which more says nothing
_MAD_TO_SD = 1.4826


@dataclass(frozen=True)
class Habits:
    """The habits of several: ``vectors`` and ``raw`` are names x numbers, in weighted robust deviations and as measured."""

    names: list[str]
    peers: list[str]
    vectors: Floats
    raw: Floats
    middle: Floats
    spread: Floats

    @property
    def weights(self) -> Floats:
        """The weight of each number: numbers of one kind together count as one."""
        families = Counter(one.family for one in NUMBERS.values())
        return np.array([1 / np.sqrt(families[one.family]) for one in NUMBERS.values()])

    def scaled(self, rows: pl.DataFrame) -> Floats:
        """Return rows x numbers in weighted robust deviations from all; a missing number counts as usual."""
        return _scaled(_raw(rows), self.middle, self.spread) * self.weights

    def state(self) -> dict[str, Any]:
        """Return the fields, JSON-able."""
        return {
            "names": self.names, "peers": self.peers, "vectors": self.vectors.tolist(), "raw": self.raw.tolist(),
            "middle": self.middle.tolist(), "spread": self.spread.tolist(),
        }  # fmt: skip

    @classmethod
    def restored(cls, state: Mapping[str, Any]) -> "Habits":
        """Return what ``state`` described."""
        arrays = {
            name: np.array(state[name], dtype=np.float64) for name in ("vectors", "raw", "middle", "spread")
        }
        arrays |= {name: arrays[name].reshape(-1, len(NUMBERS)) for name in ("vectors", "raw")}
        return cls(list(state["names"]), list(state["peers"]), **arrays)


def habits(rows: pl.DataFrame) -> Habits:
    """Return the habits of those with at least three days.

    Args:
        rows: Of ``conduct_days``, of traders or of accounts.
    """
    floors = np.array([one.floor for one in NUMBERS.values()])
    x = _raw(rows)
    x = np.where(np.isnan(x).all(axis=0), 0.0, x) if len(x) else np.zeros((1, len(NUMBERS)))
    middle = np.nanmedian(x, axis=0)
    spread = np.maximum(np.nanmedian(np.abs(x - middle), axis=0) * _MAD_TO_SD, floors)
    counted = rows.group_by("id").agg(days=pl.len(), peers=pl.col("peers").sort_by("date").last())
    kept = counted.filter(pl.col("days") >= LEAST_DAYS).sort("id")
    names = kept["id"].to_list()
    raw = np.zeros((len(names), len(NUMBERS)))
    ids = rows["id"].to_numpy()
    for k, name in enumerate(names):
        own = np.where(np.isnan(x[ids == name]), middle, x[ids == name])
        raw[k] = np.median(own, axis=0)
    made = Habits(names, kept["peers"].to_list(), raw, raw, middle, spread)
    # The median of scaled days is the scaled median: scales rise, and clipping keeps order.
    return Habits(names, made.peers, _scaled(raw, middle, spread) * made.weights, raw, middle, spread)


def stable(
    found: Habits,
    rows: pl.DataFrame,
    groups: Ints,
    *,
    regroup: Callable[[Floats], Ints],
    draws: int,
    seed: int,
) -> float:
    """Return the mean adjusted Rand index of the groups with those of habits over days drawn anew.

    Args:
        found: The habits.
        rows: The days they were made of.
        groups: By name, as grouped.
        regroup: From the distances of habits, square, to groups, as ``groups`` were made.
        draws: How often each one's own days are drawn anew, with replacement.
        seed: Of the draws.
    """
    from sklearn.metrics import adjusted_rand_score

    rng = np.random.default_rng(seed)
    days, ids = found.scaled(rows), rows["id"].to_numpy()
    own = [days[ids == name] for name in found.names]
    scores = []
    for _ in range(draws):
        x = np.stack([np.median(one[rng.integers(0, len(one), len(one))], axis=0) for one in own])
        scores.append(adjusted_rand_score(groups, regroup(distances(x))))
    return float(np.mean(scores))


def distances(x: Floats) -> Floats:
    """Return how far each row is from each other, square."""
    found: Floats = np.sqrt(np.maximum(((x[:, None] - x[None]) ** 2).sum(axis=2), 0.0))
    return found


def without_own(x: Floats, groups: Ints) -> Floats:
    """Return for each row the mean of the others of its group, of all others for one alone in it."""
    n = len(x)
    if n < 2:
        return np.zeros_like(x)
    same = (groups[:, None] == groups[None]) & ~np.eye(n, dtype=bool)
    same[~same.any(axis=1)] = True
    np.fill_diagonal(same, val=False)
    found: Floats = (same / same.sum(axis=1, keepdims=True)) @ x
    return found


def _raw(rows: pl.DataFrame) -> Floats:
    return rows.select(list(NUMBERS)).to_numpy().astype(np.float64)


def _scaled(x: Floats, middle: Floats, spread: Floats) -> Floats:
    found: Floats = np.clip(np.nan_to_num((x - middle) / spread, nan=0.0), -_CLIP, _CLIP)
    return found
