"""Patterns that come back: the weekday, talk, and big moves before volume. Only what is no chance is used."""

from collections.abc import Mapping
from typing import Any, ClassVar, Self

import numpy as np
import polars as pl

from analytics.insights._stats import benjamini_hochberg
from analytics.models._base import Floats, Model, Tables, Walk, short
from analytics.models._closes import adjusted_closes
from analytics.models._reasons import occluded

USUAL, SPREAD = 20, 60  # sessions of the usual volume and of its spread
FALSE_DISCOVERY = 0.05
DRAWS = 1_999
_SEED = 20
_WORDS = {
    "after_monday": "the session after a Monday",
    "after_tuesday": "the session after a Tuesday",
    "after_wednesday": "the session after a Wednesday",
    "after_thursday": "the session after a Thursday",
    "after_friday": "the session after a Friday",
    "posts": "more posts than usual the day before",
    "move": "a larger move than usual the day before",
}
FEATURES = tuple(_WORDS)
_WEEKDAYS = FEATURES[:5]


class Patterns(Model):
    """Seasonality and lead-lag of volume, each pattern tested by permuting days before it may speak.

    What the target leaves over after yesterday's volume is held against each candidate: Spearman's correlation of
    the days' means, its p-value by permutation of days, all candidates under Benjamini and Hochberg. Patterns that
    pass share one regression; the others count for nothing. On data without patterns it repeats its baseline.
    """

    name = "patterns"
    title = "Patterns before volume"
    version = "1.0.0"
    purpose = "Which weekdays, talk and moves come before unusual volume, and by how much, once chance is ruled out."
    unit = "spreads of log volume"
    inputs: ClassVar[Mapping[str, tuple[str, ...]]] = {
        "prices": ("instrument_id", "date", "adj_basis", "close", "volume"),
        "posts": ("post_id", "transact_time", "instrument_ids"),
    }
    target_name = "log volume of the next session against its last 20, in its own spread"
    horizon = 1
    baseline_name = "the same from the last session's volume alone"
    metric = "skill in squared error: 1 - error / error of the baseline"
    references = (
        "Benjamini and Hochberg, Controlling the false discovery rate, 1995",
        "Phipson and Smyth, Permutation p-values should never be zero, 2010",
    )
    limits = (
        "Days are permuted as if they were exchangeable once yesterday's volume is taken off",
        "All instruments share a pattern; one that only one of them has is not found",
        "A pattern of volume is no forecast of where the price goes",
    )
    walk = Walk(first=200, width=63)
    seeds: ClassVar[Mapping[str, int]] = {"days permuted": _SEED}
    figure_words: ClassVar[Mapping[str, str]] = {"tried": "tried", "found": "found", "least_q": "smallest q"}
    owner = "Trading"

    def features(self, tables: Tables) -> pl.DataFrame:
        """Return one row per instrument and session: candidates, ``last`` (today's own volume) and the target."""
        own = "instrument_id"
        rows = adjusted_closes(tables["prices"], also=("volume",)).with_columns(
            pl.col("volume").cast(pl.Float64)
        )
        rows = rows.filter(pl.col("volume") > 0).with_columns(
            log=pl.col("volume").log(),
            size=(pl.col("close") / pl.col("close").shift(1)).log().abs().over(own),
        )
        rows = rows.join(_talk(tables, rows), on=[own, "date"], how="left", maintain_order="left")
        rows = rows.with_columns(
            said=pl.col("said").fill_null(0.0),
            usual=pl.col("log").rolling_mean(USUAL).over(own),
            spread=pl.col("log").rolling_std(SPREAD).over(own),
        )
        rows = rows.with_columns(
            last=_against("log", USUAL, pl.col("spread")),
            posts=_against("said", USUAL, pl.col("said").rolling_std(SPREAD).over(own)),
            move=_against("size", USUAL, pl.col("size").rolling_std(SPREAD).over(own)),
            # Where volume never moves there is nothing to tell, and 0 / 0 would be told as a number.
            target=pl.when(pl.col("spread") > 0)
            .then((pl.col("log").shift(-1).over(own) - pl.col("usual")) / pl.col("spread"))
            .clip(-8.0, 8.0),
            **{
                name: (pl.col("date").dt.weekday() == day).cast(pl.Float64)
                for day, name in enumerate(_WEEKDAYS, start=1)
            },
        )
        found = rows.filter(pl.col("last").is_finite() & pl.col("move").is_finite())
        return found.select(own, "date", *FEATURES, "last", baseline=pl.col("last") * 0.0, target="target")

    def drivers(self, rows: pl.DataFrame) -> list[str]:
        """Watch what may move: weekdays stay what they are."""
        return ["posts", "move", "last"]

    def fit(self, rows: pl.DataFrame) -> Self:
        """Take yesterday's volume off, test every candidate, and regress what is left on those that passed."""
        y, last = rows["target"].to_numpy(), rows["last"].to_numpy()
        self.own_ = _line(last[:, None], y)
        left = y - self._from_last(last)
        X = rows.select(FEATURES).to_numpy()
        days = rows["date"].rank("dense").to_numpy() - 1
        self.tests_ = _tested(X, left, days)
        self.kept_ = [at for at, one in enumerate(self.tests_) if one["q"] <= FALSE_DISCOVERY]
        self.effect_ = _line(X[:, self.kept_], left) if self.kept_ else np.zeros(1)
        self.usual_ = X.mean(axis=0)
        return self

    def predict(self, rows: pl.DataFrame) -> Floats:
        """Return the next session's log volume against its usual, in spreads."""
        return self._from_last(rows["last"].to_numpy()) + self._moved(rows.select(FEATURES).to_numpy())

    def judge(self, rows: pl.DataFrame) -> pl.DataFrame:
        """Return the judged rows; the baseline goes by the last session's volume alone."""
        target, predicted = rows["target"].to_numpy(), self.predict(rows)
        base = self._from_last(rows["last"].to_numpy())
        return rows.select(*self.keys, "target").with_columns(
            pl.Series("predicted", predicted),
            pl.Series("baseline", base),
            pl.Series("loss", self.loss(target, predicted)),
            pl.Series("baseline_loss", self.loss(target, base)),
        )

    def latest(self, rows: pl.DataFrame) -> pl.DataFrame:
        """Return what the last session leads to expect of the next one."""
        now = rows.filter(pl.col("date") == pl.col("date").max())
        return now.select(
            *self.keys,
            pl.Series("predicted", self.predict(now)),
            pl.Series("baseline", self._from_last(now["last"].to_numpy())),
        )

    def reasons(self, rows: pl.DataFrame) -> list[list[dict[str, Any]]]:
        """Return, per row, the three candidates that moved the expectation most."""
        X = rows.select(FEATURES).to_numpy()
        return occluded(self._moved, X, self.usual_, _WORDS, unit=self.unit)

    def calibration(self, tested: pl.DataFrame) -> dict[str, Any]:
        """Return every candidate with its correlation, p-value, q-value and days, as last fitted."""
        return {"patterns": [one | {"words": _WORDS[one["name"]]} for one in getattr(self, "tests_", [])]}

    def figures(self) -> dict[str, float | None]:
        """Return how many candidates were tried and found, and the smallest q."""
        least = min((float(one["q"]) for one in self.tests_), default=None)
        return {"tried": float(len(self.tests_)), "found": float(len(self.kept_)), "least_q": short(least)}

    def state(self) -> dict[str, Any]:
        """Return the fitted state, JSON-able."""
        return {
            "version": self.version,
            "own": self.own_.tolist(),
            "effect": self.effect_.tolist(),
            "kept": self.kept_,
            "tests": self.tests_,
            "usual": self.usual_.tolist(),
        }

    @classmethod
    def restore(cls, state: Mapping[str, Any]) -> Self:
        """Return the model that ``state`` described."""
        model = cls.begun(state)
        model.own_, model.effect_ = np.array(state["own"]), np.array(state["effect"])
        model.kept_, model.tests_ = list(state["kept"]), list(state["tests"])
        model.usual_ = np.array(state["usual"])
        return model

    def _from_last(self, last: Floats) -> Floats:
        found: Floats = self.own_[0] + self.own_[1] * last
        return found

    def _moved(self, X: Floats) -> Floats:
        if not self.kept_:
            return np.zeros(len(X))
        found: Floats = self.effect_[0] + X[:, self.kept_] @ self.effect_[1:]
        return found


def _talk(tables: Tables, rows: pl.DataFrame) -> pl.DataFrame:
    """Return instrument_id, date and ``said``: log(1 + posts of that day)."""
    posts = tables.get("posts")
    if posts is None or posts.is_empty():
        return rows.select("instrument_id", "date").head(0).with_columns(said=pl.lit(0.0))
    return (
        posts.select("instrument_ids", date=pl.col("transact_time").dt.date())
        .explode("instrument_ids", empty_as_null=True)
        .drop_nulls("instrument_ids")
        .group_by(instrument_id="instrument_ids", date="date")
        .agg(said=pl.len().cast(pl.Float64).log1p())
    )


def _against(name: str, window: int, spread: pl.Expr) -> pl.Expr:
    """Return a column against the mean of its last sessions in units of ``spread``; 0 where it never moves."""
    moved = pl.col(name) - pl.col(name).rolling_mean(window).over("instrument_id")
    return pl.when(spread > 0).then(moved / spread).when(spread.is_not_null()).then(0.0).clip(-8.0, 8.0)


def _line(X: Floats, y: Floats) -> Floats:
    """Return intercept and slopes of least squares; of columns that say the same, the shortest solution."""
    design = np.column_stack([np.ones(len(X)), X])
    return np.asarray(np.linalg.lstsq(design, y, rcond=None)[0], dtype=np.float64)


def _tested(X: Floats, left: Floats, days: Floats) -> list[dict[str, Any]]:
    """Return name, correlation, p, q and n (days) of every candidate."""
    from scipy.stats import rankdata

    index = days.astype(np.int64)
    n = np.bincount(index)
    ranks = rankdata(np.bincount(index, weights=left) / n)
    y = (ranks - ranks.mean()) / max(float(ranks.std()), 1e-12)
    shuffled = np.random.default_rng(_SEED).permuted(np.tile(y, (DRAWS, 1)), axis=1)
    found: list[dict[str, Any]] = []
    for name, column in zip(FEATURES, X.T, strict=True):
        order = rankdata(np.bincount(index, weights=column) / n)
        x = (order - order.mean()) / order.std() if order.std() > 0 else np.zeros(len(order))
        seen = float(x @ y) / len(y)
        drawn = np.abs(shuffled @ x) / len(y)
        p = (1 + int((drawn >= abs(seen) - 1e-12).sum())) / (1 + DRAWS) if x.any() else 1.0
        found.append({"name": name, "correlation": round(seen, 9), "p": p, "n": len(y)})
    for one, q in zip(found, benjamini_hochberg([float(one["p"]) for one in found]), strict=True):
        one["q"] = round(q, 9)
    return found
