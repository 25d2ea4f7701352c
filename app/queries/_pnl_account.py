"""What an account earned as a whole, told by its positions and flows and by its net asset value."""

import polars as pl

from analytics.conventions import ZERO, explicit_costs, signed_quantity, strict_sum, trade_day
from analytics.datasets import CASH_FLOWS, DAILY_NAV, DAILY_POSITIONS
from app.desk import Desk
from app.queries._book import instruments
from app.queries._period import Period
from app.queries._traded import before, flows, rated

NO_ACCOUNT = "Net asset value belongs to an account, not to an instrument."
_DAY = ["account_id", "date"]


def account_sides(desk: Desk, days: Period) -> pl.DataFrame:
    """Return both sides for each account and session, in the account's base currency.

    Columns: account_id, date, ``positions`` (P&L of all positions), ``own`` (interest, fees and the like of
    the account as a whole), ``cash_fx`` (what foreign cash held overnight gained by its rate), ``left`` =
    their sum; ``right`` = change of net asset value less external flows; ``difference``, ``reason`` (why the
    net asset value is not known).
    """
    opening = before(desk, days)
    nav = desk.with_scope(start=opening or days.start, end=days.end).rows(DAILY_NAV).sort(_DAY)
    start = pl.col("date") >= pl.lit(days.start)
    nav = nav.select(*_DAY, "currency", "reason", right="pnl").filter(start)
    held = desk.with_scope(start=days.start, end=days.end).rows(DAILY_POSITIONS)
    positions = held.group_by(_DAY).agg(positions=strict_sum(pl.col("pnl_base")))
    based = nav.join(positions, on=_DAY, how="left").with_columns(pl.col("positions").fill_null(ZERO))
    lost = (
        held.filter(pl.col("pnl_base").is_null()).select(_DAY).unique().with_columns(_lost=pl.lit(value=True))
    )
    own = _own(desk, days, nav)
    drift = _cash_fx(desk, days, nav)
    rows = (
        based.join(own, on=_DAY, how="left").join(drift, on=_DAY, how="left").join(lost, on=_DAY, how="left")
    )
    rows = rows.with_columns(
        own=pl.when("_flows").then("own").otherwise(ZERO), cash_fx=pl.col("cash_fx").fill_null(ZERO)
    )
    left = pl.when(pl.col("_lost").is_null()).then(pl.col("positions") + pl.col("own") + pl.col("cash_fx"))
    rows = rows.with_columns(left=left).with_columns(difference=pl.col("left") - pl.col("right"))
    columns = ("positions", "own", "cash_fx", "left", "right", "difference", "currency", "reason")
    return desk.collect(rows.select(*_DAY, *columns))


def _own(desk: Desk, days: Period, nav: pl.LazyFrame) -> pl.LazyFrame:
    # External money is on the other side, and income of a holding is the position's.
    rows = flows(desk, days).filter(~pl.col("external") & ~pl.col("earned")).rename({"currency": "paid_in"})
    rows = rated(desk, rows.join(nav.select(*_DAY, "currency"), on=_DAY), "paid_in")
    amount = pl.when(pl.col("amount") == 0).then(ZERO).otherwise(pl.col("amount") * pl.col("rate"))
    return rows.group_by(_DAY).agg(own=strict_sum(amount), _flows=pl.lit(value=True))


def _cash_fx(desk: Desk, days: Period, nav: pl.LazyFrame) -> pl.LazyFrame:
    """Return what each account's foreign cash gained by its rate since the session before."""
    empty = pl.LazyFrame(
        schema={"account_id": pl.String, "date": pl.Date, "cash_fx": DAILY_NAV.schema["cash"]}
    )
    bases = desk.collect(nav.select("account_id", base="currency").unique().drop_nulls())
    foreign = _with_foreign_money(desk, bases)
    if not foreign:
        return empty
    balances = _balances(desk.with_scope(account=tuple(foreign)))
    opening = before(desk, days)
    rates_from = opening or days.start
    calendar = desk.with_scope(start=rates_from, end=days.end).rows(DAILY_NAV)
    calendar = calendar.filter(pl.col("account_id").is_in(foreign)).select(
        "account_id", "date", base="currency"
    )
    pairs = balances.select("account_id", "currency").unique()
    grid = calendar.join(pairs, on="account_id").filter(pl.col("currency") != pl.col("base"))
    grid = grid.sort("date").join_asof(
        balances.sort("date"), on="date", by=["account_id", "currency"], check_sortedness=False
    )
    grid = rated(desk, grid.rename({"currency": "cash_in", "base": "currency"}), "cash_in")
    keys = ["account_id", "cash_in"]
    grid = grid.sort(*keys, "date").with_columns(
        held=pl.col("balance").shift(1).over(keys), rate_before=pl.col("rate").shift(1).over(keys)
    )
    nothing = pl.col("held").is_null() | (pl.col("held") == 0)
    gained = pl.col("held") * pl.col("rate") - pl.col("held") * pl.col("rate_before")
    grid = grid.with_columns(gained=pl.when(nothing).then(ZERO).otherwise(gained))
    grid = grid.filter(pl.col("date") >= pl.lit(days.start))
    return grid.group_by(_DAY).agg(cash_fx=strict_sum(pl.col("gained")))


def _with_foreign_money(desk: Desk, bases: pl.DataFrame) -> list[str]:
    # Accounts whose trades or flows are in another currency than their own; the others' cash has no rate.
    used = pl.concat(
        [
            desk.rows(table, dated=False).select("account_id", "currency").unique()
            for table in (CASH_FLOWS, DAILY_POSITIONS)
        ]
    )
    found = desk.collect(
        used.unique().join(bases.lazy(), on="account_id").filter(pl.col("currency") != pl.col("base"))
    )
    return sorted(found["account_id"].unique().to_list())


def _balances(desk: Desk) -> pl.LazyFrame:
    # account_id, currency, date, balance: cash by currency after each day with a movement, from the start.
    multiplier = instruments(desk).select("instrument_id", "multiplier")
    fills = desk.executions(dated=False).with_columns(date=trade_day())
    spent = -(signed_quantity() * pl.col("last_px")) * pl.col("multiplier").fill_null(1)
    fills = fills.join(multiplier, on="instrument_id", how="left").select(
        *_DAY, "currency", amount=spent - explicit_costs() - pl.col("accrued_interest").fill_null(ZERO)
    )
    everything = Period(None, None, 0, None)
    moved = pl.concat([fills, flows(desk, everything).select(*_DAY, "currency", "amount")])
    daily = moved.group_by("account_id", "currency", "date").agg(pl.col("amount").sum())
    daily = daily.sort("account_id", "currency", "date")
    return daily.with_columns(balance=pl.col("amount").cum_sum().over("account_id", "currency")).drop(
        "amount"
    )
