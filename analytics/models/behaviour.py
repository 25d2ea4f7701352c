"""Trader-days and account-days unlike those of their peers."""

from collections.abc import Mapping
from typing import Any, ClassVar, Self
from zlib import crc32

import numpy as np
import numpy.typing as npt
import polars as pl

from analytics.models._base import Floats
from analytics.models._conduct_days import NUMBERS, OfConduct, in_units
from analytics.models._learn import top_reasons
from analytics.models._state import pack, unpack

ODD = 0.99  # share of ordinary rows that are less odd than what is told
_CLIP = 12.0  # robust deviations beyond which more says nothing
_MAD_TO_SD = 1.4826
_GROUP = 30  # rows of a group below which everybody of the kind is the peer group
_GRID = np.linspace(0.0, 1.0, 501)
_PLANTED = 3  # robust deviations by which planted days are moved, in as many kinds of numbers
_TREES = 60
_SEED = 7
_OTHERS = (8, 9, 10)  # seeds of forests that must find much the same
_SHARE = 0.05  # of days planted at a time, for precision at k: as many are looked at as were planted
_TOP = 0.05  # of training days, the oddest: what another seed should find among its own
_FAMILIES = sorted({one.family for one in NUMBERS.values()})


class Behaviour(OfConduct):
    """An isolation forest and empirical tails (ECOD) on robust deviations from the peers, their ranks averaged.

    Each number of a day is measured in robust deviations from the median of the peer group (a trader's desk, an
    account's kind) in training. The answer is the mean of two ranks among training days: 0 ordinary, 1 odd.
    Nobody labels days, so the record is made by planting: out of sample, real days with three kinds of numbers
    moved by three robust deviations are put among the others, and what counts is how many real days rank above
    each of them, against the same for a plain sum of deviations. Beside it precision at k: one in twenty days is
    moved in place, twenty times over so that each is once, and k are looked at, as many as were moved.
    """

    name = "behaviour"
    title = "Unusual behaviour"
    version = "1.1.0"
    purpose = "Which trader-days and account-days are unlike those of their peers, and in what."
    kind = "anomaly"
    unit = "mean rank"
    target_name = (
        "a day with three kinds of numbers moved by three robust deviations, planted among real ones"
    )
    horizon = 0
    baseline_name = "sum of absolute robust deviations"
    metric = "share of real days ranked above a planted one, against the baseline's; precision at k; stability over seeds"
    references = (
        "Liu, Ting and Zhou, Isolation forest, 2008",
        "Li et al., ECOD: unsupervised outlier detection using empirical cumulative distribution functions, 2022",
        "Han et al., ADBench: anomaly detection benchmark, 2022",
    )
    limits = (
        "Odd is no offence: joiners, cover, holidays and new mandates are odd too",
        "Days of fewer than five orders are not judged",
        "The record is of planted days; how well it finds misconduct is for labelled days to tell",
    )

    seeds: ClassVar[Mapping[str, int]] = {"forest and planted days": _SEED}
    figure_words: ClassVar[Mapping[str, str]] = {
        "stability": "order alike over seeds", "top_shared": "oddest twentieth in common",
    }  # fmt: skip

    def __init__(self, *, trees: int = _TREES, seed: int = _SEED) -> None:
        self.trees, self.seed = trees, seed

    def fit(self, rows: pl.DataFrame) -> Self:
        """Learn what is usual in each peer group, and how odd ordinary days are."""
        self.usual_ = _usual(rows)
        z = self._deviations(rows)
        self.tails_ = np.quantile(z, _GRID, axis=0)
        self.forest_ = self._grown(z, self.seed)
        self.seen_ = {name: np.quantile(score, _GRID) for name, score in self._scores(z).items()}
        centred = z - z.mean(axis=0)
        _, _, axes = np.linalg.svd(centred, full_matrices=False)
        # The largest weight of an axis is positive: a map must not be mirrored from one training to the next.
        sign = np.sign(axes[np.arange(2), np.abs(axes[:2]).argmax(axis=1)])
        self.centre_, self.axes_ = z.mean(axis=0), axes[:2] * sign[:, None]
        own = self._mean_rank(z)
        self.odd_ = float(np.quantile(own, ODD))
        self.stability_ = self._over_seeds(z, own)
        return self

    def predict(self, rows: pl.DataFrame) -> Floats:
        """Return the mean rank of each row: 0 ordinary, 1 odd."""
        return self._mean_rank(self._deviations(rows))

    def judge(self, rows: pl.DataFrame) -> pl.DataFrame:
        """Return planted days: keys, target 1, predicted, baseline, and the share of real days above each by either.

        ``caught`` and ``caught_baseline`` (0 or 1): whether the day, moved in place with one in twenty, is among the k oddest.
        """
        z = self._deviations(rows)
        moved = z + self._plan(rows)
        own, base = self._mean_rank(z), np.abs(z).sum(axis=1)
        planted, plain = self._mean_rank(moved), np.abs(np.clip(moved, -_CLIP, _CLIP)).sum(axis=1)
        turn = self._turns(rows)
        return rows.select(
            *self.keys,
            pl.lit(1.0).alias("target"),
            pl.Series("predicted", planted, dtype=pl.Float64),
            pl.Series("baseline", plain, dtype=pl.Float64),
            pl.Series("loss", _above(own, planted), dtype=pl.Float64),
            pl.Series("baseline_loss", _above(base, plain), dtype=pl.Float64),
            pl.Series("caught", _caught(own, planted, turn), dtype=pl.Float64),
            pl.Series("caught_baseline", _caught(base, plain, turn), dtype=pl.Float64),
        )

    def latest(self, rows: pl.DataFrame) -> pl.DataFrame:
        """Return the rows of the last day, see ``course``."""
        return self.course(rows.filter(pl.col("date") == pl.col("date").max()))

    def course(self, rows: pl.DataFrame) -> pl.DataFrame:
        """Return keys, peers, predicted, ``odd`` (more so than 99 of 100 training days), and ``x``, ``y`` of the map."""
        z = self._deviations(rows)
        rank = self._mean_rank(z) if rows.height else np.empty(0)
        place = (z - self.centre_) @ self.axes_.T
        return rows.select(
            *self.keys,
            "peers",
            pl.Series("predicted", rank, dtype=pl.Float64),
            pl.Series("odd", rank > self.odd_, dtype=pl.Boolean),
            pl.Series("x", place[:, 0], dtype=pl.Float64),
            pl.Series("y", place[:, 1], dtype=pl.Float64),
        )

    def calibration(self, tested: pl.DataFrame) -> dict[str, Any]:
        """Return the share of planted days that would be told, precision at k, and how stable the forest is over seeds.

        ``ordinary_told`` is the share of ordinary days told by construction; ``stability``: mean Spearman correlation of
        the training days' scores with those of other seeds; ``top_shared``: share of the oddest twentieth in common.
        """
        told = float((tested["predicted"].to_numpy() > self.odd_).mean()) if tested.height else None
        return {
            "kind": "planted",
            "threshold": self.odd_,
            "planted_told": told,
            "ordinary_told": round(1 - ODD, 6),
            "precision_at_k": _mean(tested, "caught"),
            "precision_at_k_baseline": _mean(tested, "caught_baseline"),
            "k_share": _SHARE,
            "n": tested.height,
            **self.stability_,
        }

    def figures(self) -> dict[str, float | None]:
        """Return how stable the scores are over seeds."""
        return dict(self.stability_)

    def reasons(self, rows: pl.DataFrame) -> list[list[dict[str, Any]]]:
        """Return the three numbers farthest from the peers', one of each kind: value, usual range, deviations."""
        z = self._deviations(rows)
        names = list(NUMBERS)
        told = top_reasons(
            _one_of_each(z), names, {n: one.words for n, one in NUMBERS.items()}, unit="robust deviations"
        )
        for row, reasons in zip(rows.iter_rows(named=True), told, strict=True):
            low, high = self._range(row["who"], row["peers"])
            for one in reasons:
                name, at = one["feature"], names.index(one["feature"])
                one["value"] = None if row[name] is None else in_units(name, row[name])
                one["low"], one["high"] = in_units(name, low[at]), in_units(name, high[at])
                one["of"] = NUMBERS[name].unit
        return told

    def state(self) -> dict[str, Any]:
        """Return what is usual in each group, the forest, the ranks and the map."""
        return {
            "version": self.version, "parameters": {"trees": self.trees, "seed": self.seed}, "numbers": list(NUMBERS),
            "usual": self.usual_, "tails": self.tails_.tolist(), "forest": pack(self.forest_),
            "seen": {name: grid.tolist() for name, grid in self.seen_.items()}, "odd": self.odd_,
            "centre": self.centre_.tolist(), "axes": self.axes_.tolist(), "stability": self.stability_,
        }  # fmt: skip

    @classmethod
    def restore(cls, state: Mapping[str, Any]) -> Self:
        """Take up what ``state`` gave."""
        made = cls.begun(state)
        made.usual_, made.tails_, made.forest_ = (
            dict(state["usual"]),
            np.array(state["tails"]),
            unpack(state["forest"]),
        )
        made.seen_ = {name: np.array(grid) for name, grid in state["seen"].items()}
        made.stability_ = dict(state["stability"])
        made.odd_, made.centre_, made.axes_ = state["odd"], np.array(state["centre"]), np.array(state["axes"])
        return made

    def _grown(self, z: Floats, seed: int) -> Any:
        from sklearn.ensemble import IsolationForest

        return IsolationForest(n_estimators=self.trees, max_samples=min(256, len(z)), random_state=seed).fit(
            z
        )

    def _over_seeds(self, z: Floats, own: Floats) -> dict[str, float | None]:
        """Return how far forests of other seeds order the training days alike."""
        from scipy.stats import spearmanr

        kept, seen = self.forest_, self.seen_
        count = max(1, round(_TOP * len(z)))
        top, same, shared = set(np.argsort(-own, kind="stable")[:count].tolist()), [], []
        for seed in _OTHERS:
            self.forest_ = self._grown(z, seed)
            self.seen_ = {name: np.quantile(score, _GRID) for name, score in self._scores(z).items()}
            other = self._mean_rank(z)
            same.append(float(spearmanr(own, other).statistic))
            shared.append(len(top & set(np.argsort(-other, kind="stable")[:count].tolist())) / count)
        self.forest_, self.seen_ = kept, seen
        alike = float(np.mean(same))
        return {
            "stability": round(alike, 4) if np.isfinite(alike) else None,
            "top_shared": round(float(np.mean(shared)), 4),
        }

    def _turns(self, rows: pl.DataFrame) -> npt.NDArray[np.int64]:
        """Return in which turn each day is moved in place: by hashes of the keys, as many turns as make one in twenty."""
        keys = rows.select(pl.concat_str("who", "id", pl.col("date").cast(pl.String)))["who"].to_list()
        order = np.argsort([crc32(f"{self.seed}{key}".encode()) for key in keys], kind="stable")
        turns = np.empty(len(keys), dtype=np.int64)
        turns[order] = np.arange(len(keys)) % round(1 / _SHARE)
        return turns

    def _group(self, who: str, peers: str) -> dict[str, list[float]]:
        found: dict[str, list[float]] = self.usual_.get(
            f"{who}|{peers}", self.usual_.get(f"{who}|", self.usual_["|"])
        )
        return found

    def _range(self, who: str, peers: str) -> tuple[list[float], list[float]]:
        group = self._group(who, peers)
        return group["low"], group["high"]

    def _deviations(self, rows: pl.DataFrame) -> Floats:
        x = rows.select(list(NUMBERS)).to_numpy().astype(np.float64)
        z = np.zeros_like(x)
        groups = rows.select("who", "peers").with_row_index("at").group_by("who", "peers").agg("at")
        for who, peers, places in groups.iter_rows():
            usual = self._group(who, peers)
            z[places] = (x[places] - np.array(usual["middle"])) / np.array(usual["spread"])
        clipped: Floats = np.clip(np.nan_to_num(z, nan=0.0), -_CLIP, _CLIP)
        return clipped

    def _scores(self, z: Floats) -> dict[str, Floats]:
        if not len(z):
            return {"forest": np.empty(0), "tails": np.empty(0)}
        low = np.stack([np.interp(z[:, k], *_ends(self.tails_[:, k])) for k in range(z.shape[1])], axis=1)
        tail = np.clip(2 * np.minimum(low, 1 - low), 1e-3, 1.0)
        return {"forest": -self.forest_.score_samples(z), "tails": -np.log(tail).sum(axis=1)}

    def _mean_rank(self, z: Floats) -> Floats:
        scores = self._scores(np.clip(z, -_CLIP, _CLIP))
        ranks: Floats = np.mean(
            [np.interp(s, *_ends(self.seen_[name])) for name, s in scores.items()], axis=0
        )
        return ranks

    def _plan(self, rows: pl.DataFrame) -> Floats:
        """Return the moves of planted days: which numbers, which way; by hashes of the keys, so always the same."""
        keys = rows.select(pl.concat_str("who", "id", pl.col("date").cast(pl.String)))["who"].to_list()
        families = [one.family for one in NUMBERS.values()]
        moves = np.zeros((len(keys), len(NUMBERS)))
        for at, key in enumerate(keys):
            rng = np.random.default_rng([self.seed, *key.encode()])
            for family in rng.choice(len(_FAMILIES), size=_PLANTED, replace=False):
                places = [k for k, one in enumerate(families) if one == _FAMILIES[family]]
                moves[at, int(rng.choice(places))] = _PLANTED * rng.choice((-1.0, 1.0))
        return moves


def _ends(grid: Floats) -> tuple[Floats, Floats]:
    """Return a quantile grid as a curve: equal values share the middle of their levels."""
    values, first, count = np.unique(grid, return_index=True, return_counts=True)
    return values, (_GRID[first] + _GRID[first + count - 1]) / 2


def _usual(rows: pl.DataFrame) -> dict[str, dict[str, list[float]]]:
    """Return middle, spread, low and high (tenth and ninetieth percentile) of each number, by ``who|peers``, ``who|`` and ``|``."""
    found = {"|": _measured(rows)}
    for (who,), part in rows.group_by("who", maintain_order=True):
        found[f"{who}|"] = _measured(part)
        for (peers,), group in part.group_by("peers", maintain_order=True):
            if group.height >= _GROUP and group["id"].n_unique() > 2:
                found[f"{who}|{peers}"] = _measured(group)
    return dict(sorted(found.items()))


def _measured(rows: pl.DataFrame) -> dict[str, list[float]]:
    floors = np.array([one.floor for one in NUMBERS.values()])
    x = rows.select(list(NUMBERS)).to_numpy().astype(np.float64)
    x = np.where(np.isnan(x).all(axis=0), 0.0, x)
    middle = np.nanmedian(x, axis=0)
    spread = np.maximum(np.nanmedian(np.abs(x - middle), axis=0) * _MAD_TO_SD, floors)
    low, high = np.nanquantile(x, (0.1, 0.9), axis=0)
    return {"middle": middle.tolist(), "spread": spread.tolist(), "low": low.tolist(), "high": high.tolist()}


def _above(real: Floats, planted: Floats) -> Floats:
    """Return the share of real scores that are at least as high as each planted one."""
    ordered = np.sort(real)
    return 1 - np.searchsorted(ordered, planted, side="left") / max(len(real), 1)


def _caught(real: Floats, planted: Floats, turn: npt.NDArray[np.int64]) -> Floats:
    """Return, for each day, 1 if it is among the k oddest when it and the others of its turn are moved in place."""
    found = np.zeros(len(real))
    for one in np.unique(turn):
        mine = turn == one
        mixed = np.where(mine, planted, real)
        k = int(mine.sum())
        top = np.argsort(-mixed, kind="stable")[:k]
        found[top[mine[top]]] = 1.0
    return found


def _mean(rows: pl.DataFrame, name: str) -> float | None:
    return round(float(rows[name].to_numpy().mean()), 4) if name in rows.columns and rows.height else None


def _one_of_each(z: Floats) -> Floats:
    """Return the deviations with all but the largest of each family set to zero."""
    found = np.zeros_like(z)
    families = np.array([one.family for one in NUMBERS.values()])
    for family in _FAMILIES:
        places = np.nonzero(families == family)[0]
        best = places[np.abs(z[:, places]).argmax(axis=1)]
        found[np.arange(len(z)), best] = z[np.arange(len(z)), best]
    return found
