"""Trading as a whole: its figures, its venues, how fresh it is. Tables and P&L beside it."""

import polars as pl

from analytics.conventions import strict_sum
from analytics.datasets import (
    ACCOUNTS,
    CASH_FLOWS,
    DAILY_NAV,
    DAILY_POSITIONS,
    DATASETS,
    EXECUTIONS,
    FX_RATES,
    INSTRUMENTS,
    ORDER_EVENTS,
    POSTS,
    PRICES,
    SYSTEM,
)
from analytics.trading.cost import ratio_interval, ratio_sums
from analytics.trading.orders import fill_rate, order_to_trade, with_fills
from app.desk import Desk
from app.queries._money import Reasons, Values, converted, no_rate, number, total
from app.queries._orders import all_executions, all_orders, executions, order_life, orders, priced
from app.queries._period import within
from app.queries._pnl import earned, pnl, pnl_series
from app.storage.cache import cached

__all__ = [
    "all_executions",
    "all_orders",
    "executions",
    "freshness",
    "kpis",
    "order_life",
    "orders",
    "pnl",
    "pnl_series",
    "venues",
]

NO_EVENTS = "No order event is known in this period."
NO_EXECUTION = "No execution is known in this period."


@cached(
    EXECUTIONS, ORDER_EVENTS, INSTRUMENTS, ACCOUNTS, FX_RATES, DAILY_POSITIONS, DAILY_NAV,
)  # fmt: skip
def kpis(desk: Desk) -> tuple[Values, Reasons]:
    """Return the overview's trading figures of the period, and for each null why it is null.

    Values: orders, executions (counts), notional, net_pnl (after costs, income included), realised_pnl
    (before costs), unrealised_pnl (level at the last session), commission (money in the answer's currency;
    commission positive = cost), slippage_bp (notional-weighted against arrival, positive = cost), fill_rate
    (fraction), order_to_trade (messages / trades - 1).
    """
    bounded, _ = within(desk)
    values: Values = {}
    reasons: Reasons = {}
    for figures in (_traded(bounded), _ordered(bounded), earned(bounded)):
        values |= figures[0]
        reasons |= figures[1]
    names = (
        "orders", "executions", "notional", "net_pnl", "realised_pnl", "unrealised_pnl", "commission",
        "slippage_bp", "fill_rate", "order_to_trade",
    )  # fmt: skip
    return {name: values[name] for name in names}, reasons


def _traded(desk: Desk) -> tuple[Values, Reasons]:
    rows = priced(desk, desk.executions())
    measured = pl.col("slippage_bp").is_not_null()
    weighted = (pl.col("slippage_bp") * pl.col("notional").cast(pl.Float64)).sum()
    daily = rows.group_by("currency", date=pl.col("transact_time").dt.date()).agg(
        executions=pl.len().cast(pl.Int64),
        notional=pl.col("notional").sum(),
        commission=pl.col("commission").sum(),
        charged=pl.col("commission").count(),
        weight=pl.col("notional").filter(measured).sum(),
        # Through fixed point like the weight, so that both are converted alike.
        weighted=weighted.cast(EXECUTIONS.schema["last_px"]),
    )
    frame = converted(desk, desk.collect(daily), "notional", "commission", "weight", "weighted")
    values: Values = {"executions": int(frame["executions"].sum())}
    reasons: Reasons = {}
    for name in ("notional", "commission"):
        values[name] = total(frame, name)
        if values[name] is None:
            reasons[name] = no_rate(desk, frame) or NO_EXECUTION
    if frame.height and not frame["charged"].sum():
        values["commission"], reasons["commission"] = None, "No execution of this period states a commission."
    weight, cost = total(frame, "weight"), total(frame, "weighted")
    values["slippage_bp"] = cost / weight if weight and cost is not None else None
    if values["slippage_bp"] is None:
        without = "No execution of this period has an arrival price." if frame.height else NO_EXECUTION
        reasons["slippage_bp"] = no_rate(desk, frame) or without
    return values, reasons


def _ordered(desk: Desk) -> tuple[Values, Reasons]:
    names = ("orders", "fill_rate", "order_to_trade")
    events = with_fills(desk.order_events(), desk.executions())
    filled = desk.collect(fill_rate(events)).row(0, named=True)
    if not filled["orders"] and desk.collect(desk.executions().head(1)).height:
        # Somebody ordered what was executed; nobody told us how.
        return dict.fromkeys(names), dict.fromkeys(names, NO_EVENTS)
    ratios = desk.collect(order_to_trade(events))
    ratio = ratios["ratio_number"][0] if ratios.height else None
    values: Values = dict(
        zip(names, (filled["orders"], number(filled["fill_rate"]), number(ratio)), strict=True)
    )
    reasons: Reasons = {}
    if filled["fill_rate"] is None:
        reasons["fill_rate"] = NO_EVENTS
    if ratio is None:
        nothing = "Nothing was traded, so there is no ratio."
        reasons["order_to_trade"] = nothing if filled["orders"] else NO_EVENTS
    return values, reasons


@cached(EXECUTIONS, INSTRUMENTS, FX_RATES, DAILY_NAV)
def venues(desk: Desk) -> pl.DataFrame:
    """Return what execution cost by venue in the period, largest notional first.

    Columns: venue, ``executions``, ``notional`` (answer's currency; null without a rate), ``n`` (executions
    with an arrival price), ``slippage_bp`` (notional-weighted, positive = cost), ``low``, ``high`` (95 %
    interval), ``all_bp`` (the same over all venues, for the line to compare with).
    """
    bounded, _ = within(desk)
    measured = pl.col("slippage_bp").is_not_null()
    weight = pl.col("notional").cast(pl.Float64)
    daily = priced(desk, bounded.executions()).group_by(
        "venue", "currency", date=pl.col("transact_time").dt.date()
    )
    sums = daily.agg(
        executions=pl.len().cast(pl.Int64),
        notional=pl.col("notional").sum(),
        **ratio_sums(pl.col("slippage_bp") * weight, pl.when(measured).then(weight)),
    )
    frame = desk.collect(sums).with_columns(whole="notional")
    frame = converted(desk, frame, "whole")
    # A day's sums in its own currency, times its rate: squares count it twice.
    rate = pl.when(pl.col("notional") > 0).then(
        pl.col("whole").cast(pl.Float64) / pl.col("notional").cast(pl.Float64)
    )
    frame = frame.with_columns(
        [(pl.col(name) * rate).alias(name) for name in ("t", "b")]
        + [(pl.col(name) * rate**2).alias(name) for name in ("tt", "tb", "bb")]
    )
    added = [pl.col(name).sum() for name in ("n", "t", "b", "tt", "tb", "bb")]
    whole = frame.select(added).select(**ratio_interval())["value"][0]
    by_venue = frame.group_by("venue").agg(
        pl.col("executions").sum(), *added, notional=strict_sum(pl.col("whole"))
    )
    found = by_venue.with_columns(**ratio_interval()).select(
        "venue", "executions", "notional", "n", slippage_bp="value", low="low", high="high",
        all_bp=pl.lit(whole, pl.Float64),
    )  # fmt: skip
    return found.sort("notional", "venue", descending=[True, False], nulls_last=True)


@cached(EXECUTIONS, ORDER_EVENTS, PRICES, CASH_FLOWS, FX_RATES, POSTS)
def freshness(desk: Desk) -> pl.DataFrame:
    """Return how fresh each table is that the asker may see, one row per table with data.

    Columns: dataset, title, rows, last_event (instant, or midnight of the last day), last_ingest.
    """
    found = []
    for name in ("executions", "order_events", "prices", "cash_flows", "fx_rates", "posts"):
        dataset = DATASETS[name]
        moment = pl.col(dataset.time or dataset.day or "ingest_time").max().cast(SYSTEM["ingest_time"])
        rows = desk.rows(dataset, dated=False, scoped=False).select(
            dataset=pl.lit(name),
            title=pl.lit(dataset.title),
            rows=pl.len().cast(pl.Int64),
            last_event=moment,
            last_ingest=pl.col("ingest_time").max(),
        )
        found.append(desk.collect(rows))
    return pl.concat(found).filter(pl.col("rows") > 0)
