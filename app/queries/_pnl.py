"""What was earned: by day, by group, in all."""

from typing import Any

import polars as pl

from analytics.conventions import strict_sum
from analytics.datasets import (
    ACCOUNTS,
    BENCHMARKS,
    DAILY_NAV,
    DAILY_POSITIONS,
    DECIMAL,
    EXECUTIONS,
    FX_RATES,
    INSTRUMENTS,
)
from app.desk import Desk
from app.errors import FieldError, Invalid
from app.queries._benchmark import benchmark_pnl
from app.queries._book import BY_TRADER, NOTHING_HELD, daily_pnl, holdings, instruments, unvalued
from app.queries._money import Reasons, Values, currency, no_rate, total
from app.queries._period import period, within
from app.queries._pnl_explain import TRADE_GROUPS, traded_by
from app.storage.cache import cached

PNL_GROUPS = (
    "desk", "trader", "strategy", "account", "instrument", "venue", "day", "sector", "country", "asset_class",
)  # fmt: skip
_GROUP_COLUMN = {"account": "account_id", "instrument": "instrument_id", "day": "date"}
USUAL_SESSIONS = 60
MIN_USUAL = 20
_SERIES: dict[str, pl.DataType] = {"date": pl.Date()} | dict.fromkeys(
    ("pnl", "cumulative", "benchmark", "usual_low", "usual_high"), pl.Float64()
)


def earned(desk: Desk) -> tuple[Values, Reasons]:
    """Return net_pnl, realised_pnl and unrealised_pnl of a desk bounded to its period, and why null."""
    names = ("net_pnl", "realised_pnl", "unrealised_pnl")
    values: Values = dict.fromkeys(names)
    if desk.scope.trader:
        return values, dict.fromkeys(names, BY_TRADER)
    days, held = daily_pnl(desk), holdings(desk)
    reasons: Reasons = {}
    if days.is_empty():
        return values, dict.fromkeys(names, NOTHING_HELD)
    open_end = days.tail(1)["pnl"].null_count() > 0
    values["net_pnl"] = None if open_end else total(days, "booked")
    values["realised_pnl"] = total(days, "realised_pnl")
    values["unrealised_pnl"] = total(held, "unrealised_pnl")
    why = unvalued(desk, held) or no_rate(desk, days) or NOTHING_HELD
    reasons = {name: why for name in names if values[name] is None}
    return values, reasons


@cached(DAILY_POSITIONS, DAILY_NAV, ACCOUNTS, BENCHMARKS, FX_RATES, INSTRUMENTS, shared=True)
def pnl_series(desk: Desk) -> dict[str, Any]:
    """Return cumulative net P&L by session of the period, beside the benchmark and what is usual.

    P&L of holdings and trades: income of a holding and costs of a trade are in it, interest and fees of the
    account as a whole are not (``portfolio.nav_series`` has them).

    Returns:
        ``rows``: date, ``pnl`` (of the day), ``cumulative``, ``benchmark`` (cumulative P&L of the same net
        asset value in the benchmark), ``usual_low`` and ``usual_high`` (where the day would have ended with
        the 10 % and 90 % quantile of the 60 sessions before; null with fewer than 20). ``currency``,
        ``benchmark`` (its id or None), ``period``, ``reasons`` by column. Money in the answer's currency.
    """
    bounded, days = within(desk)
    answer: dict[str, Any] = {
        "rows": pl.DataFrame(schema=_SERIES), "currency": currency(desk), "benchmark": None,
        "period": days.as_dict(), "reasons": {},
    }  # fmt: skip
    if desk.scope.trader:
        return answer | {"reasons": {"pnl": BY_TRADER}}
    if days.start is None:
        return answer | {"reasons": {"pnl": NOTHING_HELD}}
    # The first day's band needs the sessions before it.
    before_it = period(desk.with_scope(start=None, end=days.start), sessions=USUAL_SESSIONS + 1)
    history = daily_pnl(desk.with_scope(start=before_it.start, end=days.end))
    if history.is_empty():
        return answer | {"reasons": {"pnl": NOTHING_HELD}}
    booked = pl.col("booked").cast(pl.Float64)
    before = booked.shift(1)
    band = {
        f"usual_{name}": before.rolling_quantile(
            q, interpolation="linear", window_size=USUAL_SESSIONS, min_samples=MIN_USUAL
        )
        for name, q in (("low", 0.1), ("high", 0.9))
    }
    rows = history.with_columns(**band).filter(pl.col("date") >= days.start)
    cumulative = pl.col("booked").cum_sum().cast(pl.Float64)
    rows = rows.select(
        "date",
        pl.col("pnl").cast(pl.Float64),
        cumulative=cumulative,
        usual_low=cumulative - booked + pl.col("usual_low"),
        usual_high=cumulative - booked + pl.col("usual_high"),
    )
    name, curve, why = benchmark_pnl(bounded, days)
    rows = rows.join(curve, on="date", how="left", maintain_order="left").select(*_SERIES)
    reasons: Reasons = {"benchmark": why} if why else {}
    lacking = no_rate(desk, history)
    if lacking:
        reasons["pnl"] = lacking
    return answer | {"rows": rows, "benchmark": name, "reasons": reasons}


@cached(DAILY_POSITIONS, DAILY_NAV, EXECUTIONS, ACCOUNTS, FX_RATES, INSTRUMENTS, shared=True)
def pnl(desk: Desk, *, group_by: str = "desk") -> pl.DataFrame:
    """Return P&L of the period by group, largest first; by day in order.

    Columns: ``group`` (null where not known), ``label``, ``pnl`` (net), ``realised_pnl``,
    ``unrealised_change`` (with the currency effect on holdings: net less the other parts), ``income``,
    ``costs`` (positive = cost). Money in the answer's currency, null where not known. No row where the scope
    names traders: P&L is kept by account.

    By trader and by venue it is the P&L of their trades until the close of each day: positions have neither,
    so realised and unrealised are null there.

    Raises:
        Invalid: For a group that is not one of ``PNL_GROUPS``.
    """
    if group_by not in PNL_GROUPS:
        allowed = f"must be one of {', '.join(PNL_GROUPS)}"
        raise Invalid("P&L is not grouped by this.", errors=[FieldError("group_by", allowed, group_by[:80])])
    if group_by in TRADE_GROUPS:
        return _of_trades(desk, TRADE_GROUPS[group_by])
    bounded, _ = within(desk)
    column = _GROUP_COLUMN.get(group_by, group_by)
    days = daily_pnl(bounded, *([] if column == "date" else [column]))
    if desk.scope.trader:
        days = days.clear()
    # A day alone knows its P&L or not; of several, only the last day's gaps are still open.
    found = days.group_by(column).agg(
        pnl=pl.when(pl.col("pnl").last().is_not_null()).then(pl.col("booked").sum()),
        **{name: strict_sum(pl.col(name)) for name in ("realised_pnl", "income", "costs")},
    )
    change = pl.col("pnl") - pl.col("realised_pnl") - pl.col("income") + pl.col("costs")
    found = found.with_columns(
        unrealised_change=change,
        group=pl.col(column).cast(pl.String),
        label=pl.col(column).cast(pl.String),
    )
    if group_by == "instrument":
        symbols = desk.collect(instruments(desk).select("instrument_id", "symbol"))
        found = found.join(symbols, on="instrument_id", how="left").with_columns(
            label=pl.coalesce("symbol", "label")
        )
    return _ordered(found, by_day=group_by == "day")


def _of_trades(desk: Desk, column: str) -> pl.DataFrame:
    unknown = pl.lit(None, DECIMAL)
    found = (
        traded_by(desk, column)
        .group_by(column)
        .agg(
            pnl=strict_sum(pl.col("pnl")),
            income=strict_sum(pl.col("carry")),
            costs=-strict_sum(pl.col("fees")),
        )
    )
    found = found.with_columns(group=column, label=column, realised_pnl=unknown, unrealised_change=unknown)
    return _ordered(found, by_day=False)


def _ordered(found: pl.DataFrame, *, by_day: bool) -> pl.DataFrame:
    found = found.with_columns(pl.col("label").fill_null("Not known"))
    found = found.select("group", "label", "pnl", "realised_pnl", "unrealised_change", "income", "costs")
    return (
        found.sort("group")
        if by_day
        else found.sort("pnl", "label", descending=[True, False], nulls_last=True)
    )
