"""Small tables for every model, by its name: what the tests over all models run on."""

import importlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from pathlib import Path

import numpy as np
import polars as pl

from analytics.datasets import DATASETS

Tables = Mapping[str, pl.DataFrame]
DAYS = 420


@dataclass(frozen=True)
class Case:
    """What a model is tested on.

    ``tables(seed)`` has structure the model can learn, small enough for three seconds of all its tests.
    ``null(seed)`` has none: asked for where no target can be shuffled (structure, anomaly, density).
    """

    tables: Callable[[int], Tables]
    null: Callable[[int], Tables] | None = None
    # What is shuffled is the ratio to the baseline: for targets whose size the baseline alone tells.
    ratio: bool = False


def prices(
    seed: int = 0, *, days: int = DAYS, names: int = 6, clustered: bool = True
) -> dict[str, pl.DataFrame]:
    """Return daily prices; with ``clustered`` their variance is a persistent process of three speeds."""
    rng = np.random.default_rng(seed)
    rows = []
    common = np.zeros(days)
    for day in range(1, days):
        common[day] = 0.97 * common[day - 1] + 0.25 * rng.normal()
    for name in range(names):
        own = np.zeros(days)
        for day in range(1, days):
            own[day] = 0.6 * own[day - 1] + 0.5 * rng.normal()
        swing = 0.012 * np.exp((common + own) / 2) if clustered else np.full(days, 0.012)
        close = 100 * np.exp(np.cumsum(swing * rng.normal(size=days)))
        for day in range(days):
            at = date(2024, 1, 1) + timedelta(days=day)
            rows.append((f"N{name}", at, "raw", close[day] * 1.01, close[day] * 0.99, close[day]))
    columns = ["instrument_id", "date", "adj_basis", "high", "low", "close"]
    return {"prices": pl.DataFrame(rows, schema=columns, orient="row")}


@cache
def cases() -> dict[str, Case]:
    """Collect ``CASES`` (model name to ``Case``) of every ``_tables_<subject>.py`` beside this file."""
    found: dict[str, Case] = {}
    for path in sorted(Path(__file__).parent.glob("_tables_*.py")):
        found |= importlib.import_module(f"tests.analytics.models.{path.stem}").CASES
    return found


def until(tables: Tables, day: date) -> dict[str, pl.DataFrame]:
    """Return the tables as they were at the end of ``day``; those without a time (reference data) whole."""
    return {name: _until(name, frame, day) for name, frame in tables.items()}


def _until(name: str, frame: pl.DataFrame, day: date) -> pl.DataFrame:
    dataset = DATASETS.get(name)
    column = (dataset.time or dataset.day) if dataset is not None else "date"
    if column is None or column not in frame.columns:
        column = "date" if "date" in frame.columns else None
    if column is None:
        return frame
    return frame.filter(pl.col(column).cast(pl.Date) <= day)
