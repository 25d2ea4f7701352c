"""/api/performance: how fast the own organisation is served."""

from typing import Any

from flask import Response

from app.api._schema import PROBLEMS, Answer, ScopeQuery
from app.gateway.auth import current_desk
from app.gateway.resource import answer, resource
from app.observability import process
from app.queries import operations
from app.scope import ROLES

blueprint = resource("performance", roles=frozenset(ROLES), tag="Performance")


@blueprint.get(
    "/metrics", summary="Requests, cache, jobs, imports, lake, process", responses={200: Answer, **PROBLEMS}
)
def performance(query: ScopeQuery) -> Response:
    """Answer the own organisation's figures of this process; an operator sees all."""
    desk = current_desk()
    everyone = desk.identity.role == "operator"
    seen = operations.requests(desk)
    data: dict[str, Any] = {
        "requests": seen["requests"],
        "slo": seen["slo"],
        "window_s": seen["window_s"],
        "cache": desk.cache.stats(None if everyone else desk.org) if desk.cache else None,
        "jobs": operations.jobs(desk),
        "ingest": None if everyone else operations.ingest_rate(desk),
        "lake": None if everyone else operations.lake_size(desk),
        "process": process.usage(),
    }
    return answer(desk, data)
