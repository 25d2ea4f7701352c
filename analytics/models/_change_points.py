"""Where a series changed for good: the largest CUSUM, its p-value by drawing the series again without any change."""

from dataclasses import dataclass

import numpy as np

from analytics.models._base import Floats

LEVEL = 0.05  # chance of any change point where nothing changed
LEAST = 40  # sessions on each side: what is shorter is a spell, and spells are for states to tell
DRAWS = 999
SEED = 17
_DEEP = 5  # halvings of the level, as many as the draws can tell apart
_ORDER = 10  # lags of what goes on by itself
_WARM = 50  # drawn and thrown away, so that a drawn series begins anywhere


@dataclass(frozen=True)
class Change:
    """A change point. ``at`` is the first row after it; ``level`` is what ``p`` had to stay below."""

    at: int
    p: float
    level: float
    statistic: float


def change_points(
    x: Floats, *, level: float = LEVEL, least: int = LEAST, draws: int = DRAWS, seed: int = SEED
) -> list[Change]:
    """Return the lasting changes of the mean of any column, in order of time.

    The whole is tested first at ``level``; where it changed, both parts are, each at half of it, and so on
    (binary segmentation). So a series without a change shows one with a chance of at most ``level``. A day
    hangs on the days before it: p is the larger of two, from series drawn with the same autocorrelation and no
    change. One way it is Yule and Walker's autoregression, its residuals' rows drawn with replacement, columns
    together; the other way the phases of the series' own waves are drawn, which keeps what goes on for longer than
    an autoregression remembers.

    Args:
        x: Rows in order of time x columns, finite; scales do not matter.
        level: Above.
        least: Rows on each side of a change.
        draws: Series drawn for each p-value.
        seed: Of the draws.

    Sources: Page, Continuous inspection schemes, 1954; Ploberger and Kramer, The CUSUM test with OLS residuals,
    1992; Vostrikova, Detecting disorder in multidimensional random processes, 1981; Buhlmann, Sieve bootstrap for
    time series, 1997; Theiler and others, Testing for nonlinearity in time series: the method of surrogate data, 1992.
    """
    found: list[Change] = []
    parts = [(0, x.shape[0], level, 0)]
    while parts:
        start, end, part_level, depth = parts.pop()
        if end - start < 2 * least or part_level * (1 + draws) < 1:
            continue
        rows = x[start:end]
        course = cusum(rows)[least - 1 : end - start - least]
        at, seen = int(course.argmax()) + least, float(course.max())
        if seen <= 0:
            continue
        p = 0.0
        for again in (_drawn, _phased):
            drawn = again(rows, draws=draws, seed=(seed, start, end))
            largest = cusum(drawn)[:, least - 1 : end - start - least].max(axis=1)
            p = max(p, (1 + int((largest >= seen).sum())) / (1 + draws))
            if p > part_level:
                break
        if p > part_level:
            continue
        found.append(Change(start + at, p, part_level, seen))
        if depth < _DEEP:
            half = part_level / 2
            parts += [(start, start + at, half, depth + 1), (start + at, end, half, depth + 1)]
    return sorted(found, key=lambda one: one.at)


def cusum(x: Floats) -> Floats:
    """Return, after each row, the squared sum so far of the standardised rows over their number, summed over columns.

    For one column it is the square of the course whose maximum is the OLS-CUSUM statistic. A column that never
    moves adds nothing.

    Args:
        x: Rows x columns, or series x rows x columns.
    """
    off = x - x.mean(axis=-2, keepdims=True)
    square = (off**2).sum(axis=-2, keepdims=True)
    course = np.cumsum(off, axis=-2) ** 2 / np.where(square > 0, square, 1.0)
    found: Floats = np.where(square > 0, course, 0.0).sum(axis=-1)
    return found


def _drawn(x: Floats, *, draws: int, seed: tuple[int, ...]) -> Floats:
    """Return draws x rows x columns: the series without a change, going on by itself as it did."""
    from scipy.signal import lfilter

    n, width = x.shape
    order = min(_ORDER, n // 20)
    off = x - x.mean(axis=0)
    filters = [np.concatenate([[1.0], -_walker(off[:, k], order)]) for k in range(width)]
    left = np.column_stack([lfilter(filters[k], [1.0], off[:, k])[order:] for k in range(width)])
    rng = np.random.default_rng(seed)
    shocks = (left - left.mean(axis=0))[rng.integers(0, len(left), size=(draws, n + _WARM))]
    made = [lfilter([1.0], filters[k], shocks[:, :, k], axis=1)[:, _WARM:] for k in range(width)]
    return np.stack(made, axis=2)


def _phased(x: Floats, *, draws: int, seed: tuple[int, ...]) -> Floats:
    """Return draws x rows x columns: the same waves with their phases drawn, for all columns alike."""
    n = x.shape[0]
    waves = np.fft.rfft(x - x.mean(axis=0), axis=0)
    rng = np.random.default_rng((*seed, 1))
    turn = np.exp(2j * np.pi * rng.random((draws, len(waves), 1)))
    if n % 2 == 0:
        turn[:, -1] = rng.choice([-1.0, 1.0], size=(draws, 1))  # the fastest wave has two phases only
    found: Floats = np.fft.irfft(waves[None] * turn, n=n, axis=1)
    return found


def _walker(series: Floats, order: int) -> Floats:
    """Return the coefficients of an autoregression by Yule and Walker: what it makes stays within bounds."""
    from scipy.linalg import solve_toeplitz

    n = len(series)
    lags = np.array([series[: n - k] @ series[k:] / n for k in range(order + 1)])
    if lags[0] <= 0 or order == 0:
        return np.zeros(order)
    found: Floats = np.asarray(solve_toeplitz(lags[:-1], lags[1:]), dtype=np.float64)
    return found
