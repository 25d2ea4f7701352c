"""Small tables for the volume models."""

from datetime import UTC, date, datetime, timedelta

import numpy as np
import polars as pl

from tests.analytics.models._tables import Case

FIRST = date(2024, 1, 1)


def days(seed: int = 0, *, count: int = 300, names: int = 4) -> dict[str, pl.DataFrame]:
    """Return daily volumes that come back to their level within a week."""
    rng = np.random.default_rng(seed)
    rows = []
    for name in range(names):
        level, close = 0.0, 100.0
        for day in range(count):
            level = 0.7 * level + 0.3 * rng.normal()
            close *= float(np.exp(0.01 * rng.normal()))
            volume = round(1e6 * (name + 1) * float(np.exp(level)))
            rows.append((f"N{name}", FIRST + timedelta(days=day), "raw", close, volume))
    columns = ["instrument_id", "date", "adj_basis", "close", "volume"]
    return {"prices": pl.DataFrame(rows, schema=columns, orient="row")}


def half_hours(seed: int = 0, *, count: int = 20, names: int = 4) -> dict[str, pl.DataFrame]:
    """Return 15-minute bars of sessions that are busy or quiet as a whole."""
    rng = np.random.default_rng(seed)
    rows = []
    for name in range(names):
        for day in range(count):
            busy = float(np.exp(0.4 * rng.normal()))
            opened = datetime(2024, 1, 1, 14, 30, tzinfo=UTC) + timedelta(days=day)
            for bar in range(26):
                shape = 1 + 0.1 * (bar - 13) ** 2 / 13
                volume = round(1e4 * shape * busy * float(np.exp(0.2 * rng.normal())))
                rows.append((f"N{name}", opened + timedelta(minutes=15 * bar), "15m", volume))
    columns = ["instrument_id", "bar_start", "freq", "volume"]
    bars = pl.DataFrame(rows, schema=columns, orient="row")
    return {"bars": bars.with_columns(pl.col("bar_start").cast(pl.Datetime("us", "UTC")))}


CASES = {"volume": Case(days, ratio=True), "volume_curve": Case(half_hours, ratio=True)}
