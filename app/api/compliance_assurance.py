"""/api/compliance/assurance: whether surveillance itself is well."""

from flask import Response

from analytics.datasets import EXECUTIONS, ORDER_EVENTS
from app.api._schema import PROBLEMS, Answer, ScopeQuery
from app.gateway.auth import current_desk
from app.gateway.resource import answer, resource
from app.queries import assurance
from app.scope import SURVEILLANCE_ROLES

blueprint = resource(
    "compliance", part="assurance", tag="Compliance", roles=SURVEILLANCE_ROLES, refusals="alert"
)


@blueprint.get("/assurance", summary="Is surveillance well", responses={200: Answer, **PROBLEMS})
def assured(query: ScopeQuery) -> Response:
    """Answer places and who sees them, alert counts and feeds against their days, canaries."""
    desk = current_desk()
    found = {
        "matrix": assurance.matrix(desk),
        "volumes": assurance.volumes(desk),
        "feeds": assurance.feeds(desk),
        "canaries": assurance.canaries(desk),
    }
    return answer(desk, found, datasets=(EXECUTIONS, ORDER_EVENTS))
