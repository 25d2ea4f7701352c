"""/api/trading/pnl: what was earned, by whom, why, and whether the book adds up."""

from typing import Any, Literal

from flask import Response
from pydantic import Field

from analytics.datasets import BARS, CASH_FLOWS, DAILY_NAV, DAILY_POSITIONS, EXECUTIONS, QUOTES
from app.api._schema import PROBLEMS, Answer, ScopeQuery, Word
from app.gateway.auth import current_desk
from app.gateway.resource import answer, resource
from app.queries import pnl as questions
from app.queries import pnl_passports as records
from app.queries.pnl_identity import identity as both_sides
from app.queries.pnl_intraday import intraday as through_the_day
from app.queries.pnl_lots import lots as lots_of

blueprint = resource("trading", part="pnl", tag="Trading")


class IntradayQuery(ScopeQuery):
    """Which day."""

    session: Word | None = Field(None, description="Session; the last of the period when left out.")


class LotsQuery(ScopeQuery):
    """Which position: the one account and instrument named, else the largest."""

    method: Literal["average", "fifo", "lifo"] | None = Field(
        None, description="Cost method; the organisation's when left out."
    )


@blueprint.get("/pnl", summary="P&L of the period by group", responses={200: Answer, **PROBLEMS})
def pnl(query: ScopeQuery) -> Response:
    """Answer net P&L by ``group_by`` (desk), with realised, unrealised, income and costs.

    Groups: desk, trader, strategy, account, instrument, venue, day, sector, country, asset_class. By trader and
    venue it is the P&L of trades until the close of their day.
    """
    desk = current_desk()
    found = questions.by_group(desk, group_by=desk.scope.group_by or "desk")
    values, reasons = questions.figures(desk)
    more: dict[str, Any] = {"series": questions.pnl_series(desk), "figures": values, "reasons": reasons}
    more["metrics"] = records.figure_records(desk)
    return answer(desk, found | more, datasets=(DAILY_POSITIONS, EXECUTIONS))


@blueprint.get("/pnl/explain", summary="What caused the P&L", responses={200: Answer, **PROBLEMS})
def explain(query: ScopeQuery) -> Response:
    """Answer price, new trades, carry, currency, fees and residual by ``group_by`` (desk); they sum to the total.

    Groups: desk, trader, strategy, account, instrument, venue, day.
    """
    desk = current_desk()
    found = questions.explain(desk, group_by=desk.scope.group_by or "desk")
    found = found | {"metrics": records.part_records(desk)}
    return answer(desk, found, datasets=(DAILY_POSITIONS, EXECUTIONS))


@blueprint.get("/pnl/identity", summary="Whether the book adds up", responses={200: Answer, **PROBLEMS})
def identity(query: ScopeQuery) -> Response:
    """Answer both sides of the P&L identity, counted from different tables, and every difference."""
    desk = current_desk()
    found = both_sides(desk) | {"metrics": records.identity_records(desk)}
    return answer(desk, found, datasets=(DAILY_POSITIONS, DAILY_NAV, EXECUTIONS, CASH_FLOWS))


@blueprint.get("/pnl/intraday", summary="P&L through one day", responses={200: Answer, **PROBLEMS})
def intraday(query: IntradayQuery) -> Response:
    """Answer cumulative P&L at the market's mids, by desk, and the step to the day's figure."""
    desk = current_desk(own=frozenset({"session"}))
    found = through_the_day(desk, session=query.session)
    return answer(desk, found, datasets=(DAILY_POSITIONS, EXECUTIONS, QUOTES, BARS))


@blueprint.get("/pnl/lots", summary="Lots of one position", responses={200: Answer, **PROBLEMS})
def lots(query: LotsQuery) -> Response:
    """Answer open lots and those closed in the period, of one account and one instrument."""
    desk = current_desk(own=frozenset({"method"}))
    scope = desk.scope
    one = len(scope.account) == 1 and len(scope.instrument) == 1
    named = {"account": scope.account[0], "instrument": scope.instrument[0]} if one else {}
    return answer(desk, lots_of(desk, **named, method=query.method), datasets=(DAILY_POSITIONS, EXECUTIONS))
