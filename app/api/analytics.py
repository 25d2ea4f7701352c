"""/api/analytics: the unified figures."""

from flask import Response

from analytics.datasets import ACCOUNTS, DAILY_NAV, DAILY_POSITIONS, EXECUTIONS, ORDER_EVENTS, POSTS, PRICES
from app.api._schema import PROBLEMS, OverviewAnswer, ScopeQuery
from app.gateway.auth import current_desk
from app.gateway.resource import answer, resource
from app.queries import overview as questions

blueprint = resource("analytics", tag="Analytics")
RESTS_ON = (ACCOUNTS, EXECUTIONS, ORDER_EVENTS, PRICES, DAILY_POSITIONS, DAILY_NAV, POSTS)


@blueprint.get(
    "/overview", summary="Every key figure of the desk", responses={200: OverviewAnswer, **PROBLEMS}
)
def overview(query: ScopeQuery) -> Response:
    """Answer the figures of the master dashboard; a null has its reason in ``reasons``."""
    desk = current_desk()
    return answer(desk, questions.overview(desk), datasets=RESTS_ON)
