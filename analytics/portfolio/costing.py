"""Average cost: what a position cost, and what closing part of it realised."""

from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from analytics.datasets import DECIMAL
from analytics.definitions import declares

GROUP = ("account_id", "instrument_id")
Floats = npt.NDArray[np.float64]


@declares(realised_pnl="realised")
def average_cost(events: pl.DataFrame) -> pl.DataFrame:
    """Return position, cost basis, trade cash and realised P&L after every event, by average cost.

    Args:
        events: Sorted by account, instrument and time. ``quantity`` (signed units), ``price`` (currency per
            unit, null for an event that moves no money: a split changes the quantity, a dividend nothing),
            ``multiplier``.

    Returns:
        The events with ``position`` (signed units), ``cost_basis`` (signed currency, negative for a short),
        ``cash`` (signed currency of the trade, before costs: buying is negative), ``realised`` (currency).

    ``realised`` = what closing a position earned: its cash less its cost. The basis is rounded once per row and
    realised is defined as cash plus the change of basis. So
    ``sum(realised) = sum(cash) + cost_basis`` holds to the last digit, whatever was rounded, and a position
    that is opened and closed realises exactly its cash. Opening, adding and crossing zero are exact; only
    a partial reduction takes its share of the basis through floating point.
    """
    frame = events.with_columns(
        position=pl.col("quantity").cum_sum().over(GROUP),
        cash=(-(pl.col("quantity") * pl.col("price")) * pl.col("multiplier")).fill_null(0).cast(DECIMAL),
    ).with_columns(_before=pl.col("position") - pl.col("quantity"))
    before, after = pl.col("_before"), pl.col("position")
    free = pl.col("price").is_null()
    opens = ~free & ((before == 0) | ((before > 0) & (after < 0)) | ((before < 0) & (after > 0)))
    reduces = ~free & ~opens & (after.abs() < before.abs())
    frame = frame.with_columns(_opens=opens, _reduces=reduces)
    frame = frame.with_columns(_average=_average(frame))
    exact = pl.col("position") * pl.col("price") * pl.col("multiplier")
    share = pl.col("_average") * pl.col("position").cast(pl.Float64) * pl.col("multiplier").cast(pl.Float64)
    anchor = (
        pl.when(pl.col("position") == 0)
        .then(pl.lit(0).cast(DECIMAL))
        .when("_opens")
        .then(exact)
        .when("_reduces")
        .then(share.cast(DECIMAL))
    )
    # Between anchors the basis only grows by what was paid, so it is carried in fixed point.
    paid = (-pl.col("cash")).cum_sum().over(GROUP)
    basis = (anchor - paid).forward_fill().over(GROUP).fill_null(0) + paid
    frame = frame.with_columns(cost_basis=basis)
    change = pl.col("cost_basis") - pl.col("cost_basis").shift(1, fill_value=0).over(GROUP)
    frame = frame.with_columns(realised=pl.col("cash") + change)
    return frame.drop("_before", "_opens", "_reduces", "_average")


def _average(frame: pl.DataFrame) -> pl.Series:
    # avg_t = a_t * avg_(t-1) + b_t: opening forgets the past, adding blends, reducing keeps.
    before, after, quantity, price = (
        frame[name].cast(pl.Float64).fill_null(0.0).to_numpy()
        for name in ("_before", "position", "quantity", "price")
    )
    opens, reduces = frame["_opens"].to_numpy(), frame["_reduces"].to_numpy()
    forgets = opens | (after == 0) | (before == 0)
    blends = ~forgets & ~reduces
    weight = np.divide(1.0, after, out=np.zeros_like(after), where=blends)
    a = np.where(forgets, 0.0, np.where(blends, before * weight, 1.0))
    b = np.where(opens, price, np.where(blends, quantity * price * weight, 0.0))
    return pl.Series(affine_scan(a, b))


def affine_scan(a: Floats, b: Floats) -> Floats:
    """Return x with ``x[t] = a[t] * x[t-1] + b[t]`` and ``x[-1] = 0``, in log2(longest run) passes.

    A run starts wherever ``a`` is 0. Each pass composes every open map with the one ``step`` before it;
    what has reached its run's start is left alone.
    """
    a, x = a.copy(), b.copy()
    step = 1
    todo: npt.NDArray[Any] = np.flatnonzero(a)
    todo = todo[todo >= step]
    while todo.size:
        # Gather first: the maps of this pass must all be those of the pass before.
        from_a, from_x = a[todo - step], x[todo - step]
        x[todo] += a[todo] * from_x
        a[todo] *= from_a
        step *= 2
        todo = todo[(a[todo] != 0) & (todo >= step)]
    return x
