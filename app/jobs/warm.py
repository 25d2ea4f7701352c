"""Keep the answers ready that are dear to compute and that everybody shares, before anybody waits for them."""

import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from app.context import Context
from app.desk import Desk
from app.jobs._desk import desk_of
from app.jobs._job import Job
from app.queries import execution_quality, pnl, pnl_identity, pnl_lots, risk, risk_backtest, risk_structure

# Called as the pages call them when nothing is chosen, so that what is kept is what a page asks for.
_ASKED: tuple[Callable[[Desk], object], ...] = (
    execution_quality.counts,
    execution_quality.daily,
    execution_quality.league,
    execution_quality.outliers,
    pnl.figures,
    pnl.pnl_series,
    pnl.explain,
    pnl.by_group,
    pnl_identity.identity,
    pnl_lots.lots,
    risk.kpis,
    risk.report,
    risk.parts,
    risk_backtest.backtest,
    risk_structure.factors,
)


def warm(context: Context, org: str, *, cause: str) -> dict[str, Any]:
    """Ask what the pages of execution quality, P&L and risk ask when nothing narrows them, over their default period.

    The fills and orders measured on the way are those that narrower questions and people of single desks are
    answered from. Run again on the same tables it reads what it kept.

    Args:
        context: The installation's stores.
        org: The organisation's slug.
        cause: Why it runs, for the log of jobs.

    Returns:
        ``executions`` and ``orders`` measured, ``seconds`` and ``cause``.
    """
    began = time.perf_counter()
    desk = replace(desk_of(context, org, "warm"), cache=context.cache)
    with context.lake.steady():
        found = execution_quality.study(desk)
        for ask in _ASKED:
            ask(desk)
    said = {name: found[name] for name in ("executions", "orders")}
    return said | {"seconds": round(time.perf_counter() - began, 3), "cause": cause}


def _run(context: Context, org: str, params: Mapping[str, Any]) -> dict[str, Any]:
    return warm(context, org, cause=str(params.get("cause", "scheduled")))


JOB = Job("warm", "Compute what pages wait for", _run, hour=5)
