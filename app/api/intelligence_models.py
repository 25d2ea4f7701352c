"""/api/intelligence/forecasts, and which version of a model is in use."""

from typing import Literal

from flask import Response
from pydantic import BaseModel, ConfigDict, Field

from analytics.datasets import ACCOUNTS, INSTRUMENTS, PRICES
from app.actions import models as actions
from app.api._schema import CONFLICTS, PROBLEMS, Answer, ModelPath, ScopeQuery
from app.gateway.auth import current_context, current_desk
from app.gateway.resource import answer, resource
from app.jobs._queue import JobQueue
from app.queries import forecasts as asked
from app.scope import MODEL_ROLES

# Who answers for a model and reads its record changes which version is in use: risk, or compliance for surveillance's.
blueprint = resource("intelligence", part="models", tag="Intelligence", write_roles=MODEL_ROLES)


class ForecastsQuery(ScopeQuery):
    """How far ahead."""

    horizon: Literal["1", "5", "21"] = Field(
        "5", description="Sessions ahead that are compared with what came."
    )


class RollbackBody(BaseModel):
    """Back to which version."""

    model_config = ConfigDict(extra="forbid")

    version: int | None = Field(None, ge=1, le=1_000_000, description="The one in use before, when left out.")


@blueprint.get(
    "/forecasts", summary="Forecasts with what earlier ones held", responses={200: Answer, **PROBLEMS}
)
def forecasts(query: ForecastsQuery) -> Response:
    """Answer ranges, volatility and volume of one instrument and value at risk of the books in scope.

    ``served`` says of each whether the model or, where it has shown no skill or drifts, its baseline answers.
    """
    desk = current_desk(own=frozenset({"horizon"}))
    found = asked.forecasts(desk, horizon=query.horizon)
    return answer(desk, found, datasets=(PRICES, INSTRUMENTS, ACCOUNTS))


@blueprint.post(
    "/models/<name>/rollback", summary="Use an earlier version", responses={200: Answer, **CONFLICTS}
)
def rollback(path: ModelPath, query: ScopeQuery, body: RollbackBody) -> Response:
    """Put an earlier version of a model in use; audited, and what it says is computed in the background."""
    desk = current_desk()
    said = actions.roll_back(desk.database, desk.identity, path.name, version=body.version)
    JobQueue(current_context()).put(desk.org, "predict", {"model": path.name, "cause": "rollback"})
    return answer(desk, said)
