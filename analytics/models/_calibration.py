"""Whether probabilities come true as often as they say, and intervals hold as much as they claim."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import polars as pl

BINS = 10


def reliability(tested: pl.DataFrame) -> dict[str, Any]:
    """Return Brier's score, the expected calibration error and the reliability curve.

    Args:
        tested: With ``predicted`` (a probability) and ``target`` (0 or 1).

    Returns:
        ``kind``, ``brier``, ``ece`` (mean distance of said and seen over bins of equal count, weighted by
        rows), ``base_rate``, ``n`` and ``bins`` of ``said``, ``seen``, ``n``; numbers null without rows.
    """
    n = tested.height
    if n == 0:
        return {"kind": "probability", "brier": None, "ece": None, "base_rate": None, "n": 0, "bins": []}
    said, seen = tested["predicted"].to_numpy(), tested["target"].to_numpy()
    order = np.argsort(said, kind="stable")
    groups = [part for part in np.array_split(order, min(BINS, n)) if len(part)]
    bins = [
        {"said": round(float(said[g].mean()), 6), "seen": round(float(seen[g].mean()), 6), "n": len(g)}
        for g in groups
    ]
    return {
        "kind": "probability",
        "brier": round(float(np.mean((said - seen) ** 2)), 6),
        "ece": round(sum(b["n"] * abs(b["said"] - b["seen"]) for b in bins) / n, 6),
        "base_rate": round(float(seen.mean()), 6),
        "n": n,
        "bins": bins,
    }


def coverage(tested: pl.DataFrame, bands: Mapping[float, tuple[str, str]]) -> dict[str, Any]:
    """Return what share of outcomes each band held, in all and month by month.

    Args:
        tested: With ``date``, ``target`` and the columns of the bands.
        bands: Nominal coverage to the columns of the lower and the upper end.

    Returns:
        ``kind`` and ``bands``: for each ``nominal``, ``held``, ``low`` and ``high`` (95 %, a day's share is
        one observation), ``n`` (rows), ``days`` and ``months`` of ``month``, ``held``, ``n``.
    """
    found = []
    for nominal, (low, high) in sorted(bands.items()):
        if low not in tested.columns:
            continue
        inside = pl.col("target").is_between(pl.col(low), pl.col(high))
        rows = tested.select("date", inside=inside.cast(pl.Float64)).drop_nulls()
        daily = rows.group_by("date").agg(pl.col("inside").mean()).sort("date")
        held = float(rows["inside"].mean()) if rows.height else None  # type: ignore[arg-type]
        spread = _error(daily["inside"].to_numpy())
        months = (
            rows.group_by(month=pl.col("date").dt.strftime("%Y-%m"))
            .agg(held=pl.col("inside").mean(), n=pl.len())
            .sort("month")
        )
        known = held is not None and spread is not None
        found.append(
            {
                "nominal": nominal,
                "held": None if held is None else round(held, 6),
                "low": round(max(0.0, held - 1.96 * spread), 6) if known else None,  # type: ignore[operator]
                "high": round(min(1.0, held + 1.96 * spread), 6) if known else None,  # type: ignore[operator]
                "n": rows.height,
                "days": daily.height,
                "months": [{**row, "held": round(row["held"], 6)} for row in months.iter_rows(named=True)],
            }
        )
    return {"kind": "interval", "bands": found}


def _error(daily: Any) -> float | None:
    """Return the standard error of the mean of a day series, after Newey and West."""
    n = len(daily)
    if n < 2:
        return None
    lags = max(1, round(n ** (1 / 3)))
    d = daily - daily.mean()
    variance = float(d @ d) / n
    for lag in range(1, min(lags, n - 1) + 1):
        variance += 2 * (1 - lag / (lags + 1)) * float(d[lag:] @ d[:-lag]) / n
    return float(np.sqrt(max(0.0, variance) / n))
