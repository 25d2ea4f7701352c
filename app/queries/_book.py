"""The derived book in the answer's currency: what is held, what it earned, what it is worth."""

import polars as pl

from analytics.conventions import strict_sum
from analytics.datasets import ACCOUNTS, DAILY_NAV, DAILY_POSITIONS, FX_RATES, INSTRUMENTS
from app.desk import Desk
from app.queries._money import Reasons, converted, currency, no_rate
from app.queries._period import Period, period
from app.storage.cache import cached

BY_TRADER = "Positions and P&L are kept by account, not by trader."
NOTHING_HELD = "No position or trade is known yet."
_DESCRIPTION = ("symbol", "name", "sector", "country", "asset_class", "multiplier")


def instruments(desk: Desk) -> pl.LazyFrame:
    """Return the latest description of each instrument."""
    rows = desk.rows(INSTRUMENTS, scoped=False).sort("valid_from", nulls_last=False)
    return rows.unique("instrument_id", keep="last").select("instrument_id", *_DESCRIPTION)


def accounts(desk: Desk) -> pl.LazyFrame:
    """Return each account with its name, desk, base currency and benchmark."""
    rows = desk.rows(ACCOUNTS).unique("account_id", keep="last")
    return rows.select(
        "account_id",
        "desk",
        "base_currency",
        "benchmark_id",
        account_name="name",
        account_strategy="strategy",
    )


@cached(DAILY_POSITIONS, DAILY_NAV, ACCOUNTS, INSTRUMENTS, FX_RATES)
def holdings(desk: Desk) -> pl.DataFrame:
    """Return what is held at the last session of the scope, with money in the answer's currency.

    One row per account and instrument, largest value first: ids and description, ``quantity`` (signed),
    ``avg_cost``, ``market_px``, ``price_date`` and ``currency`` as traded, ``market_value``,
    ``unrealised_pnl``, ``pnl`` (of that day) in the answer's currency, null where not known,
    ``missing_rate``.
    """
    day = period(desk).last
    rows = desk.with_scope(start=day, end=day).rows(DAILY_POSITIONS).filter(pl.col("quantity") != 0)
    if day is None:
        rows = rows.clear()
    described = rows.join(instruments(desk), on="instrument_id", how="left").join(
        accounts(desk), on="account_id", how="left"
    )
    frame = desk.collect(
        described.select(
            "account_id", "account_name", "desk", "instrument_id", *_DESCRIPTION, "date", "currency",
            "quantity", "avg_cost", "market_px", "price_date", "market_value", "unrealised_pnl", "pnl",
            base_currency=pl.coalesce("base_currency", "currency"),
        )
    )  # fmt: skip
    frame = converted(desk, frame, "market_value", "unrealised_pnl", "pnl")
    return frame.sort(
        pl.col("market_value").abs(),
        "account_id",
        "instrument_id",
        descending=[True, False, False],
        nulls_last=True,
    )


def unvalued(desk: Desk, held: pl.DataFrame) -> str | None:
    """Return why the value of ``holdings`` is not known, or None when all of it is."""
    unpriced = held.filter(pl.col("market_px").is_null())["instrument_id"].unique().sort()
    if unpriced.len():
        more = f" and {unpriced.len() - 3} more" if unpriced.len() > 3 else ""
        return f"No price is known yet for {', '.join(unpriced.head(3))}{more}."
    return no_rate(desk, held)


def daily_pnl(desk: Desk, *by: str) -> pl.DataFrame:
    """Return P&L by day in the answer's currency: ``date``, ``by``, then the parts.

    Parts: ``pnl`` (after costs, income included, with the currency effect on holdings), ``booked`` (the same
    without what is not known yet), ``realised_pnl``, ``costs``, ``income`` (each at its day's rate). A part
    is null where something in it is not known; ``missing_rate`` says which currency lacks a rate. ``by``: account_id, instrument_id, desk, sector,
    country, asset_class or strategy.

    The desk must be bounded to the period already.
    """
    rows = desk.rows(DAILY_POSITIONS)
    if {"sector", "country", "asset_class", "symbol"} & set(by):
        rows = rows.join(instruments(desk), on="instrument_id", how="left")
    rows = rows.join(accounts(desk), on="account_id", how="left").rename({"account_strategy": "strategy"})
    rows = rows.with_columns(base=pl.coalesce("base_currency", "currency"))
    # A day without a price books its P&L on the first day with one, so a total needs only the last day's.
    sums = desk.collect(
        rows.group_by("date", *by, "base", "currency").agg(
            *(strict_sum(pl.col(name)).alias(name) for name in ("realised_pnl", "costs", "income")),
            pnl=strict_sum(pl.col("pnl_base")),
            booked=pl.col("pnl_base").sum(),
        )
    )
    keys = ["date", *by]
    left = converted(desk, sums.select(*keys, "pnl", "booked", currency="base"), "pnl", "booked")
    right = converted(desk, sums, "realised_pnl", "costs", "income")
    # Null keys (no sector, no desk) must meet too.
    merged = _summed(left, keys, "pnl", "booked").join(
        _summed(right, keys, "realised_pnl", "costs", "income"),
        on=keys,
        how="full",
        coalesce=True,
        nulls_equal=True,
    )
    return (
        merged.with_columns(missing_rate=pl.coalesce("missing_rate", "missing_rate_right"))
        .drop("missing_rate_right")
        .sort(keys, nulls_last=True)
    )


def _summed(frame: pl.DataFrame, keys: list[str], *columns: str) -> pl.DataFrame:
    return frame.group_by(keys).agg(
        *(strict_sum(pl.col(name)).alias(name) for name in columns),
        missing_rate=pl.col("missing_rate").drop_nulls().sort().first(),
    )


def nav_days(desk: Desk, *, days: Period) -> tuple[pl.DataFrame, Reasons]:
    """Return the scope's net asset value by session in the answer's currency.

    Columns: date, nav, cash, flow (external, start of day), gross_exposure, net_exposure, currency. A value
    is null on days on which it is not known for one of the accounts. The reasons say why ``nav`` is not
    known at the end, if it is not.
    """
    rows = desk.with_scope(start=days.start, end=days.end).rows(DAILY_NAV)
    columns = ("nav", "cash", "flow", "gross_exposure", "net_exposure")
    daily = rows.group_by("date", "currency").agg(
        *(strict_sum(pl.col(name)).alias(name) for name in columns),
        why=pl.col("reason").drop_nulls().sort().first(),
        unknown=pl.col("account_id").filter(pl.col("nav").is_null()).sort().head(3),
    )
    frame = converted(desk, desk.collect(daily.sort("date", "currency")), *columns)
    if desk.scope.trader:
        return frame.clear(), {"nav": BY_TRADER}
    if desk.scope.instrument:
        return frame.clear(), {"nav": "Net asset value belongs to an account, not to an instrument."}
    if frame.is_empty():
        return frame, {"nav": "No net asset value is known in this period."}
    last = frame.filter(pl.col("date") == frame["date"].max())
    reasons: Reasons = {}
    if last["nav"].null_count():
        why = last["why"].drop_nulls()
        who = ", ".join(sorted({a for found in last["unknown"] for a in found})[:3])
        reasons["nav"] = f"{who}: {why[0]}" if why.len() else no_rate(desk, last) or NOTHING_HELD
    merged = frame.group_by("date").agg(strict_sum(pl.col(name)).alias(name) for name in columns).sort("date")
    return merged.with_columns(currency=pl.lit(currency(desk))), reasons
