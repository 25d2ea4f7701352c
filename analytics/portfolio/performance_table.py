"""The full table of performance measures, each as a passport record."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from analytics.conventions import SESSIONS_PER_YEAR
from analytics.portfolio import performance, ratios
from analytics.portfolio.passport import Passport, passport
from analytics.portfolio.returns import total_return

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Terms:
    """What the table is taken under: rf and mar are fractions per period, ``target`` a yearly Sharpe ratio."""

    risk_free: float = 0.0
    mar: float = 0.0
    periods: int = SESSIONS_PER_YEAR
    target: float = 0.0


def performance_table(
    returns: Floats,
    *,
    benchmark: Floats | None = None,
    risk_free: float = 0.0,
    mar: float = 0.0,
    periods: int = SESSIONS_PER_YEAR,
    target: float = 0.0,
) -> list[Passport]:
    """Return every performance measure with its unit, interval, n and convention.

    Args:
        returns: Simple returns per period, oldest first. Unit: fraction. Periods in which the portfolio or
            the benchmark is not finite are left out of all measures, so that all speak of the same ones.
        benchmark: Of the same periods; without one its measures are left out.
        risk_free: Per period.
        mar: Minimum acceptable return per period.
        periods: In a year: 252, 52, 12.
        target: Yearly Sharpe ratio that the probability and the track record are asked about.

    Returns:
        One record per measure, always the same ones in the same order. ``value`` is None with a ``reason``
        where it is not defined; never infinite. Intervals are at 95 %.

    Raises:
        ValueError: If portfolio and benchmark differ in length.

    Source: the docstring of each function. Checked on the 24 months of Bacon's book.
    """
    if benchmark is not None and benchmark.size != returns.size:
        raise ValueError("portfolio and benchmark must cover the same periods")
    known = np.isfinite(returns) if benchmark is None else np.isfinite(returns) & np.isfinite(benchmark)
    terms = Terms(risk_free, mar, periods, target)
    clean = returns[known]
    # Returns beyond all measure overflow; what is not finite then is told as not defined.
    with np.errstate(over="ignore", invalid="ignore"):
        rows = [*_earned(clean, terms), *_shape(clean, terms)]
        if benchmark is not None:
            rows += _against(clean, benchmark[known], terms)
    return rows


def _earned(r: Floats, terms: Terms) -> Iterator[Passport]:
    m, rf = terms.periods, terms.risk_free
    year = {"annualised": "geometric", "periods_per_year": m}
    spread = {"ddof": 1, "periods_per_year": m}
    short = f"needs a year ({m} periods)" if r.size < m else None
    few = _few(r, 2)
    yearly = performance.annualised_return
    record = _recorder(r)
    yield record("total_return", total_return(r), "fraction", None, compounding="geometric")
    lost = short or "the whole value was lost"
    yield record("annualised_return", yearly(r, periods=m), "fraction", lost, **year)
    volatility = performance.annualised_volatility(r, periods=m)
    band = performance.volatility_interval(r, periods=m)
    yield record("annualised_volatility", volatility, "fraction", few, band, **spread)
    sharpe = performance.sharpe_ratio(r, risk_free=rf, periods=m)
    still = few or "the returns do not vary"
    for method in ("opdyke", "lo"):
        name = "sharpe_ratio" if method == "opdyke" else "sharpe_ratio_lo"
        band = ratios.sharpe_band(r, method=method, risk_free=rf, periods=m)
        told = {"mean": "arithmetic", "risk_free": rf, "standard_error": method, **spread}
        yield record(name, sharpe, "ratio", still, band, **told)
        error = ratios.sharpe_error(r, method=method, risk_free=rf, periods=m)
        yield record(f"sharpe_error_{method}", error, "ratio", still, risk_free=rf, periods_per_year=m)
    found = ratios.probabilistic_sharpe_ratio(r, target=terms.target, risk_free=rf, periods=m)
    asked = {"target": terms.target, "risk_free": rf, "kurtosis": "population"}
    yield record("probabilistic_sharpe_ratio", found, "fraction", still, **asked)
    found = ratios.minimum_track_record_length(r, target=terms.target, risk_free=rf, periods=m)
    below = still if sharpe is None else "the ratio is not above the target"
    yield record("minimum_track_record_length", found, "periods", below, confidence=0.95, **asked)


def _shape(r: Floats, terms: Terms) -> Iterator[Passport]:
    m, rf = terms.periods, terms.risk_free
    record = _recorder(r)
    few = _few(r, 2)
    still = few or "the returns do not vary"
    short = f"needs a year ({m} periods)" if r.size < m else None
    lost = short or "the whole value was lost"
    year = {"annualised": "geometric", "periods_per_year": m}
    found = performance.sortino_ratio(r, mar=terms.mar, periods=m)
    no_fall = few or "no return is under the minimum"
    downside = {"mar": terms.mar, "downside_divisor": "n", "periods_per_year": m}
    yield record("sortino_ratio", found, "ratio", no_fall, **downside)
    yield record("max_drawdown", performance.max_drawdown(r), "fraction", None, sign="negative", start=True)
    dry = short or ("there is no drawdown" if performance.max_drawdown(r) == 0 else lost)
    yield record("calmar_ratio", performance.calmar_ratio(r, periods=m), "ratio", dry, **year)
    yield record("pain_index", ratios.pain_index(r), "fraction", None, divisor="n")
    yield record("ulcer_index", ratios.ulcer_index(r), "fraction", None, divisor="n")
    free = {"risk_free": rf, **year}
    yield record("pain_ratio", ratios.pain_ratio(r, risk_free=rf, periods=m), "ratio", dry, **free)
    yield record("martin_ratio", ratios.martin_ratio(r, risk_free=rf, periods=m), "ratio", dry, **free)
    omega = performance.omega_ratio(r, mar=terms.mar)
    yield record("omega_ratio", omega, "ratio", _few(r, 1) or no_fall, mar=terms.mar)
    yield record("skewness", ratios.skewness(r), "ratio", still, moments="population")
    heavy = _few(r, 4) or still
    yield record("excess_kurtosis", ratios.excess_kurtosis(r), "ratio", heavy, moments="sample (Fisher)")
    hits = performance.hit_rate(r)
    yield record("hit_rate", hits, "fraction", None, _wilson(hits, r.size), zero_return="not a hit")
    empty_tail = few or "the lower quantile is 0"
    yield record("tail_ratio", ratios.tail_ratio(r), "ratio", empty_tail, share=0.05, quantile="type 7")
    no_loss = _few(r, 1) or "there is no loss"
    yield record("gain_to_pain", ratios.gain_to_pain(r), "ratio", no_loss, gain="sum of all returns")
    yield record("time_under_water", ratios.time_under_water(r), "fraction", None, start=True)
    yield record("mean_return", ratios.mean_return(r, risk_free=rf), "fraction", None, risk_free=rf)


def _against(r: Floats, b: Floats, terms: Terms) -> Iterator[Passport]:
    m, rf = terms.periods, terms.risk_free
    record = _recorder(r)
    few = _few(r, 2)
    still = few or "the benchmark does not vary"
    short = f"needs a year ({m} periods)" if r.size < m else None
    year = {"annualised": "geometric", "periods_per_year": m, "risk_free": rf}
    slope = None if ratios.flat(b) else performance.beta(r, b)
    yield record("beta", slope, "ratio", still, _beta_band(r, b), ddof=1, over="returns, not excess")
    for form in ratios.ALPHAS:
        found = ratios.jensen_alpha(r, b, form=form, risk_free=rf, periods=m)
        reason = still if slope is None else short
        yield record(f"alpha_{form}", found, "fraction", reason, form=form, risk_free=rf, periods_per_year=m)
    both = few or "one of the two does not vary"
    yield record("correlation", ratios.correlation(r, b), "ratio", both, _fisher(r, b), method="Pearson")
    yield record("r_squared", ratios.r_squared(r, b), "fraction", both, method="Pearson")
    spread = {"ddof": 1, "periods_per_year": m}
    found = performance.tracking_error(r, b, periods=m)
    yield record(
        "tracking_error", found, "fraction", few, performance.volatility_interval(r - b, periods=m), **spread
    )
    found = performance.information_ratio(r, b, periods=m)
    band = ratios.sharpe_band(r - b, periods=m)
    told = {"mean": "arithmetic", **spread}
    yield record("information_ratio", found, "ratio", few or "the active return is constant", band, **told)
    found = None if slope is None else ratios.treynor_ratio(r, b, risk_free=rf, periods=m)
    yield record("treynor_ratio", found, "fraction", still if slope is None else short or "beta is 0", **year)
    yield record("m2", ratios.m2(r, b, risk_free=rf, periods=m), "fraction", short or both, **year)
    for side in ("up", "down"):
        for form in ratios.CAPTURES:
            found = ratios.capture(r, b, side=side, form=form)
            none = f"the benchmark has no {side} period"
            yield record(f"{side}_capture_{form}", found, "ratio", none, form=form, zero_benchmark="neither")


def _few(r: Floats, least: int) -> str | None:
    return f"needs {least} returns, has {r.size}" if r.size < least else None


def _recorder(r: Floats) -> Callable[..., Passport]:
    # Whatever else is missing, without a return that is the reason.
    def record(
        name: str,
        value: float | None,
        unit: str,
        reason: str | None,
        interval: tuple[float, float] | None = None,
        **convention: Any,
    ) -> Passport:
        why = "there is no return" if not r.size else reason
        return passport(name, value, unit=unit, n=int(r.size), interval=interval, reason=why, **convention)

    return record


def _wilson(share: float | None, n: int) -> tuple[float, float] | None:
    # Wilson, 1927: keeps to 0 and 1, and holds for few.
    if share is None:
        return None
    z = 1.959963984540054
    middle = (share + z**2 / (2 * n)) / (1 + z**2 / n)
    half = z / (1 + z**2 / n) * float(np.sqrt(share * (1 - share) / n + z**2 / (4 * n**2)))
    return middle - half, middle + half


def _beta_band(r: Floats, b: Floats) -> tuple[float, float] | None:
    from scipy.stats import t

    slope = None if ratios.flat(b) else performance.beta(r, b)
    if slope is None or r.size < 3:
        return None
    rest = (r - np.mean(r)) - slope * (b - np.mean(b))
    error = float(np.sqrt(np.sum(rest**2) / (r.size - 2) / np.sum((b - np.mean(b)) ** 2)))
    half = float(t.ppf(0.975, r.size - 2)) * error
    return slope - half, slope + half


def _fisher(r: Floats, b: Floats) -> tuple[float, float] | None:
    found = ratios.correlation(r, b)
    if found is None or r.size < 4 or abs(found) >= 1 - 1e-15:
        return None
    half = 1.959963984540054 / float(np.sqrt(r.size - 3))
    return float(np.tanh(np.arctanh(found) - half)), float(np.tanh(np.arctanh(found) + half))
