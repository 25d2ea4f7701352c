"""How the book did: net asset value by session."""

from dataclasses import replace
from typing import Any

import polars as pl

from analytics.datasets import ACCOUNTS, DAILY_NAV, FX_RATES
from analytics.portfolio.returns import daily_returns, drawdown
from app.desk import Desk
from app.queries._book import nav_days
from app.queries._money import currency
from app.queries._period import period
from app.storage.cache import cached


@cached(DAILY_NAV, ACCOUNTS, FX_RATES)
def nav_series(desk: Desk) -> dict[str, Any]:
    """Return net asset value by session: the scope's dates, or the whole history where it names none.

    Returns:
        ``rows``: date, nav, cash, flow, gross_exposure, net_exposure (answer's currency), pnl (change of nav
        less flow: also interest and fees of the account itself and the currency effect on cash), base (nav of
        the session before plus flow: what the day was earned on), return (fraction, flows at the start of the
        day; null where base is not positive), drawdown (0 or negative); ``currency``, ``period``,
        ``reasons``.
    """
    days = period(desk, sessions=None)
    # The first day is earned on what was there before, so the history is read from its beginning.
    nav, reasons = nav_days(desk, days=replace(days, start=None))
    returns = (
        daily_returns(nav) if nav.height else pl.DataFrame(schema={"date": pl.Date, "return": pl.Float64})
    )
    before = pl.col("nav").shift(1, fill_value=0)
    base = (before + pl.col("flow")).cast(pl.Float64)
    money = [
        pl.col(name).cast(pl.Float64) for name in ("nav", "cash", "flow", "gross_exposure", "net_exposure")
    ]
    rows = (
        nav.sort("date")
        .select("date", *money, base=base, pnl=(pl.col("nav") - before - pl.col("flow")).cast(pl.Float64))
        .join(returns, on="date", how="left", maintain_order="left")
        .filter(pl.col("date") >= pl.lit(days.start, pl.Date))
    )
    if rows.is_empty():
        reasons.setdefault("nav", "No net asset value is known in this period.")
    known = rows.select("date", "return").drop_nulls()
    depth = known.select("date", drawdown=pl.Series(drawdown(known["return"].to_numpy()), dtype=pl.Float64))
    rows = rows.join(depth, on="date", how="left", maintain_order="left")
    return {"rows": rows, "currency": currency(desk), "period": days.as_dict(), "reasons": reasons}
