"""What was traded on the sessions of a period, valued as positions are."""

from datetime import date, timedelta

import polars as pl

from analytics.conventions import (
    INCOME_KINDS,
    ONE,
    ZERO,
    explicit_costs,
    is_external,
    signed_quantity,
    trade_day,
)
from analytics.datasets import CASH_FLOWS, CORPORATE_ACTIONS, DECIMAL, FX_RATES
from analytics.portfolio.currency import rates
from app.desk import Desk
from app.queries._book import instruments
from app.queries._period import Period, all_sessions

# A venue's day may begin or end in another day of UTC; no venue is further away than this.
_DAYS_AROUND = timedelta(days=3)


def before(desk: Desk, days: Period) -> date | None:
    """Return the last session before the period; None where it begins with the first."""
    earlier = [day for day in all_sessions(desk) if days.start is None or day < days.start]
    return earlier[-1] if earlier else None


def trades(desk: Desk, days: Period, held: pl.LazyFrame) -> pl.LazyFrame:
    """Return executions of the period's sessions as they stand, in the currency of their position.

    Args:
        desk: Whose; its dates do not matter.
        days: Sessions, by the venue's trade day.
        held: account_id, instrument_id, date, ``currency`` (of the position).

    Returns:
        account_id, instrument_id, date, exec_id, trader_id, venue, transact_time_ns, ``price``, ``quantity`` (signed), ``multiplier``,
        ``cash`` (before costs; buying is negative), ``costs`` (positive = cost), ``accrued`` (paid). Money is
        null where the execution's currency has no rate to the position's.
    """
    start, end = days.start, days.end
    around = {
        "start": start - _DAYS_AROUND if start else None,
        "end": end + _DAYS_AROUND if end else None,
    }
    fills = desk.with_scope(**around).executions().with_columns(date=trade_day())
    fills = fills.filter(_inside(days))
    described = instruments(desk).select("instrument_id", "multiplier")
    rows = fills.join(described, on="instrument_id", how="left").select(
        "account_id", "instrument_id", "date", "exec_id", "trader_id", "venue", "transact_time_ns", "last_px",
        traded_in="currency",
        quantity=signed_quantity(),
        multiplier=pl.col("multiplier").fill_null(ONE),
        costs=explicit_costs(),
        accrued=pl.col("accrued_interest").fill_null(ZERO),
    )  # fmt: skip
    keys = ["account_id", "instrument_id", "date"]
    rows = rows.join(held.select(*keys, "currency"), on=keys, how="left")
    rows = rows.with_columns(pl.coalesce("currency", "traded_in").alias("currency"))
    rate = rated(desk, rows, "traded_in").select(
        pl.exclude("last_px"), price=pl.col("last_px") * pl.col("rate")
    )
    return rate.with_columns(
        cash=(-(pl.col("quantity") * pl.col("price")) * pl.col("multiplier")).cast(DECIMAL),
        costs=pl.col("costs") * pl.col("rate"),
        accrued=pl.col("accrued") * pl.col("rate"),
    ).drop("rate")


def flows(desk: Desk, days: Period) -> pl.LazyFrame:
    """Return cash flows that count on the period's sessions: at the value day, or the next session after it.

    Columns: account_id, instrument_id, date, currency, amount, ``external``, ``earned`` (income of the holding
    it names).
    """
    opening = before(desk, days) if days.start else None
    window = {"start": opening + timedelta(days=1) if opening else None, "end": days.end}
    # Income of a holding counts for the position; the scope's instruments must not hide account flows.
    rows = desk.with_scope(**window).rows(CASH_FLOWS)
    calendar = pl.LazyFrame({"session": all_sessions(desk)}, schema={"session": pl.Date})
    rows = rows.sort("date").join_asof(
        calendar, left_on="date", right_on="session", strategy="forward", check_sortedness=False
    )
    earned = pl.col("kind").is_in(INCOME_KINDS) & pl.col("instrument_id").is_not_null()
    dated = rows.with_columns(date=pl.coalesce("session", "date"))
    return dated.filter(_inside(days)).select(
        "account_id", "instrument_id", "date", "currency", "amount", external=is_external(), earned=earned
    )


def splits(desk: Desk, days: Period) -> pl.LazyFrame:
    """Return splits that count on the period's sessions: the first on or after the ex date.

    Columns: instrument_id, date, ``_ratio`` (new shares per old share, all splits of the day together).
    """
    actions = desk.rows(CORPORATE_ACTIONS, dated=False, scoped=False).filter(
        pl.col("kind").str.to_lowercase().str.contains("split") & (pl.col("ratio") > 0)
    )
    calendar = pl.LazyFrame({"date": all_sessions(desk)}, schema={"date": pl.Date})
    moved = actions.sort("ex_date").join_asof(
        calendar, left_on="ex_date", right_on="date", strategy="forward", check_sortedness=False
    )
    ratio = pl.col("ratio").cast(pl.Float64).product().cast(DECIMAL)
    return moved.filter(_inside(days)).group_by("instrument_id", "date").agg(_ratio=ratio)


def rated(desk: Desk, rows: pl.LazyFrame, own: str) -> pl.LazyFrame:
    """Add ``rate``: what one unit of the currency in ``own`` is worth in ``currency`` on ``date``.

    1 where both are the same, null where none is known.
    """
    pairs = rows.select(currency=own, base="currency").drop_nulls().unique()
    foreign = desk.collect(pairs.filter(pl.col("currency") != pl.col("base")))
    if foreign.is_empty():
        same = pl.when(pl.col(own) == pl.col("currency")).then(ONE)
        return rows.with_columns(rate=same)
    days = desk.collect(rows.select("date").unique()).lazy()
    known = rates(desk.rows(FX_RATES, dated=False, scoped=False), pairs=foreign.lazy(), days=days)
    table = (
        desk.collect(known)
        .lazy()
        .select(pl.col("currency").alias(own), currency="base", date="date", rate="fx_rate")
    )
    joined = rows.join(table, on=[own, "currency", "date"], how="left")
    return joined.with_columns(rate=pl.when(pl.col(own) == pl.col("currency")).then(ONE).otherwise("rate"))


def _inside(days: Period) -> pl.Expr:
    day = pl.col("date")
    after = pl.lit(value=True) if days.start is None else day >= pl.lit(days.start)
    return after if days.end is None else after & (day <= pl.lit(days.end))
