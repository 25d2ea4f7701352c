"""How a measure would read under other houses' conventions: why do these differ?"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from analytics.conventions import SESSIONS_PER_YEAR
from analytics.portfolio import performance, ratios
from analytics.portfolio.returns import drawdown, total_return

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Reading:
    """One measure under one convention.

    ``convention`` says in words what is done otherwise; the first reading of a measure is ours. ``value`` is
    finite or None (not defined); ``difference`` is value less ours, None where either is.
    """

    convention: str
    value: float | None
    difference: float | None


@dataclass(frozen=True)
class _Case:
    r: Floats
    b: Floats | None
    rf: float
    m: int
    mar: float = 0.0

    def sd(self, values: Floats, ddof: int = 1) -> float | None:
        return None if ratios.flat(values) else float(np.std(values, ddof=ddof))


_Measure = Callable[[_Case], float | None]


def readings(
    name: str,
    returns: Floats,
    *,
    benchmark: Floats | None = None,
    risk_free: float = 0.0,
    mar: float = 0.0,
    periods: int = SESSIONS_PER_YEAR,
) -> list[Reading]:
    """Return a measure under our convention and under those of others.

    Args:
        name: As in ``performance_table``.
        returns: Simple returns per period, oldest first; values that are not finite are left out.
        benchmark: Of the same periods, for measures against one.
        risk_free: Per period.
        mar: Minimum acceptable return per period.
        periods: In a year.

    Returns:
        Ours first. No readings for a measure on whose definition houses agree, or one against a benchmark
        without one.

    Raises:
        ValueError: If portfolio and benchmark differ in length.

    Checked on Bacon's data against what empyrical-reloaded 0.7.1, quantstats 0.0.86 and PerformanceAnalytics
    2.1.0 return there.
    """
    if benchmark is not None and benchmark.size != returns.size:
        raise ValueError("portfolio and benchmark must cover the same periods")
    if name not in _READINGS or (name in AGAINST and benchmark is None):
        return []
    known = np.isfinite(returns) if benchmark is None else np.isfinite(returns) & np.isfinite(benchmark)
    case = _Case(returns[known], None if benchmark is None else benchmark[known], risk_free, periods, mar)
    with np.errstate(over="ignore", invalid="ignore"):
        return compared({told: measure(case) for told, measure in _READINGS[name].items()})


def compared(values: Mapping[str, float | None]) -> list[Reading]:
    """Return readings of values by convention, ours first; what is not finite is None."""
    finite = {told: _finite(value) for told, value in values.items()}
    ours = next(iter(finite.values()), None)
    return [
        Reading(told, value, value - ours if value is not None and ours is not None else None)
        for told, value in finite.items()
    ]


def _finite(value: float | None) -> float | None:
    return value if value is not None and math.isfinite(value) else None


def _ratio(top: float | None, bottom: float | None) -> float | None:
    return top / bottom if top is not None and bottom else None


def _scaled(value: float | None, factor: float) -> float | None:
    return None if value is None else value * factor


def _logs(c: _Case) -> Floats:
    return np.log1p(c.r) if c.r.size and float(c.r.min()) > -1 else np.empty(0)


def _geometric_sharpe(c: _Case) -> float | None:
    yearly, risk = performance.annualised_return(c.r, periods=c.m), _scaled(c.sd(c.r), math.sqrt(c.m))
    return _ratio(None if yearly is None else yearly - ((1 + c.rf) ** c.m - 1), risk)


def _mean_over(values: Floats, spread: float | None, m: int) -> float | None:
    return _ratio(float(np.mean(values)) * math.sqrt(m), spread) if values.size else None


def _sortino_of_the_losses(c: _Case) -> float | None:
    short = c.r[c.r < c.mar] - c.mar
    return _mean_over(c.r - c.mar, float(np.sqrt(np.mean(short**2))) if short.size else None, c.m)


def _yearly_mean(c: _Case) -> float | None:
    return float(np.mean(c.r)) * c.m if c.r.size else None


def _depth_after_the_first(c: _Case) -> float | None:
    return performance.max_drawdown(c.r[1:]) if c.r.size > 1 else None


def _squares_less_one(c: _Case) -> float | None:
    return float(np.sqrt(np.sum(drawdown(c.r) ** 2) / (c.r.size - 1))) if c.r.size > 1 else None


def _sample_skewness(c: _Case) -> float | None:
    found, n = ratios.skewness(c.r), c.r.size
    return found * math.sqrt(n * (n - 1)) / (n - 2) if found is not None and n > 2 else None


def _population_excess(c: _Case) -> float | None:
    found = ratios.kurtosis(c.r)
    return None if found is None else found - 3


def _benchmark(c: _Case) -> Floats:
    return c.b if c.b is not None else np.empty(0)


def _alpha(form: str) -> _Measure:
    return lambda c: ratios.jensen_alpha(c.r, _benchmark(c), form=form, risk_free=c.rf, periods=c.m)


def _capture(side: str, form: str) -> _Measure:
    return lambda c: ratios.capture(c.r, _benchmark(c), side=side, form=form)


def _yearly_capture(side: str) -> _Measure:
    def measure(c: _Case) -> float | None:
        those = _benchmark(c) > 0 if side == "up" else _benchmark(c) < 0
        mine, theirs = (float(np.prod(1 + values[those])) for values in (c.r, _benchmark(c)))
        count = int(those.sum())
        # Beyond e^700 the power no longer fits a float.
        if not count or min(mine, theirs) <= 0 or max(math.log(mine), math.log(theirs)) * c.m / count > 700:
            return None
        return _ratio(mine ** (c.m / count) - 1, theirs ** (c.m / count) - 1)

    return measure


_CAPTURES: dict[str, dict[str, _Measure]] = {
    f"{side}_capture_arithmetic": {
        "ratio of sums (PerformanceAnalytics)": _capture(side, "arithmetic"),
        "geometric mean per period (Morningstar)": _capture(side, "geometric"),
        "compounded": _capture(side, "cumulative"),
        "compounded, annualised (empyrical)": _yearly_capture(side),
    }
    for side in ("up", "down")
}
_READINGS: dict[str, dict[str, _Measure]] = {
    "annualised_return": {
        "compounded, (1 + total)^(periods / n) - 1": lambda c: performance.annualised_return(
            c.r, periods=c.m
        ),
        "arithmetic mean x periods": _yearly_mean,
    },
    "annualised_volatility": {
        "sample deviation (n - 1) x sqrt(periods)": lambda c: performance.annualised_volatility(
            c.r, periods=c.m
        ),
        "population deviation (n)": lambda c: _scaled(c.sd(c.r, 0), math.sqrt(c.m)),
        "of log returns": lambda c: _scaled(c.sd(_logs(c)), math.sqrt(c.m)),
    },
    "sharpe_ratio": {
        "arithmetic mean excess / sample deviation (empyrical, quantstats)": lambda c: (
            performance.sharpe_ratio(c.r, risk_free=c.rf, periods=c.m)
        ),
        "compounded return / volatility (PerformanceAnalytics annualised)": _geometric_sharpe,
        "population deviation (n)": lambda c: _mean_over(c.r - c.rf, c.sd(c.r - c.rf, 0), c.m),
    },
    "sortino_ratio": {
        "downside deviation over all n (empyrical, quantstats)": lambda c: performance.sortino_ratio(
            c.r, mar=c.mar, periods=c.m
        ),
        "downside deviation over the periods below the minimum only": _sortino_of_the_losses,
    },
    "max_drawdown": {
        "the starting value counts as a high": lambda c: performance.max_drawdown(c.r),
        "measured from the first period's end": _depth_after_the_first,
    },
    "calmar_ratio": {
        "compounded return / |max drawdown| (empyrical, quantstats)": lambda c: performance.calmar_ratio(
            c.r, periods=c.m
        ),
        "arithmetic mean return / |max drawdown|": lambda c: _ratio(
            _yearly_mean(c), _scaled(performance.max_drawdown(c.r), -1)
        ),
    },
    "ulcer_index": {
        "squares over n": lambda c: ratios.ulcer_index(c.r),
        "squares over n - 1 (quantstats)": _squares_less_one,
    },
    "skewness": {
        "population": lambda c: ratios.skewness(c.r),
        "sample, adjusted (pandas, quantstats)": _sample_skewness,
    },
    "excess_kurtosis": {
        "sample, adjusted (pandas, quantstats)": lambda c: ratios.excess_kurtosis(c.r),
        "population": _population_excess,
    },
    "alpha_arithmetic": {
        "periods x intercept (quantstats)": _alpha("arithmetic"),
        "compounded intercept (empyrical)": _alpha("compounded"),
        "of annualised returns (PerformanceAnalytics)": _alpha("geometric"),
    },
    "treynor_ratio": {
        "annualised excess return / beta (PerformanceAnalytics)": lambda c: ratios.treynor_ratio(
            c.r, _benchmark(c), risk_free=c.rf, periods=c.m
        ),
        "total return / beta, not annualised (quantstats)": lambda c: _ratio(
            total_return(c.r), performance.beta(c.r, _benchmark(c))
        ),
    },
    "information_ratio": {
        "annualised": lambda c: performance.information_ratio(c.r, _benchmark(c), periods=c.m),
        "per period (empyrical, quantstats)": lambda c: performance.information_ratio(
            c.r, _benchmark(c), periods=1
        ),
    },
    **_CAPTURES,
}
AGAINST = frozenset({
    "alpha_arithmetic", "treynor_ratio", "information_ratio", "up_capture_arithmetic", "down_capture_arithmetic",
})  # fmt: skip
NAMES = tuple(_READINGS)
