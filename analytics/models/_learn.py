"""Chances from a linear and a boosted learner together, calibrated on later days, explained feature by feature."""

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any, Self

import numpy as np
import numpy.typing as npt
import polars as pl

from analytics.models._base import Floats
from analytics.models._state import pack, unpack

SEED = 0  # of the trees
_BLOCKS = 4  # of training days; the first only trains, the others calibrate
_ALMOST = 1e-4  # no chance is said to be nearer to 0 or 1
_FEWEST = 10  # rows of each kind without which a block calibrates nothing


class Blend:
    """Regularised logistic regression and gradient boosting on the same columns, averaged in log odds.

    Averaged log odds are brought to probabilities by Platt's two numbers, fitted on predictions for days that
    neither learner had seen, and never with a falling slope. Rows must come in a fixed order: then the same
    rows give the same numbers.

    Args:
        columns: Features, floats; null means unknown (the linear learner takes the training mean for it).
        strength: Inverse of the ridge of the linear learner.
        trees: Boosting steps.
        leaves: Of a tree.
        least: Rows in a leaf.
    """

    def __init__(
        self,
        columns: Sequence[str],
        *,
        strength: float = 0.3,
        trees: int = 60,
        leaves: int = 6,
        least: int = 20,
    ) -> None:
        self.columns, self.strength = tuple(columns), strength
        self.trees, self.leaves, self.least = trees, leaves, least

    def fit(self, rows: pl.DataFrame, *, day: str = "date", target: str = "target") -> Self:
        """Fit on rows whose ``target`` is 0 or 1, both present."""
        x, y = self._matrix(rows), rows[target].to_numpy().astype(np.float64)
        self.slope_, self.shift_ = self._calibrated(x, y, rows[day].rank("dense").to_numpy())
        self._learn(x, y)
        self.typical_ = np.nan_to_num(np.nanmedian(np.where(np.isnan(x).all(axis=0), 0.0, x), axis=0))
        return self

    def chance(self, rows: pl.DataFrame) -> Floats:
        """Return the probability of each row."""
        return self._chance(self._matrix(rows))

    def parts(self, rows: pl.DataFrame) -> Floats:
        """Return rows x features: how far each feature moves the log odds from where its typical value puts them."""
        x = self._matrix(rows)
        whole, found = self._odds(x), np.zeros_like(x)
        for place in range(x.shape[1]):
            other = x.copy()
            other[:, place] = self.typical_[place]
            found[:, place] = self.slope_ * (whole - self._odds(other))
        return found

    def state(self) -> dict[str, Any]:
        """Return what was fitted, JSON-able."""
        return {
            "columns": list(self.columns),
            "parameters": {"strength": self.strength, "trees": self.trees, "leaves": self.leaves, "least": self.least},
            "mean": self.mean_.tolist(), "scale": self.scale_.tolist(), "coef": self.coef_.tolist(),
            "intercept": self.intercept_, "typical": self.typical_.tolist(), "slope": self.slope_, "shift": self.shift_,
            "used": self.used_, "boosted": pack(self.boosted_),
        }  # fmt: skip

    @classmethod
    def restore(cls, state: Mapping[str, Any]) -> Self:
        """Take up what ``state`` gave."""
        made = cls(state["columns"], **state["parameters"])
        made.mean_, made.scale_ = np.array(state["mean"]), np.array(state["scale"])
        made.coef_, made.typical_ = np.array(state["coef"]), np.array(state["typical"])
        made.intercept_, made.slope_, made.shift_ = state["intercept"], state["slope"], state["shift"]
        made.used_ = list(state["used"])
        made.boosted_ = unpack(state["boosted"])
        return made

    def _matrix(self, rows: pl.DataFrame) -> Floats:
        return np.asarray(rows.select(pl.col(self.columns).cast(pl.Float64)).to_numpy(), dtype=np.float64)

    def _learn(self, x: Floats, y: Floats) -> None:
        from sklearn.ensemble import HistGradientBoostingClassifier
        from sklearn.linear_model import LogisticRegression

        self.mean_ = np.nan_to_num(np.nanmean(np.where(np.isnan(x).all(axis=0), 0.0, x), axis=0))
        spread = np.nanstd(np.where(np.isnan(x).all(axis=0), 0.0, x), axis=0)
        self.scale_ = np.where(spread > 0, spread, 1.0)
        linear = LogisticRegression(C=self.strength, max_iter=500).fit(self._scaled(x), y)
        self.coef_, self.intercept_ = linear.coef_[0].astype(np.float64), float(linear.intercept_[0])
        # The booster has no bins for a number that never varied.
        self.used_ = [k for k in range(x.shape[1]) if np.unique(x[np.isfinite(x[:, k]), k]).size > 1]
        self.boosted_ = HistGradientBoostingClassifier(
            max_iter=self.trees, max_leaf_nodes=self.leaves, min_samples_leaf=self.least, learning_rate=0.08,
            l2_regularization=1.0, early_stopping=False, random_state=SEED,
        ).fit(x[:, self.used_], y)  # fmt: skip

    def _scaled(self, x: Floats) -> Floats:
        # Beyond six deviations a value says no more, so that one wild number cannot decide by itself.
        scaled: Floats = np.clip(np.nan_to_num((x - self.mean_) / self.scale_, nan=0.0), -6.0, 6.0)
        return scaled

    def _odds(self, x: Floats) -> Floats:
        linear = self.intercept_ + self._scaled(x) @ self.coef_
        boosted = np.asarray(self.boosted_.decision_function(x[:, self.used_]), dtype=np.float64)
        mean: Floats = (linear + boosted) / 2
        return mean

    def _chance(self, x: Floats) -> Floats:
        if not len(x):
            return np.empty(0)
        odds = self.slope_ * self._odds(x) + self.shift_
        chance: Floats = np.clip(1 / (1 + np.exp(-odds)), _ALMOST, 1 - _ALMOST)
        return chance

    def _calibrated(self, x: Floats, y: Floats, day: npt.NDArray[Any]) -> tuple[float, float]:
        """Return slope and shift of the log odds, from predictions for days after those learnt from."""
        from sklearn.linear_model import LogisticRegression

        edges = np.linspace(0, day.max(), _BLOCKS + 1)
        odds, truth = [], []
        for low, high in pairwise(edges[1:]):
            before, now = day <= low, (day > low) & (day <= high)
            if min(y[before].sum(), (1 - y[before]).sum()) < _FEWEST or not now.any():
                continue
            self._learn(x[before], y[before])
            odds.append(self._odds(x[now]))
            truth.append(y[now])
        if not odds or min(np.concatenate(truth).sum(), (1 - np.concatenate(truth)).sum()) < _FEWEST:
            return 1.0, 0.0
        fitted = LogisticRegression(C=10.0).fit(np.concatenate(odds)[:, None], np.concatenate(truth))
        return max(0.05, float(fitted.coef_[0, 0])), float(fitted.intercept_[0])


def top_reasons(
    parts: Floats, columns: Sequence[str], words: Mapping[str, str], *, unit: str, count: int = 3
) -> list[list[dict[str, Any]]]:
    """Return, for each row, the features with the largest parts: feature, words, contribution, unit."""
    found = []
    for row in parts:
        top = np.argsort(-np.abs(row), kind="stable")[:count]
        found.append([
            {"feature": columns[i], "words": words.get(columns[i], columns[i]), "contribution": float(row[i]), "unit": unit}
            for i in top
        ])  # fmt: skip
    return found
