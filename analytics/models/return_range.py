"""How far each instrument may go over the next session, week and month: a range, never a direction."""

from collections.abc import Iterator, Mapping
from itertools import pairwise
from typing import Any, ClassVar, Self

import numpy as np
import polars as pl
from sklearn.ensemble import HistGradientBoostingRegressor

from analytics.models._base import Bools, Floats, Model, Tables, Walk
from analytics.models._reasons import occluded
from analytics.models._state import pack, unpack
from analytics.models._swings import FEATURES, PRICES, WORDS, swings
from analytics.models.volatility import Volatility

LEVELS = (0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95)
NAMES = tuple(f"q{level * 100:02.0f}" for level in LEVELS)
SIDES = tuple(place for place, level in enumerate(LEVELS) if level != 0.5)
HISTORY = 250  # sessions of the baseline
SEED = 0
_HELD_OUT = 0.3  # of the training days, the last ones: where the bands are made honest
_SEEN = ("log_scale", "quiet", "market_quiet", "fall", "weekday")
_WORDS = {
    "log_scale": "the volatility forecast",
    "quiet": "the last week against the last quarter",
    "market_quiet": "the market's last session against its week",
    "fall": WORDS["fall"],
    "weekday": "the day of the week",
}


class ReturnRange(Model):
    """Quantiles of the next return in units of the volatility forecast, made honest by conformal offsets.

    The scale is a heterogeneous autoregression of variance. Boosted trees give each quantile of the return
    over its scale from the state of the market and the calendar; what they missed by on the last part of the
    training days, which they had not seen, is added (conformalised quantile regression, side by side). Where ``blocks``
    is more than one, every day is judged once by trees grown without its block, and all of them give the offsets: the
    last part alone would hold too few months to tell how far a month goes. The middle is zero by construction: no
    direction is forecast.
    """

    name = "return_range"
    title = "Return range, next session"
    version = "1.2.0"
    purpose = "How far each instrument may go in the next session; the width of limits, stops and hedges."
    kind = "interval"
    unit = "log return"
    inputs: ClassVar[Mapping[str, tuple[str, ...]]] = {"prices": PRICES}
    target_name = "log return of the next session"
    horizon = 1
    baseline_name = "historical simulation: the quantiles of the last 250 sessions"
    metric = "pinball skill over seven quantiles: 1 - loss / loss of the baseline; coverage of the bands"
    references = (
        "Koenker and Bassett, Regression quantiles, 1978",
        "Romano, Patterson and Candès, Conformalized quantile regression, 2019",
        "Vovk, Cross-conformal predictors, 2015",
        "Gneiting and Raftery, Strictly proper scoring rules, prediction, and estimation, 2007",
    )
    limits = (
        "It says how far, not which way: the middle of every range is no change",
        "A band's promise is an average over days and instruments; after a break of the market it errs until new days are in",
        "Scheduled events (earnings, elections) are not known to it",
    )
    walk = Walk(first=250, width=63)
    bands: ClassVar[Mapping[float, tuple[str, str]]] = {
        0.5: ("q25", "q75"),
        0.8: ("q10", "q90"),
        0.9: ("q05", "q95"),
    }
    seeds: ClassVar[Mapping[str, int]] = {"trees": SEED}
    blocks: ClassVar[int] = 1  # of days, each judged by trees grown on the others; 1: the last days are
    page = "/intelligence/forecasts"
    owner = "Risk"

    def __init__(self, *, trees: int = 40) -> None:
        self.trees = trees

    def features(self, tables: Tables) -> pl.DataFrame:
        """Return one row per instrument and session, see ``Model.features``; ``h05`` to ``h95`` are the baseline's."""
        own, days = "instrument_id", self.horizon
        past = pl.col("change").rolling_sum(days).over(own)
        rows = swings(tables["prices"]).with_columns(past=past)
        ranked = {
            f"h{name[1:]}": pl.col("past")
            .rolling_quantile(level, "linear", window_size=HISTORY, min_samples=60)
            .over(own)
            for name, level in zip(NAMES, LEVELS, strict=True)
        }
        return rows.with_columns(
            **ranked, weekday=pl.col("date").dt.weekday().cast(pl.Float64), target=pl.col("past").shift(-days).over(own)
        ).select(
            own, "date", *FEATURES, "weekday", "square", *ranked, baseline=pl.col("h50"), target=pl.col("target")
        )  # fmt: skip

    def drivers(self, rows: pl.DataFrame) -> list[str]:
        """Watch what the forecast is made from."""
        return list(FEATURES)

    def fit(self, rows: pl.DataFrame) -> Self:
        """Fit scale and quantiles on some of the days, offsets on others."""
        day = (rows["date"].rank("dense") - 1).to_numpy()
        parts = list(self._parts(day))
        learnt = parts[0][0] if len(parts) == 1 else np.ones(len(day), dtype=bool)
        ahead = pl.col("square").rolling_mean(self.horizon).shift(-self.horizon).over("instrument_id")
        self.scale_ = Volatility(trees=0)
        self.scale_.fit(rows.with_columns(target=ahead).filter(pl.Series(learnt)).drop_nulls())
        X, z = self._seen(rows), rows["target"].to_numpy() / self._scale(rows)
        self.usual_ = X[learnt].mean(axis=0)
        missed = []
        for before, after in parts:
            self.trees_ = self._grown(X[before], z[before])
            missed.append(z[after, None] - self._raw(X[after]))
        self.offsets_ = [
            float(np.quantile(column, LEVELS[place]))
            for place, column in zip(SIDES, np.concatenate(missed).T, strict=True)
        ]
        if len(parts) > 1:
            self.trees_ = self._grown(X, z)
        return self

    def _parts(self, day: Floats) -> Iterator[tuple[Bools, Bools]]:
        """Yield what is learnt from and what is judged: the last days, or block after block with a gap around it."""
        days = int(day.max()) + 1
        if self.blocks == 1:
            cut = (1 - _HELD_OUT) * days
            yield day < cut - self.horizon, day >= cut
            return
        edges = np.linspace(0, days, self.blocks + 1)
        for first, end in pairwise(edges):
            yield (day < first - self.horizon) | (day >= end + self.horizon), (day >= first) & (day < end)

    def _grown(self, X: Floats, z: Floats) -> list[HistGradientBoostingRegressor]:
        return [
            HistGradientBoostingRegressor(
                loss="quantile",
                quantile=LEVELS[place],
                max_iter=self.trees,
                learning_rate=0.08,
                max_leaf_nodes=6,
                min_samples_leaf=max(20, len(z) // 50),
                early_stopping=False,
                random_state=SEED,
            ).fit(X, z)
            for place in SIDES
        ]

    def predict(self, rows: pl.DataFrame) -> Floats:
        """Return the quantiles of ``LEVELS``, (n, 7), in log return; the middle is 0."""
        return self._standard(self._seen(rows)) * self._scale(rows)[:, None]

    def judge(self, rows: pl.DataFrame) -> pl.DataFrame:
        """Return the judged rows with the quantiles; losses are pinball losses averaged over quantiles."""
        said, target = self.predict(rows), rows["target"].to_numpy()
        plain = rows.select(f"h{name[1:]}" for name in NAMES).to_numpy()
        return rows.select("instrument_id", "date", "target").with_columns(
            pl.Series("predicted", said[:, LEVELS.index(0.5)]),
            rows["baseline"],
            pl.Series("loss", pinball(target, said)),
            pl.Series("baseline_loss", pinball(target, plain)),
            *(pl.Series(name, said[:, place]) for place, name in enumerate(NAMES)),
        )

    def latest(self, rows: pl.DataFrame) -> pl.DataFrame:
        """Return the quantiles of the last session and those of the baseline (``h05`` to ``h95``)."""
        plain = [f"h{name[1:]}" for name in NAMES]
        now = rows.filter(pl.col("date") == pl.col("date").max()).drop_nulls([*FEATURES, *plain])
        said = self.predict(now) if now.height else np.empty((0, len(NAMES)))
        return now.select(
            "instrument_id",
            "date",
            pl.Series("predicted", said[:, LEVELS.index(0.5)], dtype=pl.Float64),
            "baseline",
            *(pl.Series(name, said[:, place], dtype=pl.Float64) for place, name in enumerate(NAMES)),
            *plain,
        )

    def state(self) -> dict[str, Any]:
        """Return the scale's state, the trees and the offsets."""
        return {
            "parameters": {"trees": self.trees},
            "levels": list(LEVELS),
            "scale": self.scale_.state(),
            "trees": [pack(tree) for tree in self.trees_],
            "offsets": self.offsets_,
            "usual": [float(v) for v in self.usual_],
        }

    @classmethod
    def restore(cls, state: Mapping[str, Any]) -> Self:
        """Return the model that ``state`` described."""
        if list(state["levels"]) != list(LEVELS):
            raise ValueError("the state has other quantiles than this code")
        model = cls(**state["parameters"])
        model.scale_ = Volatility.restore(state["scale"])
        model.trees_ = [unpack(text) for text in state["trees"]]
        model.offsets_, model.usual_ = list(state["offsets"]), np.array(state["usual"])
        return model

    def reasons(self, rows: pl.DataFrame) -> list[list[dict[str, Any]]]:
        """Return the three things that made the 90 % range wider or narrower than usual, as a fraction."""

        def width(X: Floats) -> Floats:
            found: Floats = np.log(np.ptp(self._standard(X)[:, [0, -1]], axis=1)) + X[:, 0]
            return found

        return occluded(
            width, self._seen(rows), self.usual_, _WORDS, unit="fraction of the width", as_fraction=True
        )

    # --- parts ---------------------------------------------------------------------------------------
    def _scale(self, rows: pl.DataFrame) -> Floats:
        """Return the forecast deviation of the return over the horizon."""
        found: Floats = np.sqrt(self.scale_.predict(rows) * self.horizon)
        return found

    def _seen(self, rows: pl.DataFrame) -> Floats:
        frame = rows.select(
            quiet=pl.col("log_week") - pl.col("log_quarter"),
            market_quiet=pl.col("log_market_day") - pl.col("log_market"),
            fall=pl.col("fall"),
            weekday=pl.col("weekday"),
        )
        return np.column_stack([np.log(self._scale(rows)), frame.to_numpy()])

    def _raw(self, X: Floats) -> Floats:
        return (
            np.column_stack([tree.predict(X) for tree in self.trees_])
            if len(X)
            else np.empty((0, len(SIDES)))
        )

    def _standard(self, X: Floats) -> Floats:
        """Return the quantiles in units of the scale: lower ones never above, upper ones never below zero."""
        sides = np.sort(self._raw(X) + np.array(self.offsets_), axis=1)
        half = len(SIDES) // 2
        return np.column_stack(
            [np.minimum(sides[:, :half], -1e-6), np.zeros(len(X)), np.maximum(sides[:, half:], 1e-6)]
        )


class WeeklyReturnRange(ReturnRange):
    """The same for the return over the next five sessions."""

    name = "return_range_5d"
    title = "Return range, next five sessions"
    purpose = "How far each instrument may go over the next week; the width of limits, stops and hedges."
    target_name = "log return over the next five sessions"
    horizon = 5


class MonthlyReturnRange(ReturnRange):
    """The same for the return over the next 21 sessions."""

    name = "return_range_21d"
    title = "Return range, next 21 sessions"
    purpose = "How far each instrument may go over the next month; the width of limits and hedges."
    target_name = "log return over the next 21 sessions"
    horizon = 21
    blocks = 4


def pinball(target: Floats, quantiles: Floats) -> Floats:
    """Return each row's pinball loss averaged over ``LEVELS``; target (n,), quantiles (n, 7)."""
    levels = np.array(LEVELS)
    missed = target[:, None] - quantiles
    found: Floats = np.mean(np.maximum(levels * missed, (levels - 1) * missed), axis=1)
    return found
