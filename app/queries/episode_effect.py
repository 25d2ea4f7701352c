"""What the fills behind an alert earned until the close of their day: by the same count as P&L everywhere."""

from datetime import timedelta
from typing import Any

import polars as pl

from analytics.conventions import ZERO, signed_quantity
from analytics.datasets import (
    ACCOUNTS,
    DAILY_NAV,
    DAILY_POSITIONS,
    EXECUTIONS,
    FX_RATES,
    INSTRUMENTS,
    MESSAGES,
    NEWS,
    ORDER_EVENTS,
    POSTS,
)
from app.desk import Desk
from app.queries._book import daily_pnl
from app.queries._money import currency, no_rate, number
from app.queries._pnl_explain import traded_by
from app.queries.evidence import evidence
from app.scope import Scope
from app.storage.cache import cached

MOST = 40  # rows; the total counts all
NO_FILLS = "No fill stands behind this alert, so it earned and cost nothing."
NO_CLOSE = "The close of a day is not known, so what the fills of that day earned is not known either."
_PARTS = ("new_trades", "carry", "fees", "pnl")


@cached(
    ACCOUNTS, DAILY_NAV, DAILY_POSITIONS, EXECUTIONS, FX_RATES, INSTRUMENTS, MESSAGES, NEWS, ORDER_EVENTS, POSTS,
    records=("alerts",),
)  # fmt: skip
def effect(desk: Desk, alert_id: str) -> dict[str, Any]:
    """Return what the fills behind an alert earned, in the answer's currency.

    Each fill counts as in the P&L of trades: what it is worth at the close of its day less what was paid, less
    costs. ``day_pnl`` is the net P&L of the same account and instrument on the same days, of everything held
    and traded, to compare with.

    Returns:
        ``rows`` (the largest effect first, at most MOST): account_id, instrument_id, fills, bought, sold,
        bought_px, sold_px (averages, null for none), ``new_trades`` (before costs), ``carry``, ``fees`` (cost
        negative), ``pnl``, ``day_pnl``; ``total`` of the same money; ``rows_in_all``; ``currency``,
        ``reason`` why the total is null. Quantities as they were traded.

    Raises:
        Forbidden: If the role does not read surveillance.
        NotFound: If there is no such alert here, or it is about the one who asks.
    """
    fills = evidence(desk, alert_id)["executions"]
    answer: dict[str, Any] = {
        "rows": [],
        "total": dict.fromkeys((*_PARTS, "day_pnl")),
        "rows_in_all": 0,
        "fills": fills.height,
        "currency": currency(desk),
        "reason": NO_FILLS,
    }
    if fills.is_empty():
        return answer
    sides = fills.group_by("account_id", "instrument_id").agg(
        fills=pl.len(),
        **{
            name: pl.col("last_qty").filter(signed_quantity() * sign > ZERO).sum().cast(pl.Float64)
            for name, sign in (("bought", 1), ("sold", -1))
        },
        **{
            f"{name}_px": (
                (pl.col("last_px") * pl.col("last_qty"))
                .filter(signed_quantity() * sign > ZERO)
                .sum()
                .cast(pl.Float64)
                / pl.col("last_qty").filter(signed_quantity() * sign > ZERO).sum().cast(pl.Float64)
            )
            for name, sign in (("bought", 1), ("sold", -1))
        },
    )
    money, lacking = _money(desk, fills)
    rows = sides.join(money, on=["account_id", "instrument_id"], how="left").sort(
        pl.col("pnl").abs(), "account_id", "instrument_id", descending=[True, False, False], nulls_last=True
    )
    unknown = bool(rows["pnl"].null_count())
    total = {name: None if unknown else number(rows[name].sum()) for name in _PARTS}
    total["day_pnl"] = None if rows["day_pnl"].null_count() else number(rows["day_pnl"].sum())
    plain = (
        rows.head(MOST)
        .with_columns(pl.col(pl.Float64).fill_nan(None))
        .with_columns(pl.col(*_PARTS, "day_pnl").cast(pl.Float64))
    )
    return answer | {
        "rows": plain.to_dicts(),
        "rows_in_all": rows.height,
        "total": total,
        "reason": (lacking or NO_CLOSE) if unknown else None,
    }


def _money(desk: Desk, fills: pl.DataFrame) -> tuple[pl.DataFrame, str | None]:
    """Return account_id, instrument_id, the parts and ``day_pnl`` of the fills, and which rate is missing."""
    ids = fills.select("exec_id", "account_id", "instrument_id").unique("exec_id")
    moments = fills["transact_time"].sort().dt.date()
    around = Scope(
        # A venue's day may be another than that of UTC.
        start=moments[0] - timedelta(days=1),
        end=moments[-1] + timedelta(days=1),
        account=tuple(sorted(ids["account_id"].unique())),
        instrument=tuple(sorted(ids["instrument_id"].unique())),
        currency=desk.scope.currency,
        as_of=desk.scope.as_of,
    )
    whole = desk.with_scope(**{name: getattr(around, name) for name in vars(around)})
    each = traded_by(whole, "exec_id").join(ids, on="exec_id")
    by = ["account_id", "instrument_id"]
    days = each.select("date", *by).unique()
    daily = daily_pnl(whole, *by).join(days, on=["date", *by], how="semi")
    held = daily.group_by(by).agg(
        day_pnl=pl.when(pl.col("pnl").is_not_null().all()).then(pl.col("pnl").sum())
    )
    known = (pl.col("incomplete") == 0) & (pl.col("unknown") == 0)
    sums = each.group_by(by).agg(
        pl.when(known.all() & pl.col(name).is_not_null().all()).then(pl.col(name).sum()).alias(name)
        for name in _PARTS
    )
    return sums.join(held, on=by, how="left"), no_rate(desk, each)
