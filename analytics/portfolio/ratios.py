"""Performance measures beside those of ``performance``: pain, tails, capture, alpha, confidence in a Sharpe."""

import math

import numpy as np
import numpy.typing as npt

from analytics.conventions import SESSIONS_PER_YEAR
from analytics.definitions import declares
from analytics.portfolio.performance import MIN_RETURNS, annualised_return, beta, sharpe_ratio
from analytics.portfolio.returns import drawdown, total_return

Floats = npt.NDArray[np.float64]

ALPHAS = ("arithmetic", "geometric", "compounded")
CAPTURES = ("arithmetic", "geometric", "cumulative")


def flat(values: Floats) -> bool:
    """Say whether a series has no spread but rounding; also so for fewer than 2 values."""
    if values.size < MIN_RETURNS:
        return True
    return bool(np.std(values) <= 1e-14 * max(1.0, float(np.max(np.abs(values)))))


@declares("ulcer_index")
def ulcer_index(returns: Floats) -> float | None:
    """Return the root mean square of the drawdowns, all n counted. Unit: fraction, 0 or positive.

    None without a return. Source: Bacon, Practical Portfolio Performance, 2nd ed., 4.4; Martin, 1987.
    """
    return float(np.sqrt(np.mean(drawdown(returns) ** 2))) if returns.size else None


@declares("pain_index")
def pain_index(returns: Floats) -> float | None:
    """Return the mean depth of the drawdowns, all n counted. Unit: fraction, 0 or positive.

    None without a return. Source: Bacon, 2nd ed., 4.4. Checked against PerformanceAnalytics 2.1.0 (0.04).
    """
    return float(np.mean(np.abs(drawdown(returns)))) if returns.size else None


@declares("time_under_water")
def time_under_water(returns: Floats) -> float | None:
    """Return the share of periods that end below an earlier high, the starting value counted.

    Unit: fraction. None without a return, or where the value is not finite.
    """
    depth = drawdown(returns)
    # Rounding of a product of returns is not a fall.
    return float(np.mean(depth < -1e-12)) if returns.size and np.isfinite(depth).all() else None


@declares("mean_return")
def mean_return(returns: Floats, *, risk_free: float = 0.0) -> float | None:
    """Return the arithmetic mean of r - rf per period. Unit: fraction. None without a return."""
    return float(np.mean(returns - risk_free)) if returns.size else None


@declares("martin_ratio")
def martin_ratio(
    returns: Floats, *, risk_free: float = 0.0, periods: int = SESSIONS_PER_YEAR
) -> float | None:
    """Return (annualised return - annualised rf) / ulcer index; ``risk_free`` per period.

    None below a year or without a fall. Checked against PerformanceAnalytics 2.1.0 on Bacon's data (1.70).
    """
    return _over(_yearly_excess(returns, risk_free, periods), ulcer_index(returns))


@declares("pain_ratio")
def pain_ratio(returns: Floats, *, risk_free: float = 0.0, periods: int = SESSIONS_PER_YEAR) -> float | None:
    """Return (annualised return - annualised rf) / pain index; ``risk_free`` per period.

    None below a year or without a fall.
    """
    return _over(_yearly_excess(returns, risk_free, periods), pain_index(returns))


@declares("tail_ratio")
def tail_ratio(returns: Floats, *, share: float = 0.05) -> float | None:
    """Return |(1 - share) quantile| / |share quantile|, both type 7. None below 2 returns or over a 0.

    Checked against empyrical-reloaded 0.7.1.
    """
    if returns.size < MIN_RETURNS:
        return None
    low, high = (abs(float(np.quantile(returns, q))) for q in (share, 1 - share))
    return _over(high, low)


@declares("gain_to_pain")
def gain_to_pain(returns: Floats) -> float | None:
    """Return the sum of all returns / |sum of the negative ones| (Schwager). None without a loss."""
    loss = float(-np.sum(np.minimum(returns, 0.0)))
    return float(np.sum(returns)) / loss if loss > 0 else None


@declares("skewness")
def skewness(returns: Floats) -> float | None:
    """Return the third standardised moment of the population (divisor n). None without spread.

    Checked against scipy 1.17 (``skew``, bias kept).
    """
    if flat(returns):
        return None
    centred = returns - np.mean(returns)
    return float(np.mean(centred**3) / np.mean(centred**2) ** 1.5)


def kurtosis(returns: Floats) -> float | None:
    """Return the fourth standardised moment of the population: 3 for a normal. None without spread."""
    if flat(returns):
        return None
    centred = returns - np.mean(returns)
    return float(np.mean(centred**4) / np.mean(centred**2) ** 2)


@declares("excess_kurtosis")
def excess_kurtosis(returns: Floats) -> float | None:
    """Return the sample excess kurtosis G2 (Fisher): 0 expected of a normal.

    None below 4 returns or without spread. Checked against scipy 1.17 and PerformanceAnalytics 2.1.0
    (sample_excess, -0.41 on Bacon's data).
    """
    n, whole = returns.size, kurtosis(returns)
    if n < 4 or whole is None:
        return None
    return (n - 1) / ((n - 2) * (n - 3)) * ((n + 1) * (whole - 3) + 6)


@declares("correlation")
def correlation(returns: Floats, benchmark: Floats) -> float | None:
    """Return Pearson's correlation. None below 2 returns or where one of the two is constant.

    Raises:
        ValueError: If the series differ in length.
    """
    _same_length(returns, benchmark)
    if flat(returns) or flat(benchmark):
        return None
    return float(np.clip(np.corrcoef(returns, benchmark)[0, 1], -1.0, 1.0))


@declares("r_squared")
def r_squared(returns: Floats, benchmark: Floats) -> float | None:
    """Return the share of variance the benchmark explains. Unit: fraction. None as ``correlation``."""
    found = correlation(returns, benchmark)
    return None if found is None else found**2


@declares("alpha_arithmetic", "alpha_geometric", "alpha_compounded")
def jensen_alpha(
    returns: Floats,
    benchmark: Floats,
    *,
    form: str = "arithmetic",
    risk_free: float = 0.0,
    periods: int = SESSIONS_PER_YEAR,
) -> float | None:
    """Return the return that beta does not explain. Unit: fraction a year.

    Args:
        returns: Simple returns per period.
        benchmark: Of the same periods.
        form: arithmetic: periods x intercept of the regression on the benchmark, both over rf. geometric:
            annualised return - rf - beta x (annualised benchmark - rf), None below a year (Bacon).
            compounded: (1 + intercept)^periods - 1 (empyrical).
        risk_free: Per period.
        periods: In a year.

    Returns:
        None where beta is None, or the form is not defined (compounded: an intercept of -100 % or less).

    Raises:
        ValueError: For another form, or series of other lengths.

    Source: Jensen, J. of Finance 23, 1968. Checked against statsmodels 0.15 (intercept), PerformanceAnalytics
    2.1.0 (geometric, -0.014 on Bacon's data) and empyrical-reloaded 0.7.1 (compounded).
    """
    if form not in ALPHAS:
        raise ValueError(f"alpha is one of {', '.join(ALPHAS)}")
    slope = beta(returns, benchmark)
    if slope is None or flat(benchmark):
        return None
    if form == "geometric":
        mine = _yearly_excess(returns, risk_free, periods)
        theirs = _yearly_excess(benchmark, risk_free, periods)
        return None if mine is None or theirs is None else mine - slope * theirs
    once = float(np.mean(returns - risk_free) - slope * np.mean(benchmark - risk_free))
    if form == "arithmetic":
        return once * periods
    # An intercept of several hundred per cent a day compounds to more than a float holds.
    growth = periods * math.log1p(once) if once > -1 else None
    return math.expm1(growth) if growth is not None and growth < 700 else None


@declares("treynor_ratio")
def treynor_ratio(
    returns: Floats, benchmark: Floats, *, risk_free: float = 0.0, periods: int = SESSIONS_PER_YEAR
) -> float | None:
    """Return (annualised return - annualised rf) / beta. Unit: fraction a year per unit of beta.

    None below a year, or with a beta of 0 or none. Source: Bacon, 2nd ed., 4.3. Checked against
    PerformanceAnalytics 2.1.0 on Bacon's data.
    """
    return _over(_yearly_excess(returns, risk_free, periods), beta(returns, benchmark))


@declares("m2")
def m2(
    returns: Floats, benchmark: Floats, *, risk_free: float = 0.0, periods: int = SESSIONS_PER_YEAR
) -> float | None:
    """Return what the portfolio would have earned at the benchmark's risk: rf + excess x sd(b) / sd(r).

    Unit: fraction a year, from annualised geometric returns. None below a year or without spread.
    Source: Modigliani and Modigliani, 1997. Checked against PerformanceAnalytics 2.1.0 (0.10062).
    """
    _same_length(returns, benchmark)
    excess = _yearly_excess(returns, risk_free, periods)
    if excess is None or flat(returns):
        return None
    yearly = (1 + risk_free) ** periods - 1
    return float(yearly + excess * np.std(benchmark) / np.std(returns))


@declares(
    "up_capture_arithmetic",
    "up_capture_geometric",
    "up_capture_cumulative",
    "down_capture_arithmetic",
    "down_capture_geometric",
    "down_capture_cumulative",
)
def capture(
    returns: Floats, benchmark: Floats, *, side: str = "up", form: str = "arithmetic"
) -> float | None:
    """Return how much of the benchmark's rises (or falls) the portfolio took part in. Unit: ratio.

    Args:
        returns: Simple returns per period.
        benchmark: Of the same periods; a period is up above 0 and down below 0, neither at 0.
        side: up or down.
        form: arithmetic: ratio of the sums (PerformanceAnalytics). geometric: ratio of the geometric mean
            returns per period (Morningstar). cumulative: ratio of the compounded returns.

    Returns:
        1 = all of it. None without a period of that side, or after a total loss (geometric).

    Raises:
        ValueError: For another side or form, or series of other lengths.
    """
    if side not in {"up", "down"} or form not in CAPTURES:
        raise ValueError(f"capture is up or down, and one of {', '.join(CAPTURES)}")
    _same_length(returns, benchmark)
    those = benchmark > 0 if side == "up" else benchmark < 0
    mine, theirs = returns[those], benchmark[those]
    if not mine.size:
        return None
    if form == "arithmetic":
        return _over(float(np.sum(mine)), float(np.sum(theirs)))
    gained, moved = float(np.prod(1 + mine)), float(np.prod(1 + theirs))
    if form == "cumulative":
        return _over(gained - 1, moved - 1)
    if gained < 0 or moved < 0:
        return None
    return _over(gained ** (1 / mine.size) - 1, moved ** (1 / mine.size) - 1)


@declares("sharpe_error_opdyke", "sharpe_error_lo")
def sharpe_error(
    returns: Floats, *, method: str = "opdyke", risk_free: float = 0.0, periods: int = SESSIONS_PER_YEAR
) -> float | None:
    """Return the standard error of the annualised Sharpe ratio.

    ``method`` lo: independent normal returns, sqrt((1 + S^2/2) / n). opdyke: skewness and kurtosis allowed
    for, sqrt((1 + S^2/2 - skew S + (kurtosis - 3)/4 S^2) / n). S is per period; times sqrt(periods).
    None without spread.

    Raises:
        ValueError: For another method.

    Source: Lo, Financial Analysts Journal 58(4), 2002; Opdyke, J. of Asset Management 8, 2007.
    """
    if method not in {"lo", "opdyke"}:
        raise ValueError("the standard error is lo or opdyke")
    excess = returns - risk_free
    once = sharpe_ratio(excess, periods=1)
    bend, heavy = skewness(excess), kurtosis(excess)
    if once is None or bend is None or heavy is None:
        return None
    square = 1 + once**2 / 2
    if method == "opdyke":
        square += -bend * once + (heavy - 3) / 4 * once**2
    return math.sqrt(max(square, 0.0) / returns.size * periods)


def sharpe_band(
    returns: Floats,
    *,
    method: str = "opdyke",
    risk_free: float = 0.0,
    periods: int = SESSIONS_PER_YEAR,
    level: float = 0.95,
) -> tuple[float, float] | None:
    """Return the interval of the annualised Sharpe ratio at ``level``; method and None as ``sharpe_error``."""
    from scipy.stats import norm

    ratio = sharpe_ratio(returns, risk_free=risk_free, periods=periods)
    error = sharpe_error(returns, method=method, risk_free=risk_free, periods=periods)
    if ratio is None or error is None:
        return None
    half = float(norm.ppf((1 + level) / 2)) * error
    return ratio - half, ratio + half


def sharpe_probability(sharpe: float, *, target: float, n: int, skew: float, kurt: float) -> float | None:
    """Return the probability that the true Sharpe ratio exceeds ``target``, from moments. All per period.

    ``kurt`` is 3 for a normal. None below 2 returns or where the moments leave no variance.
    Source: Bailey and Lopez de Prado, The Sharpe ratio efficient frontier, J. of Risk 15(2), 2012.
    """
    from scipy.stats import norm

    square = 1 - skew * sharpe + (kurt - 1) / 4 * sharpe**2
    if n < MIN_RETURNS or square <= 0:
        return None
    return float(norm.cdf((sharpe - target) * math.sqrt((n - 1) / square)))


def track_record_length(
    sharpe: float, *, target: float, skew: float, kurt: float, confidence: float = 0.95
) -> float | None:
    """Return how many periods it takes to be ``confidence`` sure of beating ``target``. All per period.

    None where the ratio does not exceed the target: no length would do. Source as ``sharpe_probability``.
    """
    from scipy.stats import norm

    square = 1 - skew * sharpe + (kurt - 1) / 4 * sharpe**2
    if sharpe <= target or square <= 0:
        return None
    return 1 + square * (float(norm.ppf(confidence)) / (sharpe - target)) ** 2


@declares("probabilistic_sharpe_ratio")
def probabilistic_sharpe_ratio(
    returns: Floats, *, target: float = 0.0, risk_free: float = 0.0, periods: int = SESSIONS_PER_YEAR
) -> float | None:
    """Return the probability that the true Sharpe ratio exceeds ``target`` (annualised). Unit: fraction.

    ``risk_free`` per period. None without spread. Source as ``sharpe_probability``.
    """
    excess = returns - risk_free
    once = sharpe_ratio(excess, periods=1)
    bend, heavy = skewness(excess), kurtosis(excess)
    if once is None or bend is None or heavy is None:
        return None
    goal = target / math.sqrt(periods)
    return sharpe_probability(once, target=goal, n=returns.size, skew=bend, kurt=heavy)


@declares("minimum_track_record_length")
def minimum_track_record_length(
    returns: Floats,
    *,
    target: float = 0.0,
    risk_free: float = 0.0,
    confidence: float = 0.95,
    periods: int = SESSIONS_PER_YEAR,
) -> float | None:
    """Return the periods needed to be ``confidence`` sure of a Sharpe ratio over ``target`` (annualised).

    Unit: periods. None without spread or where the ratio is not over the target.
    """
    excess = returns - risk_free
    once = sharpe_ratio(excess, periods=1)
    bend, heavy = skewness(excess), kurtosis(excess)
    if once is None or bend is None or heavy is None:
        return None
    goal = target / math.sqrt(periods)
    return track_record_length(once, target=goal, skew=bend, kurt=heavy, confidence=confidence)


def _same_length(returns: Floats, benchmark: Floats) -> None:
    if returns.size != benchmark.size:
        raise ValueError("portfolio and benchmark must cover the same periods")


def _yearly_excess(returns: Floats, risk_free: float, periods: int) -> float | None:
    yearly = annualised_return(returns, periods=periods)
    # A total loss annualises to itself.
    if yearly is None and returns.size >= periods and (total_return(returns) or 0.0) <= -1:
        yearly = -1.0
    return None if yearly is None else yearly - ((1 + risk_free) ** periods - 1)


def _over(top: float | None, bottom: float | None) -> float | None:
    return top / bottom if top is not None and bottom is not None and abs(bottom) > 1e-15 else None
