"""Does the book add up: what was earned, told twice from different sources."""

from typing import Any

import polars as pl

from analytics.conventions import ONE, ZERO, strict_sum
from analytics.datasets import (
    ACCOUNTS,
    CASH_FLOWS,
    CORPORATE_ACTIONS,
    DAILY_NAV,
    DAILY_POSITIONS,
    EXECUTIONS,
    FX_RATES,
    INSTRUMENTS,
)
from app.desk import Desk
from app.queries._book import BY_TRADER, NOTHING_HELD, instruments
from app.queries._cost_method import COSTING, convention
from app.queries._money import number
from app.queries._period import Period, within
from app.queries._pnl_account import NO_ACCOUNT, account_sides
from app.queries._traded import before, flows, rated, splits, trades
from app.storage.cache import cached

CENT = 0.005  # a difference below half a cent is none
SHOWN = 20
DEFINITION = (
    "realised + unrealised change + income - fees = change of (cash + market value) - external flows, per "
    "account, instrument, day and currency"
)
_POSITION = ["account_id", "instrument_id", "date"]
_PARTS = ("realised", "unrealised_change", "income", "fees", "cash_change", "value_change")


@cached(
    DAILY_POSITIONS, DAILY_NAV, EXECUTIONS, CASH_FLOWS, CORPORATE_ACTIONS, ACCOUNTS, INSTRUMENTS, FX_RATES,
    records=(COSTING,), shared=True,
)  # fmt: skip
def identity(desk: Desk) -> dict[str, Any]:
    """Return both sides of the P&L identity over the period, and where they differ.

    The left side is the derived book's: realised, unrealised, income and fees of each position by the
    organisation's cost method. The right side knows nothing of costs: cash is counted anew from executions
    and cash flows, and the holding from yesterday's, splits and executions, valued at the close.

    Returns:
        ``checked`` (position days with both sides known), ``holds`` (of them, those that agree to the cent),
        ``unknown`` (days without a price or a rate), ``worst`` (largest absolute difference, in its
        currency), ``currencies`` (one row each: the parts, ``left``, ``right``, ``difference`` summed),
        ``breaks`` (the largest differences, at most 20), ``accounts`` (the same question for each account's
        net asset value: checked, holds, unknown, worst, reason), ``definition``, ``period``, ``convention``,
        ``reasons``.
    """
    bounded, days = within(desk)
    answer: dict[str, Any] = {
        "checked": 0, "holds": 0, "unknown": 0, "worst": None, "currencies": [], "breaks": [],
        "accounts": None, "definition": DEFINITION, "tolerance": CENT, "period": days.as_dict(),
        "convention": convention(desk), "reasons": {},
    }  # fmt: skip
    if desk.scope.trader:
        return answer | {"reasons": {"checked": BY_TRADER}}
    if days.start is None:
        return answer | {"reasons": {"checked": NOTHING_HELD}}
    rows = sides(bounded, days)
    if rows.is_empty():
        return answer | {"reasons": {"checked": NOTHING_HELD}}
    known = rows.drop_nulls("difference")
    off = known.filter(pl.col("difference").abs() >= CENT).sort(pl.col("difference").abs(), descending=True)
    sums = known.group_by("currency").agg(
        *(pl.col(name).sum() for name in (*_PARTS, "left", "right", "difference")), days=pl.len()
    )
    answer |= {
        "checked": known.height,
        "holds": known.height - off.height,
        "unknown": rows.height - known.height,
        "worst": number(known["difference"].abs().max()) if known.height else None,  # type: ignore[arg-type]
        "currencies": _plain(sums.sort("currency")),
        "breaks": _plain(off.head(SHOWN)),
        "accounts": _accounts(bounded, days),
    }
    if rows.height > known.height:
        answer["reasons"] = {"unknown": "No price or currency rate is known for these days."}
    return answer


def sides(desk: Desk, days: Period) -> pl.DataFrame:
    """Return both sides for each account, instrument and session of the period, in the position's currency.

    Columns: account_id, instrument_id, date, currency; realised, unrealised_change, income, fees and their
    sum ``left``; cash_change, value_change and their sum ``right``; ``difference`` = left - right. Null where
    a price or a rate is missing. External flows and interest on cash touch no position.
    """
    opening = before(desk, days)
    held = desk.with_scope(start=opening or days.start, end=days.end).rows(DAILY_POSITIONS)
    described = instruments(desk).select("instrument_id", "multiplier")
    held = held.join(described, on="instrument_id", how="left").sort(*_POSITION)
    group = ["account_id", "instrument_id"]
    first = pl.int_range(pl.len()).over(group) == 0

    def last(name: str) -> pl.Expr:
        return pl.when(first).then(ZERO).otherwise(pl.col(name).shift(1).over(group))

    held = held.with_columns(
        pl.col("multiplier").fill_null(ONE),
        _quantity=last("quantity"), _value=last("market_value"), _unrealised=last("unrealised_pnl"),
    ).filter(pl.col("date") >= pl.lit(days.start))  # fmt: skip
    # Computed here: both sides look at it, and each looks twice for the rates it needs.
    held = positions = desk.collect(held).lazy()
    held = held.join(_executed(desk, days, positions), on=_POSITION, how="full", coalesce=True)
    held = held.join(_earned(desk, days, positions), on=_POSITION, how="full", coalesce=True)
    held = held.join(splits(desk, days), on=["instrument_id", "date"], how="left")
    counted = pl.col("_quantity") + (pl.col("_quantity") * (pl.col("_ratio").fill_null(ONE) - ONE)).round(6)
    counted = counted + pl.col("_bought").fill_null(ZERO)
    value = pl.when(counted == 0).then(ZERO).otherwise(counted * pl.col("market_px") * pl.col("multiplier"))
    rows = held.with_columns(
        realised="realised_pnl",
        unrealised_change=pl.col("unrealised_pnl") - pl.col("_unrealised"),
        fees="costs",
        # No trade is no cash; a trade without a rate is cash not known.
        cash_change=pl.when("_traded").then("_cash").otherwise(ZERO)
        + pl.when("_paid").then("_income").otherwise(ZERO),
        value_change=value - pl.col("_value"),
    )
    left = pl.col("realised") + pl.col("unrealised_change") + pl.col("income") - pl.col("fees")
    right = pl.col("cash_change") + pl.col("value_change")
    rows = rows.with_columns(left=left, right=right).with_columns(difference=pl.col("left") - pl.col("right"))
    return desk.collect(rows.select(*_POSITION, "currency", *_PARTS, "left", "right", "difference"))


def _executed(desk: Desk, days: Period, held: pl.LazyFrame) -> pl.LazyFrame:
    window = held.select(*_POSITION, "currency")
    rows = trades(desk, days, window)
    cash = pl.col("cash") - pl.col("costs") - pl.col("accrued")
    return rows.group_by(_POSITION).agg(
        _bought=pl.col("quantity").sum(), _cash=strict_sum(cash), _traded=pl.lit(value=True)
    )


def _earned(desk: Desk, days: Period, held: pl.LazyFrame) -> pl.LazyFrame:
    rows = flows(desk, days).filter("earned").rename({"currency": "paid_in"})
    rows = rows.join(held.select(*_POSITION, "currency"), on=_POSITION, how="left")
    rows = rated(desk, rows.with_columns(pl.coalesce("currency", "paid_in").alias("currency")), "paid_in")
    return rows.group_by(_POSITION).agg(
        _income=strict_sum(pl.col("amount") * pl.col("rate")), _paid=pl.lit(value=True)
    )


def _accounts(desk: Desk, days: Period) -> dict[str, Any]:
    if desk.scope.instrument:
        return {"checked": 0, "holds": 0, "unknown": 0, "worst": None, "breaks": [], "reason": NO_ACCOUNT}
    rows = account_sides(desk, days)
    known = rows.drop_nulls("difference")
    off = known.filter(pl.col("difference").abs() >= CENT).sort(pl.col("difference").abs(), descending=True)
    reason = rows.filter(pl.col("difference").is_null())["reason"].drop_nulls().sort()
    return {
        "checked": known.height,
        "holds": known.height - off.height,
        "unknown": rows.height - known.height,
        "worst": number(known["difference"].abs().max()) if known.height else None,  # type: ignore[arg-type]
        "breaks": _plain(off.head(SHOWN)),
        "reason": reason[0] if reason.len() else None,
    }


def _plain(frame: pl.DataFrame) -> list[dict[str, Any]]:
    shown = frame.with_columns(pl.col(pl.Decimal).cast(pl.Float64), pl.col(pl.Date).cast(pl.String))
    return shown.to_dicts()
