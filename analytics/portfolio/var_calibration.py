"""Whether forecasts were right beyond the tail: the whole distribution, and its width."""

import math

import numpy as np
import numpy.typing as npt

from analytics.definitions import declares
from analytics.portfolio.var_backtest import Verdict

Floats = npt.NDArray[np.float64]

MIN_PERIODS = 30


@declares("pit_uniformity")
def pit_uniformity(places: Floats, *, level: float = 0.05) -> Verdict:
    """Test whether outcomes fell everywhere in the forecast distributions: Kolmogorov-Smirnov.

    Args:
        places: Probability integral transforms: where each outcome lay in its forecast, 0 to 1. Values that
            are not finite are left out.
        level: Size of the test.

    Returns:
        ``statistic`` = greatest distance from the uniform distribution, exact p-value. A reason with fewer
        than ``MIN_PERIODS``.

    Source: Diebold, Gunther and Tay, International Economic Review 39, 1998.
    """
    from scipy.stats import kstest

    seen = places[np.isfinite(places)]
    n = int(seen.size)
    if n < MIN_PERIODS:
        return Verdict("pit_uniformity", n, level, reason=f"needs {MIN_PERIODS} periods, has {n}")
    found = kstest(seen, "uniform")
    p_value = float(found.pvalue)
    return Verdict("pit_uniformity", n, level, float(found.statistic), p_value, p_value < level)


@declares("volatility_bias")
def volatility_bias(pnl: Floats, volatility: Floats, *, level: float = 0.05) -> Verdict:
    """Test whether the forecast volatility was of the right size.

    Args:
        pnl: Realised P&L.
        volatility: Forecast standard deviation of each, same unit. Periods in which either is not finite or
            the forecast is not positive are left out.
        level: Size of the test.

    Returns:
        ``statistic`` = standard deviation (ddof 1) of pnl / volatility: 1 expected, above 1 risk was told
        too low. The two-sided p-value takes the sample's own kurtosis: (b^2 - 1) / sqrt((k - 1) / n) is
        normal. A reason with fewer than ``MIN_PERIODS`` or without spread.

    Raises:
        ValueError: If the series differ in length.

    Source: bias statistic, e.g. Barra's; its robust error by the delta method.
    """
    if pnl.size != volatility.size:
        raise ValueError("realised and forecast must cover the same periods")
    known = np.isfinite(pnl) & np.isfinite(volatility) & (volatility > 0)
    scaled = pnl[known] / volatility[known]
    n = int(scaled.size)
    if n < MIN_PERIODS:
        return Verdict("volatility_bias", n, level, reason=f"needs {MIN_PERIODS} periods, has {n}")
    centred = scaled - scaled.mean()
    variance = float(np.mean(centred**2))
    if variance <= 1e-24:
        return Verdict("volatility_bias", n, level, reason="the realised P&L does not vary")
    kurtosis = float(np.mean(centred**4)) / variance**2
    bias = float(np.std(scaled, ddof=1))
    error = math.sqrt(max(kurtosis - 1, 1e-12) / n)
    p_value = math.erfc(abs(bias**2 - 1) / error / math.sqrt(2))
    return Verdict("volatility_bias", n, level, bias, p_value, p_value < level)
