"""What execution cost against a benchmark price. Positive is always a cost."""

from dataclasses import dataclass
from decimal import Decimal
from typing import TypeVar

import polars as pl

from analytics.conventions import BASIS_POINTS, side_sign
from analytics.definitions import declares
from analytics.trading.volume import notional

# Two-sided 95 % quantile of the normal distribution.
Z_95 = 1.959963984540054
# The arithmetic of one order and of a column of orders is the same.
Amount = TypeVar("Amount", Decimal, pl.Expr)


@declares("slippage_bp")
def slippage_bp(benchmark: str = "arrival_px") -> pl.Expr:
    """Return side x (execution price / benchmark - 1) x 10,000 of each execution.

    Of several executions: their mean weighted by notional. Sign: positive = cost. Unit: basis points.
    None where the benchmark is not known or not positive.
    """
    price, base = pl.col("last_px").cast(pl.Float64), pl.col(benchmark).cast(pl.Float64)
    return pl.when(base > 0).then(side_sign().cast(pl.Float64) * (price / base - 1) * BASIS_POINTS)


def ratio_sums(top: pl.Expr, bottom: pl.Expr) -> dict[str, pl.Expr]:
    """Return the sums ``ratio_interval`` needs; those of several groups may be added up before it.

    Args:
        top: One independent observation a row, say what an order cost.
        bottom: What it is measured in, say the order's notional. Rows where either is null do not count.

    Returns:
        Aggregations ``n`` (Int64), ``t``, ``b``, ``tt``, ``tb``, ``bb`` (Float64).
    """
    x, y = top.cast(pl.Float64), bottom.cast(pl.Float64)
    x, y = pl.when(y.is_not_null()).then(x), pl.when(x.is_not_null()).then(y)
    return {
        "n": (x.is_not_null() & y.is_not_null()).sum().cast(pl.Int64),
        "t": x.sum(),
        "b": y.sum(),
        "tt": (x**2).sum(),
        "tb": (x * y).sum(),
        "bb": (y**2).sum(),
    }


def ratio_interval() -> dict[str, pl.Expr]:
    """Return ``value`` = t / b of ``ratio_sums`` with its 95 % interval, ``low`` and ``high``.

    The standard error of a ratio of sums, linearised: sqrt(n / (n - 1) x sum((t - value b)^2)) / b. Null
    value where b is not positive; null interval with fewer than 2 observations.

    Source: Cochran, Sampling techniques, 1977, ch. 6.
    """
    b, n = pl.col("b"), pl.col("n").cast(pl.Float64)
    value = pl.when(b > 0).then(pl.col("t") / b)
    spread = pl.col("tt") - 2 * value * pl.col("tb") + value**2 * pl.col("bb")
    # Rounding may leave a tiny negative where all are alike.
    error = pl.when(n > 1).then((spread.clip(lower_bound=0) * n / (n - 1)).sqrt() / b)
    return {"value": value, "low": value - Z_95 * error, "high": value + Z_95 * error}


def slippage_interval(
    executions: pl.LazyFrame, *, by: list[str], weight: pl.Expr | None = None, cluster: str | None = None
) -> pl.LazyFrame:
    """Return the notional-weighted mean slippage of each group with its 95 % interval.

    Args:
        executions: Rows with ``side``, ``last_px``, ``arrival_px`` and what ``weight`` reads.
        by: Columns of the group; none gives one row for all.
        weight: Weight of each execution; its notional by default (then amounts of several currencies must
            have been converted before).
        cluster: Column of what belongs together (the order): its fills share one price path and count as one
            observation in the interval. None treats fills as independent.

    Returns:
        One row per group: ``by``, ``n`` (executions with a benchmark), ``slippage_bp``, ``low``, ``high``
        (see ``ratio_interval``). Null interval with fewer than 2 executions, or clusters.
    """
    weights = notional() if weight is None else weight
    rows = executions.with_columns(_s=slippage_bp(), _w=weights)
    found = weighted_interval(rows, "_s", by=by, weight="_w", cluster=cluster)
    return found.select(*by, "n", slippage_bp="value", low="low", high="high")


def weighted_interval(
    rows: pl.LazyFrame, value: str, *, by: list[str], weight: str, cluster: str | None = None
) -> pl.LazyFrame:
    """Return the weighted mean of a column in each group with its 95 % interval.

    Args:
        rows: ``value``, ``weight`` (rows where either is null do not count), ``by``, ``cluster``.
        value: Column measured.
        by: Columns of the group; none gives one row for all.
        weight: Column of the weight.
        cluster: Column of what counts as one observation; a null is one of its own. None: every row.

    Returns:
        One row per group with such rows: ``by``, ``n`` (rows), ``clusters``, ``value``, ``low``, ``high``.
    """
    x, w = pl.col(value).cast(pl.Float64), pl.col(weight).cast(pl.Float64)
    given = [pl.col(cluster).alias("_c")] if cluster else []
    known = rows.select(*by, *given, x=x, w=w).drop_nulls(["x", "w"]).with_columns(_all=pl.lit(0))
    keys = by or ["_all"]
    sums = [
        (pl.col("x") * pl.col("w")).sum().alias("_t"),
        pl.col("w").sum().alias("_b"),
        pl.len().alias("_k"),
    ]
    if cluster:
        alone = known.filter(pl.col("_c").is_null()).with_columns(_t=pl.col("x") * pl.col("w"), _b="w", _k=1)
        together = known.filter(pl.col("_c").is_not_null()).group_by(*keys, "_c").agg(*sums)
        kept = [*keys, "_t", "_b", pl.col("_k").cast(pl.Int64)]
        observed = pl.concat([alone.select(kept), together.select(kept)])
    else:
        observed = known.select(*keys, _t=pl.col("x") * pl.col("w"), _b="w", _k=pl.lit(1, pl.Int64))
    found = observed.group_by(keys).agg(rows=pl.col("_k").sum(), **ratio_sums(pl.col("_t"), pl.col("_b")))
    return found.select(*by, n=pl.col("rows"), clusters=pl.col("n"), **ratio_interval())


@dataclass(frozen=True)
class Shortfall:
    """Implementation shortfall of one order, as fractions of the paper value; positive = cost."""

    delay: Decimal
    trading: Decimal
    opportunity: Decimal
    explicit: Decimal

    @property
    def total(self) -> Decimal:
        """Paper return less real return: exactly the sum of the four parts."""
        return self.delay + self.trading + self.opportunity + self.explicit


def implementation_shortfall(
    *,
    buy: bool,
    order_qty: Decimal,
    decision_px: Decimal,
    release_px: Decimal,
    fills: list[tuple[Decimal, Decimal]],
    end_px: Decimal,
    costs: Decimal,
) -> Shortfall:
    """Return what an order cost against filling all of it at the price of the decision.

    Args:
        buy: Side.
        order_qty: Quantity decided on. Unit: units, > 0.
        decision_px: Price when it was decided.
        release_px: Price when the order went to the market.
        fills: (quantity, price) of each fill.
        end_px: Price when the rest was cancelled or the measurement ended.
        costs: Commission, fees and taxes. Unit: currency.

    Returns:
        delay (what was filled, decision to release), trading (release to fill), opportunity (what was not
        filled, decision to end), explicit. Unit: fraction of order_qty x decision_px.

    Raises:
        ValueError: If more was filled than ordered, or the paper value is not positive.

    Source: Perold, The implementation shortfall, Journal of Portfolio Management, 1988; delay and trading
    split as in Kissell. Checked against a published worked example in the tests.
    """
    paper = order_qty * decision_px
    filled = sum((quantity for quantity, _ in fills), Decimal(0))
    if paper <= 0 or filled > order_qty:
        raise ValueError("an order has a positive value and fills at most its quantity")
    sign = 1 if buy else -1
    paid = sum((quantity * price for quantity, price in fills), Decimal(0))
    delay, trading, opportunity = shortfall_amounts(
        sign=Decimal(sign),
        filled=filled,
        rest=order_qty - filled,
        paid=paid,
        decision_px=decision_px,
        release_px=release_px,
        end_px=end_px,
    )
    return Shortfall(
        delay=delay / paper, trading=trading / paper, opportunity=opportunity / paper, explicit=costs / paper
    )


def shortfall_amounts(
    *,
    sign: Amount,
    filled: Amount,
    rest: Amount,
    paid: Amount,
    decision_px: Amount,
    release_px: Amount,
    end_px: Amount,
) -> tuple[Amount, Amount, Amount]:
    """Return delay, trading and opportunity cost in money; positive = cost.

    Args:
        sign: +1 for a purchase, -1 for a sale, times the contract size.
        filled: Quantity filled.
        rest: Quantity ordered and not filled.
        paid: Sum of quantity x price of the fills.
        decision_px: Price when it was decided.
        release_px: Price when the order went to the market.
        end_px: Price when the rest was cancelled.

    Each product of a quantity and a price is rounded once at the most (never, where their decimals fit the
    fixed point), so the parts sum to paper less real return whatever the numbers.
    """
    decided, released = filled * decision_px, filled * release_px
    return sign * (released - decided), sign * (paid - released), sign * (rest * end_px - rest * decision_px)
