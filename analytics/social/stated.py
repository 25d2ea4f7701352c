"""Whether chances that were stated came true as often as was said."""

import math
from typing import Any

import polars as pl

BINS = 5  # of equal width over 0..1
Z = 1.959963984540054  # of a 95% interval


def stated_chances(settled: pl.DataFrame, *, bins: int = BINS) -> dict[str, Any]:
    """Return how stated chances compare with what happened.

    Args:
        settled: probability (0..1, null where none was stated), won (null where it has not ended).
        bins: How many of equal width.

    Returns:
        ``n``, ``brier`` (mean squared error, 0 is perfect), ``base`` (share that came true), ``brier_base``
        (Brier of always stating that share), ``ece`` (mean gap between stated and happened, weighted by
        ideas) and ``bins``: low, high, n, stated (mean), happened (share), happened_low, happened_high
        (Wilson, 95%). Figures are None and bins empty where no idea with a stated chance has ended.
    """
    told = settled.filter(pl.col("probability").is_not_null() & pl.col("won").is_not_null()).select(
        "probability", won=pl.col("won").cast(pl.Float64)
    )
    n = told.height
    if not n:
        return {"n": 0, "brier": None, "base": None, "brier_base": None, "ece": None, "bins": []}
    place = (pl.col("probability") * bins).floor().clip(0, bins - 1).cast(pl.Int64)
    grouped = (
        told.group_by(place=place)
        .agg(n=pl.len().cast(pl.Int64), stated=pl.col("probability").mean(), happened=pl.col("won").mean())
        .sort("place")
    )
    rows = []
    for place_, count, stated, happened in grouped.iter_rows():  # at most `bins` rows
        low, high = wilson(happened, count)
        rows.append(
            {
                "low": place_ / bins,
                "high": (place_ + 1) / bins,
                "n": count,
                "stated": stated,
                "happened": happened,
                "happened_low": low,
                "happened_high": high,
            }
        )
    base = float(told["won"].mean())  # type: ignore[arg-type]
    gap = (pl.col("stated") - pl.col("happened")).abs() * pl.col("n")
    return {
        "n": n,
        "brier": float(told.select(((pl.col("probability") - pl.col("won")) ** 2).mean()).item()),
        "base": base,
        "brier_base": base * (1 - base),
        "ece": float(grouped.select(gap.sum()).item()) / n,
        "bins": rows,
    }


def wilson(share: float, n: int) -> tuple[float, float]:
    """Return the 95% interval of a share of ``n``. Source: Wilson, JASA 22, 1927."""
    square = Z**2 / n
    middle = (share + square / 2) / (1 + square)
    half = Z * math.sqrt(share * (1 - share) / n + square / (4 * n)) / (1 + square)
    return max(0.0, middle - half), min(1.0, middle + half)
