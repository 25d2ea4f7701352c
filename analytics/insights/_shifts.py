"""Tests of a change between the last days and those before, and of things that happen together."""

from collections.abc import Sequence
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from analytics.insights._stats import Floats, Tested

DRAWS = 9_999
_FIRST = 499  # draws after which most of what is no shift is known to be none
_ENOUGH = 20  # draws as extreme as what was seen that end the search (Besag and Clifford 1991)
_Chosen = npt.NDArray[np.intp]


def recent_shift(values: Sequence[float] | Floats, recent: int, *, seed: int) -> Tested:
    """Test whether the mean of the last ``recent`` values differs from that of those before.

    The larger of two p-values: permutation of the values (exact when they are exchangeable) and Welch's t with
    both means' errors widened by the first-order autocorrelation seen before, where they are not. The effect is the
    difference of means with the interval of the latter.

    Args:
        values: One a day, oldest first, finite.
        recent: How many of the last ones; fewer than all but three.
        seed: Of the permutations.
    """
    v = np.asarray(values, dtype=np.float64)
    p = _permuted(v[:, None], recent, seed=seed)
    difference, low, high, other = _welch(v, recent)
    return Tested(difference, low, high, max(p, other), len(v))


def largest_shift(values: Floats, recent: int, *, seed: int) -> tuple[Tested, int]:
    """Test whether any of several daily measures has shifted, and say which most.

    The statistic is the largest standardised difference of means; its p-value is by permutation of whole days,
    so that measures may hang together, and never below that of the measure's own t-test times their number.

    Args:
        values: Days x measures, oldest first; nan where a measure is not known that day.
        recent: How many of the last days.
        seed: Of the permutations.

    Returns:
        The test, its effect in standard deviations of the days before, and the index of the measure.
    """
    filled = np.where(np.isfinite(values), values, np.nanmean(values, axis=0))
    filled = np.nan_to_num(filled)
    spread = filled.std(axis=0)
    usable = np.flatnonzero(spread > 1e-12)
    if not usable.size:
        return Tested(0.0, 0.0, 0.0, 1.0, len(values)), 0
    scaled = filled[:, usable] / spread[usable]
    gaps = np.abs(scaled[-recent:].mean(axis=0) - scaled[:-recent].mean(axis=0))
    which = int(np.argmax(gaps))
    p = _permuted(scaled, recent, seed=seed)
    column = filled[:, usable[which]]
    before = float(column[:-recent].std(ddof=1)) or float(column.std())
    difference, low, high, other = _welch(column, recent)
    p = max(p, min(1.0, other * usable.size))
    return Tested(difference / before, low / before, high / before, p, len(values)), int(usable[which])


def together(chances: Sequence[float], count: int) -> Tested:
    """Test whether more of several occasions coincided with something than their own chances explain.

    The number of coincidences of independent occasions is Poisson-binomial; one-sided. The effect is the excess
    over what was to be expected, with the interval of that distribution.

    Args:
        chances: One for each occasion, of coinciding on a day drawn at random.
        count: How many did coincide.
    """
    law = np.array([1.0])
    for chance in chances:
        law = np.convolve(law, (1 - chance, chance))
    cumulated = np.cumsum(law)
    low, high = (int(np.searchsorted(cumulated, q)) for q in (0.025, 0.975))
    p = float(min(1.0, law[count:].sum()))
    return Tested(count - float(np.sum(chances)), float(count - high), float(count - low), p, len(chances))


def _welch(v: Floats, recent: int) -> tuple[float, float, float, float]:
    from scipy import stats

    late, early = v[-recent:], v[:-recent]
    difference = float(late.mean() - early.mean())
    centred = early - early.mean()
    power = float(centred @ centred)
    rho = float(np.clip(centred[1:] @ centred[:-1] / power, 0.0, 0.9)) if power > 0 else 0.0
    # A few recent days may happen to lie close together: their spread is taken as at least that of those before.
    own = max(float(late.var(ddof=1)) if recent > 1 else 0.0, float(early.var(ddof=1)))
    error = np.sqrt((own / recent + float(early.var(ddof=1)) / len(early)) * (1 + rho) / (1 - rho))
    if error <= 0:
        return difference, difference, difference, 1.0
    df = max(2.0, (len(v) - 2) * (1 - rho) / (1 + rho))
    half = float(stats.t.ppf(0.975, df) * error)
    return (
        difference,
        difference - half,
        difference + half,
        float(2 * stats.t.sf(abs(difference) / error, df)),
    )


def _permuted(v: Floats, recent: int, *, seed: int) -> float:
    n = len(v)
    total = v.sum(axis=0)

    def reach(late: Floats) -> Floats:
        gap: Floats = np.abs(late / recent - (total - late) / (n - recent)).max(axis=-1)
        return gap

    seen = float(reach(v[-recent:].sum(axis=0))) - 1e-12
    first = int((reach(v[_draws(n, recent, seed, _FIRST)].sum(axis=1)) >= seen).sum())
    if first >= _ENOUGH:
        return (1 + first) / (1 + _FIRST)
    more = int((reach(v[_draws(n, recent, seed, DRAWS)].sum(axis=1)) >= seen).sum())
    return (1 + more) / (1 + DRAWS)


@lru_cache(maxsize=64)
def _draws(n: int, size: int, seed: int, draws: int) -> _Chosen:
    random = np.random.default_rng((seed, n, size)).random((draws, n))
    chosen: _Chosen = np.argpartition(random, size, axis=1)[:, :size]
    return chosen
