"""The few tests the rules use. SciPy is imported where it is called: it is slow to load."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
FLIPS = 19_999


@dataclass(frozen=True)
class Tested:
    """An effect with its 95% interval, p-value and number of observations."""

    value: float
    low: float
    high: float
    p: float
    n: int

    @property
    def p_text(self) -> str:
        """The p-value in words that never round to zero."""
        return "p below 0.0001" if self.p < 1e-4 else f"p {self.p:.4f}"


def doubled(tested: Tested) -> Tested:
    """Return a one-sided test as one that would have told the other side as well."""
    return replace(tested, p=min(1.0, 2 * tested.p))


def sign_flip(differences: Sequence[float] | Floats, *, seed: int, stretch: int = 0) -> Tested:
    """Test whether paired differences have a mean above zero, by turning their signs at random.

    One-sided; exact when differences are symmetric under the null, whatever their distribution; one value per
    cluster (a day), so that dependence within a cluster does no harm. Where a day resembles the one before, Student's t
    with the error that this makes of it gives the larger p-value, which counts, and the interval.

    Args:
        differences: One a cluster, in their order in time.
        seed: Of the signs.
        stretch: Days that may hang together beyond the next one: the error is then at least what means of as many
            days running show. 0 where none do.
    """
    from scipy import stats

    d = np.asarray(differences, dtype=np.float64)
    n, mean = len(d), float(d.mean())
    extreme = _signs(n, seed) @ d.astype(np.float32) / n >= mean - 1e-7 * float(np.abs(d).mean())
    kept = min(carried(d), _kept_in_stretches(d, stretch))
    df, error = max(2.0, n * kept - 1), float(d.std(ddof=1) / np.sqrt(n * kept))
    half = float(stats.t.ppf(0.975, df) * error)
    p = (1 + int(extreme.sum())) / (FLIPS + 1)
    if kept < 1 and error > 0:
        p = max(p, float(stats.t.sf(mean / error, df)))
    return Tested(mean, mean - half, mean + half, p, n)


def _kept_in_stretches(values: Floats, stretch: int) -> float:
    if stretch < 2 or len(values) < 3 * stretch:
        return 1.0
    away = values - values.mean()
    sums = np.concatenate(([0.0], np.cumsum(away)))
    means = (sums[stretch:] - sums[:-stretch]) / stretch
    pieces = len(values) / stretch
    spread = stretch * float(means @ means) / len(means) * pieces / (pieces - 1)
    own = float(values.var(ddof=1))
    return min(1.0, own / spread) if spread > 0 else 1.0


def carried(values: Floats) -> float:
    """Return the share of a series' values that counts as independent, 1 where none resembles the one before.

    By the first-order autocorrelation, freed of the bias that short series give it (Kendall 1954).
    """
    n, away = len(values), values - values.mean()
    power = float(away @ away)
    if power <= 0 or n < 4:
        return 1.0
    rho = float(away[1:] @ away[:-1]) / power
    if rho <= 0:
        return 1.0
    rho = min(0.9, rho + (1 + 4 * rho) / n)
    return (1 - rho) / (1 + rho)


@lru_cache(maxsize=32)
def _signs(n: int, seed: int) -> npt.NDArray[np.float32]:
    drawn = np.random.default_rng((seed, n)).integers(0, 2, size=(FLIPS, n), dtype=np.int8)
    return (2 * drawn - 1).astype(np.float32)


def outlier(value: float, history: Sequence[float] | Floats, *, looks: int = 1) -> Tested:
    """Test whether ``value`` comes from the distribution of ``history``.

    The model: Student's t with the history's mean and sd, its degrees of freedom from the history's
    kurtosis, between 3.5 and 6: a hundred days of calm do not prove thin tails (a freer choice called
    one null in a hundred significant at 0.0005). ``looks`` values were looked at and the most extreme one is given:
    the p-value is corrected for that. The interval is of the departure from the mean.
    """
    from scipy import stats

    h = np.asarray(history, dtype=np.float64)
    n, mean, sd = len(h), float(h.mean()), float(h.std(ddof=1))
    if sd <= 0:
        return Tested(value - mean, value - mean, value - mean, 1.0, n)
    excess = float(stats.kurtosis(h, fisher=True, bias=False))
    df = 6.0 if excess <= 0 else max(3.5, min(6.0, 4 + 6 / excess))
    # A t with df degrees of freedom has variance df / (df - 2); a new draw is off by the mean's error too.
    scale = sd * np.sqrt((df - 2) / df) * np.sqrt(1 + 1 / n)
    single = float(2 * stats.t.sf(abs(value - mean) / scale, df))
    half = float(stats.t.ppf(0.975, df) * scale)
    return Tested(value - mean, value - mean - half, value - mean + half, _sidak(single, looks), n)


def share_above(count: int, total: int, expected: float) -> Tested:
    """Test whether ``count`` of ``total`` is more than a share of ``expected`` (binomial, doubled tail).

    The effect is the ratio of the share found to the share expected, with its Clopper-Pearson interval.
    """
    from scipy import stats

    p = min(1.0, 2 * float(stats.binom.sf(count - 1, total, expected)))
    low = float(stats.beta.ppf(0.025, count, total - count + 1)) if count else 0.0
    high = float(stats.beta.ppf(0.975, count + 1, total - count)) if count < total else 1.0
    return Tested(count / total / expected, low / expected, high / expected, p, total)


def burst(count: float, history: Sequence[float] | Floats, *, looks: int = 1) -> Tested:
    """Test whether a count is more than its history leads to expect.

    The model: counts are Poisson, spread further by the history's own dispersion; the mean is known from
    the history only, so the prediction is negative binomial. Doubled tail, corrected for ``looks``. The
    effect is the excess over the mean, with the interval of the prediction.
    """
    from scipy import stats

    h = np.asarray(history, dtype=np.float64)
    n, mean = len(h), float(h.mean())
    spread = max(1.0, float(h.var(ddof=1)) / mean) if mean > 0 else 1.0
    size, chance = float(h.sum()) / spread + 0.5, n / (n + 1)
    p = min(1.0, 2 * float(stats.nbinom.sf(np.ceil(count / spread) - 1, size, chance)))
    low, high = (float(q) * spread for q in stats.nbinom.ppf((0.025, 0.975), size, chance))
    return Tested(count - mean, count - high, count - low, _sidak(p, looks), n)


def benjamini_hochberg(p_values: Sequence[float]) -> list[float]:
    """Return the q-value of each p-value: the false discovery rate at which it would just be accepted."""
    p = np.asarray(p_values, dtype=np.float64)
    m = len(p)
    if m == 0:
        return []
    order = np.argsort(p, kind="stable")
    scaled = p[order] * m / np.arange(1, m + 1)
    q = np.minimum(1.0, np.minimum.accumulate(scaled[::-1])[::-1])
    out = np.empty(m)
    out[order] = q
    return [float(value) for value in out]


def _sidak(p: float, looks: int) -> float:
    return float(-np.expm1(looks * np.log1p(-min(p, 1 - 1e-16))))
