"""Small tables for value at risk: two books whose volatility comes and goes."""

from datetime import date, timedelta

import numpy as np
import polars as pl

from tests.analytics.models._tables import Case

FIRST = date(2024, 1, 1)


def books(
    seed: int = 0, *, days: int = 330, replayed: int = 120, moving: float = 0.25
) -> dict[str, pl.DataFrame]:
    """Return two books; what they hold never changes, so that their past P&L is what is replayed."""
    rng = np.random.default_rng(seed)
    rows = []
    for name, size in (("organisation", 1e5), ("desk/a", 2e4)):
        swing = np.zeros(days)
        for day in range(1, days):
            swing[day] = 0.95 * swing[day - 1] + moving * rng.normal()
        pnl = size * np.exp(swing) * rng.standard_t(6, size=days)
        for day in range(replayed, days):
            replay = pnl[day - replayed + 1 : day + 1].tolist()
            rows.append((name, FIRST + timedelta(days=day), replay, float(pnl[day])))
    return {"books": pl.DataFrame(rows, schema=["book", "date", "replay", "realised"], orient="row")}


def steady(seed: int) -> dict[str, pl.DataFrame]:
    """Return books whose volatility never moves: there is nothing to filter."""
    return books(seed, moving=0.0)


CASES = {"value_at_risk": Case(books, null=steady)} | {
    name: Case(books, ratio=True) for name in ("book_volatility", "book_volatility_5d", "book_volatility_21d")
}
