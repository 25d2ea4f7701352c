"""/api/compliance/supervision: messages that no detector named, drawn at random and read by people."""

from datetime import date
from typing import Annotated, Any

from flask import Response
from pydantic import BaseModel, ConfigDict, Field

from analytics.compliance.sampling import LARGEST, REASONS
from analytics.datasets import MESSAGES
from app.actions import supervision as acting
from app.actions.case_access import looked_at
from app.api._page import next_cursor, offset_of
from app.api._schema import PROBLEMS, Answer, ScopeQuery, Word
from app.api.compliance_work import Code, Rationale
from app.gateway.auth import current_desk
from app.gateway.resource import answer, resource
from app.queries import supervision
from app.queries._line import own_line
from app.scope import SURVEILLANCE_ROLES

blueprint = resource(
    "compliance", part="supervision", roles=SURVEILLANCE_ROLES, tag="Compliance", refusals="supervision"
)


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid")


class ItemPath(BaseModel):
    """One drawn message."""

    item_id: Word


class QueueQuery(ScopeQuery):
    """Which drawn messages."""

    state: Word | None = Field(None, description="open, reviewed or escalated; all when left out.")
    sample: Word | None = None


class PlanQuery(BaseModel):
    """Of which period a sample would be."""

    model_config = ConfigDict(extra="forbid")

    start: date | None = None
    end: date | None = None
    channel: Word | None = None


class DrawBody(_Body):
    """A sample to draw. Its seed is the server's: nobody chooses what is drawn."""

    start: date | None = Field(
        None, description="First day; the last week with messages when both are left out."
    )
    end: date | None = Field(None, description="Last day, inclusive.")
    channel: Word | None = Field(None, description="Every channel when left out.")
    size: int = Field(ge=1, le=LARGEST)
    reason: Code = Field(description=", ".join(REASONS))
    rationale: Rationale = Field(description="Why that many; at least 20 characters.")


class ReviewedBody(_Body):
    """Read, and nothing to follow."""

    comment: Rationale | None = None


class EscalateMessageBody(_Body):
    """What is suspected."""

    to: Annotated[str, Field(max_length=10)] = Field(description="alert or case")
    rationale: Rationale
    severity: Code = Field("medium", description="low, medium or high")


@blueprint.get("/supervision", summary="Drawn messages to read", responses={200: Answer, **PROBLEMS})
def queue(query: QueueQuery) -> Response:
    """Answer one page with the words; that they were read is on record."""
    desk = current_desk(own=frozenset({"state", "sample"}))
    start, state = offset_of(desk), desk.scope.extra.get("state")
    found = supervision.queue(desk, state=state, sample=desk.scope.extra.get("sample"), offset=start)
    if found["rows"]:
        looked_at(desk.database, desk.identity, "supervision", "queue", what="messages")
    rows = found["rows"]
    return answer(
        desk, rows, datasets=(MESSAGES,), next_cursor=next_cursor(desk, start, len(rows), found["total"])
    )


@blueprint.get("/supervision/figures", summary="How supervision stands", responses={200: Answer, **PROBLEMS})
def figures(query: ScopeQuery) -> Response:
    """Answer progress, coverage, and what share at most would be escalated of what nobody read."""
    desk = current_desk()
    return answer(desk, supervision.figures(desk), datasets=(MESSAGES,))


@blueprint.get("/supervision/samples", summary="What was drawn, and why", responses={200: Answer, **PROBLEMS})
def samples(query: ScopeQuery) -> Response:
    """Answer every sample, the newest first, with seed, period, reasons and progress."""
    desk = current_desk()
    return answer(desk, supervision.samples(desk), datasets=(MESSAGES,))


@blueprint.get(
    "/supervision/plan", summary="How large a sample should be", responses={200: Answer, **PROBLEMS}
)
def plan(query: PlanQuery) -> Response:
    """Answer how many messages may be drawn, and how many it takes to see what is how frequent."""
    desk = current_desk(own=frozenset({"start", "end", "channel"}))
    return answer(
        desk,
        supervision.plan(desk, start=query.start, end=query.end, channel=query.channel),
        datasets=(MESSAGES,),
    )


@blueprint.post("/supervision/samples", summary="Draw a sample", responses={201: Answer, **PROBLEMS})
def draw(body: DrawBody) -> Response:
    """Answer the sample; what alerts name and what was drawn before is left out."""
    desk = current_desk()
    whole = supervision.population(desk, start=body.start, end=body.end, channel=body.channel)
    made = acting.draw(
        desk.database, desk.identity, whole, size=body.size, reason=body.reason, rationale=body.rationale
    )
    found = next(row for row in supervision.samples(desk) if row["id"] == made.id)
    return answer(desk, found, datasets=(MESSAGES,), status=201)


@blueprint.post(
    "/supervision/<item_id>/review", summary="Read, nothing to follow", responses={200: Answer, **PROBLEMS}
)
def review(path: ItemPath, body: ReviewedBody) -> Response:
    """Answer the drawn message as it was settled."""
    desk = current_desk()
    made = acting.reviewed(
        desk.database, desk.identity, path.item_id, line=own_line(desk), comment=body.comment
    )
    return answer(desk, _item(made))


@blueprint.post(
    "/supervision/<item_id>/escalate",
    summary="Raise an alert, or open a case",
    responses={200: Answer, **PROBLEMS},
)
def escalate(path: ItemPath, body: EscalateMessageBody) -> Response:
    """Answer the drawn message with the alert, and the case, that it led to."""
    desk = current_desk()
    made = acting.escalate(
        desk.database, desk.identity, path.item_id, supervision.message_of(desk, path.item_id), to=body.to,
        rationale=body.rationale, line=own_line(desk), severity=body.severity,
        versions=desk.versions(MESSAGES),
    )  # fmt: skip
    return answer(desk, _item(made))


def _item(made: Any) -> dict[str, Any]:
    names = (
        "id",
        "sample_id",
        "message_id",
        "state",
        "comment",
        "alert_id",
        "case_id",
        "decided_name",
        "decided_at",
    )
    return {name: getattr(made, name) for name in names}
