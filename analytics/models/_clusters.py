"""Groups of alike things: Ward's method, how stable the groups are, and how they compare with given labels."""

import numpy as np
import numpy.typing as npt

from analytics.models._base import Floats

Ints = npt.NDArray[np.int64]


def ward(distance: Floats, count: int) -> Ints:
    """Return the group (0 to ``count`` - 1, in order of first appearance) of each thing, by Ward's method.

    Args:
        distance: Square and symmetric, zero on the diagonal.
        count: Groups; as many as there are things at most.
    """
    from scipy.cluster.hierarchy import fcluster, linkage
    from scipy.spatial.distance import squareform

    n = distance.shape[0]
    if n < 2:
        return np.zeros(n, dtype=np.int64)
    tree = linkage(squareform((distance + distance.T) / 2, checks=False), method="ward")
    found = fcluster(tree, t=min(count, n), criterion="maxclust")
    _, first, inverse = np.unique(found, return_index=True, return_inverse=True)
    return np.asarray(np.argsort(np.argsort(first))[inverse], dtype=np.int64)


def correlation_distance(returns: Floats) -> Floats:
    """Return sqrt(2 (1 - correlation)) of columns; NaN counts as zero return, a constant column is far from all.

    Source: Mantegna, Hierarchical structure in financial markets, 1999.
    """
    x = np.nan_to_num(returns - np.nanmean(returns, axis=0))
    norm = np.sqrt((x**2).sum(axis=0))
    safe = np.where(norm > 0, norm, 1.0)
    correlation = np.clip((x / safe).T @ (x / safe), -1.0, 1.0)
    distance = np.sqrt(2 * (1 - correlation))
    np.fill_diagonal(distance, 0.0)
    return np.asarray(distance)


def stability(returns: Floats, groups: Ints, *, draws: int, seed: int) -> float:
    """Return the mean adjusted Rand index of the groups with those of resampled days: 1 the same, 0 as by chance."""
    from sklearn.metrics import adjusted_rand_score

    rng, days, count = np.random.default_rng(seed), returns.shape[0], int(groups.max(initial=0)) + 1
    again = [ward(correlation_distance(returns[rng.integers(0, days, days)]), count) for _ in range(draws)]
    return float(np.mean([adjusted_rand_score(groups, one) for one in again]))
