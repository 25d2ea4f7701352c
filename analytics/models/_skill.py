"""Skill against the baseline, with its interval, over time and against further baselines."""

from dataclasses import asdict, dataclass
from math import erfc, sqrt
from typing import Any

import numpy as np
import polars as pl

from analytics.models._base import Floats, Model, short

DRAWS = 1_000
SEED = 0


@dataclass(frozen=True)
class Skill:
    """Skill against the baseline: 1 - loss / loss of the baseline, or their difference in ``unit``."""

    value: float | None
    low: float | None
    high: float | None
    p: float | None  # Diebold-Mariano, two-sided
    n: int  # test days; a day's mean over rows is one observation
    loss: float | None
    baseline_loss: float | None
    unit: str = "fraction"

    @property
    def shown(self) -> bool:
        """Whether the whole interval lies above zero."""
        return self.low is not None and self.low > 0

    def as_dict(self) -> dict[str, Any]:
        """Return the fields and whether skill was shown, JSON-able."""
        return {name: short(value) for name, value in asdict(self).items()} | {"shown": self.shown}


def skill(
    model: Model,
    tested: pl.DataFrame,
    *,
    against: str = "baseline_loss",
    seed: int = SEED,
    draws: int = DRAWS,
) -> Skill:
    """Return skill over out-of-sample predictions with its interval.

    Losses are averaged over rows within a day first: instruments move together, days are what is observed.
    The interval is a moving-block bootstrap over days, the p-value Diebold and Mariano's with Newey and
    West's variance.

    Args:
        model: Whose ``walk.least`` days are needed, and whose ``skill_unit`` says what skill is.
        tested: What ``walk_forward`` gave.
        against: Column of the baseline's losses.
        seed: Of the bootstrap.
        draws: Of the bootstrap.
    """
    daily = daily_losses(tested, against=against)
    n, ratio = daily.height, model.skill_unit == "fraction"
    if n < model.walk.least:
        return Skill(None, None, None, None, n, None, None, model.skill_unit)
    own, base = daily["loss"].to_numpy(), daily["baseline_loss"].to_numpy()
    block = min(n, max(model.horizon, round(n ** (1 / 3))))
    starts = np.random.default_rng(seed).integers(0, n - block + 1, size=(draws, -(-n // block)))
    index = (starts[:, :, None] + np.arange(block)).reshape(draws, -1)[:, :n]
    drawn = _of(own[index].mean(axis=1), base[index].mean(axis=1), ratio=ratio)
    value = float(_of(own.mean(), base.mean(), ratio=ratio))
    if not (np.isfinite(value) and np.isfinite(drawn).all()):
        return Skill(None, None, None, None, n, None, None, model.skill_unit)
    low, high = (float(q) for q in np.quantile(drawn, (0.025, 0.975)))
    p = diebold_mariano(own - base, lags=block)
    return Skill(value, low, high, p, n, float(own.mean()), float(base.mean()), model.skill_unit)


def rival_skills(model: Model, tested: pl.DataFrame) -> dict[str, dict[str, Any]]:
    """Return skill against each further baseline of the model: name to title and the fields of ``Skill``."""
    return {
        name: {"title": title} | skill(model, tested, against=f"loss_{name}").as_dict()
        for name, title in model.rivals.items()
        if f"loss_{name}" in tested.columns
    }


def daily_losses(tested: pl.DataFrame, *, against: str = "baseline_loss") -> pl.DataFrame:
    """Return date, fold, loss and baseline_loss: means over rows, sorted by date."""
    kept = tested.filter(pl.col("loss").is_finite() & pl.col(against).is_finite())
    means = (pl.col("loss").mean(), pl.col(against).mean().alias("baseline_loss"))
    return kept.group_by("date").agg(pl.col("fold").first(), *means).sort("date")


def diebold_mariano(difference: Floats, *, lags: int) -> float:
    """Return the two-sided p-value of a mean loss difference of zero."""
    n = len(difference)
    d = difference - difference.mean()
    variance = float(d @ d) / n
    for lag in range(1, min(lags, n - 1) + 1):
        variance += 2 * (1 - lag / (lags + 1)) * float(d[lag:] @ d[:-lag]) / n
    if variance <= 0:
        return 1.0
    return float(erfc(abs(float(difference.mean())) / sqrt(variance / n) / sqrt(2)))


def by_fold(model: Model, tested: pl.DataFrame) -> list[dict[str, Any]]:
    """Return skill over time: fold, from, to, n (days), loss, baseline_loss, skill (in ``skill_unit``).

    Where ``model`` is the one that was walked, also what each fold was taught on and found, see ``walk_forward``.
    """
    rows = (
        daily_losses(tested)
        .group_by("fold")
        .agg(
            start=pl.col("date").min(),
            end=pl.col("date").max(),
            n=pl.len(),
            loss=pl.col("loss").mean(),
            base=pl.col("baseline_loss").mean(),
        )
    )
    ratio = model.skill_unit == "fraction"
    walked = dict(enumerate(model.walked_))
    return [
        {
            "fold": row["fold"],
            "from": str(row["start"]),
            "to": str(row["end"]),
            "n": row["n"],
            "loss": short(row["loss"]),
            "baseline_loss": short(row["base"]),
            "skill": short(float(_of(row["loss"], row["base"], ratio=ratio)))
            if row["base"] or not ratio
            else None,
            **walked.get(row["fold"], {}),
        }
        for row in rows.sort("fold").iter_rows(named=True)
    ]


def _of(loss: Any, base: Any, *, ratio: bool) -> Any:
    if not ratio:
        return base - loss
    with np.errstate(divide="ignore", invalid="ignore"):
        return 1 - np.divide(loss, base)
