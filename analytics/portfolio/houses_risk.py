"""How a tail would read under other houses' conventions: quantiles, shortfalls, ten days."""

import math
from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from analytics.portfolio.houses import Reading, compared
from analytics.portfolio.risk import MIN_HISTORY, expected_shortfall, value_at_risk

Floats = npt.NDArray[np.float64]
_Tail = Callable[[Floats, float], float | None]


def tail_readings(name: str, pnl: Floats, *, confidence: float, days: int = 1) -> list[Reading]:
    """Return historical value at risk or expected shortfall under our convention and under those of others.

    Args:
        name: value_at_risk or expected_shortfall.
        pnl: Simulated days, oldest first; positive = gain. Values that are not finite are left out.
        confidence: Of the tail.
        days: Held; with more than one the readings are about how a day becomes several.

    Returns:
        Ours first, all positive = loss, in the unit of ``pnl``. None where fewer than ``MIN_HISTORY`` days are
        known; no readings for another name.

    Checked against numpy's own quantile methods, scipy.stats.norm and cases counted by hand.
    """
    ways = _WAYS.get(name)
    if ways is None:
        return []
    clean = pnl[np.isfinite(pnl)].astype(np.float64)
    measure = next(iter(ways.values()))
    if clean.size < MIN_HISTORY:
        return compared(dict.fromkeys(ways, None))
    if days == 1:
        return compared({told: way(clean, confidence) for told, way in ways.items()})
    return compared(
        {
            f"one day x square root of {days}": _scaled(measure(clean, confidence), math.sqrt(days)),
            f"overlapping sums of {days} days": _over(measure, _sums(clean, days), confidence),
            f"sums of {days} days that do not overlap": _over(
                measure, _sums(clean[clean.size % days :], days)[::days], confidence
            ),
        }
    )


def _sums(pnl: Floats, days: int) -> Floats:
    sums: Floats = np.lib.stride_tricks.sliding_window_view(pnl, days).sum(axis=1)
    return sums


def _over(measure: _Tail, sums: Floats, confidence: float) -> float | None:
    return measure(sums, confidence) if sums.size >= MIN_HISTORY else None


def _scaled(value: float | None, factor: float) -> float | None:
    return None if value is None else value * factor


def _quantile(kind: str) -> _Tail:
    # 1 - 0.99 is a hair above 0.01, and where quantiles jump that is a day further.
    return lambda pnl, confidence: -float(np.quantile(pnl, round(1 - confidence, 12), method=kind))  # type: ignore[call-overload]


def _normal(pnl: Floats, confidence: float, *, mean: bool, ddof: int, tail: bool) -> float:
    from scipy.stats import norm

    z = float(norm.ppf(confidence))
    spread = float(np.std(pnl, ddof=ddof)) if mean or ddof else float(np.sqrt(np.mean(pnl**2)))
    factor = float(norm.pdf(z)) / (1 - confidence) if tail else z
    return factor * spread - (float(np.mean(pnl)) if mean else 0.0)


def _beyond(pnl: Floats, confidence: float) -> float | None:
    var = value_at_risk(pnl, confidence=confidence)
    worse = pnl[pnl < -var] if var is not None else pnl[:0]
    return -float(worse.mean()) if worse.size else None


def _whole(pnl: Floats, confidence: float) -> float:
    count = max(1, math.floor((1 - confidence) * pnl.size + 1e-9))
    return -float(np.sort(pnl)[:count].mean())


_WAYS: dict[str, dict[str, _Tail]] = {
    "value_at_risk": {
        "quantile type 7, between two days (numpy, pandas, R, Excel PERCENTILE.INC)": lambda p, c: value_at_risk(
            p, confidence=c
        ),
        "quantile type 1, a day that happened": _quantile("inverted_cdf"),
        "quantile type 6 (Minitab, SPSS, Excel PERCENTILE.EXC)": _quantile("weibull"),
        "normal, mean and deviation of the sample (n - 1)": lambda p, c: _normal(p, c, mean=True, ddof=1, tail=False),
        "normal, mean taken as 0 (RiskMetrics)": lambda p, c: _normal(p, c, mean=False, ddof=0, tail=False),
        "normal, population deviation (n)": lambda p, c: _normal(p, c, mean=True, ddof=0, tail=False),
        "loss against the mean day, quantile type 7": lambda p, c: value_at_risk(p - p.mean(), confidence=c),
    },
    "expected_shortfall": {
        "mean of the worst share, the last day in part (Acerbi-Tasche)": lambda p, c: expected_shortfall(
            p, confidence=c
        ),
        "mean of the days worse than the VaR (empyrical)": _beyond,
        "mean of the worst days, whole ones only": _whole,
        "normal, mean and deviation of the sample (n - 1)": lambda p, c: _normal(p, c, mean=True, ddof=1, tail=True),
        "normal, mean taken as 0": lambda p, c: _normal(p, c, mean=False, ddof=0, tail=True),
    },
}  # fmt: skip


def concentration_readings(weights: Floats) -> list[Reading]:
    """Return how concentrated a book is as others put it.

    Args:
        weights: Shares of gross value, adding up to 1.

    Returns:
        The Herfindahl-Hirschman index, ours; normalised to 0 for equal shares; the shares of the largest one,
        five and ten. Fractions.
    """
    if not weights.size:
        return []
    worst = np.sort(weights)[::-1]
    hhi, n = float((weights**2).sum()), weights.size
    return compared(
        {
            "sum of squared shares (Herfindahl-Hirschman)": hhi,
            "normalised, 0 for equal shares": (hhi - 1 / n) / (1 - 1 / n) if n > 1 else None,
            "share of the largest position": float(worst[0]),
            "share of the five largest": float(worst[:5].sum()),
            "share of the ten largest": float(worst[:10].sum()),
        }
    )
