"""What every model is: declared, validated walk-forward, silent where it has shown no skill."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Literal, Self

import numpy as np
import numpy.typing as npt
import polars as pl

from analytics.models import _calibration

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
Tables = Mapping[str, pl.DataFrame]
Kind = Literal["point", "probability", "interval", "density", "anomaly", "structure"]


@dataclass(frozen=True)
class Walk:
    """How a model is walked forward, in days that have a known target."""

    first: int = 250  # before the first test
    width: int = 21  # a fold tests
    embargo: int = 5  # left out before each test, beyond the horizon
    least: int = 40  # tested, below which no record is an answer
    span: int | None = None  # most days trained on; None: all


class Model(ABC):
    """A model in scikit-learn's manner: parameters in ``__init__``, fitted state with a trailing underscore.

    ``features`` may look at a day and what came before, never after: the look-ahead test in CI cuts the
    data after days and wants the same rows. ``target`` of a day is known only ``horizon`` days later,
    hence the purge between training and testing. Fitting twice on the same rows gives the same model:
    seeds are fixed, rows come sorted.
    """

    name: ClassVar[str]
    title: ClassVar[str]
    purpose: ClassVar[str]
    kind: ClassVar[Kind] = "point"
    unit: ClassVar[str] = ""  # of the target and the prediction
    # Data set (or pseudo-table of app/jobs/_model_tables.py) to the columns read.
    inputs: ClassVar[Mapping[str, tuple[str, ...]]]
    keys: ClassVar[tuple[str, ...]] = ("instrument_id", "date")  # with ``date``, at whose end all is known
    target_name: ClassVar[str]
    horizon: ClassVar[int]  # days until the target is known
    baseline_name: ClassVar[str]
    rivals: ClassVar[Mapping[str, str]] = {}  # name to title: further baselines, ``loss_<name>`` in ``judge``
    metric: ClassVar[str]
    # ``fraction``: 1 - loss / loss of the baseline; anything else: their difference in that unit, for losses
    # that may be negative (log-likelihoods).
    skill_unit: ClassVar[str] = "fraction"
    references: ClassVar[tuple[str, ...]]
    limits: ClassVar[tuple[str, ...]]
    version: ClassVar[str]  # of the code; a change makes stored states of older code unusable
    walk: ClassVar[Walk] = Walk()
    sessions: ClassVar[int] = 1_500  # most recent days of data read
    bands: ClassVar[Mapping[float, tuple[str, str]]] = {}  # nominal coverage to columns of ``judge``
    seeds: ClassVar[Mapping[str, int]] = {}  # what is drawn, in words, to the seed it is drawn with
    figure_words: ClassVar[Mapping[str, str]] = {}  # numbers of ``figures`` to what people call them
    page: ClassVar[str] = "/intelligence/models"  # where its outputs are shown
    owner: ClassVar[str] = "Quantitative research"
    walked_: Sequence[
        Mapping[str, Any]
    ] = ()  # by fold, what ``walk_forward`` taught on and ``figures`` found

    # --- to be written -------------------------------------------------------------------------------
    @abstractmethod
    def features(self, tables: Tables) -> pl.DataFrame:
        """Return the keys, the features, ``baseline`` and ``target`` (null where not known yet).

        Args:
            tables: Data set name to the columns declared in ``inputs``; an absent table has no rows.
        """

    @abstractmethod
    def fit(self, rows: pl.DataFrame) -> Self:
        """Fit on rows of ``features`` with a known target, sorted by date and keys."""

    @abstractmethod
    def predict(self, rows: pl.DataFrame) -> Floats:
        """Return one prediction per row, (n,) or (n, k), in ``unit``."""

    @abstractmethod
    def state(self) -> dict[str, Any]:
        """Return the fitted state, JSON-able; estimators inside through ``_state.pack``."""

    @classmethod
    @abstractmethod
    def restore(cls, state: Mapping[str, Any]) -> Self:
        """Return the model that ``state`` described; it predicts the same to the last bit.

        Raises:
            ValueError: If the state is none of this code.
        """

    @abstractmethod
    def reasons(self, rows: pl.DataFrame) -> list[list[dict[str, Any]]]:
        """Return, per row, what moved the prediction most: feature, words, contribution, unit; three of them."""

    @classmethod
    def begun(cls, state: Mapping[str, Any]) -> Self:
        """Return an unfitted model for ``restore`` to fill, with the parameters of the state if it has any.

        Raises:
            ValueError: If the state was kept by another version of the model.
        """
        if state.get("version") != cls.version:
            raise ValueError(f"this state is of version {state.get('version')}, the code of {cls.version}")
        return cls(**state.get("parameters", {}))

    @classmethod
    def order(cls) -> list[str]:
        """Return the columns rows are sorted by: the date, then the other keys."""
        return ["date", *(key for key in cls.keys if key != "date")]

    # --- with a default ------------------------------------------------------------------------------
    def known(self, rows: pl.DataFrame) -> pl.DataFrame:
        """Return the rows one can learn from and be judged on: by default those without any null."""
        return rows.drop_nulls()

    def loss(self, target: Floats, predicted: Floats) -> Floats:
        """Return the loss of each prediction, smaller is better: squared error unless overridden.

        For a probability that is Brier's score.
        """
        found: Floats = (target - predicted) ** 2
        return found

    def judge(self, rows: pl.DataFrame) -> pl.DataFrame:
        """Return keys, target, predicted, baseline, loss, baseline_loss of rows with a known target.

        Models whose answer is no single number give their own columns beside these (``bands`` names the
        columns of intervals, ``loss_<rival>`` the losses of further baselines).
        """
        target, base = rows["target"].to_numpy(), rows["baseline"].to_numpy()
        predicted = self.predict(rows)
        return rows.select(
            *self.keys,
            "target",
            pl.Series("predicted", predicted, dtype=pl.Float64),
            "baseline",
            pl.Series("loss", self.loss(target, predicted), dtype=pl.Float64),
            pl.Series("baseline_loss", self.loss(target, base), dtype=pl.Float64),
        )

    def latest(self, rows: pl.DataFrame) -> pl.DataFrame:
        """Return what the model says now: keys, ``predicted``, ``baseline`` and more, for the last day."""
        now = rows.filter(pl.col("date") == pl.col("date").max()).drop_nulls(self.drivers(rows))
        predicted = self.predict(now) if now.height else np.empty(0)
        return now.select(*self.keys, pl.Series("predicted", predicted, dtype=pl.Float64), "baseline")

    def drivers(self, rows: pl.DataFrame) -> list[str]:
        """Return the names of the features whose drift is watched: by default all numbers among ``rows``."""
        known = {*self.keys, "target", "baseline"}
        return [n for n, dtype in rows.schema.items() if n not in known and (dtype.is_numeric())]

    def figures(self) -> dict[str, float | None]:
        """Return numbers of what fitting found, by names of ``figure_words``: told fold by fold on the card."""
        return {}

    def sorted_into(self, rows: pl.DataFrame) -> dict[str, int]:
        """Return which group or state fitting put each thing of ``rows`` in; empty for models that sort nothing.

        Folds are compared by it: how far the next fold sorts the same things alike.
        """
        return {}

    def calibration(self, tested: pl.DataFrame) -> dict[str, Any]:
        """Return how honest its probabilities or its intervals were out of sample; empty for other kinds."""
        if self.kind == "probability":
            return _calibration.reliability(tested)
        return _calibration.coverage(tested, self.bands) if self.bands else {}


def all_models() -> dict[str, type[Model]]:
    """Return every model by name."""
    from analytics import models, registry

    return registry.subclasses(models, Model)  # type: ignore[type-abstract]


def short(value: Any) -> Any:
    """Round a float to nine digits: the last ones differ between machines and mean nothing."""
    return float(f"{value:.9g}") if isinstance(value, float) else value
