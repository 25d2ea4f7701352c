"""/api/trading/tca: what execution cost, against what, and who differs by more than luck."""

from flask import Response
from pydantic import Field

from analytics.datasets import BARS, EXECUTIONS, ORDER_EVENTS, PRICES, QUOTES, TAPE
from app.api._page import next_cursor, offset_of
from app.api._schema import PROBLEMS, Answer, ScopeQuery, Word
from app.gateway.auth import current_desk
from app.gateway.resource import answer, resource
from app.queries import execution_quality

blueprint = resource("trading", part="tca", tag="Trading")


class TcaQuery(ScopeQuery):
    """Which executions, against which price. ``group_by`` names the league; ``limit`` counts outlier orders."""

    benchmark: Word | None = Field(
        None, description="decision, arrival (default), vwap, twap, close or previous_close."
    )
    venue: Word | None = None
    broker: Word | None = None
    algo: Word | None = None
    liquidity: Word | None = Field(None, description="maker, taker or auction.")


@blueprint.get("/tca", summary="Execution quality of the period", responses={200: Answer, **PROBLEMS})
def tca(query: TcaQuery) -> Response:
    """Answer slippage, shortfall, mark-outs, a league, cost by day and size, and outlier orders by page."""
    desk = current_desk(own=execution_quality.OWN)
    start = offset_of(desk)
    by = desk.scope.group_by or "venue"
    found, total = execution_quality.tca(desk, by=by, limit=desk.scope.limit, offset=start)
    after = next_cursor(desk, start, len(found["outliers"]), total)
    read = (EXECUTIONS, ORDER_EVENTS, QUOTES, TAPE, BARS, PRICES)
    return answer(desk, found, datasets=read, next_cursor=after)
