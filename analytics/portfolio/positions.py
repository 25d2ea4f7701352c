"""Positions by account, instrument and session, derived from executions."""

from dataclasses import dataclass

import polars as pl

from analytics.conventions import ONE, ZERO
from analytics.datasets import DAILY_POSITIONS, DECIMAL
from analytics.portfolio.cost_methods import DEFAULT, costed_or_averaged
from analytics.portfolio.costing import GROUP
from analytics.portfolio.facts import Facts, kept
from analytics.portfolio.lots import Method

_BY = list(GROUP)
_EVENTS: dict[str, pl.DataType] = {
    "account_id": pl.String(),
    "instrument_id": pl.String(),
    "date": pl.Date(),
    "transact_time_ns": pl.Int64(),
    "exec_id": pl.String(),
    "quantity": DECIMAL,
    "price": DECIMAL,
    "multiplier": DECIMAL,
    "costs": DECIMAL,
    "income": DECIMAL,
    "ratio": DECIMAL,
    "known": pl.Boolean(),
}

_DAYS: dict[str, pl.DataType] = {
    "account_id": pl.String(),
    "instrument_id": pl.String(),
    "date": pl.Date(),
    "quantity": DECIMAL,
    "cost_basis": DECIMAL,
    "multiplier": DECIMAL,
    "traded_cash": DECIMAL,
    "costs": DECIMAL,
    "income": DECIMAL,
    "realised_pnl": DECIMAL,
    "executions": pl.Int64(),
    "known": pl.Boolean(),
    "averaged": pl.Boolean(),
}


@dataclass(frozen=True)
class Book:
    """Positions, and those of them that could not be kept by lot.

    ``positions``: as ``daily_positions``. ``averaged``: account_id, instrument_id of positions that are at
    average cost although another method was asked for, since lots cannot count their turnover.
    """

    positions: pl.LazyFrame
    averaged: pl.DataFrame


def daily_positions(facts: Facts, *, method: Method = DEFAULT) -> pl.LazyFrame:
    """Return one row per account, instrument and session in which something is held or happened.

    The business columns of DAILY_POSITIONS, sorted by account, instrument, date. The method (average, fifo,
    lifo) decides what of the P&L counts as realised, and average cost; nothing else depends on it. Splits change quantity and average cost on their ex date; dividends are income when a cash flow says so.
    The last known close is carried forward with its date; an instrument never priced has a null market
    value, and its P&L of those days is booked on the first day with a price, so that sums over time hold:

        sum(realised_pnl + income - costs) + unrealised_pnl
            = sum(traded_cash + income - costs) + market_value

    to the last digit per account and instrument. ``pnl_base`` converts each day's cash at that day's rate
    and revalues the holding, so it includes the currency effect on the holding. Missing rate: null.
    """
    return book(facts, method=method).positions


def book(facts: Facts, *, method: Method = DEFAULT) -> Book:
    """Return ``daily_positions``, and which of them are at average cost whatever the method says."""
    states = kept(_states(facts, method))
    averaged = states.filter("averaged").select(*_BY).unique().sort(*_BY).collect()
    return Book(_daily(facts, states.drop("averaged")), averaged)


def _daily(facts: Facts, states: pl.LazyFrame) -> pl.LazyFrame:
    rates = facts.rates(states.join(facts.bases, on="account_id", how="left").select("currency", "base"))
    states = _with_base_cash(states, facts, rates)
    held = facts.carried(states, by=_BY, keep=pl.col("quantity") != 0)
    on_the_day = ("traded_cash", "costs", "income", "realised_pnl")
    held = held.with_columns(
        *(pl.when("is_event").then(pl.col(name)).otherwise(ZERO).alias(name) for name in on_the_day),
        executions=pl.when("is_event").then("executions").otherwise(0).cast(pl.Int64),
    )
    rates = rates.rename({"base": "account_base"})
    valued = _valued(held, facts).join(
        rates, on=["currency", "account_base", "date"], how="left", maintain_order="left"
    )
    valued = valued.with_columns(
        unrealised_pnl=pl.col("market_value") - pl.col("cost_basis"),
        market_value_base=pl.col("market_value") * pl.col("fx_rate"),
    )
    total = pl.col("total_cash") + pl.col("market_value")
    total_base = pl.col("total_cash_base") + pl.col("market_value_base")
    valued = valued.with_columns(pnl=_change(total), pnl_base=_change(total_base))
    per_unit = pl.col("quantity") * pl.col("multiplier")
    average = pl.when(per_unit != 0).then(pl.col("cost_basis") / per_unit)
    return valued.with_columns(avg_cost=average).select(*DAILY_POSITIONS.columns)


def _change(total: pl.Expr) -> pl.Expr:
    # Against the last total that was known, so a day without a price delays P&L and loses none.
    before = total.forward_fill().shift(1).over("group").fill_null(ZERO)
    return total - before


def _states(facts: Facts, method: Method) -> pl.LazyFrame:
    # One row per account, instrument and day on which something happened, after all of that day's events.
    days = _events(facts).map_batches(lambda events: _end_of_day(events, method), schema=_DAYS)
    days = days.join(facts.currencies, on="instrument_id", how="left").rename(
        {"position_currency": "currency"}
    )
    cash = pl.col("traded_cash") + pl.col("income") - pl.col("costs")
    days = days.sort(*_BY, "date").with_columns(known=pl.col("known").cast(pl.Int8).cum_min().over(_BY) == 1)
    # A leg in a currency without a rate makes every money column from that day on unknown, not smaller.
    money = ("cost_basis", "traded_cash", "costs", "income", "realised_pnl")
    days = days.with_columns(pl.when("known").then(pl.col(name)).alias(name) for name in money)
    return days.with_columns(total_cash=pl.when("known").then(cash.cum_sum().over(_BY))).drop("known")


def _end_of_day(events: pl.DataFrame, method: Method) -> pl.DataFrame:
    # Eager on purpose: what a position cost depends on the order of rows, which a stream may not keep.
    ordered = events.sort(*_BY, "date", "transact_time_ns", "exec_id", nulls_last=False)
    costed = costed_or_averaged(_with_split_quantities(ordered), method=method)
    ends = costed.group_by(*_BY, "date", maintain_order=True).agg(
        quantity=pl.col("position").last(),
        cost_basis=pl.col("cost_basis").last(),
        multiplier=pl.col("multiplier").last(),
        traded_cash=pl.col("cash").sum(),
        costs=pl.col("costs").sum(),
        income=pl.col("income").sum(),
        realised_pnl=pl.col("realised").sum(),
        executions=pl.col("exec_id").count().cast(pl.Int64),
        known=pl.col("known").all(),
        averaged=pl.col("averaged").any(),
    )
    return ends.select(*_DAYS)


def _with_split_quantities(events: pl.DataFrame) -> pl.DataFrame:
    # The n-th split of every position at once: what it adds depends on the splits before it only.
    split = pl.col("ratio").is_not_null()
    if not events.select(split.any()).item():
        return events
    number = pl.when(split).then(split.cast(pl.Int32).cum_sum().over(_BY))
    events = events.with_columns(_split=number)
    for n in range(1, events.select(pl.col("_split").max()).item() + 1):
        held = pl.col("quantity").cum_sum().over(_BY)
        # Fractions below a millionth of a share come from ratios such as 1/3 and are paid out in cash.
        added = (held * (pl.col("ratio") - ONE)).round(6)
        events = events.with_columns(
            quantity=pl.when(pl.col("_split") == n).then(added).otherwise("quantity").cast(DECIMAL)
        )
    return events.drop("_split")


def _events(facts: Facts) -> pl.LazyFrame:
    # Trades, income and splits as one stream in the position's currency; known = every leg had a rate.
    trades = facts.trades.join(facts.currencies, on="instrument_id", how="left")
    income = facts.income.join(facts.currencies, on="instrument_id", how="left")
    foreign = pl.concat(
        [frame.select("currency", base="position_currency").unique() for frame in (trades, income)]
    )
    rates = facts.rates(foreign).rename({"base": "position_currency"})
    on = ["currency", "position_currency", "date"]
    trades = trades.join(rates, on=on, how="left")
    income = income.join(rates, on=on, how="left")
    rate = pl.col("fx_rate").fill_null(ZERO)
    bought = trades.select(
        *_BY,
        "date",
        "transact_time_ns",
        "exec_id",
        "quantity",
        "multiplier",
        price=pl.col("price") * rate,
        costs=pl.col("costs") * rate,
        income=-pl.col("accrued") * rate,
        known=pl.col("fx_rate").is_not_null(),
    )
    earned = income.select(
        *_BY,
        "date",
        quantity=ZERO,
        multiplier=ONE,
        costs=ZERO,
        income=pl.col("amount") * rate,
        known=pl.col("fx_rate").is_not_null(),
    )
    return pl.concat([bought, earned, _split_events(facts)], how="diagonal_relaxed").select(
        pl.col(name).cast(dtype) if name in ("quantity", "price", "multiplier", "costs", "income") else name
        for name, dtype in _EVENTS.items()
    )


def _split_events(facts: Facts) -> pl.LazyFrame:
    # A split counts from the first session on or after its ex date, before that day's trades.
    pairs = facts.trades.group_by(*_BY).agg(
        start=pl.col("date").min(), multiplier=pl.col("multiplier").first()
    )
    sessions = facts.sessions.select("date")
    moved = facts.splits.sort("date").rename({"date": "ex_date"})
    moved = moved.join_asof(
        sessions, left_on="ex_date", right_on="date", strategy="forward", check_sortedness=False
    ).drop_nulls("date")
    held = moved.join(pairs, on="instrument_id").filter(pl.col("ex_date") > pl.col("start"))
    return held.select(
        *_BY,
        "date",
        "ratio",
        "multiplier",
        transact_time_ns=pl.lit(-(2**62), pl.Int64),
        quantity=ZERO,
        costs=ZERO,
        income=ZERO,
        known=pl.lit(True),
    )


def _with_base_cash(states: pl.LazyFrame, facts: Facts, rates: pl.LazyFrame) -> pl.LazyFrame:
    states = states.join(facts.bases, on="account_id", how="left")
    states = states.join(rates, on=["currency", "base", "date"], how="left").sort(*_BY, "date")
    cash = (pl.col("traded_cash") + pl.col("income") - pl.col("costs")) * pl.col("fx_rate")
    known = cash.is_not_null().cast(pl.Int8).cum_min().over(_BY) == 1
    states = states.with_columns(total_cash_base=pl.when(known).then(cash.cum_sum().over(_BY)))
    return states.drop("fx_rate").rename({"base": "account_base"})


def _valued(held: pl.LazyFrame, facts: Facts) -> pl.LazyFrame:
    # Market value in the position's currency at the last close known; flat is 0 whatever the price.
    closes = _closes_by_session(facts)
    priced = held.join(closes, on=["instrument_id", "date"], how="left", maintain_order="left")
    value = pl.col("quantity") * pl.col("market_px") * pl.col("multiplier")
    return priced.with_columns(market_value=pl.when(pl.col("quantity") == 0).then(ZERO).otherwise(value))


def _closes_by_session(facts: Facts) -> pl.LazyFrame:
    # instrument_id, date, market_px (position's currency), price_date: the last close known, on each session.
    sessions = facts.sessions.select("date")
    known = facts.closes.sort("price_date").join_asof(
        sessions, left_on="price_date", right_on="date", strategy="forward", check_sortedness=False
    )
    # Closes before the first session meet on it: the newest of them counts.
    known = known.drop_nulls("date").sort("instrument_id", "price_date")
    known = known.unique(["instrument_id", "date"], keep="last", maintain_order=True)
    spread = facts.carried(known, by=["instrument_id"]).join(facts.currencies, on="instrument_id", how="left")
    spread = kept(spread.with_columns(currency=pl.coalesce("price_currency", "position_currency")))
    pairs = spread.select("currency", base="position_currency").unique()
    conversion = facts.rates(pairs).rename({"base": "position_currency"})
    spread = spread.join(conversion, on=["currency", "position_currency", "date"], how="left")
    market_px = pl.col("market_px") * pl.col("fx_rate")
    return spread.select(
        "instrument_id",
        "date",
        market_px=market_px,
        price_date=pl.when(market_px.is_not_null()).then("price_date"),
    )
