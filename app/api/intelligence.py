"""/api/intelligence: what the models are worth."""

from flask import Response

from app.api._schema import PROBLEMS, Answer, ModelPath, ScopeQuery
from app.gateway.auth import current_desk
from app.gateway.resource import answer, resource
from app.queries import intelligence

blueprint = resource("intelligence", tag="Intelligence")


@blueprint.get(
    "/models", summary="Models with their skill out of sample", responses={200: Answer, **PROBLEMS}
)
def models(query: ScopeQuery) -> Response:
    """Answer the version in use of each model."""
    desk = current_desk()
    return answer(desk, intelligence.models(desk))


@blueprint.get("/models/<name>", summary="One model's card", responses={200: Answer, **PROBLEMS})
def model(path: ModelPath, query: ScopeQuery) -> Response:
    """Answer purpose, data, folds, skill against the baseline, limits and history."""
    desk = current_desk()
    return answer(desk, intelligence.model(desk, path.name))
