"""What every model is: declared, validated walk-forward, silent where it has shown no skill."""

from abc import abstractmethod
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any, ClassVar, Self

import numpy as np
import numpy.typing as npt
import polars as pl

Floats = npt.NDArray[np.float64]
MIN_DAYS = 40  # test days below which no record is an answer


@dataclass(frozen=True)
class Fold:
    """One step of the walk: sessions trained on and sessions tested on, by number."""

    train_end: int  # exclusive; the purge and the embargo are already taken off
    test_start: int
    test_end: int  # exclusive


@dataclass(frozen=True)
class Skill:
    """Skill against the baseline: 1 - loss / loss of the baseline."""

    value: float | None
    low: float | None
    high: float | None
    p: float | None  # Diebold-Mariano, two-sided
    n: int  # test days; a day's mean over instruments is one observation
    loss: float | None
    baseline_loss: float | None

    @property
    def shown(self) -> bool:
        """Whether the whole interval lies above zero."""
        return self.low is not None and self.low > 0

    def as_dict(self) -> dict[str, Any]:
        """Return the fields and whether skill was shown, JSON-able."""
        return {name: _short(value) for name, value in asdict(self).items()} | {"shown": self.shown}


class Model:
    """A model in scikit-learn's manner: parameters in ``__init__``, fitted state with a trailing underscore.

    ``features`` may look at a day and what came before, never after: the look-ahead test in CI cuts the
    data after every day and wants the same row. ``target`` of a day is known only ``horizon`` sessions
    later, hence the purge between training and testing.
    """

    name: ClassVar[str]
    title: ClassVar[str]
    purpose: ClassVar[str]
    inputs: ClassVar[tuple[str, ...]]  # data sets
    target_name: ClassVar[str]
    horizon: ClassVar[int]  # sessions
    baseline_name: ClassVar[str]
    metric: ClassVar[str]
    references: ClassVar[tuple[str, ...]]
    limits: ClassVar[tuple[str, ...]]
    version: ClassVar[str]

    @abstractmethod
    def features(self, tables: Mapping[str, pl.DataFrame]) -> pl.DataFrame:
        """Return instrument_id, date, the features, ``baseline`` and ``target`` (null where not known yet)."""

    @abstractmethod
    def fit(self, rows: pl.DataFrame) -> Self:
        """Fit on rows of ``features`` with a known target."""

    @abstractmethod
    def predict(self, rows: pl.DataFrame) -> Floats:
        """Return one prediction per row, in the unit of the target."""

    @abstractmethod
    def loss(self, target: Floats, predicted: Floats) -> Floats:
        """Return the loss of each prediction; smaller is better."""

    @abstractmethod
    def state(self) -> dict[str, Any]:
        """Return the fitted state, JSON-able."""

    @abstractmethod
    def reasons(self, rows: pl.DataFrame) -> list[list[dict[str, Any]]]:
        """Return, for each row, the features that moved the prediction most: feature, contribution, unit."""


def folds(sessions: int, *, horizon: int, first: int, width: int, embargo: int) -> Iterator[Fold]:
    """Yield expanding folds: train on all before, leave a gap of horizon and embargo, test on ``width``."""
    for start in range(first, sessions, width):
        yield Fold(start - horizon - embargo, start, min(start + width, sessions))


def walk_forward(
    model: Model, rows: pl.DataFrame, *, first: int = 250, width: int = 21, embargo: int = 5
) -> pl.DataFrame:
    """Return out-of-sample predictions: instrument_id, date, fold, target, baseline, predicted.

    Args:
        model: Refitted in every fold.
        rows: What ``model.features`` gave; rows without features or target are left out.
        first: Sessions before the first test.
        width: Sessions a fold tests.
        embargo: Sessions left out beyond the horizon.
    """
    known = rows.drop_nulls().sort("date", "instrument_id")
    days = known["date"].unique().sort()
    number = pl.DataFrame({"date": days, "session": pl.int_range(len(days), eager=True)})
    numbered = known.join(number, on="date", how="left", maintain_order="left")
    tested = []
    for index, fold in enumerate(
        folds(len(days), horizon=model.horizon, first=first, width=width, embargo=embargo)
    ):
        train = numbered.filter(pl.col("session") < fold.train_end)
        test = numbered.filter(pl.col("session").is_between(fold.test_start, fold.test_end, closed="left"))
        predicted = model.fit(train).predict(test)
        kept = test.select("instrument_id", "date", "target", "baseline")
        tested.append(kept.with_columns(fold=pl.lit(index), predicted=pl.Series(predicted)))
    columns = ["instrument_id", "date", "fold", "target", "baseline", "predicted"]
    empty = {"instrument_id": pl.String, "date": pl.Date, "fold": pl.Int32, "target": pl.Float64,
             "baseline": pl.Float64, "predicted": pl.Float64}  # fmt: skip
    return pl.concat(tested).select(columns) if tested else pl.DataFrame(schema=empty)


def skill(model: Model, tested: pl.DataFrame, *, seed: int = 0, draws: int = 1_000) -> Skill:
    """Return skill over out-of-sample predictions with its interval.

    Losses are averaged over instruments within a day first: instruments move together, days are what is
    observed. The interval is a moving-block bootstrap over days, the p-value Diebold and Mariano's with
    Newey and West's variance.
    """
    daily = daily_losses(model, tested)
    n = daily.height
    if n < MIN_DAYS:
        return Skill(None, None, None, None, n, None, None)
    own, base = daily["loss"].to_numpy(), daily["baseline_loss"].to_numpy()
    block = max(model.horizon, round(n ** (1 / 3)))
    starts = np.random.default_rng(seed).integers(0, n - block + 1, size=(draws, -(-n // block)))
    index = (starts[:, :, None] + np.arange(block)).reshape(draws, -1)[:, :n]
    drawn = 1 - own[index].mean(axis=1) / base[index].mean(axis=1)
    low, high = (float(q) for q in np.quantile(drawn, (0.025, 0.975)))
    value = float(1 - own.mean() / base.mean())
    return Skill(
        value, low, high, diebold_mariano(own - base, lags=block), n, float(own.mean()), float(base.mean())
    )


def daily_losses(model: Model, tested: pl.DataFrame) -> pl.DataFrame:
    """Return date, fold, loss and baseline_loss: means over instruments, sorted by date."""
    target = tested["target"].to_numpy()
    scored = tested.with_columns(
        loss=pl.Series(model.loss(target, tested["predicted"].to_numpy()), dtype=pl.Float64),
        baseline_loss=pl.Series(model.loss(target, tested["baseline"].to_numpy()), dtype=pl.Float64),
    )
    return (
        scored.group_by("date")
        .agg(pl.col("fold").first(), pl.col("loss", "baseline_loss").mean())
        .sort("date")
    )


def diebold_mariano(difference: Floats, *, lags: int) -> float:
    """Return the two-sided p-value of a mean loss difference of zero."""
    from math import erfc, sqrt

    n = len(difference)
    d = difference - difference.mean()
    variance = float(d @ d) / n
    for lag in range(1, lags + 1):
        variance += 2 * (1 - lag / (lags + 1)) * float(d[lag:] @ d[:-lag]) / n
    if variance <= 0:
        return 1.0
    return float(erfc(abs(float(difference.mean())) / sqrt(variance / n) / sqrt(2)))


def by_fold(model: Model, tested: pl.DataFrame) -> list[dict[str, Any]]:
    """Return skill over time: fold, from, to, n (days), loss, baseline_loss, skill."""
    rows = daily_losses(model, tested).group_by("fold").agg(
        start=pl.col("date").min(), end=pl.col("date").max(), n=pl.len(), loss=pl.col("loss").mean(),
        base=pl.col("baseline_loss").mean(),
    )  # fmt: skip
    return [
        {
            "fold": row["fold"],
            "from": str(row["start"]),
            "to": str(row["end"]),
            "n": row["n"],
            "loss": _short(row["loss"]),
            "baseline_loss": _short(row["base"]),
            "skill": _short(1 - row["loss"] / row["base"]) if row["base"] else None,
        }
        for row in rows.sort("fold").iter_rows(named=True)
    ]


def card(model: Model, found: Skill, tested: pl.DataFrame) -> dict[str, Any]:
    """Return what must be known before a prediction is used, JSON-able."""
    return {
        "name": model.name,
        "title": model.title,
        "version": model.version,
        "purpose": model.purpose,
        "inputs": list(model.inputs),
        "target": model.target_name,
        "horizon": model.horizon,
        "baseline": model.baseline_name,
        "metric": model.metric,
        "references": list(model.references),
        "limits": list(model.limits),
        "validation": "walk-forward, expanding window, purged by the horizon, embargo of 5 sessions",
        "skill": found.as_dict(),
        "folds": by_fold(model, tested) if tested.height else [],
        "instruments": tested["instrument_id"].n_unique(),
        "from": str(tested["date"].min()) if tested.height else None,
        "to": str(tested["date"].max()) if tested.height else None,
    }


def all_models() -> dict[str, type[Model]]:
    """Return every model by name."""
    from analytics import models, registry

    return registry.subclasses(models, Model)  # type: ignore[type-abstract]


def _short(value: Any) -> Any:
    return float(f"{value:.9g}") if isinstance(value, float) else value
