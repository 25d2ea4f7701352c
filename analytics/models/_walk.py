"""Walk-forward: fit on the past, leave a gap, test on what follows, go on."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import polars as pl
from threadpoolctl import threadpool_limits

from analytics.models._base import Model, Walk

AGREEMENT = "agreement"  # among ``figures``


@dataclass(frozen=True)
class Fold:
    """One step of the walk: days trained on and days tested on, by number."""

    train_start: int
    train_end: int  # exclusive; the purge and the embargo are already taken off
    test_start: int
    test_end: int  # exclusive


def folds(days: int, *, horizon: int, walk: Walk) -> Iterator[Fold]:
    """Yield expanding folds: train on all before, leave a gap of horizon and embargo, test on ``width``."""
    for start in range(walk.first, days, walk.width):
        end = start - horizon - walk.embargo
        begin = 0 if walk.span is None else max(0, end - walk.span)
        if end > begin:
            yield Fold(begin, end, start, min(start + walk.width, days))


def walk_forward(model: Model, rows: pl.DataFrame) -> pl.DataFrame:
    """Return what the model said out of sample: the columns of ``judge`` and ``fold``, sorted by date and keys.

    Args:
        model: Refitted in every fold; fitted on the last one's past afterwards.
        rows: What ``model.features`` gave; only what ``model.known`` keeps is used.

    Returns:
        No rows (and only keys, target, predicted, baseline, losses and fold) where there are too few days.

    ``model.walked_`` holds afterwards, by fold: taught_from, taught_to, taught_days, and ``figures`` of what was
    fitted; of models that sort things ``agreement`` among them, the adjusted Rand index with the fold before.
    """
    numbered = _numbered(model, rows)
    days = numbered["_day"].n_unique()
    tested, walked = [], []
    before: dict[str, int] = {}
    # One thread: the same sums in the same order on every machine.
    with threadpool_limits(1):
        for index, fold in enumerate(folds(days, horizon=model.horizon, walk=model.walk)):
            day = pl.col("_day")
            train = numbered.filter(day >= fold.train_start, day < fold.train_end).drop("_day")
            test = numbered.filter(day >= fold.test_start, day < fold.test_end).drop("_day")
            judged = model.fit(train).judge(test)
            tested.append(judged.with_columns(fold=pl.lit(index, pl.Int32)))
            now = model.sorted_into(train)
            walked.append(_taught(train) | {"figures": model.figures() | _agreement(before, now)})
            before = now
    model.walked_ = walked
    if not tested:
        return untested(model, rows)
    return pl.concat(tested).sort(model.order(), maintain_order=True)


def _taught(train: pl.DataFrame) -> dict[str, Any]:
    days = train["date"]
    return {"taught_from": str(days.min()), "taught_to": str(days.max()), "taught_days": days.n_unique()}


def _agreement(before: Mapping[str, int], now: Mapping[str, int]) -> dict[str, float]:
    """Return how far two folds sort the things they share alike: 1 the same, 0 as by chance."""
    shared = [name for name in now if name in before]
    if len(shared) < 2:
        return {}
    from sklearn.metrics import adjusted_rand_score

    alike = adjusted_rand_score([before[name] for name in shared], [now[name] for name in shared])
    return {AGREEMENT: round(float(alike), 4)}


def fit(model: Model, rows: pl.DataFrame) -> Model:
    """Fit on all that is known, single-threaded, rows in order."""
    with threadpool_limits(1):
        return model.fit(model.known(rows).sort(model.order()))


def untested(model: Model, rows: pl.DataFrame) -> pl.DataFrame:
    """Return the frame of a record without a day."""
    schema: dict[str, pl.DataType] = {key: rows.schema[key] for key in model.keys}
    numbers = ("target", "predicted", "baseline", "loss", "baseline_loss")
    return pl.DataFrame(schema=schema | {name: pl.Float64() for name in numbers} | {"fold": pl.Int32()})


def _numbered(model: Model, rows: pl.DataFrame) -> pl.DataFrame:
    known = model.known(rows).sort(model.order())
    return known.with_columns((pl.col("date").rank("dense") - 1).cast(pl.Int64).alias("_day"))
