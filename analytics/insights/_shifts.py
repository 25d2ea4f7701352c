"""Tests of a change between the last days and those before, and of things that happen together."""

from collections.abc import Sequence
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from analytics.insights._stats import Floats, Tested

DRAWS = 9_999
_FIRST = 499  # draws after which most of what is no shift is known to be none
_ENOUGH = 20  # draws as extreme as what was seen that end the search (Besag and Clifford 1991)
_PIECES = 3  # as many recent stretches the days before must hold for their means to say anything
_Chosen = npt.NDArray[np.intp]


def recent_shift(values: Sequence[float] | Floats, recent: int, *, seed: int) -> Tested:
    """Test whether the mean of the last ``recent`` values differs from that of those before.

    The largest of three p-values: permutation of the values (exact when they are exchangeable), and two t-tests for
    where they are not, one with the error of Welch widened by the first-order autocorrelation seen before, one with the
    spread that means of as many days running had before. In 3,000 series of noise on a level that wanders for weeks (60
    days, 5 of them recent) these claimed 5 % at 5 % and 0.1 % at 0.1 %, without the third 8 % and 0.7 %. The effect
    is the difference of means with the wider interval.

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


def together(chances: Sequence[float], count: int, *, spread: float = 1.0) -> Tested:
    """Test whether more of several occasions coincided with something than their own chances explain.

    The number of coincidences of independent occasions is Poisson-binomial; one-sided. The effect is the excess
    over what was to be expected, with the interval of that distribution.

    Args:
        chances: One for each occasion, of coinciding on a day drawn at random.
        count: How many did coincide.
        spread: How many times as much the excess varies as that of independent occasions, at least 1; see ``spread_of``.
    """
    law = np.array([1.0])
    for chance in chances:
        law = np.convolve(law, (1 - chance, chance))
    cumulated = np.cumsum(law)
    low, high = (int(np.searchsorted(cumulated, q)) for q in (0.025, 0.975))
    expected = float(np.sum(chances))
    # What hangs together says as much as a smaller excess of what does not.
    least = (
        int(np.ceil(expected + (count - expected) / np.sqrt(spread) - 1e-9)) if count > expected else count
    )
    p = float(min(1.0, law[max(least, 0) :].sum()))
    wide = np.sqrt(spread)
    low_end, high_end = (
        count - expected - wide * (high - expected),
        count - expected + wide * (expected - low),
    )
    return Tested(count - expected, float(low_end), float(high_end), p, len(chances))


def spread_of(chances: Sequence[float], hits: Sequence[bool], groups: Sequence[object]) -> float:
    """Return how many times as much the hits of a group vary as independent ones would, at least 1.

    Args:
        chances: One for each occasion.
        hits: Whether each coincided.
        groups: What occasions may hang together in: a day.
    """
    expected, found = np.asarray(chances, dtype=np.float64), np.asarray(hits, dtype=np.float64)
    # About their own mean, so that a habit that is there every day does not pass for days that hang together.
    likely = np.clip(expected + (found - expected).mean(), 0.0, 1.0)
    places = {group: at for at, group in enumerate(dict.fromkeys(groups))}
    of = np.array([places[group] for group in groups])
    if len(places) < 2:
        return float(len(found))
    apart = np.bincount(of, found - likely)
    alone = float((likely * (1 - likely)).sum())
    return max(1.0, float(apart @ apart) / alone * len(places) / (len(places) - 1)) if alone > 0 else 1.0


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
    found = [(error, max(2.0, (len(v) - 2) * (1 - rho) / (1 + rho)))]
    # What wanders for weeks hides behind the noise of a day: means of as many days running show it.
    if (pieces := len(early) / recent) >= _PIECES:
        sums = np.concatenate(([0.0], np.cumsum(centred)))
        means = (sums[recent:] - sums[:-recent]) / recent
        spread = np.sqrt(means @ means / len(means) * pieces / (pieces - 1) * (1 + 1 / pieces))
        found.append((float(spread), max(2.0, 1.5 * pieces - 1)))  # running means tell half as much again
    half = max(float(stats.t.ppf(0.975, df) * one) for one, df in found)
    p = max(float(2 * stats.t.sf(abs(difference) / one, df)) if one > 0 else 1.0 for one, df in found)
    return difference, difference - half, difference + half, p


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
