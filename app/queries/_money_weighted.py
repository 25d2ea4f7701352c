"""Time-weighted, Modified Dietz and internal rate of return side by side, and why they differ."""

from datetime import date, timedelta
from typing import Any

import polars as pl

from analytics.portfolio.money_weighted import (
    YEAR_DAYS,
    MoneyReturn,
    internal_rate_of_return,
    modified_dietz,
)
from analytics.portfolio.passport import passport
from analytics.portfolio.returns import total_return
from app.desk import Desk
from app.queries._money import currency
from app.queries._performance import nav_series
from app.queries._returns import READS
from app.storage.cache import cached

_SAME = 5e-5  # half a basis point: what two rounded percentages show as equal


def money_weighted(desk: Desk) -> dict[str, Any]:
    """Return the return over the period by three methods, net of costs.

    Returns:
        ``rows``: {method, period, annual, reason, annual_reason}: twr, dietz, irr, as fractions; annual
        (act/365, compounded) only from a year up. ``metrics``: the three over the period as records.
        ``flows`` (external, after the opening: {date, amount}), ``opening``, ``closing``, ``days``,
        ``why`` (in words why they differ), ``currency``, ``period``, ``reasons``.
    """
    return _money_weighted(desk.with_scope(extra={}))


@cached(*READS)
def _money_weighted(desk: Desk) -> dict[str, Any]:
    series = nav_series(desk)
    rows = series["rows"]
    known = rows.filter(pl.col("nav").is_not_null() & (pl.col("base") > 0))
    frame = {"currency": currency(desk), "period": series["period"], "reasons": series["reasons"]}
    if known.is_empty():
        why = series["reasons"].get(
            "nav", "Net asset value before each session was not positive or not known."
        )
        return frame | _nothing(why)
    first, last = known.row(0, named=True), known.row(-1, named=True)
    # A flow at the start of its day was there at the close before.
    start: date = first["date"] - timedelta(days=1)
    inside = rows.filter(pl.col("date").is_between(first["date"], last["date"]))
    gaps = inside.filter(pl.col("return").is_null()).height
    opening = float(first["base"] - first["flow"])
    flows = [
        (day, float(amount))
        for day, amount in inside.select("date", "flow").iter_rows()
        if amount is not None and amount
    ]
    closing, end = float(last["nav"]), last["date"]
    days = (end - start).days
    twr = total_return(inside["return"].drop_nulls().to_numpy())
    dietz = modified_dietz(start, end, opening=opening, closing=closing, flows=flows)
    paid = [(start, -opening)] if opening else []
    paid += [(day - timedelta(days=1), -amount) for day, amount in flows]
    irr = internal_rate_of_return([*paid, (end, closing)])
    over = None if irr.value is None else (1 + irr.value) ** (days / YEAR_DAYS) - 1
    missing = f"{gaps} sessions have no return, so the days do not chain" if gaps else None
    table = [
        _row("twr", None if gaps else twr, missing, days),
        _row("dietz", dietz.value, dietz.reason, days),
        _row("irr", over, irr.reason, days),
    ]
    # What opened the book is its beginning, not a flow during the period.
    during = flows if opening else flows[1:]
    return frame | {
        "rows": table,
        "metrics": [
            passport(name, row["period"], unit="fraction", n=inside.height, reason=row["reason"],
                     weighting=weighting, costs="net", flow_timing="start", days=days)
            for name, row, weighting in zip(_NAMES, table, ("time", "money", "money"), strict=True)
        ],
        "flows": [{"date": day, "amount": amount} for day, amount in during],
        "opening": opening if opening else flows[0][1] if flows else None,
        "closing": closing,
        "days": days,
        "why": _why(table, during, opening or (flows[0][1] if flows else 0.0)),
    }  # fmt: skip


_NAMES = ("time_weighted_return", "modified_dietz", "internal_rate_of_return")


def _nothing(why: str) -> dict[str, Any]:
    table = [_row(name, None, why, 0) for name in ("twr", "dietz", "irr")]
    return {
        "rows": table, "flows": [], "opening": None, "closing": None, "days": 0, "why": why,
        "metrics": [passport(name, None, unit="fraction", n=0, reason=why) for name in _NAMES],
    }  # fmt: skip


def _row(method: str, value: float | None, reason: str | None, days: int) -> dict[str, Any]:
    annual, why = None, reason
    if value is not None:
        found = _annual(value, days)
        annual, why = found.value, found.reason
    return {
        "method": method,
        "period": value,
        "annual": annual,
        "reason": reason if value is None else None,
        "annual_reason": why if annual is None else None,
    }


def _annual(value: float, days: int) -> MoneyReturn:
    if days < YEAR_DAYS:
        return MoneyReturn(None, f"needs a year, has {days} days", annual=True)
    if value <= -1:
        return MoneyReturn(None, "the whole value was lost", annual=True)
    return MoneyReturn((1 + value) ** (YEAR_DAYS / days) - 1, None, annual=True)


def _why(table: list[dict[str, Any]], flows: list[tuple[date, float]], opening: float) -> str:
    twr, dietz, irr = (row["period"] for row in table)
    if twr is None or (irr is None and dietz is None):
        return str(next(row["reason"] for row in table if row["reason"]))
    if not flows:
        return "No money came or went after the opening, so there is nothing to weigh: the methods agree."
    weighted = irr if irr is not None else dietz
    gap = weighted - twr
    net = sum(amount for _, amount in flows)
    size = f"{len(flows)} flow{'s' if len(flows) > 1 else ''}, {abs(net) / opening:.1%} of the opening value"
    moved = f"{size} {'in' if net >= 0 else 'out'} on balance" if opening > 0 else size
    if abs(gap) < _SAME:
        return f"Money moved ({moved}), but not at times that earned more or less than the rest."
    more = "more" if gap > 0 else "less"
    return (
        f"Money moved ({moved}). Time-weighted leaves its timing out; the internal rate and Dietz count each "
        f"period by the money in it, and there was {more} of it while returns were better."
    )
