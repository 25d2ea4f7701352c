"""Performance: every measure with its convention, and the course, falls, months and spread behind them."""

from dataclasses import asdict, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from analytics.conventions import PERIODS_PER_YEAR
from analytics.portfolio import houses, periods
from analytics.portfolio.passport import Passport
from analytics.portfolio.performance_table import performance_table
from analytics.portfolio.returns import drawdown, wealth
from app.desk import Desk
from app.errors import FieldError, Invalid
from app.queries._money_weighted import money_weighted
from app.queries._passports import Subject
from app.queries._returns import READS, returns
from app.queries._terms import Terms, terms
from app.storage.cache import cached

__all__ = [
    "course", "distribution", "drawdowns", "gross_and_net", "money_weighted", "months", "performance", "readings",
    "report", "rolling", "terms",
]  # fmt: skip
WINDOWS = {"quarter": 4, "half": 2, "year": 1}  # parts of a year
QUANTILES = (0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99)
SHARED = ("total_return", "annualised_return", "annualised_volatility", "sharpe_ratio", "max_drawdown")

Floats = npt.NDArray[np.float64]


def performance(desk: Desk, *, under: Terms | None = None) -> dict[str, Any]:
    """Return every measure over the scope's dates, or the whole history where it names none.

    Args:
        desk: Whose net asset value.
        under: Terms; those of the desk's address when left out.

    Returns:
        ``metrics``: list of {name, value, unit, low, high, n, convention, reason}, the same ones in the same
        order whatever is known; ``benchmark`` (its id), ``benchmarks``, ``terms``, ``left_out`` (sessions
        without a return), ``period``, ``reasons``. Returns are time-weighted, flows at the start of the day.
        Measures against the benchmark cover the periods in which both are known.
    """
    return _measured(desk.with_scope(extra={}), asked=asdict(under or terms(desk)))


@cached(*READS)
def _measured(desk: Desk, *, asked: dict[str, Any]) -> dict[str, Any]:
    under = Terms(**asked)
    found = returns(desk, under)
    r, both, b = _arrays(found)
    rates = _rates(under)
    own = performance_table(r, **rates)
    against = performance_table(both, benchmark=b, **rates)[len(own) :]
    shared = {"frequency": under.frequency, "costs": under.costs, "flow_timing": "start", "weighting": "time"}
    metrics = [_told(row, found, shared) for row in own]
    metrics += [_told(row, found, shared | {"benchmark": found["benchmark"]}, "benchmark") for row in against]
    return _framed(found, under) | {"metrics": metrics}


def _rates(asked: Terms) -> dict[str, Any]:
    return {"risk_free": asked.risk_free, "mar": asked.mar, "periods": asked.periods}


def _arrays(found: dict[str, Any]) -> tuple[Floats, Floats, Floats]:
    """Return all returns, and those of the periods with a benchmark beside the benchmark's."""
    rows = found["rows"]
    both = rows.drop_nulls("benchmark")
    return _floats(rows["return"]), _floats(both["return"]), _floats(both["benchmark"])


def _floats(values: pl.Series) -> Floats:
    return values.to_numpy().astype(np.float64)


def _told(row: Passport, found: dict[str, Any], shared: dict[str, Any], side: str = "return") -> Passport:
    why = found["reasons"].get(side) or found["reasons"].get("return")
    missing = why if row["value"] is None and not row["n"] else row["reason"]
    told = row.copy()
    told["reason"], told["convention"] = missing or row["reason"], row["convention"] | shared
    return told


def _framed(found: dict[str, Any], asked: Terms) -> dict[str, Any]:
    return {name: found[name] for name in ("benchmark", "benchmarks", "left_out", "period", "reasons")} | {
        "terms": asdict(asked) | {"periods_per_year": asked.periods}
    }


def course(desk: Desk) -> dict[str, Any]:
    """Return what 100 grew to, beside the benchmark, and the fall from the highest value.

    Returns:
        ``rows``: date, ``index`` and ``benchmark_index`` (100 before the first period; null from a period
        without a level until the next), ``return``, ``benchmark``, ``drawdown`` (0 or negative); and what
        ``performance`` says of them.
    """
    asked = terms(desk)
    found = returns(desk, asked)
    r = found["rows"]["return"].to_numpy()
    other = found["rows"]["benchmark"]
    growth = (1 + other.fill_null(0.0)).cum_prod() * 100
    rows = found["rows"].with_columns(
        pl.Series("index", wealth(r)[1:] * 100, dtype=pl.Float64),
        pl.when(other.is_not_null()).then(growth).alias("benchmark_index"),
        pl.Series("drawdown", drawdown(r), dtype=pl.Float64),
    )
    return _framed(found, asked) | {"rows": rows}


def drawdowns(desk: Desk, *, top: int = 10) -> dict[str, Any]:
    """Return the ``top`` falls, deepest first: ``rows`` as ``periods.drawdown_table``, and the terms."""
    asked = terms(desk)
    found = returns(desk, asked)
    dates, r = found["rows"]["date"].to_list(), found["rows"]["return"].to_numpy()
    return _framed(found, asked) | {"rows": periods.drawdown_table(dates, r, top=top)}


def rolling(desk: Desk, *, window: str = "half") -> dict[str, Any]:
    """Return measures of the last quarter, half or whole year at each period.

    Returns:
        ``rows`` as ``periods.rolling``, the Sharpe ratio over the terms' risk-free rate; ``window`` (periods), ``span`` (its name), ``reasons["rows"]`` where
        the history is shorter; and the terms.

    Raises:
        Invalid: For another window.
    """
    if window not in WINDOWS:
        told = FieldError("window", f"must be one of {', '.join(WINDOWS)}", window[:80])
        raise Invalid("There is no such window.", errors=[told])
    asked = terms(desk)
    found = returns(desk, asked)
    size = PERIODS_PER_YEAR[asked.frequency] // WINDOWS[window]
    dates, r = found["rows"]["date"].to_list(), found["rows"]["return"].to_numpy()
    rows = periods.rolling(dates, r, window=size, periods=asked.periods)
    excess = periods.rolling(dates, r - asked.risk_free, window=size, periods=asked.periods)
    both = found["rows"].drop_nulls("benchmark")
    beside = periods.rolling(
        both["date"].to_list(), both["return"].to_numpy(), window=size,
        benchmark=both["benchmark"].to_numpy(), periods=asked.periods,
    ).select("date", "beta", "tracking_error")  # fmt: skip
    rows = rows.drop("beta", "tracking_error").with_columns(excess["sharpe"])
    rows = rows.join(beside, on="date", how="left", maintain_order="left")
    answer = _framed(found, asked) | {"rows": rows, "window": size, "span": window}
    if rows.is_empty():
        short = f"A window needs {size} {asked.frequency} returns, there are {len(dates)}."
        answer["reasons"] = answer["reasons"] | {"rows": found["reasons"].get("return", short)}
    return answer


def months(desk: Desk) -> dict[str, Any]:
    """Return compounded returns by month and year: ``rows`` as ``periods.monthly_returns``, and the terms.

    Always from daily returns, so that a month is the calendar's whatever the frequency.
    """
    asked = terms(desk)
    found = returns(desk, replace(asked, frequency="daily"))
    dates, r = found["rows"]["date"].to_list(), found["rows"]["return"].to_numpy()
    return _framed(found, asked) | {"rows": periods.monthly_returns(dates, r)}


def distribution(desk: Desk, *, bins: int = 40) -> dict[str, Any]:
    """Return how returns are spread: ``rows`` as ``periods.return_distribution``.

    Also ``quantiles`` (list of {share, value}, type 7; empty without a return), ``n``, and the terms.
    """
    asked = terms(desk)
    found = returns(desk, asked)
    r = found["rows"]["return"].to_numpy()
    marks = [{"share": q, "value": float(np.quantile(r, q))} for q in QUANTILES] if r.size else []
    rows = periods.return_distribution(r, bins=min(bins, max(5, r.size // 4)))
    return _framed(found, asked) | {"rows": rows, "quantiles": marks, "n": int(r.size)}


def gross_and_net(desk: Desk) -> dict[str, Any]:
    """Return the main measures after and before costs: ``rows`` of {name, unit, net, gross, cost, reason}.

    ``cost`` is net less gross; costs are commissions, fees and taxes of trades and of the account.
    """
    asked = terms(desk)
    sides = {side: performance(desk, under=replace(asked, costs=side)) for side in ("net", "gross")}
    tables = {side: {m["name"]: m for m in found["metrics"]} for side, found in sides.items()}
    rows = []
    for name in SHARED:
        net, gross = tables["net"][name], tables["gross"][name]
        known = net["value"] is not None and gross["value"] is not None
        rows.append(
            {
                "name": name,
                "unit": net["unit"],
                "net": net["value"],
                "gross": gross["value"],
                "cost": net["value"] - gross["value"] if known else None,
                "reason": net["reason"] or gross["reason"],
            }
        )
    return {"rows": rows, "terms": sides["net"]["terms"], "period": sides["net"]["period"]}


def readings(desk: Desk, name: str) -> list[dict[str, Any]]:
    """Return a measure under our convention and under those of other houses.

    A list of {convention, value, difference}, ours first; empty where houses agree on its definition.
    """
    asked = terms(desk)
    r, both, b = _arrays(returns(desk, asked))
    rates = _rates(asked)
    against = name in houses.AGAINST
    found = houses.readings(name, both if against else r, benchmark=b if against else None, **rates)
    return [asdict(reading) for reading in found]


def report(desk: Desk) -> dict[str, Any]:
    """Return everything but the long series: what ``/api/portfolio/performance`` answers."""
    return performance(desk) | {
        "money_weighted": money_weighted(desk),
        "gross_and_net": gross_and_net(desk)["rows"],
        "drawdowns": drawdowns(desk)["rows"],
        "months": months(desk)["rows"],
        "distribution": {k: v for k, v in distribution(desk).items() if k in {"rows", "quantiles", "n"}},
    }


PASSPORTS = Subject(
    records=lambda desk: performance(desk)["metrics"] + money_weighted(desk)["metrics"],
    datasets=READS,
    readings=lambda desk, record: readings(desk, record["name"]),
    period=lambda desk: returns(desk, terms(desk))["period"],
)
