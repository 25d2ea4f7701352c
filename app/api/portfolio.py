"""/api/portfolio: positions, exposure, performance."""

from flask import Response

from analytics.datasets import DAILY_POSITIONS, POSITIONS, PRICES
from app.api._schema import PROBLEMS, Answer, ScopeQuery
from app.gateway.auth import current_desk
from app.gateway.resource import answer, paginate, resource
from app.queries import portfolio

blueprint = resource("portfolio", tag="Portfolio")


@blueprint.get("/positions", summary="What is held at the last session", responses={200: Answer, **PROBLEMS})
def positions(query: ScopeQuery) -> Response:
    """Answer derived positions beside those a broker reports, largest first."""
    desk = current_desk()
    rows, cursor = paginate(desk, portfolio.positions(desk).to_dicts())
    return answer(desk, rows, datasets=(DAILY_POSITIONS, POSITIONS, PRICES), next_cursor=cursor)


@blueprint.get("/exposure", summary="Gross and net exposure by group", responses={200: Answer, **PROBLEMS})
def exposure(query: ScopeQuery) -> Response:
    """Answer exposure by ``group_by`` (sector)."""
    desk = current_desk()
    return answer(
        desk, portfolio.exposure(desk, group_by=desk.scope.group_by or "sector"), datasets=(DAILY_POSITIONS,)
    )


@blueprint.get(
    "/reconciliation", summary="Derived against reported positions", responses={200: Answer, **PROBLEMS}
)
def reconciliation(query: ScopeQuery) -> Response:
    """Answer every position both sides know of, breaks first."""
    desk = current_desk()
    return answer(desk, portfolio.reconciliation(desk), datasets=(DAILY_POSITIONS, POSITIONS))
