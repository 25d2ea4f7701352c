"""Small tables for pairs: two prices that a gap ties, among others that go their own way."""

from datetime import date, timedelta

import numpy as np
import polars as pl

from tests.analytics.models._tables import Case


def tables(
    seed: int = 0, *, days: int = 420, names: int = 6, planted: bool = True
) -> dict[str, pl.DataFrame]:
    rng = np.random.default_rng(seed)
    log = 4 + np.cumsum(0.01 * (0.6 * rng.normal(size=(days, 1)) + rng.normal(size=(days, names))), axis=0)
    if planted:
        gap = np.zeros(days)
        for at in range(1, days):
            gap[at] = 0.4 * gap[at - 1] + 0.01 * rng.normal()
        log[:, 1] = 0.5 + 0.8 * log[:, 0] + gap
    rows = [
        (f"N{name}", date(2024, 1, 1) + timedelta(days=at), "raw", float(np.exp(log[at, name])))
        for at in range(days)
        for name in range(names)
    ]
    columns = ["instrument_id", "date", "adj_basis", "close"]
    return {"prices": pl.DataFrame(rows, schema=columns, orient="row")}


CASES = {"pairs": Case(tables, lambda seed: tables(seed, planted=False))}
