"""How the book did: net asset value by session, and what is measured on its returns."""

from typing import Any

import numpy as np
import polars as pl

from analytics.datasets import ACCOUNTS, BENCHMARKS, DAILY_NAV, FX_RATES
from analytics.portfolio import performance as measure
from analytics.portfolio.returns import daily_returns, drawdown, total_return
from app.desk import Desk
from app.queries._benchmark import benchmark_returns
from app.queries._book import nav_days
from app.queries._money import Reasons, currency, number
from app.queries._period import period
from app.storage.cache import cached


@cached(DAILY_NAV, ACCOUNTS, FX_RATES)
def nav_series(desk: Desk) -> dict[str, Any]:
    """Return net asset value by session: the scope's dates, or the whole history where it names none.

    Returns:
        ``rows``: date, nav, cash, flow, gross_exposure, net_exposure (answer's currency), pnl (change of nav
        less flow: also interest and fees of the account itself and the currency effect on cash), return
        (fraction, flows at the start of the day), drawdown (0 or negative); ``currency``, ``period``,
        ``reasons``.
    """
    days = period(desk, sessions=None)
    nav, reasons = nav_days(desk, days=days)
    returns = (
        daily_returns(nav) if nav.height else pl.DataFrame(schema={"date": pl.Date, "return": pl.Float64})
    )
    known = returns.drop_nulls()
    depth = known.with_columns(drawdown=pl.Series(drawdown(known["return"].to_numpy()), dtype=pl.Float64))
    money = [
        pl.col(name).cast(pl.Float64) for name in ("nav", "cash", "flow", "gross_exposure", "net_exposure")
    ]
    # Before the history's first session there was nothing; before a narrower period there was something.
    opening = 0 if desk.scope.start is None else None
    earned = pl.col("nav") - pl.col("nav").shift(1, fill_value=opening) - pl.col("flow")
    rows = (
        nav.sort("date")
        .select("date", *money, pnl=earned.cast(pl.Float64))
        .join(returns, on="date", how="left")
    )
    rows = rows.join(depth.select("date", "drawdown"), on="date", how="left").sort("date")
    return {"rows": rows, "currency": currency(desk), "period": days.as_dict(), "reasons": reasons}


@cached(DAILY_NAV, ACCOUNTS, FX_RATES, BENCHMARKS)
def performance(desk: Desk, *, risk_free: float = 0.0, mar: float = 0.0) -> dict[str, Any]:
    """Return performance over the scope's dates, or the whole history where it names none.

    Args:
        desk: Whose net asset value.
        risk_free: Return without risk per session. Unit: fraction.
        mar: Minimum acceptable return per session. Unit: fraction.

    Returns:
        ``metrics``: list of {name, value, unit, low, high, n, convention, reason}; ``benchmark`` (its id);
        ``period``; ``reasons``. Returns are time-weighted, net of costs, flows at the start of the day,
        252 sessions a year.
    """
    series = nav_series(desk)
    known = series["rows"].select("date", "return").drop_nulls()
    name, against = benchmark_returns(desk)
    both = known.join(against, on="date", how="inner", suffix="_benchmark")
    reasons: Reasons = {key: why for key, why in series["reasons"].items() if key == "nav"}
    why = reasons.get("nav") or f"{known.height} daily returns are too few for this."
    r = known["return"].to_numpy().astype(np.float64)
    b, rb = (both[c].to_numpy().astype(np.float64) for c in ("return_benchmark", "return"))
    no_benchmark = "No benchmark is named by the accounts, and none or several are known."
    found = [
        _metric("total_return", total_return(r), "fraction", r.size, why, compounding="geometric"),
        _metric("annualised_return", measure.annualised_return(r), "fraction", r.size, why),
        _metric("annualised_volatility", measure.annualised_volatility(r), "fraction", r.size, why,
                interval=measure.volatility_interval(r), ddof=1),
        _metric("sharpe_ratio", measure.sharpe_ratio(r, risk_free=risk_free), "ratio", r.size, why,
                interval=measure.sharpe_interval(r, risk_free=risk_free), risk_free=risk_free),
        _metric("sortino_ratio", measure.sortino_ratio(r, mar=mar), "ratio", r.size, why, mar=mar),
        _metric("max_drawdown", measure.max_drawdown(r), "fraction", r.size, why, start="1.0 counted"),
        _metric("calmar_ratio", measure.calmar_ratio(r), "ratio", r.size, why),
        _metric("omega_ratio", measure.omega_ratio(r, mar=mar), "ratio", r.size, why, mar=mar),
        _metric("hit_rate", measure.hit_rate(r), "fraction", r.size, why),
        _metric("beta", measure.beta(rb, b), "ratio", rb.size, no_benchmark if name is None else why),
        _metric("tracking_error", measure.tracking_error(rb, b), "fraction", rb.size,
                no_benchmark if name is None else why),
        _metric("information_ratio", measure.information_ratio(rb, b), "ratio", rb.size,
                no_benchmark if name is None else why),
    ]  # fmt: skip
    return {"metrics": found, "benchmark": name, "period": series["period"], "reasons": reasons}


def _metric(
    name: str,
    value: float | None,
    unit: str,
    n: int,
    why: str,
    *,
    interval: tuple[float, float] | None = None,
    **convention: Any,
) -> dict[str, Any]:
    low, high = interval or (None, None)
    shared = {"frequency": "daily", "periods_per_year": 252, "flow_timing": "start"}
    found = number(value)
    return {
        "name": name, "value": found, "unit": unit, "low": number(low), "high": number(high), "n": n,
        "convention": shared | convention, "reason": None if found is not None else why,
    }  # fmt: skip
