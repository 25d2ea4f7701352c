"""How odd a row is among others: robust deviations, an isolation forest, empirical tails, nearest neighbours."""

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
MAD_TO_SD = 1.4826
_SAMPLE = 256  # rows a tree is grown from, as in the method's first paper
_NEIGHBOURS = 10
_REFERENCE = 2_000  # rows that distances are taken to
_BLOCK = 500  # rows compared with all others at a time
_EULER = 0.5772156649015329


def forest(x: Floats, *, trees: int, seed: int) -> Floats:
    """Return how odd each row is by an isolation forest: 0.5 is ordinary, towards 1 easily set apart.

    Each tree splits a sample of rows at random places until a row is alone; odd rows are alone early. All
    trees grow level by level at once. The same rows in the same order give the same numbers.

    Args:
        x: Rows x features, finite.
        trees: How many.
        seed: Of the draws.
    """
    n, width = x.shape
    size = min(_SAMPLE, n)
    depth = max(1, int(np.ceil(np.log2(size))))
    rng = np.random.default_rng(seed)
    grown = np.stack([rng.permutation(n)[:size] for _ in range(trees)])  # trees x size
    root = np.arange(trees)
    here = np.repeat(root, size)  # node of each sampled row: trees first, then their children
    there = np.repeat(root[:, None], n, axis=1)  # node of every row, by tree
    left = x[grown.ravel()]
    path = np.zeros((trees, n))
    for level in range(depth):
        nodes = trees << level
        low, high = np.full((nodes, width), np.inf), np.full((nodes, width), -np.inf)
        count = np.bincount(here[here >= 0], minlength=nodes)
        alive = np.nonzero(here >= 0)[0]
        # Rows of one node lie together then: one pass over them instead of a search for each.
        together = alive[np.argsort(here[alive], kind="stable")]
        taken = np.nonzero(count)[0]
        if taken.size:
            begins = np.concatenate(([0], np.cumsum(count[taken])[:-1]))
            low[taken] = np.minimum.reduceat(left[together], begins, axis=0)
            high[taken] = np.maximum.reduceat(left[together], begins, axis=0)
        # A feature that still varies in the node, each as likely as the others.
        draws = rng.random((nodes, width))
        feature = np.where(high > low, draws, -1.0).argmax(axis=1)
        place = np.arange(nodes)
        bottom, top = low[place, feature], high[place, feature]
        splits = (count > 1) & (top > bottom)
        cut = np.where(splits, bottom + rng.random(nodes) * np.where(splits, top - bottom, 0.0), np.inf)
        here = _down(here, left, feature, cut, splits)
        at = there.clip(min=0)
        stops = (there >= 0) & ~splits[at]
        path += np.where(stops, level + _unbuilt(count)[at], 0.0)
        goes = (there >= 0) & ~stops
        right = x[np.arange(n)[None, :], feature[at]] >= cut[at]
        there = np.where(goes, 2 * at + right, -1)
    count = np.bincount(here[here >= 0], minlength=trees << depth)
    path += np.where(there >= 0, depth + _unbuilt(count)[there.clip(min=0)], 0.0)
    usual = float(_unbuilt(np.array([size]))[0]) or 1.0
    return np.asarray(2.0 ** (-path.mean(axis=0) / usual))


def _down(here: Ints, rows: Floats, feature: Ints, cut: Floats, splits: npt.NDArray[np.bool_]) -> Ints:
    at = here.clip(min=0)
    right = rows[np.arange(rows.shape[0]), feature[at]] >= cut[at]
    return np.where((here >= 0) & splits[at], 2 * at + right, -1)


def _unbuilt(count: Ints) -> Floats:
    """Return the mean depth of what would have been built below a node of so many rows."""
    n = np.maximum(count, 2).astype(np.float64)
    mean = 2 * (np.log(n - 1) + _EULER) - 2 * (n - 1) / n
    return np.where(count > 2, mean, np.where(count == 2, 1.0, 0.0))


def ecod(x: Floats) -> Floats:
    """Return each feature's part in each row's oddness: -log of its smaller empirical tail, rows x features."""
    n = x.shape[0]
    ordered = np.sort(x, axis=0)
    parts = np.empty_like(x)
    for column in range(x.shape[1]):
        low = np.searchsorted(ordered[:, column], x[:, column], side="right") / n
        high = 1 - np.searchsorted(ordered[:, column], x[:, column], side="left") / n
        parts[:, column] = -np.log(np.minimum(1.0, 2 * np.minimum(low, high)))
    return parts


def nearest(x: Floats) -> Floats:
    """Return the mean distance of each row to its nearest others, in deviations (logarithmic beyond one).

    Beyond two thousand rows, distances are taken to every so manieth of them.
    """
    squeezed = np.sign(x) * np.log1p(np.abs(x))
    others = squeezed[:: max(1, -(-x.shape[0] // _REFERENCE))]
    count = min(_NEIGHBOURS, others.shape[0] - 1)
    found = np.empty(x.shape[0])
    norms = (others**2).sum(axis=1)
    for at in range(0, x.shape[0], _BLOCK):
        part = squeezed[at : at + _BLOCK]
        square = (part**2).sum(axis=1)[:, None] + norms[None, :] - 2 * part @ others.T
        near = np.partition(np.maximum(square, 0.0), count, axis=1)[:, : count + 1]
        found[at : at + _BLOCK] = np.sqrt(near).sum(axis=1) / max(count, 1)
    return found


def ranks(score: Floats) -> Floats:
    """Return the fraction of rows whose score is at most each one's: above 0, odd is high."""
    ordered = np.sort(score)
    return np.searchsorted(ordered, score, side="right") / score.size


def mean_rank(x: Floats, *, trees: int, seed: int) -> Floats:
    """Return the mean rank (above 0, to 1: odd is high) by isolation forest, empirical tails and neighbours."""
    scores = (forest(x, trees=trees, seed=seed), ecod(x).sum(axis=1), nearest(x))
    mean: Floats = np.mean([ranks(np.round(score, 9)) for score in scores], axis=0)
    return mean
