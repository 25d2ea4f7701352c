"""Orders, executions, what they cost and what they earned."""

from typing import Any

import polars as pl

from analytics.conventions import strict_sum
from analytics.datasets import (
    ACCOUNTS,
    BENCHMARKS,
    CASH_FLOWS,
    DAILY_NAV,
    DAILY_POSITIONS,
    DATASETS,
    EXECUTIONS,
    FX_RATES,
    INSTRUMENTS,
    ORDER_EVENTS,
    PRICES,
    SYSTEM,
)
from analytics.trading.cost import slippage_bp, slippage_interval
from analytics.trading.orders import fill_rate, order_states, order_to_trade
from analytics.trading.volume import notional
from app.desk import Desk
from app.errors import FieldError, Invalid, NotFound
from app.queries._benchmark import benchmark_pnl
from app.queries._book import BY_TRADER, NOTHING_HELD, daily_pnl, holdings, instruments, unvalued
from app.queries._grid import Filters, Sort, cut, page
from app.queries._money import Reasons, Values, converted, currency, no_rate, number, total
from app.queries._period import within
from app.storage.cache import cached

PNL_GROUPS = ("desk", "account", "strategy", "instrument", "sector", "country", "asset_class")
_GROUP_COLUMN = {"account": "account_id", "instrument": "instrument_id"}
USUAL_SESSIONS = 60
MIN_USUAL = 20
NO_EVENTS = "No order event is known in this period."
NO_EXECUTION = "No execution is known in this period."
_ORDERS = {
    name: ORDER_EVENTS.schema[name]
    for name in (
        "order_id", "instrument_id", "account_id", "trader_id", "desk", "strategy", "side", "ord_type",
        "time_in_force", "venue", "parent_order_id", "limit_px", "order_qty",
    )
} | {
    "symbol": pl.String(), "filled_qty": EXECUTIONS.schema["last_qty"], "fill_rate": pl.Float64(),
    "status": pl.String(), "first_time": ORDER_EVENTS.schema["transact_time"],
    "last_time": ORDER_EVENTS.schema["transact_time"], "events": pl.Int64(),
}  # fmt: skip
_EXECUTIONS = {
    name: c.dtype for name, c in EXECUTIONS.columns.items() if name not in ("ext", "decision_time")
} | {
    "symbol": pl.String(),
    "notional": EXECUTIONS.schema["last_px"],
    "slippage_bp": pl.Float64(),
}


# --- one page of a table ---------------------------------------------------------------------------
@cached(ORDER_EVENTS, INSTRUMENTS, DAILY_NAV)
def orders(
    desk: Desk,
    *,
    limit: int = 100,
    offset: int = 0,
    sort: Sort = None,
    filters: Filters | None = None,
) -> tuple[pl.DataFrame, int]:
    """Return one page of orders with events in the period, newest first by default, and how many there are.

    Columns: order_id, instrument_id, symbol, account_id, trader_id, desk, strategy, side, ord_type,
    time_in_force, venue, parent_order_id, limit_px, order_qty, filled_qty, fill_rate, status, first_time,
    last_time, events. ``sort`` and ``filters`` as ``app.queries._grid.page``.

    Raises:
        Invalid: Naming a column, operator or value that does not fit.
    """
    asked = page(
        _ORDERS, limit=limit, offset=offset, sort=sort, filters=filters, default="-last_time", tie="order_id"
    )
    bounded, _ = within(desk)
    named = instruments(desk).select("instrument_id", "symbol")
    rows = order_states(bounded.order_events()).join(named, on="instrument_id", how="left")
    return cut(desk, rows.select(*_ORDERS), asked)


@cached(ORDER_EVENTS, EXECUTIONS, INSTRUMENTS)
def order_life(desk: Desk, order_id: str) -> dict[str, Any]:
    """Return one order in full: ``order`` (its state), ``events`` and ``executions``, oldest first.

    ``children`` names the orders that were cut from it. Dates of the scope do not matter here.

    Raises:
        NotFound: If no order of this id is in what the asker may see.
    """
    everything = desk.rows(ORDER_EVENTS, dated=False, scoped=False)
    events = desk.collect(everything.filter(pl.col("order_id") == order_id))
    fills = desk.executions(dated=False, scoped=False).filter(pl.col("order_id") == order_id)
    executions = desk.collect(_priced(desk, fills).sort("transact_time_ns", "exec_id"))
    if events.is_empty() and executions.is_empty():
        raise NotFound("There is no such order.")
    state = desk.collect(
        order_states(events.lazy()).join(
            instruments(desk).select("instrument_id", "symbol", "name"), on="instrument_id", how="left"
        )
    )
    children = everything.filter(pl.col("parent_order_id") == order_id).select(
        pl.col("order_id").unique().sort()
    )
    return {
        "order": state.row(0, named=True) if state.height else None,
        "events": events.sort("transact_time_ns", "event_seq").select(*ORDER_EVENTS.columns, "dq_flags"),
        "executions": executions.select(*_EXECUTIONS),
        "children": desk.collect(children)["order_id"].to_list(),
    }


@cached(EXECUTIONS, INSTRUMENTS, DAILY_NAV)
def executions(
    desk: Desk,
    *,
    limit: int = 100,
    offset: int = 0,
    sort: Sort = None,
    filters: Filters | None = None,
) -> tuple[pl.DataFrame, int]:
    """Return one page of executions of the period as they stand, newest first, and how many there are.

    Columns: those of EXECUTIONS, ``symbol``, ``notional`` (execution's currency), ``slippage_bp`` against
    arrival (positive = cost). Busted executions and replaced versions are left out. ``sort`` and
    ``filters`` as ``app.queries._grid.page``.

    Raises:
        Invalid: Naming a column, operator or value that does not fit.
    """
    asked = page(
        _EXECUTIONS, limit=limit, offset=offset, sort=sort, filters=filters,
        default="-transact_time", tie="exec_id",
    )  # fmt: skip
    bounded, _ = within(desk)
    return cut(desk, _priced(desk, bounded.executions()).select(*_EXECUTIONS), asked)


def _priced(desk: Desk, rows: pl.LazyFrame) -> pl.LazyFrame:
    described = instruments(desk).select("instrument_id", "symbol", "multiplier")
    rows = rows.join(described, on="instrument_id", how="left")
    return rows.with_columns(notional=notional(), slippage_bp=slippage_bp())


# --- figures ---------------------------------------------------------------------------------------
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
    for figures in (_traded(bounded), _ordered(bounded), _earned(bounded)):
        values |= figures[0]
        reasons |= figures[1]
    names = (
        "orders", "executions", "notional", "net_pnl", "realised_pnl", "unrealised_pnl", "commission",
        "slippage_bp", "fill_rate", "order_to_trade",
    )  # fmt: skip
    return {name: values[name] for name in names}, reasons


def _traded(desk: Desk) -> tuple[Values, Reasons]:
    rows = _priced(desk, desk.executions())
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
    events = desk.order_events()
    filled = desk.collect(fill_rate(events)).row(0, named=True)
    ratios = desk.collect(order_to_trade(events))
    ratio = ratios["ratio_number"][0] if ratios.height else None
    values: Values = {
        "orders": filled["orders"],
        "fill_rate": number(filled["fill_rate"]),
        "order_to_trade": number(ratio),
    }
    reasons: Reasons = {}
    if filled["fill_rate"] is None:
        reasons["fill_rate"] = NO_EVENTS
    if ratio is None:
        reasons["order_to_trade"] = (
            "Nothing was traded, so there is no ratio." if filled["orders"] else NO_EVENTS
        )
    return values, reasons


def _earned(desk: Desk) -> tuple[Values, Reasons]:
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


@cached(DAILY_POSITIONS, DAILY_NAV, ACCOUNTS, BENCHMARKS, FX_RATES, INSTRUMENTS)
def pnl_series(desk: Desk) -> dict[str, Any]:
    """Return cumulative net P&L by session of the period, beside the benchmark and what is usual.

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
    history = daily_pnl(desk.with_scope(start=None, end=days.end))
    if history.is_empty() or days.start is None:
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
    rows = rows.join(curve, on="date", how="left").select(*_SERIES)
    reasons: Reasons = {"benchmark": why} if why else {}
    lacking = no_rate(desk, history)
    if lacking:
        reasons["pnl"] = lacking
    return answer | {"rows": rows, "benchmark": name, "reasons": reasons}


_SERIES: dict[str, pl.DataType] = {"date": pl.Date()} | dict.fromkeys(
    ("pnl", "cumulative", "benchmark", "usual_low", "usual_high"), pl.Float64()
)


@cached(DAILY_POSITIONS, DAILY_NAV, ACCOUNTS, FX_RATES, INSTRUMENTS)
def pnl(desk: Desk, *, group_by: str = "desk") -> pl.DataFrame:
    """Return P&L of the period by group, largest first.

    Columns: ``group`` (null where not known), ``label``, ``pnl`` (net), ``realised_pnl``,
    ``unrealised_change`` (with the currency effect on holdings: net less the other parts), ``income``,
    ``costs`` (positive = cost). Money in the answer's currency, null where not known. No row where the scope
    names traders: P&L is kept by account.

    Raises:
        Invalid: For a group that is not one of desk, account, strategy, instrument, sector, country,
            asset_class.
    """
    if group_by not in PNL_GROUPS:
        allowed = f"must be one of {', '.join(PNL_GROUPS)}"
        raise Invalid("P&L is not grouped by this.", errors=[FieldError("group_by", allowed, group_by[:80])])
    bounded, _ = within(desk)
    column = _GROUP_COLUMN.get(group_by, group_by)
    days = daily_pnl(bounded, column)
    if desk.scope.trader:
        days = days.clear()
    found = days.group_by(column).agg(
        pnl=pl.when(pl.col("pnl").last().is_not_null()).then(pl.col("booked").sum()),
        **{name: strict_sum(pl.col(name)) for name in ("realised_pnl", "income", "costs")},
    )
    change = pl.col("pnl") - pl.col("realised_pnl") - pl.col("income") + pl.col("costs")
    found = found.with_columns(unrealised_change=change, group=column, label=pl.col(column).cast(pl.String))
    if group_by == "instrument":
        symbols = desk.collect(instruments(desk).select("instrument_id", "symbol"))
        found = found.join(symbols, on="instrument_id", how="left").with_columns(
            label=pl.coalesce("symbol", "label")
        )
    found = found.with_columns(pl.col("label").fill_null("Not known"))
    columns = ("group", "label", "pnl", "realised_pnl", "unrealised_change", "income", "costs")
    return found.select(*columns).sort("pnl", "label", descending=[True, False], nulls_last=True)


@cached(EXECUTIONS, INSTRUMENTS, FX_RATES, DAILY_NAV)
def venues(desk: Desk) -> pl.DataFrame:
    """Return what execution cost by venue in the period, largest notional first.

    Columns: venue, ``executions``, ``notional`` (answer's currency; null without a rate), ``n`` (executions
    with an arrival price), ``slippage_bp`` (notional-weighted, positive = cost), ``low``, ``high`` (95 %
    interval), ``all_bp`` (the same over all venues, for the line to compare with).
    """
    bounded, _ = within(desk)
    day = pl.col("transact_time").dt.date()
    rows = _priced(desk, bounded.executions())
    traded = desk.collect(
        rows.group_by("venue", "currency", date=day).agg(
            executions=pl.len().cast(pl.Int64), notional=pl.col("notional").sum()
        )
    )
    traded = converted(desk, traded, "notional")
    by_venue = traded.group_by("venue").agg(
        pl.col("executions").sum(),
        notional=pl.when(pl.col("notional").null_count() == 0).then(pl.col("notional").sum()),
    )
    # Each fill weighs what it was worth in one currency: the rate of its day, through the ratio above.
    own = desk.collect(rows.group_by("currency", date=day).agg(local=pl.col("notional").sum())).with_columns(
        whole="local"
    )
    factor = converted(desk, own, "whole").select(
        "currency", "date", factor=pl.col("whole").cast(pl.Float64) / pl.col("local").cast(pl.Float64)
    )
    weighed = rows.with_columns(date=day).join(factor.lazy(), on=["currency", "date"], how="left")
    weight = pl.col("notional").cast(pl.Float64) * pl.col("factor")
    costs = desk.collect(slippage_interval(weighed, by=["venue"], weight=weight))
    overall = desk.collect(slippage_interval(weighed, by=[], weight=weight))
    mean = overall["slippage_bp"][0] if overall.height else None
    found = by_venue.join(costs, on="venue", how="left", nulls_equal=True)
    return found.with_columns(pl.col("n").fill_null(0), all_bp=pl.lit(mean, pl.Float64)).sort(
        "notional", "venue", descending=[True, False], nulls_last=True
    )


@cached(EXECUTIONS, ORDER_EVENTS, PRICES, CASH_FLOWS, FX_RATES, DATASETS["messages"], DATASETS["posts"])
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
