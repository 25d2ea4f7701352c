"""Whether a population still is what it was: population stability index and Kolmogorov-Smirnov distance."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
_BINS = 10
_CHANCE = 0.001  # of calling a steady feature drifted, all features together


@dataclass(frozen=True)
class Drift:
    """How far recent values of one feature lie from those before.

    ``psi`` and ``ks`` are what was measured; ``psi_bar`` and ``ks_bar`` what chance alone hardly reaches with
    so few values. Drifted is what is past both.
    """

    psi: float
    psi_bar: float
    ks: float
    ks_bar: float

    @property
    def drifted(self) -> bool:
        """Whether the recent values are another population."""
        return self.psi >= self.psi_bar and self.ks >= self.ks_bar


def drift(before: Floats, recent: Floats, *, shift: float, features: int = 1) -> Drift:
    """Compare two samples of one feature.

    Args:
        before: The reference; finite, not empty.
        recent: What came since; finite, not empty.
        shift: Population stability index from which a shift matters (0.25 by custom), beyond what chance
            gives in samples of these sizes.
        features: How many are looked at together.
    """
    chance = (_BINS - 1) * (1 / before.size + 1 / recent.size)  # mean of the index where nothing changed
    pooled = before.size * recent.size / (before.size + recent.size)
    bar = float(np.sqrt(np.log(2 * features / _CHANCE) / (2 * pooled)))
    return Drift(psi(before, recent), shift + 2 * chance, ks(before, recent), bar)


def psi(before: Floats, recent: Floats) -> float:
    """Return the population stability index over the deciles of ``before``; 0 where nothing moved."""
    edges = np.unique(np.quantile(before, np.linspace(0, 1, _BINS + 1)[1:-1]))
    shares = []
    for values in (before, recent):
        count = np.bincount(np.searchsorted(edges, values, side="left"), minlength=edges.size + 1)
        shares.append((count + 0.5) / (values.size + 0.5 * count.size))
    old, new = shares
    return float(((new - old) * np.log(new / old)).sum())


def ks(before: Floats, recent: Floats) -> float:
    """Return the largest distance between the two empirical distributions, 0 to 1."""
    every = np.concatenate([before, recent])
    old = np.searchsorted(np.sort(before), every, side="right") / before.size
    new = np.searchsorted(np.sort(recent), every, side="right") / recent.size
    return float(np.abs(old - new).max())
