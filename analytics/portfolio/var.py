"""Value at risk and expected shortfall by six methods, over one or several days."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from analytics.definitions import declares
from analytics.portfolio.garch import fit, flat, outlook
from analytics.portfolio.passport import Passport, passport
from analytics.portfolio.risk import MIN_HISTORY, expected_shortfall, value_at_risk

Floats = npt.NDArray[np.float64]

CONFIDENCES = (0.95, 0.99)
HORIZONS = (1, 10)
DECAY = 0.94
SEED = 20_201
DRAWS = 20_000
# Fewest observations: two moments, four moments, and a GARCH(1,1) that converges to something.
MIN_NORMAL = 30
MIN_GARCH = 250


@dataclass(frozen=True)
class TailRisk:
    """What one method says of one tail.

    ``var`` and ``es`` are losses: positive = loss, in the unit of the P&L given; None with a ``reason``.
    """

    method: str
    confidence: float
    days: int
    n: int
    var: float | None
    es: float | None
    reason: str | None
    scaling: str


# What a method answers: VaR, ES, or the reason why not.
_Tail = tuple[float, float] | str


@declares("value_at_risk", "expected_shortfall")
def tail_risk(
    pnl: Floats,
    *,
    method: str = "historical",
    confidence: float = 0.95,
    days: int = 1,
    seed: int = SEED,
    draws: int = DRAWS,
) -> TailRisk:
    """Return value at risk and expected shortfall of a P&L or return series.

    Args:
        pnl: One value per session, oldest first; currency or fraction. Values that are not finite are left
            out and not counted in ``n``.
        method: One of ``METHODS``. historical: type 7 quantile and mean of the worst share, x sqrt(days).
            parametric: normal with sample mean and deviation (ddof 1). cornish_fisher: the normal quantile
            bent by population skewness and kurtosis. ewma: normal, mean 0, variance with decay 0.94.
            filtered_historical: GARCH(1,1) with constant mean; its standardised residuals are replayed at
            the next day's volatility, over several days as drawn paths. monte_carlo: Student t with the
            mean, deviation and kurtosis of the sample (normal where it has no fat tails), drawn day by day.
        confidence: Probability in (0.5, 1).
        days: Sessions held, 1 or more, positions unchanged.
        seed: Of the drawing methods; the same seed gives the same figure.
        draws: How many paths.

    Returns:
        Losses as positive numbers, ES never below VaR. None with a reason: too few observations, no spread
        to fit, a fit that does not converge, or a Cornish-Fisher expansion outside its domain.

    Raises:
        ValueError: For an unknown method, a confidence outside (0.5, 1) or less than one day.

    Source: Jorion, Value at Risk, 3rd ed., ch. 5, 10, 12; RiskMetrics Technical Document, 4th ed., 5.2;
    Maillard, A user's guide to the Cornish Fisher expansion, 2012 (its ES); Barone-Adesi et al., VaR without
    correlations, 1999 (filtered). Checked against statsmodels, scipy and arch's own EWMA in the tests.
    """
    if method not in METHODS:
        raise ValueError(f"there is no method {method}: {', '.join(METHODS)}")
    if not 0.5 < confidence < 1 or days < 1:
        raise ValueError("confidence must lie between 0.5 and 1, and a holding period is a day or longer")
    way = _WAYS[method]
    clean = pnl[np.isfinite(pnl)].astype(np.float64)
    if clean.size < way.fewest:
        found: _Tail = f"needs {way.fewest} observations, has {clean.size}"
    else:
        # P&L beyond all measure overflows; the answer is then refused below.
        with np.errstate(over="ignore", invalid="ignore"):
            found = way.measure(clean, confidence, days, np.random.default_rng(seed), draws)
    refused = found if isinstance(found, str) else None
    var, es = (None, None) if isinstance(found, str) else found
    if var is not None and es is not None and not (math.isfinite(var) and math.isfinite(es)):
        var, es, refused = None, None, "the result is not finite"
    return TailRisk(method, confidence, days, int(clean.size), var, es, refused, way.scaling)


def tail_table(
    pnl: Floats,
    *,
    unit: str = "currency",
    methods: Sequence[str] | None = None,
    confidences: tuple[float, ...] = CONFIDENCES,
    horizons: tuple[int, ...] = HORIZONS,
    seed: int = SEED,
    draws: int = DRAWS,
) -> list[Passport]:
    """Return VaR and ES by method (all of them when None), confidence and horizon, as passport records.

    ``pnl`` as in ``tail_risk``. Two records each, ``value_at_risk`` and ``expected_shortfall``: positive =
    loss; the convention names method, confidence, days and how the horizon was reached. The interval of the
    one-day historical VaR is the 95 % one of the order statistics; the others have none.
    """
    records = []
    for method in METHODS if methods is None else methods:
        for confidence in confidences:
            for days in horizons:
                risk = tail_risk(pnl, method=method, confidence=confidence, days=days, seed=seed, draws=draws)
                told: dict[str, object] = {
                    "method": method, "confidence": confidence, "days": days, "scaling": risk.scaling,
                    "sign": "positive = loss",
                }  # fmt: skip
                if "draw" in risk.scaling or "path" in risk.scaling:
                    told |= {"seed": seed, "draws": draws}
                plain = method == "historical" and days == 1
                band = quantile_interval(pnl, confidence=confidence) if plain else None
                for name, value in (("value_at_risk", risk.var), ("expected_shortfall", risk.es)):
                    shown = band if name == "value_at_risk" else None
                    records.append(
                        passport(name, value, unit=unit, n=risk.n, interval=shown, reason=risk.reason, **told)
                    )
    return records


def quantile_interval(pnl: Floats, *, confidence: float, level: float = 0.95) -> tuple[float, float] | None:
    """Return the interval of the historical VaR from order statistics, free of any distribution.

    The ranks are binomial quantiles of n and 1 - confidence. Unit and sign as ``pnl`` and VaR: (smaller
    loss, larger loss). None with too few observations, or where the upper rank lies outside the sample.
    Source: Conover, Practical Nonparametric Statistics, 3rd ed., 3.2.
    """
    from scipy.stats import binom

    ordered = np.sort(pnl[np.isfinite(pnl)])
    if ordered.size < MIN_HISTORY:
        return None
    edge = (1 - level) / 2
    lower = int(binom.ppf(edge, ordered.size, 1 - confidence)) - 1
    upper = int(binom.ppf(1 - edge, ordered.size, 1 - confidence))
    if lower < 0 or upper >= ordered.size:
        return None
    return -float(ordered[upper]), -float(ordered[lower])


def ewma_variance(pnl: Floats, *, decay: float = DECAY) -> float | None:
    """Return next period's variance: squares weighted by decay^age, weights summing to 1, mean taken as 0.

    Unit: that of ``pnl`` squared. None for no observation.
    Source: RiskMetrics Technical Document, 4th ed., table 5.1.
    """
    if not pnl.size:
        return None
    weights = decay ** np.arange(pnl.size - 1, -1, -1, dtype=np.float64)
    return float(np.average(pnl**2, weights=weights))


def cornish_fisher(z: float, *, skewness: float, excess_kurtosis: float) -> float:
    """Return the quantile of a standardised variable with these moments, where the normal one is ``z``."""
    s, k = skewness, excess_kurtosis
    return z + (z**2 - 1) * s / 6 + (z**3 - 3 * z) * k / 24 - (2 * z**3 - 5 * z) * s**2 / 36


def _historical(pnl: Floats, confidence: float, days: int, _: np.random.Generator, __: int) -> _Tail:
    return _empirical(pnl, confidence, math.sqrt(days))


def _empirical(pnl: Floats, confidence: float, scale: float = 1.0) -> _Tail:
    var = value_at_risk(pnl, confidence=confidence)
    es = expected_shortfall(pnl, confidence=confidence)
    if var is None or es is None:
        return f"needs {MIN_HISTORY} observations, has {pnl.size}"
    # Type 7 reads between two values, the mean of the tail in whole ones: they can cross by one gap.
    return var * scale, max(es, var) * scale


def _normal(mean: float, deviation: float, confidence: float) -> tuple[float, float]:
    from scipy.stats import norm

    z = float(norm.ppf(confidence))
    return z * deviation - mean, float(norm.pdf(z)) / (1 - confidence) * deviation - mean


def _parametric(pnl: Floats, confidence: float, days: int, _: np.random.Generator, __: int) -> _Tail:
    mean, deviation = float(np.mean(pnl)), float(np.std(pnl, ddof=1))
    return _normal(mean * days, deviation * math.sqrt(days), confidence)


def _ewma(pnl: Floats, confidence: float, days: int, _: np.random.Generator, __: int) -> _Tail:
    return _normal(0.0, math.sqrt((ewma_variance(pnl) or 0.0) * days), confidence)


def _modified(pnl: Floats, confidence: float, days: int, _: np.random.Generator, __: int) -> _Tail:
    from scipy.stats import norm

    if flat(pnl):
        return "all observations are equal: no skewness to speak of"
    centred = pnl - np.mean(pnl)
    spread = float(np.sqrt(np.mean(centred**2)))
    # Of a sum of independent days: skewness falls with the root, excess kurtosis with their number.
    s = float(np.mean((centred / spread) ** 3)) / math.sqrt(days)
    k = (float(np.mean((centred / spread) ** 4)) - 3) / days
    z = float(norm.ppf(1 - confidence))
    # The expansion must rise all the way down the tail, else it is no quantile.
    points = np.linspace(-8.0, z, 200)
    rise = 1 + points * s / 3 + (points**2 - 1) * k / 8 - (6 * points**2 - 5) * s**2 / 36
    if float(np.min(rise)) <= 0:
        return "skewness and kurtosis lie outside the domain of the Cornish-Fisher expansion"
    density = float(norm.pdf(z)) / (1 - confidence)
    tail = density * (1 + z * s / 6 + (z**2 - 1) * k / 24 - (2 * z**2 - 1) * s**2 / 36)
    mean = float(np.mean(pnl)) * days
    deviation = float(np.std(pnl, ddof=1)) * math.sqrt(days)
    return -mean - deviation * cornish_fisher(z, skewness=s, excess_kurtosis=k), -mean + deviation * tail


def _filtered(pnl: Floats, confidence: float, days: int, random: np.random.Generator, draws: int) -> _Tail:
    fitted = fit(pnl)
    if isinstance(fitted, str):
        return fitted
    seen = outlook(pnl, fitted)
    if days == 1:
        return _empirical(seen.mean + seen.volatility * seen.shocks, confidence)
    variance = np.full(draws, seen.volatility**2)
    total = np.zeros(draws)
    for _ in range(days):
        moved = np.sqrt(variance) * random.choice(seen.shocks, size=draws)
        total += seen.mean + moved
        variance = seen.omega + seen.alpha * moved**2 + seen.beta * variance
    return _empirical(total, confidence)


def _monte_carlo(pnl: Floats, confidence: float, days: int, random: np.random.Generator, draws: int) -> _Tail:
    mean, deviation = float(np.mean(pnl)), float(np.std(pnl, ddof=1))
    if flat(pnl):
        return -mean * days, -mean * days
    centred = pnl - mean
    excess = float(np.mean(centred**4) / np.mean(centred**2) ** 2) - 3
    if excess > 1e-6:
        freedom = 4 + 6 / excess
        shocks = random.standard_t(freedom, size=(days, draws)) * math.sqrt((freedom - 2) / freedom)
    else:
        shocks = random.standard_normal(size=(days, draws))
    return _empirical(mean * days + deviation * shocks.sum(axis=0), confidence)


@dataclass(frozen=True)
class _Way:
    measure: Callable[[Floats, float, int, np.random.Generator, int], _Tail]
    fewest: int
    scaling: str


_WAYS = {
    "historical": _Way(_historical, MIN_HISTORY, "square root of time"),
    "parametric": _Way(_parametric, MIN_NORMAL, "mean with time, deviation with its square root"),
    "cornish_fisher": _Way(_modified, MIN_HISTORY, "moments of a sum of independent days"),
    "ewma": _Way(_ewma, MIN_NORMAL, "square root of time"),
    "filtered_historical": _Way(_filtered, MIN_GARCH, "paths of resampled residuals"),
    "monte_carlo": _Way(_monte_carlo, MIN_HISTORY, "sums of independent draws"),
}
METHODS = tuple(_WAYS)
