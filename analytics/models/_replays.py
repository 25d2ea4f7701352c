"""Figures of replayed books: lists of different lengths, measured as matrices."""

from collections.abc import Callable

import numpy as np
import polars as pl

from analytics.models._base import Floats


def measured(replays: pl.Series, width: int, measure: Callable[[Floats], Floats]) -> Floats:
    """Return what ``measure`` says of each list, (n, width), in their order; lists of one length in one go.

    Args:
        replays: Lists of P&L by session.
        width: How many figures ``measure`` gives.
        measure: From (m, sessions) to (m, width).
    """
    sizes, found = replays.list.len().to_numpy(), np.empty((len(replays), width))
    for size in np.unique(sizes):
        at = np.flatnonzero(sizes == size)
        found[at] = measure(replays.gather(at).explode(empty_as_null=False).to_numpy().reshape(len(at), size))
    return found
