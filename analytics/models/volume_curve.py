"""How much will trade in each half hour of the session, given the session so far."""

from collections.abc import Mapping
from typing import Any, ClassVar, Self

import numpy as np
import polars as pl
from sklearn.ensemble import HistGradientBoostingRegressor

from analytics.models._base import Floats, Model, Tables, Walk
from analytics.models._reasons import occluded
from analytics.models._state import pack, unpack

SEED = 0
USUAL, LEAST = 20, 3  # sessions of the usual volume of a bucket, and fewest
BUCKET = "30m"
_WORDS = {
    "so_far": "the session so far against the usual",
    "before": "the half hour before against the usual",
    "place": "the time of the session",
    "weekday": "the day of the week",
}
FEATURES = tuple(_WORDS)


class VolumeCurve(Model):
    """Boosted trees on the ratio of a half hour's volume to its usual one, given the session so far.

    A row is one half hour of one session. What is known of it is known when it begins: the buckets before it
    on its day, and the sessions before.
    """

    name = "volume_curve"
    title = "Volume, next half hour"
    version = "1.0.0"
    purpose = "How much is likely to trade in the half hour that begins; feeds schedules and participation."
    unit = "shares"
    inputs: ClassVar[Mapping[str, tuple[str, ...]]] = {
        "bars": ("instrument_id", "bar_start", "freq", "volume")
    }
    keys = ("instrument_id", "date", "bucket")
    target_name = "volume of the half hour"
    horizon = 0
    baseline_name = "mean of the same half hour in the last 20 sessions"
    metric = "MASE skill: 1 - mean absolute error / that of the baseline, each over the usual volume"
    references = (
        "Białkowski, Darolles and Le Fol, Improving VWAP strategies: a dynamic volume approach, 2008",
        "Satish, Saxena and Palmer, Predicting intraday trading volume and volume percentages, 2014",
    )
    limits = (
        "Bars are kept for weeks, not years: few sessions are tested, all of one season",
        "Half days are read like whole ones until they end",
    )
    # A session has 13 half hours of every instrument, so sessions can be few: bars reach back weeks. Targets
    # are known within the day, which is why one session of embargo is enough.
    walk = Walk(first=6, width=3, embargo=1, least=8)
    seeds: ClassVar[Mapping[str, int]] = {"trees": SEED}
    page = "/intelligence/forecasts"
    owner = "Trading"

    def __init__(self, *, trees: int = 60) -> None:
        self.trees = trees

    def features(self, tables: Tables) -> pl.DataFrame:
        """Return one row per instrument, session and half hour (``bucket`` begins then); log ratios, shares."""
        own, day = "instrument_id", ["instrument_id", "date"]
        bars = tables["bars"].filter(pl.col("volume") >= 0)
        # Several lengths of bars may overlap: the shortest of an instrument counts.
        minutes = pl.col("freq").replace_strict(
            {"1m": 1, "5m": 5, "15m": 15, "30m": 30}, default=None, return_dtype=pl.Int32
        )
        bars = bars.with_columns(minutes=minutes).drop_nulls("minutes")
        bars = bars.filter(pl.col("minutes") == pl.col("minutes").min().over(own))
        rows = (
            bars.with_columns(
                bucket=pl.col("bar_start").dt.truncate(BUCKET), volume=pl.col("volume").cast(pl.Float64)
            )
            .group_by(own, "bucket")
            .agg(pl.col("volume").sum())
            .with_columns(date=pl.col("bucket").dt.date())
            .sort(own, "bucket")
            .with_columns(place=pl.int_range(pl.len()).over(day).cast(pl.Float64))
        )
        past = pl.col("volume").shift(1).rolling_mean(USUAL, min_samples=LEAST).over(own, "place")
        rows = rows.with_columns(usual=past).filter(pl.col("usual") > 0)
        done, due = (pl.col(name).cum_sum().shift(1).over(day) for name in ("volume", "usual"))
        return rows.with_columns(
            so_far=(done / due).log().clip(-3.0, 3.0).fill_null(0.0),
            before=(pl.col("volume") / pl.col("usual"))
            .log()
            .clip(-3.0, 3.0)
            .shift(1)
            .over(day)
            .fill_null(0.0),
            weekday=pl.col("date").dt.weekday().cast(pl.Float64),
        ).select(*self.keys, *FEATURES, baseline=pl.col("usual"), target=pl.col("volume"))

    def fit(self, rows: pl.DataFrame) -> Self:
        """Fit the log ratio to the usual volume, by its absolute error."""
        traded = rows.filter(pl.col("target") > 0)
        X = traded.select(FEATURES).to_numpy()
        y = np.log(traded["target"].to_numpy() / traded["baseline"].to_numpy())
        self.usual_ = X.mean(axis=0)
        self.trees_ = HistGradientBoostingRegressor(
            loss="absolute_error",
            max_iter=self.trees,
            learning_rate=0.08,
            max_leaf_nodes=8,
            min_samples_leaf=max(20, len(X) // 100),
            early_stopping=False,
            random_state=SEED,
        ).fit(X, y)
        return self

    def predict(self, rows: pl.DataFrame) -> Floats:
        """Return the expected volume of each half hour, in shares."""
        found: Floats = rows["baseline"].to_numpy() * np.exp(
            self.trees_.predict(rows.select(FEATURES).to_numpy())
        )
        return found

    def judge(self, rows: pl.DataFrame) -> pl.DataFrame:
        """Return the judged rows; losses are absolute errors over the usual volume."""
        usual = rows["baseline"].to_numpy()
        judged = super().judge(rows)
        errors = ((pl.col("target") - pl.col(name)).abs() / usual for name in ("predicted", "baseline"))
        loss, base = errors
        return judged.with_columns(loss=loss, baseline_loss=base)

    def state(self) -> dict[str, Any]:
        """Return the trees."""
        return {
            "parameters": {"trees": self.trees},
            "features": list(FEATURES),
            "usual": [float(v) for v in self.usual_],
            "grown": pack(self.trees_),
        }

    @classmethod
    def restore(cls, state: Mapping[str, Any]) -> Self:
        """Return the model that ``state`` described."""
        if list(state["features"]) != list(FEATURES):
            raise ValueError("the state has other features than this code")
        model = cls(**state["parameters"])
        model.usual_, model.trees_ = np.array(state["usual"]), unpack(state["grown"])
        return model

    def reasons(self, rows: pl.DataFrame) -> list[list[dict[str, Any]]]:
        """Return the three features that moved each forecast most, as a fraction of the volume."""
        X = rows.select(FEATURES).to_numpy()
        unit = "fraction of the volume"
        return occluded(self.trees_.predict, X, self.usual_, _WORDS, unit=unit, as_fraction=True)
