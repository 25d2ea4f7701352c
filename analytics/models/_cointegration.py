"""Whether two prices are tied: Engle and Granger's test, many pairs at a time."""

from dataclasses import dataclass

import numpy as np
from scipy.special import ndtr

from analytics.models._base import Floats

# MacKinnon, Approximate asymptotic distribution functions for unit-root and cointegration tests, 1994: two series,
# a constant. The statistic's p-value is the normal distribution of a polynomial, another one below the first number.
_TURN, _LOWEST, _HIGHEST = -2.62, -18.86, 0.92
_BELOW = (2.92, 1.5012, 0.039796)
_ABOVE = (2.1945, 0.64695, -0.29198, -0.042377)


@dataclass(frozen=True)
class Tied:
    """One row a pair: the regression of the first price on the second, and how the rest of it comes back."""

    constant: Floats
    slope: Floats
    statistic: Floats  # Engle and Granger's, with one lag
    back: Floats  # share of what is left that a session takes off
    spread: Floats  # standard deviation of what is left
    step: Floats  # ... and of its changes


def tied(y: Floats, x: Floats) -> Tied:
    """Return the test of each column of ``y`` on the same column of ``x``.

    Args:
        y: Sessions x pairs, log prices without gaps, at least twenty.
        x: The same.
    """
    off_x, off_y = x - x.mean(axis=0), y - y.mean(axis=0)
    square = (off_x**2).sum(axis=0)
    slope = (off_x * off_y).sum(axis=0) / np.where(square > 0, square, 1.0)
    left = off_y - slope * off_x
    step = np.diff(left, axis=0)
    # Changes on the level before and the change before; two unknowns, solved for all pairs at once.
    d, level, last = step[1:], left[1:-1], step[:-1]
    aa, bb, ab = (level**2).sum(axis=0), (last**2).sum(axis=0), (level * last).sum(axis=0)
    ad, bd = (level * d).sum(axis=0), (last * d).sum(axis=0)
    whole = aa * bb - ab**2
    safe = np.where(whole > 0, whole, 1.0)
    rate, lag = (ad * bb - bd * ab) / safe, (bd * aa - ad * ab) / safe
    rest = ((d - rate * level - lag * last) ** 2).sum(axis=0) / (len(d) - 2)
    error = np.sqrt(rest * bb / safe)
    fine = (whole > 1e-18) & (error > 0)
    statistic = np.where(fine, rate / np.where(fine, error, 1.0), 0.0)
    plain = -(left[:-1] * step).sum(axis=0) / np.maximum((left[:-1] ** 2).sum(axis=0), 1e-18)
    constant = y.mean(axis=0) - slope * x.mean(axis=0)
    return Tied(constant, slope, statistic, plain, left.std(axis=0), step.std(axis=0))


def p_value(statistic: Floats) -> Floats:
    """Return MacKinnon's p-value of each statistic of ``tied``: small where the two prices are tied."""
    t = np.clip(statistic, _LOWEST, _HIGHEST)
    score = np.where(t <= _TURN, np.polyval(_BELOW[::-1], t), np.polyval(_ABOVE[::-1], t))
    return np.where(statistic > _HIGHEST, 1.0, np.where(statistic < _LOWEST, 0.0, ndtr(score)))
