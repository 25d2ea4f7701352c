"""Which instruments move alike, whatever their sector says."""

from collections.abc import Mapping
from typing import Any, ClassVar, Self

import numpy as np
import polars as pl

from analytics.models._base import Floats, Model, Tables, Walk
from analytics.models._closes import adjusted_closes
from analytics.models._clusters import Ints, correlation_distance, stability, ward

_USUAL = 60  # sessions a swing is measured by
_CLIP = 5.0  # deviations
_DRAWS = 20  # of the resampling
_LEAST = 3  # instruments without which nothing is grouped
_SEED = 11


class Clusters(Model):
    """Ward's method on the correlation distance of standardised returns, as many groups as there are sectors.

    Judged on later days: how well the mean return of the others in an instrument's group, times a slope fitted
    in training, tells its own, against the same with the others of its sector. An instrument alone in its group is told nothing by it: zero. Groups
    are resampled over days to see how stable they are.
    """

    name = "clusters"
    title = "Instruments that move alike"
    version = "1.1.0"
    purpose = "Groups of instruments that move together, for hedging, concentration and look-alikes."
    kind = "structure"
    unit = "standardised return"
    inputs: ClassVar[Mapping[str, tuple[str, ...]]] = {
        "prices": ("instrument_id", "date", "adj_basis", "close"),
        "instruments": ("instrument_id", "sector"),
    }
    target_name = "the day's standardised return, from the others of the group"
    horizon = 0
    baseline_name = "sector labels"
    rivals: ClassVar[Mapping[str, str]] = {"random": "groups of the same sizes, dealt at random"}
    metric = "squared error skill of the group's mean against the sector's mean, on later days"
    references = (
        "Mantegna, Hierarchical structure in financial markets, 1999",
        "Ward, Hierarchical grouping to optimize an objective function, 1963",
        "Hubert and Arabie, Comparing partitions, 1985",
    )
    limits = (
        "As many groups as sectors, so that the comparison is fair; other numbers may fit better",
        "Correlations change in a stress: groups are of usual days",
    )
    walk = Walk(first=120, width=42, embargo=1, least=40, span=500)
    seeds: ClassVar[Mapping[str, int]] = {"days drawn anew and groups dealt at random": _SEED}
    figure_words: ClassVar[Mapping[str, str]] = {
        "groups": "groups", "stability": "days drawn anew", "silhouette": "silhouette",
        "silhouette_sector": "of sectors", "silhouette_random": "of random groups",
    }  # fmt: skip

    def features(self, tables: Tables) -> pl.DataFrame:
        """Return instrument_id, date, move (in own past deviations), sector, baseline (null) and target (the move)."""
        closes = adjusted_closes(tables["prices"])
        change = (pl.col("close") / pl.col("close").shift(1)).log().over("instrument_id")
        rows = closes.with_columns(change=change).with_columns(
            swing=pl.col("change").shift(1).rolling_std(_USUAL, min_samples=_USUAL // 2).over("instrument_id")
        )
        sectors = (
            tables["instruments"]
            .select("instrument_id", "sector")
            .sort("instrument_id", "sector", nulls_last=True)
        )
        return (
            rows.filter(pl.col("swing") > 0)
            .with_columns(move=(pl.col("change") / pl.col("swing")).clip(-_CLIP, _CLIP))
            .join(sectors.unique("instrument_id", keep="first", maintain_order=True), on="instrument_id", how="left")
            .select(
                "instrument_id", "date", "move", pl.col("sector").fill_null("none"),
                baseline=pl.lit(None, pl.Float64), target="move",
            )
            .sort("date", "instrument_id")
        )  # fmt: skip

    def known(self, rows: pl.DataFrame) -> pl.DataFrame:
        """Return every instrument and day with a move."""
        return rows.drop_nulls("move")

    def drivers(self, rows: pl.DataFrame) -> list[str]:
        """Watch the moves."""
        return ["move"]

    def fit(self, rows: pl.DataFrame) -> Self:
        """Group the instruments; sectors and random groups are kept beside for the comparison."""
        wide = rows.pivot("instrument_id", index="date", values="move").sort("date")
        self.names_ = sorted(wide.columns[1:])
        returns = wide.select(self.names_).to_numpy().astype(np.float64)
        sectors = dict(rows.select("instrument_id", "sector").unique("instrument_id", keep="first").rows())
        labels = sorted({sectors[name] for name in self.names_})
        self.sector_ = {name: labels.index(sectors[name]) for name in self.names_}
        count = max(2, len(labels)) if len(self.names_) >= _LEAST else 1
        self.distance_ = correlation_distance(returns)
        groups = ward(self.distance_, count)
        self.group_ = {name: int(group) for name, group in zip(self.names_, groups, strict=True)}
        dealt = np.random.default_rng(_SEED).permutation(groups)
        self.random_ = {name: int(group) for name, group in zip(self.names_, dealt, strict=True)}
        # A mean of few is mostly noise: each partition is followed as far as it paid in training, no farther.
        parts = {"group": self.group_, "sector": self.sector_, "random": self.random_}
        self.follow_ = {
            name: _slope(rows["move"].to_numpy(), _others(rows, part)) for name, part in parts.items()
        }
        self.stability_ = stability(returns, groups, draws=_DRAWS, seed=_SEED)
        sides = {
            "group": groups,
            "sector": np.array([self.sector_[name] for name in self.names_]),
            "random": dealt,
        }
        self.silhouettes_ = {name: _silhouette(self.distance_, side) for name, side in sides.items()}
        return self

    def predict(self, rows: pl.DataFrame) -> Floats:
        """Return what the mean move of the others in the group tells of each on the same day; zero for one alone in it."""
        return self.follow_["group"] * _others(rows, self.group_)

    def judge(self, rows: pl.DataFrame) -> pl.DataFrame:
        """Return the default columns with the sector as the baseline, and ``loss_random``."""
        sector = self.follow_["sector"] * _others(rows, self.sector_)
        dealt = self.follow_["random"] * _others(rows, self.random_)
        judged = super().judge(rows.with_columns(baseline=pl.Series(sector, dtype=pl.Float64)))
        loss = self.loss(rows["target"].to_numpy().astype(np.float64), dealt)
        return judged.with_columns(loss_random=pl.Series(loss, dtype=pl.Float64))

    def latest(self, rows: pl.DataFrame) -> pl.DataFrame:
        """Return the group of each instrument of the last day: keys, predicted (its number) and sector."""
        now = rows.filter(pl.col("date") == pl.col("date").max())
        group = pl.col("instrument_id").replace_strict(self.group_, default=None, return_dtype=pl.Int64)
        return now.with_columns(predicted=group.cast(pl.Float64)).select(*self.keys, "predicted", "sector")

    def calibration(self, tested: pl.DataFrame) -> dict[str, Any]:
        """Return stability (adjusted Rand index under resampling), silhouettes and the groups themselves.

        Silhouettes are of the groups, of the sectors and of groups of the same sizes dealt at random.
        """
        groups: dict[int, list[str]] = {}
        for name, group in self.group_.items():
            groups.setdefault(group, []).append(name)
        return {
            "kind": "groups", "stability": round(self.stability_, 4), "silhouette": round(self.silhouettes_["group"], 4),
            "silhouette_sector": round(self.silhouettes_["sector"], 4),
            "silhouette_random": round(self.silhouettes_["random"], 4),
            "groups": [groups[key] for key in sorted(groups)], "n": tested.height,
        }  # fmt: skip

    def figures(self) -> dict[str, float | None]:
        """Return how many groups there are, how stable, and the silhouettes of groups, sectors and random groups."""
        return {
            "groups": float(len(set(self.group_.values()))), "stability": round(self.stability_, 4),
            "silhouette": round(self.silhouettes_["group"], 4),
            "silhouette_sector": round(self.silhouettes_["sector"], 4),
            "silhouette_random": round(self.silhouettes_["random"], 4),
        }  # fmt: skip

    def sorted_into(self, rows: pl.DataFrame) -> dict[str, int]:
        """Return the group of each instrument."""
        return dict(self.group_)

    def reasons(self, rows: pl.DataFrame) -> list[list[dict[str, Any]]]:
        """Return the three instruments nearest to each one, by correlation in training."""
        place = {name: k for k, name in enumerate(self.names_)}
        found = []
        for name in rows["instrument_id"].to_list():
            away = self.distance_[place[name]] if name in place else np.zeros(len(self.names_))
            near = [k for k in np.argsort(away, kind="stable") if self.names_[k] != name][:3]
            found.append([
                {"feature": self.names_[k], "words": f"moves with {self.names_[k]}",
                 "contribution": float(1 - away[k] ** 2 / 2), "unit": "correlation"}
                for k in near
            ])  # fmt: skip
        return found

    def state(self) -> dict[str, Any]:
        """Return groups, sectors, distances and how stable they are."""
        return {
            "version": self.version, "names": self.names_, "group": self.group_, "sector": self.sector_,
            "random": self.random_, "distance": self.distance_.tolist(), "stability": self.stability_,
            "silhouettes": self.silhouettes_, "follow": self.follow_,
        }  # fmt: skip

    @classmethod
    def restore(cls, state: Mapping[str, Any]) -> Self:
        """Take up what ``state`` gave."""
        made = cls.begun(state)
        made.names_, made.distance_ = list(state["names"]), np.array(state["distance"])
        made.group_, made.sector_, made.random_ = (
            dict(state[name]) for name in ("group", "sector", "random")
        )
        made.follow_ = dict(state["follow"])
        made.stability_, made.silhouettes_ = state["stability"], dict(state["silhouettes"])
        return made


def _others(rows: pl.DataFrame, groups: Mapping[str, int]) -> Floats:
    """Return the mean move of the others of the same group and day; zero where there are none."""
    group = pl.col("instrument_id").replace_strict(dict(groups), default=None, return_dtype=pl.Int64)
    same = ["date", "group"]
    others = pl.len().over(same) - 1
    mean = (pl.col("move").sum().over(same) - pl.col("move")) / others
    told = pl.when(pl.col("group").is_not_null() & (others > 0)).then(mean).otherwise(0.0)
    found: Floats = (
        rows.with_columns(group=group).select(told.alias("told"))["told"].to_numpy().astype(np.float64)
    )
    return found


def _slope(move: Floats, others: Floats) -> float:
    """Return the least-squares slope through the origin, 0 to 1."""
    total = float(others @ others)
    return float(np.clip(move @ others / total, 0.0, 1.0)) if total > 0 else 0.0


def _silhouette(distance: Floats, groups: Ints) -> float:
    from sklearn.metrics import silhouette_score

    count = len(set(groups.tolist()))
    if not 2 <= count < len(groups):
        return 0.0
    return float(silhouette_score(distance, groups, metric="precomputed"))
