"""What moves together: correlations, and an order that puts neighbours side by side."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from analytics.portfolio.garch import flat

Floats = npt.NDArray[np.float64]

MIN_PAIRS = 20


@dataclass(frozen=True)
class Correlations:
    """A square matrix with its names: NaN where a pair has too few common periods or no spread."""

    names: tuple[str, ...]
    matrix: Floats
    n: int  # periods of the pair that has fewest

    def ordered(self, order: Sequence[int]) -> "Correlations":
        """Return the same with rows and columns in another order."""
        place = np.array(order, dtype=np.int64)
        return Correlations(tuple(self.names[i] for i in place), self.matrix[np.ix_(place, place)], self.n)


def correlations(names: Sequence[str], returns: Floats) -> Correlations:
    """Return Pearson's correlation of each pair over the periods that both have.

    Args:
        names: Of the columns.
        returns: Periods x names; NaN where not known.

    Returns:
        Symmetric, 1 on the diagonal of whatever moved; NaN for a pair with fewer than ``MIN_PAIRS`` common
        periods or one that did not move in them.
    """
    size = len(names)
    matrix = np.full((size, size), np.nan)
    known = np.isfinite(returns) if size else np.empty((0, 0), dtype=bool)
    fewest = int(returns.shape[0])
    for i in range(size):
        for j in range(i + 1):
            both = known[:, i] & known[:, j]
            n = int(both.sum())
            fewest = min(fewest, n)
            if n < MIN_PAIRS:
                continue
            left, right = returns[both, i], returns[both, j]
            if flat(left) or flat(right):
                continue
            left, right = left - left.mean(), right - right.mean()
            spread = float(np.sqrt((left @ left) * (right @ right)))
            value = 1.0 if i == j else float(np.clip((left @ right) / spread, -1.0, 1.0))
            matrix[i, j] = matrix[j, i] = value
    return Correlations(tuple(names), matrix, fewest)


def clustered_order(matrix: Floats) -> list[int]:
    """Return an order of the names in which those that move together stand together.

    Average linkage of the distance sqrt((1 - correlation) / 2), leaves turned so that neighbours are close.
    A correlation that is not known counts as none. Deterministic.
    Source: Mantegna, European Physical Journal B 11, 1999; Bar-Joseph et al., Bioinformatics 17, 2001.
    """
    from scipy.cluster.hierarchy import leaves_list, linkage, optimal_leaf_ordering

    size = matrix.shape[0]
    if size < 3:
        return list(range(size))
    distance = np.sqrt(np.clip((1 - np.nan_to_num(matrix, nan=0.0)) / 2, 0.0, 1.0))
    condensed = distance[np.triu_indices(size, k=1)]
    tree = optimal_leaf_ordering(linkage(condensed, method="average"), condensed)
    return [int(leaf) for leaf in leaves_list(tree)]


def worst_stretch(pnl: Floats, *, window: int) -> tuple[int, int] | None:
    """Return the ``window`` consecutive periods that earned least in sum: first and one past the last.

    None with fewer periods than that. Of several equal ones the first.
    """
    if window < 1 or pnl.size < window:
        return None
    sums = np.convolve(pnl, np.ones(window), mode="valid")
    first = int(np.argmin(sums))
    return first, first + window
