"""What execution cost against a benchmark price. Positive is always a cost."""

from dataclasses import dataclass
from decimal import Decimal
from typing import TypeVar

import polars as pl

from analytics.conventions import BASIS_POINTS, side_sign
from analytics.trading.volume import notional

# Two-sided 95 % quantile of the normal distribution.
Z_95 = 1.959963984540054
# The arithmetic of one order and of a column of orders is the same.
Amount = TypeVar("Amount", Decimal, pl.Expr)


def slippage_bp(benchmark: str = "arrival_px") -> pl.Expr:
    """Return side x (execution price / benchmark - 1) x 10,000 of each execution.

    Unit: basis points, Float64. Sign: positive = cost. Null where the benchmark is null or not positive.
    """
    price, base = pl.col("last_px").cast(pl.Float64), pl.col(benchmark).cast(pl.Float64)
    return pl.when(base > 0).then(side_sign().cast(pl.Float64) * (price / base - 1) * BASIS_POINTS)


def slippage_interval(
    executions: pl.LazyFrame, *, by: list[str], weight: pl.Expr | None = None
) -> pl.LazyFrame:
    """Return the notional-weighted mean slippage of each group with its 95 % interval.

    Args:
        executions: Rows with ``side``, ``last_px``, ``arrival_px`` and what ``weight`` reads.
        by: Columns of the group; none gives one row for all.
        weight: Weight of each execution; its notional by default (then amounts of several currencies must
            have been converted before).

    Returns:
        One row per group: ``by``, ``n`` (executions with a benchmark), ``slippage_bp``, ``low``, ``high``.
        The interval treats fills as independent: the standard error of a weighted mean is
        sqrt(sum(w^2 (s - mean)^2)) / sum(w), widened by n / (n - 1). Null with fewer than 2 executions.
    """
    weights = (notional() if weight is None else weight).cast(pl.Float64)
    rows = executions.select(*by, s=slippage_bp(), w=weights).drop_nulls(["s", "w"])
    s, w = pl.col("s"), pl.col("w")
    sums = rows.with_columns(_all=pl.lit(0)).group_by(by or ["_all"])
    found = sums.agg(
        n=pl.len(),
        w=w.sum(),
        ws=(w * s).sum(),
        ww=(w**2).sum(),
        wws=(w**2 * s).sum(),
        wwss=(w**2 * s**2).sum(),
    )
    mean = pl.when(w > 0).then(pl.col("ws") / w)
    spread = pl.col("wwss") - 2 * mean * pl.col("wws") + mean**2 * pl.col("ww")
    n = pl.col("n").cast(pl.Float64)
    # Rounding may leave a tiny negative where all fills slipped alike.
    error = pl.when(n > 1).then((spread.clip(lower_bound=0) * n / (n - 1)).sqrt() / w)
    return found.select(*by, "n", slippage_bp=mean, low=mean - Z_95 * error, high=mean + Z_95 * error)


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
