"""/api/compliance/alerts/{id}/evidence: what an alert rests on."""

from flask import Response
from pydantic import Field

from analytics.datasets import EXECUTIONS, MESSAGES, ORDER_EVENTS, QUOTES
from app.actions.case_access import looked_at
from app.api._schema import PROBLEMS, AlertPath, Answer, ScopeQuery
from app.gateway.auth import current_desk
from app.gateway.resource import answer, resource
from app.queries import evidence_answer
from app.scope import SURVEILLANCE_ROLES

blueprint = resource(
    "compliance", part="evidence", roles=SURVEILLANCE_ROLES, tag="Compliance", refusals="alert"
)


class EvidenceQuery(ScopeQuery):
    """Which stretch of the replay."""

    stretch: str | None = Field(
        None, max_length=4, description="Place of the stretch of activity to replay; the busiest one without."
    )


@blueprint.get(
    "/alerts/<alert_id>/evidence", summary="What an alert rests on", responses={200: Answer, **PROBLEMS}
)
def evidence(path: AlertPath, query: EvidenceQuery) -> Response:
    """Answer orders, fills, words, price, replay, effect and other explanations: what its page shows."""
    desk = current_desk(own=frozenset({"stretch"}))
    found = evidence_answer.answer(desk, path.alert_id, stretch=desk.scope.extra.get("stretch"))
    if found["messages"]:
        # What people wrote to one another is sensitive: who read it is on record.
        looked_at(desk.database, desk.identity, "alert", path.alert_id, what="messages")
    return answer(desk, found, datasets=(EXECUTIONS, MESSAGES, ORDER_EVENTS, QUOTES))
