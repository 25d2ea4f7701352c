"""/api/trading/pnl: what was earned, by whom, why, and whether the book adds up."""

from flask import Response

from analytics.datasets import CASH_FLOWS, DAILY_NAV, DAILY_POSITIONS, EXECUTIONS
from app.api._schema import PROBLEMS, Answer, ScopeQuery
from app.gateway.auth import current_desk
from app.gateway.resource import answer, resource
from app.queries import pnl as questions
from app.queries.pnl_identity import identity as both_sides

blueprint = resource("trading", part="pnl", tag="Trading")


@blueprint.get("/pnl", summary="P&L of the period by group", responses={200: Answer, **PROBLEMS})
def pnl(query: ScopeQuery) -> Response:
    """Answer net P&L by ``group_by`` (desk), with realised, unrealised, income and costs.

    Groups: desk, trader, strategy, account, instrument, venue, day, sector, country, asset_class. By trader and
    venue it is the P&L of trades until the close of their day.
    """
    desk = current_desk()
    found = questions.by_group(desk, group_by=desk.scope.group_by or "desk")
    values, reasons = questions.figures(desk)
    more = {"series": questions.pnl_series(desk), "figures": values, "reasons": reasons}
    return answer(desk, found | more, datasets=(DAILY_POSITIONS, EXECUTIONS))


@blueprint.get("/pnl/explain", summary="What caused the P&L", responses={200: Answer, **PROBLEMS})
def explain(query: ScopeQuery) -> Response:
    """Answer price, new trades, carry, currency, fees and residual by ``group_by`` (desk); they sum to the total.

    Groups: desk, trader, strategy, account, instrument, venue, day.
    """
    desk = current_desk()
    found = questions.explain(desk, group_by=desk.scope.group_by or "desk")
    return answer(desk, found, datasets=(DAILY_POSITIONS, EXECUTIONS))


@blueprint.get("/pnl/identity", summary="Whether the book adds up", responses={200: Answer, **PROBLEMS})
def identity(query: ScopeQuery) -> Response:
    """Answer both sides of the P&L identity, counted from different tables, and every difference."""
    desk = current_desk()
    return answer(desk, both_sides(desk), datasets=(DAILY_POSITIONS, DAILY_NAV, EXECUTIONS, CASH_FLOWS))
