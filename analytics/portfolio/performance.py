"""Performance measures of a return series: each with its own conventions in its docstring."""

import math

import numpy as np
import numpy.typing as npt

from analytics.conventions import SESSIONS_PER_YEAR
from analytics.definitions import declares
from analytics.portfolio.returns import drawdown, total_return

Floats = npt.NDArray[np.float64]

# Below two returns there is no spread to speak of.
MIN_RETURNS = 2


@declares("annualised_return")
def annualised_return(returns: Floats, *, periods: int = SESSIONS_PER_YEAR) -> float | None:
    """Return (1 + total)^(periods / n) - 1. Unit: fraction a year.

    None with less than a year of returns (annualising less is extrapolating) or after a total loss.
    """
    whole = total_return(returns)
    if whole is None or returns.size < periods or whole <= -1:
        return None
    return float((1 + whole) ** (periods / returns.size) - 1)


@declares("annualised_volatility")
def annualised_volatility(returns: Floats, *, periods: int = SESSIONS_PER_YEAR) -> float | None:
    """Return the sample standard deviation (ddof 1) x sqrt(periods). Unit: fraction. None below 2 returns."""
    if returns.size < MIN_RETURNS:
        return None
    return float(np.std(returns, ddof=1) * math.sqrt(periods))


@declares("sharpe_ratio", "sharpe_ratio_lo")
def sharpe_ratio(
    returns: Floats, *, risk_free: float | Floats = 0.0, periods: int = SESSIONS_PER_YEAR
) -> float | None:
    """Return mean(r - rf) / sd(r - rf) x sqrt(periods): arithmetic, ddof 1.

    Args:
        returns: Simple returns. Unit: fraction per period.
        risk_free: Return without risk per period (not per year).
        periods: Periods in a year.

    Returns:
        A ratio; None below 2 returns or without spread.
    """
    excess = returns - risk_free
    if returns.size < MIN_RETURNS:
        return None
    spread = float(np.std(excess, ddof=1))
    # A constant series has a spread of rounding only, and no ratio.
    if spread <= 1e-14 * max(1.0, float(np.max(np.abs(excess)))):
        return None
    return float(np.mean(excess)) / spread * math.sqrt(periods)


@declares("sortino_ratio")
def sortino_ratio(returns: Floats, *, mar: float = 0.0, periods: int = SESSIONS_PER_YEAR) -> float | None:
    """Return (mean(r) - mar) / downside deviation x sqrt(periods); the deviation divides by all n.

    None below 2 returns or without a return under ``mar`` (per period).
    """
    if returns.size < MIN_RETURNS:
        return None
    downside = math.sqrt(float(np.mean(np.minimum(returns - mar, 0.0) ** 2)))
    return (float(np.mean(returns)) - mar) / downside * math.sqrt(periods) if downside > 0 else None


@declares("max_drawdown")
def max_drawdown(returns: Floats) -> float | None:
    """Return the deepest fall from a high, the starting value counted. Unit: fraction, 0 or negative."""
    return min(float(np.min(drawdown(returns))), 0.0) if returns.size else None


@declares("calmar_ratio")
def calmar_ratio(returns: Floats, *, periods: int = SESSIONS_PER_YEAR) -> float | None:
    """Return annualised return / |max drawdown|; None below a year or without a fall."""
    yearly, deepest = annualised_return(returns, periods=periods), max_drawdown(returns)
    return yearly / -deepest if yearly is not None and deepest else None


@declares("omega_ratio")
def omega_ratio(returns: Floats, *, mar: float = 0.0) -> float | None:
    """Return sum of gains over ``mar`` / sum of shortfalls under it. None without a shortfall."""
    gain = float(np.sum(np.maximum(returns - mar, 0.0)))
    loss = float(np.sum(np.maximum(mar - returns, 0.0)))
    return gain / loss if loss > 0 else None


@declares("beta")
def beta(returns: Floats, benchmark: Floats) -> float | None:
    """Return cov(r, b) / var(b). None below 2 returns or with a constant benchmark.

    Raises:
        ValueError: If the series differ in length.
    """
    if returns.size != benchmark.size:
        raise ValueError("portfolio and benchmark must cover the same periods")
    if returns.size < MIN_RETURNS or float(np.ptp(benchmark)) == 0:
        return None
    return float(np.cov(returns, benchmark, ddof=1)[0, 1] / np.var(benchmark, ddof=1))


@declares("tracking_error")
def tracking_error(returns: Floats, benchmark: Floats, *, periods: int = SESSIONS_PER_YEAR) -> float | None:
    """Return sd(r - b) x sqrt(periods). Unit: fraction. None below 2 returns."""
    return annualised_volatility(returns - benchmark, periods=periods)


@declares("information_ratio")
def information_ratio(
    returns: Floats, benchmark: Floats, *, periods: int = SESSIONS_PER_YEAR
) -> float | None:
    """Return mean(r - b) / sd(r - b) x sqrt(periods). None below 2 returns or without spread."""
    return sharpe_ratio(returns, risk_free=benchmark, periods=periods)


@declares("hit_rate")
def hit_rate(returns: Floats) -> float | None:
    """Return the share of periods with a gain. Unit: fraction. None without a return."""
    return float(np.mean(returns > 0)) if returns.size else None


def volatility_interval(returns: Floats, *, periods: int = SESSIONS_PER_YEAR) -> tuple[float, float] | None:
    """Return the 95 % interval of the annualised volatility under normal returns. None below 2 returns."""
    from scipy.stats import chi2

    found = annualised_volatility(returns, periods=periods)
    if found is None:
        return None
    freedom = returns.size - 1
    low, high = (math.sqrt(freedom / float(chi2.ppf(q, freedom))) for q in (0.975, 0.025))
    return found * low, found * high


def sharpe_interval(
    returns: Floats, *, risk_free: float = 0.0, periods: int = SESSIONS_PER_YEAR
) -> tuple[float, float] | None:
    """Return the 95 % interval of the Sharpe ratio, with skewness and kurtosis allowed for.

    Standard error per period after Mertens: sqrt((1 + S^2/2 - skew S + (kurtosis - 3)/4 S^2) / n).
    None where the ratio is None or below 3 returns.
    """
    ratio = sharpe_ratio(returns, risk_free=risk_free, periods=periods)
    if ratio is None or returns.size < 3:
        return None
    once = ratio / math.sqrt(periods)
    centred = returns - float(np.mean(returns))
    variance = float(np.mean(centred**2))
    skew = float(np.mean(centred**3)) / variance**1.5
    kurtosis = float(np.mean(centred**4)) / variance**2
    square = max(0.0, 1 + once**2 / 2 - skew * once + (kurtosis - 3) / 4 * once**2)
    half = 1.959963984540054 * math.sqrt(square / returns.size * periods)
    return ratio - half, ratio + half
