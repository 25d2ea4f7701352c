"""Every measure of the table against its definition, written once more with nothing but the standard library.

Bacon's 24 months, a rate without risk of 0.1 % and a least acceptable return of 0.5 % a month, so that every
parameter counts.
"""

import math
import statistics
from collections.abc import Callable, Iterable

import pytest

from analytics.portfolio.performance_table import performance_table
from tests.analytics.portfolio._bacon import BENCHMARK, PORTFOLIO

P: list[float] = PORTFOLIO.tolist()
B: list[float] = BENCHMARK.tolist()
N, M, RF, MAR = len(P), 12, 0.001, 0.005
NORMAL = statistics.NormalDist()


def mean(values: Iterable[float]) -> float:
    return math.fsum(found := list(values)) / len(found)


def grown(values: Iterable[float]) -> float:
    return math.prod(1 + value for value in values)


def yearly(values: list[float]) -> float:
    return grown(values) ** (M / len(values)) - 1


def falls(values: list[float]) -> list[float]:
    """Distance from the highest value so far, the 1 at the start counted."""
    value = high = 1.0
    found = []
    for one in values:
        value *= 1 + one
        high = max(high, value)
        found.append(value / high - 1)
    return found


def moment(values: list[float], power: int) -> float:
    middle = mean(values)
    return mean((value - middle) ** power for value in values)


def quantile(values: list[float], share: float) -> float:
    """Type 7."""
    ordered, place = sorted(values), share * (len(values) - 1)
    low = math.floor(place)
    return ordered[low] + (place - low) * (ordered[min(low + 1, len(values) - 1)] - ordered[low])


def chosen(up: bool) -> tuple[list[float], list[float]]:
    pairs = [(p, b) for p, b in zip(P, B, strict=True) if (b > 0 if up else b < 0)]
    return [p for p, _ in pairs], [b for _, b in pairs]


def captured(form: str, up: bool) -> float:
    mine, theirs = chosen(up)
    if form == "arithmetic":
        return math.fsum(mine) / math.fsum(theirs)
    if form == "cumulative":
        return (grown(mine) - 1) / (grown(theirs) - 1)
    return (grown(mine) ** (1 / len(mine)) - 1) / (grown(theirs) ** (1 / len(mine)) - 1)


EXCESS = [value - RF for value in P]
ACTIVE = [p - b for p, b in zip(P, B, strict=True)]
ONCE = mean(EXCESS) / statistics.stdev(EXCESS)
SKEW = moment(P, 3) / moment(P, 2) ** 1.5
HEAVY = moment(P, 4) / moment(P, 2) ** 2
SLOPE = statistics.covariance(P, B) / statistics.variance(B)
OVER = yearly(P) - ((1 + RF) ** M - 1)
INTERCEPT = mean(P) - RF - SLOPE * (mean(B) - RF)
DEPTH = falls(P)
ULCER = math.sqrt(mean(value**2 for value in DEPTH))
MERTENS = 1 - SKEW * ONCE + (HEAVY - 1) / 4 * ONCE**2

DEFINITIONS: dict[str, Callable[[], float]] = {
    "total_return": lambda: grown(P) - 1,
    "annualised_return": lambda: yearly(P),
    "annualised_volatility": lambda: statistics.stdev(P) * math.sqrt(M),
    "sharpe_ratio": lambda: ONCE * math.sqrt(M),
    "sharpe_ratio_lo": lambda: ONCE * math.sqrt(M),
    "sharpe_error_lo": lambda: math.sqrt((1 + ONCE**2 / 2) / N * M),
    "sharpe_error_opdyke": lambda: math.sqrt(
        (1 + ONCE**2 / 2 - SKEW * ONCE + (HEAVY - 3) / 4 * ONCE**2) / N * M
    ),
    "probabilistic_sharpe_ratio": lambda: NORMAL.cdf(ONCE * math.sqrt((N - 1) / MERTENS)),
    "minimum_track_record_length": lambda: 1 + MERTENS * (NORMAL.inv_cdf(0.95) / ONCE) ** 2,
    "sortino_ratio": lambda: (
        (mean(P) - MAR) / math.sqrt(mean(min(value - MAR, 0) ** 2 for value in P)) * math.sqrt(M)
    ),
    "max_drawdown": lambda: min(DEPTH),
    "calmar_ratio": lambda: yearly(P) / -min(DEPTH),
    "pain_index": lambda: -mean(DEPTH),
    "ulcer_index": lambda: ULCER,
    "pain_ratio": lambda: OVER / -mean(DEPTH),
    "martin_ratio": lambda: OVER / ULCER,
    "omega_ratio": lambda: math.fsum(max(v - MAR, 0) for v in P) / math.fsum(max(MAR - v, 0) for v in P),
    "skewness": lambda: SKEW,
    "excess_kurtosis": lambda: (N - 1) / ((N - 2) * (N - 3)) * ((N + 1) * (HEAVY - 3) + 6),
    "hit_rate": lambda: sum(value > 0 for value in P) / N,
    "tail_ratio": lambda: abs(quantile(P, 0.95)) / abs(quantile(P, 0.05)),
    "gain_to_pain": lambda: math.fsum(P) / -math.fsum(value for value in P if value < 0),
    "time_under_water": lambda: sum(value < -1e-12 for value in DEPTH) / N,
    "mean_return": lambda: mean(EXCESS),
    "beta": lambda: SLOPE,
    "alpha_arithmetic": lambda: INTERCEPT * M,
    "alpha_geometric": lambda: OVER - SLOPE * (yearly(B) - ((1 + RF) ** M - 1)),
    "alpha_compounded": lambda: (1 + INTERCEPT) ** M - 1,
    "correlation": lambda: statistics.correlation(P, B),
    "r_squared": lambda: statistics.correlation(P, B) ** 2,
    "tracking_error": lambda: statistics.stdev(ACTIVE) * math.sqrt(M),
    "information_ratio": lambda: mean(ACTIVE) / statistics.stdev(ACTIVE) * math.sqrt(M),
    "treynor_ratio": lambda: OVER / SLOPE,
    "m2": lambda: (1 + RF) ** M - 1 + OVER * statistics.pstdev(B) / statistics.pstdev(P),
    **{
        f"{'up' if up else 'down'}_capture_{form}": lambda up=up, form=form: captured(form, up)
        for up in (True, False)
        for form in ("arithmetic", "geometric", "cumulative")
    },
}


@pytest.fixture(scope="module")
def table() -> dict[str, float | None]:
    rows = performance_table(PORTFOLIO, benchmark=BENCHMARK, periods=M, risk_free=RF, mar=MAR)
    return {row["name"]: row["value"] for row in rows}


def test_no_measure_of_the_table_is_without_a_definition_here(table):
    assert set(table) == set(DEFINITIONS)


@pytest.mark.parametrize("name", DEFINITIONS)
def test_a_measure_is_its_definition(table, name):
    assert table[name] == pytest.approx(DEFINITIONS[name](), rel=1e-9)
