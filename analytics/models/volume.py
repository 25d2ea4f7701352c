"""How much of each instrument is likely to trade on the next session."""

from collections.abc import Mapping
from typing import Any, ClassVar, Self

import numpy as np
import polars as pl
from sklearn.ensemble import HistGradientBoostingRegressor

from analytics.models._base import Floats, Model, Tables, Walk
from analytics.models._closes import adjusted_closes
from analytics.models._reasons import occluded
from analytics.models._state import pack, unpack

SEED = 0
USUAL = 20  # sessions of the usual volume
LOW, HIGH = 0.1, 0.9  # the range told beside the forecast
_WORDS = {
    "day": "the last session against the usual",
    "week": "the last week against the usual",
    "yearly": "the usual against the last year",
    "market": "all instruments' last session against theirs",
    "swing": "the size of the last move",
    "weekday": "the day of the week",
    "turn": "days from the turn of the month",
}
FEATURES = tuple(_WORDS)


class Volume(Model):
    """Boosted trees on the ratio of a session's volume to the 20 before it, pooled over instruments.

    Fitted to the absolute error of the logarithm, so that a day of index changes does not rule the rest.
    """

    name = "volume"
    title = "Volume, next session"
    version = "1.0.0"
    purpose = "How much is likely to trade in the next session; feeds participation, schedules and liquidity."
    unit = "shares"
    inputs: ClassVar[Mapping[str, tuple[str, ...]]] = {
        "prices": ("instrument_id", "date", "adj_basis", "close", "volume")
    }
    target_name = "volume of the next session"
    horizon = 1
    baseline_name = "mean of the last 20 sessions"
    metric = "MASE skill: 1 - mean absolute error / that of the baseline, each over the usual volume"
    references = (
        "Białkowski, Darolles and Le Fol, Improving VWAP strategies: a dynamic volume approach, 2008",
        "Hyndman and Koehler, Another look at measures of forecast accuracy, 2006",
    )
    limits = (
        "Index changes, expiries and news are not known to it",
        "The weekday of the next session is taken from the last one: holidays are not known",
    )
    walk = Walk(first=150, width=42)
    bands: ClassVar[Mapping[float, tuple[str, str]]] = {0.8: ("low", "high")}
    seeds: ClassVar[Mapping[str, int]] = {"trees": SEED}
    page = "/intelligence/forecasts"
    owner = "Trading"

    def __init__(self, *, trees: int = 60) -> None:
        self.trees = trees

    def features(self, tables: Tables) -> pl.DataFrame:
        """Return one row per instrument and session, see ``Model.features``; log ratios, volumes in shares."""
        own = "instrument_id"
        rows = adjusted_closes(tables["prices"], also=("volume",)).with_columns(
            pl.col("volume").cast(pl.Float64)
        )
        rows = rows.filter(pl.col("volume") > 0).with_columns(
            usual=pl.col("volume").rolling_mean(USUAL).over(own),
            log=pl.col("volume").log(),
            move=(pl.col("close") / pl.col("close").shift(1)).log().abs().over(own),
        )
        usual_log = pl.col("log").rolling_mean(USUAL).over(own)
        rows = rows.with_columns(
            day=pl.col("log") - usual_log,
            week=pl.col("log").rolling_mean(5).over(own) - usual_log,
            yearly=usual_log - pl.col("log").rolling_mean(250, min_samples=USUAL).over(own),
            swing=(pl.col("move") / pl.col("move").rolling_mean(USUAL).over(own))
            .fill_nan(1.0)
            .clip(0.0, 10.0),
            weekday=pl.col("date").dt.weekday().cast(pl.Float64),
            turn=((pl.col("date").dt.day().cast(pl.Float64) + 15) % 31 - 15),
            target=pl.col("volume").shift(-1).over(own),
        ).with_columns(market=pl.col("day").mean().over("date"))
        return rows.drop_nulls("day").select(
            own, "date", *FEATURES, baseline=pl.col("usual"), target=pl.col("target")
        )

    def fit(self, rows: pl.DataFrame) -> Self:
        """Fit the middle and the range of the log ratio to the usual volume."""
        X, y = rows.select(FEATURES).to_numpy(), self._ratio(rows)
        self.usual_ = X.mean(axis=0)
        self.trees_ = [_grown(X, y, trees=self.trees, quantile=q) for q in (LOW, None, HIGH)]
        return self

    def predict(self, rows: pl.DataFrame) -> Floats:
        """Return the expected volume of the next session, in shares."""
        found: Floats = rows["baseline"].to_numpy() * np.exp(
            self.trees_[1].predict(rows.select(FEATURES).to_numpy())
        )
        return found

    def judge(self, rows: pl.DataFrame) -> pl.DataFrame:
        """Return the judged rows with ``low`` and ``high``; losses are absolute errors over the usual volume."""
        usual, target = rows["baseline"].to_numpy(), rows["target"].to_numpy()
        predicted = self.predict(rows)
        return rows.select("instrument_id", "date", "target").with_columns(
            pl.Series("predicted", predicted),
            rows["baseline"],
            pl.Series("loss", np.abs(target - predicted) / usual),
            pl.Series("baseline_loss", np.abs(target - usual) / usual),
            *self._range(rows),
        )

    def latest(self, rows: pl.DataFrame) -> pl.DataFrame:
        """Return the forecast of the last session with its range, ``low`` to ``high``."""
        now = super().latest(rows)
        last = rows.join(now.select("instrument_id", "date"), on=["instrument_id", "date"], how="semi")
        return now.with_columns(self._range(last)) if now.height else now

    def state(self) -> dict[str, Any]:
        """Return the trees."""
        return {
            "parameters": {"trees": self.trees},
            "features": list(FEATURES),
            "usual": [float(v) for v in self.usual_],
            "trees": [pack(tree) for tree in self.trees_],
        }

    @classmethod
    def restore(cls, state: Mapping[str, Any]) -> Self:
        """Return the model that ``state`` described."""
        if list(state["features"]) != list(FEATURES):
            raise ValueError("the state has other features than this code")
        model = cls(**state["parameters"])
        model.usual_ = np.array(state["usual"])
        model.trees_ = [unpack(text) for text in state["trees"]]
        return model

    def reasons(self, rows: pl.DataFrame) -> list[list[dict[str, Any]]]:
        """Return the three features that moved each forecast most, as a fraction of the volume."""
        X = rows.select(FEATURES).to_numpy()
        unit = "fraction of the volume"
        return occluded(self.trees_[1].predict, X, self.usual_, _WORDS, unit=unit, as_fraction=True)

    def _ratio(self, rows: pl.DataFrame) -> Floats:
        found: Floats = np.log(rows["target"].to_numpy() / rows["baseline"].to_numpy())
        return found

    def _range(self, rows: pl.DataFrame) -> list[pl.Series]:
        X, usual = rows.select(FEATURES).to_numpy(), rows["baseline"].to_numpy()
        ends = np.sort([usual * np.exp(tree.predict(X)) for tree in (self.trees_[0], self.trees_[2])], axis=0)
        return [pl.Series("low", ends[0]), pl.Series("high", ends[1])]


def _grown(X: Floats, y: Floats, *, trees: int, quantile: float | None) -> Any:
    return HistGradientBoostingRegressor(
        loss="absolute_error" if quantile is None else "quantile",
        quantile=quantile,
        max_iter=trees,
        learning_rate=0.08,
        max_leaf_nodes=8,
        min_samples_leaf=max(20, len(X) // 100),
        early_stopping=False,
        random_state=SEED,
    ).fit(X, y)
