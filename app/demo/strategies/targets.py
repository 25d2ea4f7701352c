"""Where each kind of account wants to be: target weights from past prices alone."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from app.demo import firms
from app.demo.market import Floats
from app.demo.universe import INDEX, INDEX_FUND

_FUND = INDEX[INDEX_FUND]


@dataclass(frozen=True)
class Style:
    """How a strategy holds and trades.

    ``weights(past, core)`` maps closes up to yesterday (sessions x instruments) and each account's own core
    weights (accounts x instruments) to target weights of the same shape, as fractions of NAV. ``chance`` is
    the probability that an account looks at an instrument on a day; ``band`` the drift, as a fraction of
    NAV, below which it leaves it alone.
    """

    weights: Callable[[Floats, Floats], Floats]
    chance: float
    band: float


def _core(_past: Floats, core: Floats) -> Floats:
    return 0.93 * core


def _momentum(past: Floats, core: Floats) -> Floats:
    strength = past[-5] / past[-60] - 1
    strength[_FUND] = -np.inf
    chosen = strength >= np.sort(strength)[-7]
    tilted = np.where(chosen, 0.5 + core * len(strength), 0.0)
    result: Floats = 0.92 * tilted / tilted.sum(axis=1, keepdims=True)
    return result


def _reversion(past: Floats, core: Floats) -> Floats:
    daily = np.diff(np.log(past[-30:]), axis=0)
    z = np.log(past[-1] / past[-6]) / (daily.std(axis=0) * np.sqrt(5))
    z[_FUND] = 0.0
    tilt = -(z - z.mean()) * (0.5 + core * len(z))
    result: Floats = 0.25 * core + tilt / np.abs(tilt).sum(axis=1, keepdims=True) * 0.9
    return result


def _index(past: Floats, core: Floats) -> Floats:
    price = past[-1].copy()
    price[_FUND] = 0.0
    # Price-weighted with a cap, like an old-fashioned average of twenty names.
    weight = np.minimum(price / price.sum(), 0.10)
    return np.broadcast_to(0.97 * weight / weight.sum(), core.shape).copy()


def _hedged(_past: Floats, core: Floats) -> Floats:
    weights = 1.05 * core
    weights[:, _FUND] = -0.60 * weights.sum(axis=1)
    return weights


def _none(_past: Floats, core: Floats) -> Floats:
    return np.zeros_like(core)


def _private(_past: Floats, core: Floats) -> Floats:
    return 0.6 * core


STYLES: dict[str, Style] = {
    firms.CORE: Style(_core, 0.6, 0.0009),
    firms.MOMENTUM: Style(_momentum, 0.3, 0.0015),
    firms.REVERSION: Style(_reversion, 0.3, 0.004),
    firms.INDEX_TRACKING: Style(_index, 0.6, 0.0003),
    firms.HEDGED: Style(_hedged, 0.6, 0.0012),
    firms.MAKER: Style(_none, 0.0, 1.0),
    firms.PRIVATE: Style(_private, 0.02, 0.02),
}
