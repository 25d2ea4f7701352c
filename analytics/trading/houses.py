"""How a cost of execution would read under other houses' conventions."""

import numpy as np
import polars as pl

from analytics.portfolio.houses import Reading, compared


def cost_readings(
    rows: pl.DataFrame,
    column: str,
    *,
    weight: str = "weight",
    order: str | None = None,
    others: dict[str, str] | None = None,
) -> list[Reading]:
    """Return a mean cost under our convention and under those of others.

    Args:
        rows: One per execution (or order): ``column`` (positive = cost), ``weight``, and what the others name.
        column: Measured; rows where it or the weight is not known do not count.
        weight: Notional in one currency.
        order: Column of the order; adds the mean of orders.
        others: Words to another column with the same measure against another price.

    Returns:
        Weighted by notional, ours, first; weighted equally, by order, the median, the sign turned, and against
        each of the other prices. In the unit of ``column``. No readings where nothing is known.

    Checked on a case of four fills worked by hand.
    """
    known = rows.filter(pl.col(column).is_not_null(), pl.col(weight).is_not_null())
    if known.is_empty():
        return []
    ours = _mean(known, column, weight)
    made: dict[str, float | None] = {
        "weighted by notional, positive = cost": ours,
        "every row counts the same": _number(known[column].mean()),
    }
    if order is not None:
        x, w = pl.col(column), pl.col(weight)
        each = known.group_by(order).agg(((x * w).sum() / w.sum()).alias("_cost"))
        made["every order counts the same"] = _number(each["_cost"].mean())
    made["median"] = _number(known[column].median())
    for told, other in (others or {}).items():
        made[told] = _mean(
            rows.filter(pl.col(other).is_not_null(), pl.col(weight).is_not_null()), other, weight
        )
    made["sign turned, positive = saved"] = None if ours is None else -ours
    return compared(made)


def _mean(rows: pl.DataFrame, column: str, weight: str) -> float | None:
    whole = float(rows[weight].sum()) if rows.height else 0.0
    return float(np.dot(rows[column].to_numpy(), rows[weight].to_numpy())) / whole if whole > 0 else None


def _number(value: object) -> float | None:
    return float(value) if isinstance(value, int | float) else None
