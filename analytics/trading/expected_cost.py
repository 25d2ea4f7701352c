"""What an order should have cost by the square-root law, and which orders cost far more or less."""

from dataclasses import dataclass

import numpy as np
import polars as pl

from analytics.conventions import BASIS_POINTS
from analytics.definitions import declares
from analytics.trading.league import FALSE_DISCOVERY_RATE, q_values

# Impact of a day's volume in units of a day's volatility. Studies find 0.5 to 1 for very different markets;
# it is only the prior until a firm's own orders say more.
COEFFICIENT = 0.7
MIN_ORDERS = 30
# Seconds. Shorter orders were filled in one or two goes at the quote they saw: they tell of the spread alone.
WORKED = 60.0
SESSION_SECONDS = 6.5 * 3600
_MAD_TO_SD = 1.4826  # of a normal distribution
# Prices move in jumps and orders differ: p-values from a Student t with few degrees of freedom.
_FREEDOM = 5.0


@dataclass(frozen=True)
class CostModel:
    """expected cost = half spread + coefficient x volatility x sqrt(quantity / ADV).

    ``coefficient``: no unit. ``scale``: how much wider the orders scatter than price risk alone explains,
    no unit; 1 until fitted. ``orders``: how many it was fitted on; 0 for the prior.
    """

    coefficient: float = COEFFICIENT
    scale: float = 1.0
    orders: int = 0


@declares("expected_cost_bp")
def expected_cost_bp(*, coefficient: float = COEFFICIENT) -> pl.Expr:
    """Return half the quoted spread plus coefficient x volatility x sqrt(filled quantity / ADV).

    Reads ``filled_qty`` (units), ``adv`` (average daily volume, units), ``volatility`` (sd of daily returns,
    fraction) and ``quoted_spread_bp`` (null counts as 0: then it is impact only). Unit: basis points of the
    arrival price, Float64, positive = cost. Null where volume or volatility is missing or not positive.

    Source: Torre, BARRA market impact model handbook, 1997; Toth et al., Anomalous price impact and the
    critical nature of liquidity, Physical Review X 1, 2011: 1 % of the daily volume at 2 % daily volatility
    and coefficient 1 moves the price by 20 bp.
    """
    impact = coefficient * _impact()
    return pl.when(_usable()).then(_half_spread() + impact)


def price_risk_bp(*, session_seconds: float = SESSION_SECONDS) -> pl.Expr:
    """Return the sd of an order's cost that the market's own moves explain.

    volatility x sqrt(duration / session / 3): an order worked evenly over its duration carries a third of the
    variance (Almgren and Chriss, 2000, linear trajectory). Reads ``duration_seconds``, ``volatility`` and
    ``quoted_spread_bp``; never below half the spread or 0.5 bp, for a fill takes no time but has a spread to
    gain or lose. Unit: basis points, Float64. Null where the duration is: how far the market could move since
    an unknown moment, nobody can say.
    """
    seconds = pl.col("duration_seconds").cast(pl.Float64).clip(lower_bound=0.0)
    drift = pl.col("volatility") * (seconds / session_seconds / 3).sqrt() * BASIS_POINTS
    return pl.when(_usable() & seconds.is_not_null()).then(
        pl.max_horizontal(drift, _half_spread(), pl.lit(0.5))
    )


def fit_cost_model(orders: pl.DataFrame, *, session_seconds: float = SESSION_SECONDS) -> CostModel:
    """Fit the coefficient and the scatter on a firm's own orders.

    Args:
        orders: As ``with_expected_cost``.
        session_seconds: Length of a session.

    Returns:
        The coefficient by least squares of (cost - half spread) on volatility x sqrt(quantity / ADV), each
        order weighted by 1 / its price risk squared, twice: the second time without what is more than four
        scales away, so that one wild order does not become the norm. Not below 0. ``scale`` is the median
        absolute residual in units of price risk, as an sd. The prior where fewer than MIN_ORDERS can be used.
        Orders done in less than WORKED are left out: as nothing scatters where a fill is at the quote that the
        order saw, they would outweigh all others and make every worked order an outlier.
    """
    worked = pl.col("duration_seconds").cast(pl.Float64) >= WORKED
    rows = (
        orders.filter(worked)
        .select(
            y=(pl.col("cost_bp").cast(pl.Float64) - _half_spread()),
            x=_impact(),
            risk=price_risk_bp(session_seconds=session_seconds),
        )
        .drop_nulls()
    )
    y, x, risk = (rows[name].to_numpy() for name in ("y", "x", "risk"))
    if y.size < MIN_ORDERS or not (x > 0).any():
        return CostModel()
    kept = np.ones(y.size, dtype=np.bool_)
    for _ in range(2):
        weighted = x[kept] / risk[kept] ** 2
        coefficient = max(0.0, float((weighted * y[kept]).sum() / (weighted * x[kept]).sum()))
        residual = (y - coefficient * x) / risk
        # Absolute deviations from 0, not from the median: costs off on one side count as scatter too.
        scale = float(np.median(np.abs(residual))) * _MAD_TO_SD
        kept = np.abs(residual) <= 4 * scale if scale > 0 else kept
    return CostModel(coefficient, scale if scale > 0 else 1.0, int(y.size))


@declares(cost_z="z")
def with_expected_cost(
    orders: pl.DataFrame,
    model: CostModel | None = None,
    *,
    session_seconds: float = SESSION_SECONDS,
    false_discovery_rate: float = FALSE_DISCOVERY_RATE,
) -> pl.DataFrame:
    """Return the orders with what each should have cost and how far it was off.

    Args:
        orders: One row per order: ``cost_bp`` (against arrival, positive = cost), ``filled_qty``, ``adv``,
            ``volatility``, ``quoted_spread_bp``, ``duration_seconds``.
        model: From ``fit_cost_model`` on other orders; None uses the prior.
        session_seconds: Length of a session.
        false_discovery_rate: Share of the outliers named that may be chance.

    Returns:
        The orders with ``expected_cost_bp``, ``cost_risk_bp`` (one sd), ``z`` = (cost - expected) / risk
        (positive = dearer than expected), ``p`` (two-sided, Student t of the same sd), ``q`` (Benjamini and
        Hochberg), ``outlier``, ``reason`` (why z is null). Rows in their order.
    """
    from scipy.special import stdtr  # scipy.stats takes seconds to import, and a person waits

    chosen = model or CostModel()
    risk = chosen.scale * price_risk_bp(session_seconds=session_seconds)
    cost = pl.col("cost_bp").cast(pl.Float64)
    found = orders.with_columns(
        expected_cost_bp=expected_cost_bp(coefficient=chosen.coefficient), cost_risk_bp=risk
    ).with_columns(z=(cost - pl.col("expected_cost_bp")) / pl.col("cost_risk_bp"))
    z = found["z"].to_numpy().astype(np.float64)
    known = np.isfinite(z)
    p, q = np.full(z.size, np.nan), np.full(z.size, np.nan)
    p[known] = 2 * stdtr(_FREEDOM, -np.abs(z[known]) * np.sqrt(_FREEDOM / (_FREEDOM - 2)))
    q[known] = q_values(p[known])
    reason = (
        pl.when(cost.is_null())
        .then(pl.lit("No cost against arrival is known."))
        .when(~(pl.col("adv").cast(pl.Float64) > 0).fill_null(value=False))
        .then(pl.lit("No average daily volume is known."))
        .when(~(pl.col("volatility") > 0).fill_null(value=False))
        .then(pl.lit("No volatility is known."))
        .when(~(pl.col("filled_qty").cast(pl.Float64) > 0).fill_null(value=False))
        .then(pl.lit("Nothing was filled."))
        .when(pl.col("duration_seconds").is_null())
        .then(pl.lit("When it was released is not known, nor how far the market could move since."))
    )
    found = found.with_columns(p=pl.Series(p).fill_nan(None), q=pl.Series(q).fill_nan(None), reason=reason)
    return found.with_columns(outlier=(pl.col("q") <= false_discovery_rate).fill_null(value=False))


def market_norms(prices: pl.LazyFrame, *, window: int = 20) -> pl.LazyFrame:
    """Return each session's average volume and volatility of the sessions before it.

    Args:
        prices: Rows of PRICES, any order; the most adjusted basis of each instrument counts, and volumes are
            taken as given with it.
        window: Sessions, the day itself left out: an order must not be judged by the volume it made.

    Returns:
        instrument_id, date, ``adv`` (units, Float64), ``volatility`` (sd of simple daily returns, ddof 1).
        Null before half a window is known. Sorted by instrument and date.
    """
    rank = pl.col("adj_basis").replace_strict({"raw": 0, "split": 1, "split_div": 2}, default=0)
    ranked = prices.with_columns(_rank=rank)
    chosen = ranked.filter(pl.col("_rank") == pl.col("_rank").max().over("instrument_id"))
    close = pl.col("close").cast(pl.Float64)
    ordered = chosen.sort("instrument_id", "date").with_columns(
        _r=(close / close.shift(1) - 1).over("instrument_id")
    )
    least = max(2, window // 2)
    volume = pl.col("volume").cast(pl.Float64).shift(1).rolling_mean(window, min_samples=least)
    risk = pl.col("_r").shift(1).rolling_std(window, min_samples=least, ddof=1)
    return ordered.select(
        "instrument_id", "date", adv=volume.over("instrument_id"), volatility=risk.over("instrument_id")
    )


def _usable() -> pl.Expr:
    return (
        (pl.col("filled_qty").cast(pl.Float64) > 0)
        & (pl.col("adv").cast(pl.Float64) > 0)
        & (pl.col("volatility") > 0)
    )


def _impact() -> pl.Expr:
    share = pl.col("filled_qty").cast(pl.Float64) / pl.col("adv").cast(pl.Float64)
    return pl.when(_usable()).then(pl.col("volatility") * share.sqrt() * BASIS_POINTS)


def _half_spread() -> pl.Expr:
    return pl.col("quoted_spread_bp").cast(pl.Float64).fill_null(0.0).clip(lower_bound=0.0) / 2
