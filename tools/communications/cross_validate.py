"""How the classifier does on families of phrases it was not taught: ``python -m tools.communications.cross_validate``.

Every choice about features and strength is made by this, and by nothing else.
"""
# ruff: noqa: T201 - it speaks to a terminal

import numpy as np

from analytics.compliance._teaching import SHIFT, SLOPE, features, filled, fitted, scale
from tools.communications.train import lines

FOLDS = 6
ALIKE = 0.9  # cosine distance up to which untagged lines are taken to say the same


def groups() -> np.ndarray:
    """Return a number per line: those that say the same are never on both sides of a fold."""
    from sklearn.cluster import AgglomerativeClustering
    from sklearn.feature_extraction.text import TfidfVectorizer

    told = lines()
    free = [at for at, (_, tag, _) in enumerate(told) if not tag]
    words = TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True).fit_transform([told[at][2] for at in free])
    near = AgglomerativeClustering(
        n_clusters=None, distance_threshold=ALIKE, metric="cosine", linkage="average"
    ).fit_predict(words.toarray())
    names = {at: f"near {number}" for at, number in zip(free, near.tolist(), strict=True)}
    said = [names.get(at, f"{family}/{tag}") for at, (family, tag, _) in enumerate(told)]
    return np.unique(said, return_inverse=True)[1]


def held_sums(*, seed: int = 3) -> tuple[np.ndarray, np.ndarray]:
    """Return the sum of each line (log odds) by a classifier that learnt from none of its kind, and its label."""
    from sklearn.model_selection import GroupKFold

    told = lines()
    texts, labels = [text for *_, text in told], np.array([family != "good" for family, *_ in told])
    times = 3
    learnt = features(filled(texts, times=times, seed=1))
    asked = features(filled(texts, times=1, seed=9, spoil=0.0))
    sums = np.zeros(len(texts))
    for taught, left in GroupKFold(FOLDS, shuffle=True, random_state=seed).split(texts, labels, groups()):
        rows = [row for at in taught for row in learnt[times * at : times * (at + 1)]]
        found = fitted(rows, np.repeat(labels[taught], times).astype(int).tolist())
        weights = found["weights"]
        for at in left:
            total = sum(value * weights.get(name, 0.0) / scale(name) for name, value in asked[at].items())
            sums[at] = found["bias"] + total
    return sums, labels


def f1(p: np.ndarray, labels: np.ndarray, odds: float) -> float:
    """Return F1 of calling misconduct whatever reaches ``odds``."""
    told = p >= odds
    return float(2 * (told & labels).sum() / (told.sum() + labels.sum()))


def main() -> None:
    """Print F1 by threshold, and how the odds told compare with what was so."""
    from sklearn.linear_model import LogisticRegression

    sums, labels = held_sums()
    line = LogisticRegression(C=1e6).fit(sums.reshape(-1, 1), labels)
    print(f"slope {line.coef_[0][0]:.3f}, shift {line.intercept_[0]:.3f}; taught with {SLOPE}, {SHIFT}")
    p = 1 / (1 + np.exp(-(SLOPE * sums + SHIFT)))
    print(f"{len(p)} lines, {labels.mean():.0%} of them misconduct, {FOLDS} folds of families")
    for odds in (0.3, 0.4, 0.5, 0.6, 0.7):
        print(f"odds >= {odds:.1f}: F1 {f1(p, labels, odds):.3f}")
    for low in np.arange(0, 1, 0.2):
        inside = (p >= low) & (p < low + 0.2)
        print(f"told {p[inside].mean():.2f}, so {labels[inside].mean():.2f} ({inside.sum()} lines)")


if __name__ == "__main__":
    main()
