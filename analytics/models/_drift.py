"""Whether what a model sees, and how well it does, is still what it was trained and tested on."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import polars as pl

from analytics.models._base import Floats, Model
from analytics.models._skill import daily_losses

DAYS = 60  # looked at, against all of training
_FEWEST = 9  # days of training, below which nothing is usual yet
STEP = 20  # between the stretches of training that say what is usual
_BINS, _LEAST = 10, 1e-4  # of a share: an empty bin is rare, not impossible
PSI_BOUND = 0.25  # the trade's own rule: above it a population has shifted
_ROOM = 1.25  # a shift is one that no stretch of training came near
_SIGMAS = 3.0


def reference(model: Model, rows: pl.DataFrame) -> dict[str, Any]:
    """Return what the features looked like in training: per feature ``edges``, ``shares``, ``bound`` and ``days``.

    The bound of a feature's population stability index is 0.25, or a quarter above the most that any
    stretch as long of training itself had: markets and books come in spells. Stretches are of 60 days, or of a third
    of the days where there are fewer than 120.
    """
    known = model.known(rows).sort(model.order())
    day = (known["date"].rank("dense") - 1).to_numpy()
    days = int(day.max()) + 1 if len(day) else 0
    span = _span(days)
    starts = sorted({*range(0, max(0, days - span) + 1, max(1, min(STEP, span // 3))), max(0, days - span)})
    found = {}
    for name in model.drivers(rows):
        values = known[name].cast(pl.Float64).to_numpy()
        good = np.isfinite(values)
        if not good.any():
            continue
        edges = np.unique(np.quantile(values[good], np.linspace(0, 1, _BINS + 1)[1:-1]))
        shares = _shares(values[good], edges)
        stretches = [
            _psi(shares, _shares(values[good & (day >= s) & (day < s + span)], edges)) for s in starts
        ]
        bound = max(PSI_BOUND, _ROOM * max(stretches)) if days >= _FEWEST else None
        found[name] = {
            "edges": [float(e) for e in edges],
            "shares": [round(float(s), 6) for s in shares],
            "bound": None if bound is None else round(bound, 4),
            "days": span,
        }
    return found


def _span(days: int) -> int:
    """Return how many of the last days are held against training: 60, or a third of what there is where that is little."""
    return DAYS if days >= 2 * DAYS else max(1, days // 3)


def drift(
    model: Model, seen: Mapping[str, Any], rows: pl.DataFrame, tested: pl.DataFrame | None = None
) -> dict[str, Any]:
    """Return how far the last 60 days are from training, and how the record went in them.

    Args:
        model: The model.
        seen: What ``reference`` gave at training.
        rows: Rows of ``features`` up to now; a target is not needed.
        tested: The record out of sample up to now; skill and coverage are not looked at without.

    Returns:
        ``drifting``, ``reasons`` (sentences), ``features`` (name, psi, bound, the farthest first), ``skill``
        and ``coverage`` of the last days (null where they cannot be told), ``days``.
    """
    span = next((int(kept["days"]) for kept in seen.values() if "days" in kept), DAYS)
    recent = rows.filter(pl.col("date").rank("dense").cast(pl.Int64) > rows["date"].n_unique() - span)
    measured = [
        {"name": name, "psi": round(_psi(_floats(kept["shares"]), now), 4), "bound": kept["bound"]}
        for name, kept in seen.items()
        if name in recent.columns
        and (now := _shares(_finite(recent[name]), _floats(kept["edges"]))).sum() > 0
    ]
    measured.sort(key=lambda row: (-(row["psi"] / (row["bound"] or np.inf)), row["name"]))
    reasons = [
        f"{row['name']} has shifted: population stability index {row['psi']:.2f}, bound {row['bound']:.2f}"
        for row in measured
        if row["bound"] is not None and row["psi"] > row["bound"]
    ]
    skill, why = _recent_skill(model, tested)
    held, gaps = _recent_coverage(model, tested)
    reasons += why + gaps
    return {
        "drifting": bool(reasons),
        "reasons": reasons,
        "features": measured,
        "skill": skill,
        "coverage": held,
        "days": min(span, rows["date"].n_unique()),
    }


def _recent_skill(model: Model, tested: pl.DataFrame | None) -> tuple[float | None, list[str]]:
    """Return skill over the last days; a sentence where it is worse than the baseline beyond noise."""
    if tested is None or tested.is_empty():
        return None, []
    daily = daily_losses(tested).tail(DAYS)
    if daily.height < DAYS // 2:
        return None, []
    gain = daily["baseline_loss"].to_numpy() - daily["loss"].to_numpy()
    base = float(daily["baseline_loss"].to_numpy().mean())
    mean = float(gain.mean())
    value = mean if model.skill_unit != "fraction" else (mean / base if base else None)
    error = float(gain.std(ddof=1)) / np.sqrt(len(gain)) * np.sqrt(max(1, model.horizon))
    if mean + _SIGMAS * error >= 0:
        return value, []
    return value, [f"worse than its baseline over the last {len(gain)} days, beyond noise"]


def _recent_coverage(model: Model, tested: pl.DataFrame | None) -> tuple[list[dict[str, Any]], list[str]]:
    """Return what each band held lately, and a sentence where that is unlike its own record."""
    if tested is None or tested.is_empty():
        return [], []
    found, reasons = [], []
    for nominal, (low, high) in sorted(model.bands.items()):
        if low not in tested.columns:
            continue
        inside = pl.col("target").is_between(pl.col(low), pl.col(high)).cast(pl.Float64).mean()
        daily = tested.group_by("date").agg(inside=inside).sort("date")["inside"].drop_nulls().to_numpy()
        if len(daily) < 2 * DAYS:
            continue
        held = float(daily[-DAYS:].mean())
        stretches = np.array([daily[s : s + DAYS].mean() for s in range(0, len(daily) - DAYS + 1, STEP)])
        room = max(0.05, _SIGMAS * float(stretches.std()))
        found.append({"nominal": nominal, "held": round(held, 4), "bound": round(room, 4)})
        if abs(held - nominal) > room:
            reasons.append(f"its {nominal:.0%} band held {held:.0%} of the last {DAYS} days")
    return found, reasons


def _finite(column: pl.Series) -> Floats:
    values = column.cast(pl.Float64).drop_nulls().to_numpy()
    found: Floats = values[np.isfinite(values)]
    return found


def _floats(values: Sequence[float]) -> Floats:
    return np.array(values, dtype=np.float64)


def _shares(values: Floats, edges: Floats) -> Floats:
    if len(values) == 0:
        return np.zeros(len(edges) + 1)
    counts = np.bincount(np.searchsorted(edges, values, side="right"), minlength=len(edges) + 1)
    found: Floats = counts / len(values)
    return found


def _psi(before: Floats, now: Floats) -> float:
    """Return the population stability index: sum of (now - before) ln(now / before) over bins."""
    if now.sum() == 0:
        return 0.0
    p, q = np.maximum(before, _LEAST), np.maximum(now, _LEAST)
    return float(np.sum((q - p) * np.log(q / p)))
