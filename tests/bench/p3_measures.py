"""Seventeen measures of 2,000 series over ten years of sessions: total and annualised return, volatility, Sharpe,
Sortino, Calmar and Omega ratio, drawdown, pain and ulcer index, skewness, kurtosis, hit rate, tail ratio, gain to
pain, value at risk and expected shortfall. pandas computes the same over a whole frame; empyrical-reloaded and
quantstats take one series at a time and so measure a few, scaled to all; what they have no function for is left
out of their side. Where a peer's convention is ours the values are compared to 1e-10.
"""

import contextlib
import io
from typing import Any

import empyrical
import numpy as np
import pandas as pd

from analytics.portfolio.many import measures
from tests.bench._measure import Bench, Row, alternate, pair

TITLE = "Measures of many series"
SERIES, DAYS, YEAR = 2_000, 2_520, 252
FEW = {"empyrical-reloaded": 40, "quantstats": 6}
WORKERS = 2


def measure(bench: Bench) -> list[Row]:
    # Its import draws charts' styles and asks for folders; that is no part of the measure.
    with contextlib.redirect_stdout(io.StringIO()):
        import quantstats.stats as quantstats

    returns = np.random.default_rng(11).normal(0.0003, 0.012, (SERIES, DAYS))
    frame = pd.DataFrame(returns.T, index=pd.bdate_range("2016-01-04", periods=DAYS))
    columns = [frame[number] for number in range(max(FEW.values()))]
    sides = {
        "ours": lambda: measures(returns, workers=WORKERS),
        "ours, one thread": lambda: measures(returns),
        "one reading of the data": returns.sum,
        "pandas": lambda: in_pandas(frame),
        "empyrical-reloaded": lambda: [in_empyrical(c) for c in columns[: FEW["empyrical-reloaded"]]],
        "quantstats": lambda: [in_quantstats(quantstats, c) for c in columns[: FEW["quantstats"]]],
    }
    agree(sides["ours"](), in_pandas(frame), [in_empyrical(c) for c in columns])
    seconds = alternate(sides, rounds=bench.sizes.rounds)
    for name, few in FEW.items():
        seconds[name] *= SERIES / few
    scaled = {name: f"{few} series measured, scaled to {SERIES:,}" for name, few in FEW.items()}
    return [
        Row(
            "Seventeen measures, 2,000 x 2,520",
            seconds["ours"] * 1e3,
            "ms",
            goal=100,
            note=f"{WORKERS} threads; one thread {seconds['ours, one thread'] * 1e3:.0f} ms",
        ),
        pair("Against one pass over the numbers", seconds, "one reading of the data"),
        pair("Faster than pandas", seconds, "pandas", inverse=True, goal=5, sense="at least"),
        pair(
            "Faster than empyrical", seconds, "empyrical-reloaded", inverse=True, goal=50, sense="at least",
            note=scaled["empyrical-reloaded"],
        ),
        pair(
            "Faster than quantstats", seconds, "quantstats", inverse=True, goal=600, sense="at least",
            note=scaled["quantstats"],
        ),
    ]  # fmt: skip


def in_pandas(r: pd.DataFrame) -> dict[str, Any]:
    """Return the measures of every column."""
    value = (1 + r).cumprod()
    depth = value / value.cummax().clip(lower=1.0) - 1
    total = value.iloc[-1] - 1
    yearly = (1 + total) ** (YEAR / len(r)) - 1
    deviation, mean = r.std(), r.mean()
    loss = -r.clip(upper=0).sum()
    low, high = r.quantile(0.05), r.quantile(0.95)
    return {
        "total_return": total,
        "annualised_return": yearly,
        "annualised_volatility": deviation * YEAR**0.5,
        "sharpe_ratio": mean / deviation * YEAR**0.5,
        "sortino_ratio": mean / (r.clip(upper=0) ** 2).mean() ** 0.5 * YEAR**0.5,
        "max_drawdown": depth.min(),
        "calmar_ratio": yearly / -depth.min(),
        "pain_index": -depth.mean(),
        "ulcer_index": (depth**2).mean() ** 0.5,
        "omega_ratio": r.clip(lower=0).sum() / loss,
        "skewness": r.skew(),
        "excess_kurtosis": r.kurt(),
        "hit_rate": (r > 0).mean(),
        "tail_ratio": high.abs() / low.abs(),
        "gain_to_pain": r.sum() / loss,
        "value_at_risk_95": -low,
        "expected_shortfall_95": -r[r <= low].mean(),
    }


def in_empyrical(r: pd.Series) -> dict[str, float]:
    """Return the measures it has of one series; the third and fourth moment come from pandas."""
    return {
        "total_return": empyrical.cum_returns_final(r),
        "annualised_return": empyrical.annual_return(r),
        "annualised_volatility": empyrical.annual_volatility(r),
        "sharpe_ratio": empyrical.sharpe_ratio(r),
        "sortino_ratio": empyrical.sortino_ratio(r),
        "max_drawdown": empyrical.max_drawdown(r),
        "calmar_ratio": empyrical.calmar_ratio(r),
        "omega_ratio": empyrical.omega_ratio(r),
        "skewness_sample": r.skew(),
        "excess_kurtosis": r.kurt(),
        "tail_ratio": empyrical.tail_ratio(r),
        "value_at_risk_95": -empyrical.value_at_risk(r),
        "expected_shortfall_cut": -empyrical.conditional_value_at_risk(r),
    }


def in_quantstats(stats: Any, r: pd.Series) -> list[float]:
    """Return the measures it has of one series."""
    names = (
        "comp", "cagr", "volatility", "sharpe", "sortino", "max_drawdown", "calmar", "ulcer_index", "omega",
        "skew", "kurtosis", "win_rate", "tail_ratio", "gain_to_pain_ratio", "value_at_risk", "cvar",
    )  # fmt: skip
    return [getattr(stats, name)(r) for name in names]


def agree(ours: dict[str, Any], frame: dict[str, Any], single: list[dict[str, float]]) -> None:
    """Compare where the convention is the same.

    Raises:
        AssertionError: Naming the measure that differs.
    """
    # pandas' skewness is the sample's, and its shortfall cuts at the quantile.
    for name in ours.keys() - {"skewness", "expected_shortfall_95"}:
        np.testing.assert_allclose(ours[name], frame[name].to_numpy(), rtol=1e-10, atol=1e-12, err_msg=name)
    for name in ours.keys() & single[0].keys():
        other = [found[name] for found in single]
        np.testing.assert_allclose(ours[name][: len(other)], other, rtol=1e-10, atol=1e-12, err_msg=name)
