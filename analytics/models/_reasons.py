"""Why a prediction is what it is: what it would be, were one feature as usual."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from analytics.models._base import Floats

TOP = 3


def occluded(
    predict: Callable[[Floats], Floats],
    X: Floats,
    usual: Floats,
    words: Mapping[str, str],
    *,
    unit: str,
    as_fraction: bool = False,
) -> list[list[dict[str, Any]]]:
    """Return, per row, the three features that move the prediction most, the strongest first.

    The contribution of a feature is the prediction less the prediction with that feature as usual.

    Args:
        predict: (n, k) to (n,).
        X: (n, k), columns in the order of ``words``.
        usual: (k,), what each feature usually is.
        words: Feature name to what people call it.
        unit: Of a contribution.
        as_fraction: ``predict`` gives logs; contributions are fractions of the prediction without the feature.
    """
    if len(X) == 0:
        return []
    base = predict(X)
    moved = np.empty(X.shape)
    for place in range(X.shape[1]):
        other = X.copy()
        other[:, place] = usual[place]
        moved[:, place] = base - predict(other)
    order = np.argsort(-np.abs(moved), axis=1, kind="stable")[:, :TOP]
    names = list(words)
    return [
        [
            {
                "feature": names[i],
                "words": words[names[i]],
                "contribution": float(np.expm1(row[i]) if as_fraction else row[i]),
                "unit": unit,
            }
            for i in top
        ]
        for row, top in zip(moved, order, strict=True)
    ]
