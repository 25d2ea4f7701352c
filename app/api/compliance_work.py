"""/api/compliance/alerts/...: what people do with alerts, alone and with a second pair of eyes."""

from typing import Annotated, Any

from flask import Response
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from app.actions import alert_workflow, bulk_closing, cases, suppressions
from app.api._schema import PROBLEMS, AlertPath, Answer, ScopeQuery, Word
from app.gateway.auth import current_desk
from app.gateway.resource import answer, resource
from app.queries import case_groups, casework, similar_alerts, surveillance_mi
from app.queries._line import own_line
from app.scope import SURVEILLANCE_ROLES

blueprint = resource("compliance", part="work", roles=SURVEILLANCE_ROLES, tag="Compliance", refusals="alert")
Rationale = Annotated[str, Field(max_length=20_000)]
Code = Annotated[str, Field(max_length=63)]


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid")


class TransitionBody(_Body):
    """Where an alert goes, and why."""

    to: Code = Field(
        description="triaged, assigned, in_review, info_requested, closed_no_issue, ... escalated"
    )
    reason: Code | None = Field(None, description="A code for that state (GET /api/compliance/reasons).")
    rationale: Rationale | None = Field(None, description="At least 20 characters where a reason is needed.")
    assignee: Word | None = Field(None, description="User id, with `assigned`; the caller when left out.")
    case_id: Word | None = Field(
        None, description="With `escalated`: into this case; a new one when left out."
    )
    version: int | None = Field(None, description="The version that was seen: a newer one is a conflict.")
    through: bool = Field(
        False, description="Take it and begin the review first, where that is still to be done."
    )


class ReviewBody(_Body):
    """What the second person says."""

    decision: Code = Field(description="approve or return")
    comment: Rationale | None = Field(None, description="Needed to send it back.")


class BulkBody(_Body):
    """Alerts of one detector to be closed for one reason."""

    alert_ids: list[Word] = Field(min_length=1, max_length=200)
    to: Code = Field(description="closed_no_issue or closed_false_positive")
    reason: Code
    rationale: Rationale


class SuppressionBody(_Body):
    """Findings like an alert's that nobody needs to look at for a while."""

    alert_id: Word
    reason: Code
    rationale: Rationale
    valid_to: AwareDatetime = Field(description="Exclusive; at most 90 days ahead.")
    every_instrument: bool = False


class AssignBody(_Body):
    """Who takes it."""

    assignee: Word | None = Field(None, description="User id; the caller when left out.")
    version: int | None = None


class NothingBody(_Body):
    """Nothing to say."""


class BatchPath(BaseModel):
    """One batch."""

    batch_id: Word


class SuppressionPath(BaseModel):
    """One suppression."""

    suppression_id: Word


@blueprint.get(
    "/alerts/<alert_id>/work", summary="What people did with an alert", responses={200: Answer, **PROBLEMS}
)
def work(path: AlertPath, query: ScopeQuery) -> Response:
    """Answer its steps and reviews, and what may come next with the reasons that fit."""
    desk = current_desk()
    return answer(desk, casework.alert_work(desk, path.alert_id))


@blueprint.get(
    "/alerts/<alert_id>/similar", summary="Past alerts like it", responses={200: Answer, **PROBLEMS}
)
def similar(path: AlertPath, query: ScopeQuery) -> Response:
    """Answer decided alerts of the same detector, the most alike first, and how they ended."""
    desk = current_desk()
    return answer(desk, similar_alerts.similar(desk, path.alert_id, limit=min(desk.scope.limit, 50)))


@blueprint.post("/alerts/<alert_id>/transition", summary="Move an alert", responses={200: Answer, **PROBLEMS})
def transition(path: AlertPath, body: TransitionBody) -> Response:
    """Answer the alert's state; ``waits`` is the decision that a second person must agree to."""
    desk = current_desk()
    line = own_line(desk)
    if body.to == "escalated" and body.case_id is not None:
        cases.add_alerts(desk.database, desk.identity, body.case_id, [path.alert_id], line=line,
                         reason=body.reason or "linked_conduct", rationale=body.rationale or "")  # fmt: skip
    elif body.to == "escalated":
        cases.open_case(desk.database, desk.identity, line=line, alert_ids=[path.alert_id], reason=body.reason,
                        rationale=body.rationale)  # fmt: skip
    else:
        alert_workflow.transition(
            desk.database, desk.identity, path.alert_id, to=body.to, line=line, reason=body.reason,
            rationale=body.rationale, assignee=body.assignee, version=body.version, through=body.through,
        )  # fmt: skip
    return answer(desk, casework.alert_work(desk, path.alert_id))


@blueprint.post(
    "/alerts/<alert_id>/assign", summary="Give an alert to somebody", responses={200: Answer, **PROBLEMS}
)
def assign(path: AlertPath, body: AssignBody) -> Response:
    """Answer the alert's state; without an assignee the caller takes it."""
    desk = current_desk()
    alert_workflow.assign(desk.database, desk.identity, path.alert_id, line=own_line(desk), assignee=body.assignee,
                          version=body.version)  # fmt: skip
    return answer(desk, casework.alert_work(desk, path.alert_id))


@blueprint.post(
    "/alerts/<alert_id>/review", summary="Agree to a closing, or not", responses={200: Answer, **PROBLEMS}
)
def review(path: AlertPath, body: ReviewBody) -> Response:
    """Answer the alert's state; who proposed the closing is refused."""
    desk = current_desk()
    alert_workflow.review(desk.database, desk.identity, path.alert_id, decision=body.decision, comment=body.comment,
                          line=own_line(desk))  # fmt: skip
    return answer(desk, casework.alert_work(desk, path.alert_id))


@blueprint.post(
    "/alerts/bulk", summary="Propose to close alerts together", responses={202: Answer, **PROBLEMS}
)
def bulk(body: BulkBody) -> Response:
    """Answer the batch that waits for a second person; all alerts are in it, or none."""
    desk = current_desk()
    batch = bulk_closing.ask(desk.database, desk.identity, body.alert_ids, to=body.to, reason=body.reason,
                             rationale=body.rationale, line=own_line(desk))  # fmt: skip
    return answer(
        desk, {"batch_id": batch, "alerts": len(set(body.alert_ids)), "decision": "pending"}, status=202
    )


@blueprint.post(
    "/alerts/bulk/<batch_id>", summary="Agree to a batch, or not", responses={200: Answer, **PROBLEMS}
)
def settle_bulk(path: BatchPath, body: ReviewBody) -> Response:
    """Answer how many alerts were settled."""
    desk = current_desk()
    count = bulk_closing.settle(desk.database, desk.identity, path.batch_id, decision=body.decision,
                                comment=body.comment, line=own_line(desk))  # fmt: skip
    return answer(desk, {"batch_id": path.batch_id, "alerts": count, "decision": body.decision})


@blueprint.get("/reviews", summary="What waits for a second person", responses={200: Answer, **PROBLEMS})
def reviews(query: ScopeQuery) -> Response:
    """Answer the oldest first; ``mine`` are the caller's own, which somebody else must settle."""
    desk = current_desk()
    return answer(desk, casework.waiting(desk))


@blueprint.get("/reasons", summary="Reason codes, kinds of abuse, steps", responses={200: Answer, **PROBLEMS})
def reasons(query: ScopeQuery) -> Response:
    """Answer the taxonomy of decisions."""
    return answer(current_desk(), casework.catalogue())


@blueprint.get(
    "/colleagues", summary="Who may take work, and how much each has", responses={200: Answer, **PROBLEMS}
)
def colleagues(query: ScopeQuery) -> Response:
    """Answer the people of compliance with their open alerts."""
    desk = current_desk()
    return answer(desk, casework.colleagues(desk))


@blueprint.get("/groups", summary="Alerts that belong together", responses={200: Answer, **PROBLEMS})
def groups(query: ScopeQuery) -> Response:
    """Answer groups worth a case: same owners and instrument within five days, or the same actor."""
    desk = current_desk()
    return answer(desk, case_groups.proposals(desk, limit=desk.scope.limit))


@blueprint.get("/management", summary="How surveillance does", responses={200: Answer, **PROBLEMS})
def management(query: ScopeQuery) -> Response:
    """Answer alerts by detector and desk, ageing, time to close, conversion, backlog, agreement."""
    desk = current_desk()
    return answer(desk, surveillance_mi.management(desk))


@blueprint.get("/suppressions", summary="What is kept out of the queue", responses={200: Answer, **PROBLEMS})
def suppressed(query: ScopeQuery) -> Response:
    """Answer every suppression with how many findings it kept out."""
    desk = current_desk()
    return answer(desk, casework.suppressions(desk))


@blueprint.post("/suppressions", summary="Propose a suppression", responses={202: Answer, **PROBLEMS})
def suppress(body: SuppressionBody) -> Response:
    """Answer the proposal; it holds when a second person agrees."""
    desk = current_desk()
    made = suppressions.propose(
        desk.database, desk.identity, alert_id=body.alert_id, reason=body.reason, rationale=body.rationale,
        valid_to=body.valid_to, line=own_line(desk), every_instrument=body.every_instrument,
    )  # fmt: skip
    return answer(desk, _suppression(made), status=202)


@blueprint.post(
    "/suppressions/<suppression_id>/review",
    summary="Agree to a suppression, or not",
    responses={200: Answer, **PROBLEMS},
)
def settle_suppression(path: SuppressionPath, body: ReviewBody) -> Response:
    """Answer the suppression; who proposed it is refused."""
    desk = current_desk()
    made = suppressions.settle(desk.database, desk.identity, path.suppression_id, decision=body.decision,
                               line=own_line(desk))  # fmt: skip
    return answer(desk, _suppression(made))


@blueprint.post(
    "/suppressions/<suppression_id>/end", summary="End a suppression", responses={200: Answer, **PROBLEMS}
)
def end_suppression(path: SuppressionPath, body: NothingBody) -> Response:
    """Answer the suppression as it ended."""
    desk = current_desk()
    return answer(desk, _suppression(suppressions.end(desk.database, desk.identity, path.suppression_id)))


def _suppression(made: Any) -> dict[str, Any]:
    return {name: getattr(made, name) for name in ("id", *suppressions.FIELDS)}
