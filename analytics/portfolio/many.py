"""The same measures for many return series at once: numpy in blocks that stay in the processor's cache.

The functions of ``performance``, ``ratios`` and ``returns`` say what each measure is; here they are computed
for whole matrices, and a test holds the two equal to 1e-10.
"""

import math
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import numpy.typing as npt

from analytics.conventions import SESSIONS_PER_YEAR

Floats = npt.NDArray[np.float64]

MEASURES = (
    "total_return", "annualised_return", "annualised_volatility", "sharpe_ratio", "sortino_ratio",
    "max_drawdown", "calmar_ratio", "pain_index", "ulcer_index", "omega_ratio", "skewness",
    "excess_kurtosis", "hit_rate", "tail_ratio", "gain_to_pain", "value_at_risk_95", "expected_shortfall_95",
)  # fmt: skip
_CACHE_BYTES = 1 << 20  # of one block: beyond the second-level cache every pass reads memory again
_TAIL = 0.05


def measures(returns: Floats, *, periods: int = SESSIONS_PER_YEAR, workers: int = 1) -> dict[str, Floats]:
    """Return each of ``MEASURES`` for each series.

    Args:
        returns: Simple returns, a row per series and a column per period, oldest first, all finite.
        periods: Periods in a year.
        workers: Threads that share the blocks.

    Returns:
        Name to one value per series, NaN where the measure is not defined (no spread, no loss, less than a
        year for what is annualised). Rates without risk and minimum returns are 0. Value at risk and
        expected shortfall are historical (type 7), of the return, positive = loss; drawdown is negative.

    Raises:
        ValueError: If a return is not finite: measures of different periods do not compare.
    """
    count, length = returns.shape
    if not np.isfinite(returns).all():
        raise ValueError("every series needs a finite return in every period")
    found = {name: np.full(count, np.nan) for name in MEASURES}
    if not length:
        return found
    rows = max(1, _CACHE_BYTES // (8 * length))
    shares = np.array_split(np.arange(0, count, rows), max(1, workers))

    def work(starts: npt.NDArray[np.int64]) -> None:
        # Two blocks of memory for all passes: asking for new ones costs more than the arithmetic.
        room, more = np.empty((rows, length)), np.empty((rows, length))
        for start in starts:
            block = np.ascontiguousarray(returns[start : start + rows], dtype=np.float64)
            size = len(block)
            with np.errstate(divide="ignore", invalid="ignore"):
                for name, values in _block(block, room[:size], more[:size], periods).items():
                    found[name][start : start + size] = values

    with ThreadPoolExecutor(len(shares)) as pool:
        list(pool.map(work, shares))
    return found


def _block(r: Floats, room: Floats, more: Floats, periods: int) -> dict[str, Floats]:
    n = r.shape[1]
    mean = r.mean(axis=1)
    year = math.sqrt(periods)
    found = _growth(r, room, more, periods) | _tails(r, room)
    centred = np.subtract(r, mean[:, None], out=room)
    square = np.multiply(centred, centred, out=more)
    second = square.mean(axis=1)
    third = np.einsum("ij,ij->i", square, centred) / n
    fourth = np.einsum("ij,ij->i", square, square) / n
    # A constant series has a spread of rounding only.
    still = np.sqrt(second) <= 1e-14 * np.maximum(1.0, np.maximum(r.max(axis=1), -r.min(axis=1)))
    deviation = np.sqrt(second * n / (n - 1)) if n > 1 else np.full(len(r), np.nan)
    found["annualised_volatility"] = deviation * year
    found["sharpe_ratio"] = _where(~still, mean / deviation * year)
    found["skewness"] = _where(~still, third / second**1.5)
    if n >= 4:
        whole = (n - 1) / ((n - 2) * (n - 3)) * ((n + 1) * (fourth / second**2 - 3) + 6)
        found["excess_kurtosis"] = _where(~still, whole)
    below = np.minimum(r, 0.0, out=room)
    loss = -below.sum(axis=1)
    downside = np.sqrt(np.einsum("ij,ij->i", below, below) / n)
    total = mean * n
    found["sortino_ratio"] = (
        _where(downside > 0, mean / downside * year) if n > 1 else np.full(len(r), np.nan)
    )
    found["omega_ratio"] = _where(loss > 0, (total + loss) / loss)
    found["gain_to_pain"] = _where(loss > 0, total / loss)
    found["hit_rate"] = np.count_nonzero(r > 0, axis=1) / n
    return found


def _growth(r: Floats, room: Floats, more: Floats, periods: int) -> dict[str, Floats]:
    value = np.add(r, 1.0, out=room)
    np.multiply.accumulate(value, axis=1, out=value)
    last = value[:, -1].copy()
    n = r.shape[1]
    peak = np.maximum.accumulate(value, axis=1, out=more)
    np.maximum(peak, 1.0, out=peak)
    depth = np.divide(value, peak, out=peak)
    depth -= 1.0
    deepest = np.minimum(depth.min(axis=1), 0.0)
    yearly = _where(last > 0, last ** (periods / n) - 1.0) if n >= periods else np.full(len(r), np.nan)
    return {
        "total_return": last - 1.0,
        "annualised_return": yearly,
        "max_drawdown": deepest,
        "calmar_ratio": _where(deepest < 0, yearly / -deepest),
        "pain_index": -depth.mean(axis=1),
        "ulcer_index": np.sqrt(np.einsum("ij,ij->i", depth, depth) / n),
    }


def _tails(r: Floats, room: Floats) -> dict[str, Floats]:
    """Return what rests on the order of the returns, from one partial sort."""
    n = r.shape[1]
    low, high = (n - 1) * _TAIL, (n - 1) * (1 - _TAIL)
    worst = _TAIL * n  # need not be whole: its last observation counts in part
    whole = math.floor(worst + 1e-9)
    marks = {min(math.floor(at) + step, n - 1) for at in (low, high) for step in (0, 1)} | {whole}
    ordered = room
    ordered[:] = r
    ordered.partition(sorted(marks), axis=1)
    lower, upper = _quantile(ordered, low), _quantile(ordered, high)
    rest = max(worst - whole, 0.0)
    tail = ordered[:, :whole].sum(axis=1) + (rest * ordered[:, whole] if rest > 1e-9 else 0.0)
    several = (lower != 0) & (n > 1)
    return {
        "tail_ratio": _where(several, np.abs(upper) / np.abs(lower)),
        "value_at_risk_95": -lower,
        "expected_shortfall_95": -tail / worst,
    }


def _quantile(ordered: Floats, at: float) -> Floats:
    floor = math.floor(at)
    next_one = min(floor + 1, ordered.shape[1] - 1)
    found: Floats = ordered[:, floor] + (at - floor) * (ordered[:, next_one] - ordered[:, floor])
    return found


def _where(defined: npt.NDArray[np.bool_], values: Floats) -> Floats:
    return np.where(defined, values, np.nan)
