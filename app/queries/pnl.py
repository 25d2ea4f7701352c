"""P&L as a whole: its figures, what caused it, what it was by any group."""

from typing import Any

from analytics.datasets import ACCOUNTS, DAILY_NAV, DAILY_POSITIONS, EXECUTIONS, FX_RATES, INSTRUMENTS
from analytics.portfolio.pnl_parts import unrealised_change
from app.desk import Desk
from app.queries._book import BY_TRADER, daily_pnl
from app.queries._cost_method import COSTING, convention
from app.queries._money import Reasons, Values, currency, total
from app.queries._period import within
from app.queries._pnl import PNL_GROUPS, earned, pnl, pnl_series
from app.queries._pnl_explain import BY_TRADES, GROUPS, TRADE_GROUPS, explain
from app.storage.cache import cached

__all__ = ["GROUPS", "PNL_GROUPS", "by_group", "convention", "explain", "figures", "pnl", "pnl_series"]


@cached(DAILY_POSITIONS, DAILY_NAV, EXECUTIONS, ACCOUNTS, FX_RATES, INSTRUMENTS, shared=True)
def figures(desk: Desk) -> tuple[Values, Reasons]:
    """Return the figures of the period, and for each null why it is null.

    Values: net_pnl, realised_pnl, unrealised_change (with the currency effect on holdings), income, costs
    (positive = cost), residual (what price, trades, carry, currency and fees do not explain). Money in the
    answer's currency. net = realised + unrealised change + income - costs. Net and realised are those of the
    overview.
    """
    names = ("net_pnl", "realised_pnl", "unrealised_change", "income", "costs", "residual")
    values: Values = dict.fromkeys(names)
    if desk.scope.trader:
        return values, dict.fromkeys(names, BY_TRADER)
    bounded, _ = within(desk)
    book, why = earned(bounded)
    values |= {name: book[name] for name in ("net_pnl", "realised_pnl")}
    days = daily_pnl(bounded)
    if not days.is_empty():
        values |= {name: total(days, name) for name in ("income", "costs")}
    parts = [values[name] for name in names if name not in {"unrealised_change", "residual"}]
    if all(part is not None for part in parts):
        net, realised, income, costs = parts
        values["unrealised_change"] = unrealised_change(
            net=net, realised=realised, income=income, costs=costs
        )
    explained = explain(bounded)
    if explained["total"] is not None:
        values["residual"] = explained["total"]["residual"]
    unknown = why.get("net_pnl") or why.get("realised_pnl") or explained["reasons"].get("total")
    reasons = {name: why.get(name) or unknown or "Not known." for name in names if values[name] is None}
    return values, reasons


@cached(
    DAILY_POSITIONS, DAILY_NAV, EXECUTIONS, ACCOUNTS, FX_RATES, INSTRUMENTS, records=(COSTING,), shared=True,
)  # fmt: skip
def by_group(desk: Desk, *, group_by: str = "desk") -> dict[str, Any]:
    """Return P&L by group with what has to be said of it.

    Returns:
        ``rows`` (see ``pnl``), ``group_by``, ``basis``: positions, or trades by trader and venue; ``note``,
        ``currency``, ``period``, ``convention``.
    """
    _, days = within(desk)
    traded = group_by in TRADE_GROUPS
    note = BY_TRADES.format(what=group_by) if traded else BY_TRADER if desk.scope.trader else None
    return {
        "rows": pnl(desk, group_by=group_by),
        "group_by": group_by,
        "basis": "trades" if traded else "positions",
        "note": note,
        "currency": currency(desk),
        "period": days.as_dict(),
        "convention": convention(desk),
    }
