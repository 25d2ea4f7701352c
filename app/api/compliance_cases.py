"""/api/compliance/cases: what is investigated, by whom, what was found, and what was decided."""

from typing import Annotated

from flask import Response
from pydantic import BaseModel, ConfigDict, Field

from app.actions import (
    case_access,
    case_checklist,
    case_notes,
    case_review,
    case_steps,
)
from app.actions import cases as opening
from app.api._page import next_cursor, offset_of
from app.api._schema import PROBLEMS, Answer, ScopeQuery, SortedQuery, Word
from app.api.compliance_work import Code, Rationale, ReviewBody
from app.desk import Desk
from app.gateway.auth import current_desk
from app.gateway.resource import answer, resource
from app.queries import cases
from app.queries._line import own_line
from app.scope import SURVEILLANCE_ROLES

blueprint = resource("compliance", part="cases", roles=SURVEILLANCE_ROLES, tag="Cases", refusals="case")


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid")


class CasePath(BaseModel):
    """One case."""

    case_id: Word


class CasesQuery(SortedQuery):
    """Which cases."""

    status: Word | None = None
    severity: Word | None = None
    level: Word | None = None
    owner: Word | None = Field(None, description="User id, or `me`.")
    abuse_type: Word | None = None
    open: Word | None = Field(None, description="true: only those that are not closed.")
    overdue: Word | None = Field(None, description="true: only those past their time.")


class Actor(_Body):
    """Somebody or something a case is about."""

    kind: Code
    id: Word


class CaseBody(_Body):
    """A case to open."""

    alert_ids: list[Word] = Field(default=[], max_length=200)
    title: Annotated[str, Field(max_length=300)] | None = Field(
        None, description="The first alert's when left out."
    )
    abuse_type: Code | None = Field(
        None, description="What the first alert's detector looks for when left out."
    )
    severity: Code | None = Field(None, description="The worst of the alerts' when left out.")
    reason: Code | None = Field(None, description="Why it is escalated; `suspicion` when left out.")
    rationale: Rationale
    actors: list[Actor] = Field(default=[], max_length=50)
    instrument_ids: list[Word] = Field(default=[], max_length=50)
    restricted: bool = False


class AlertsBody(_Body):
    """Further alerts of a case."""

    alert_ids: list[Word] = Field(min_length=1, max_length=200)
    reason: Code = "linked_conduct"
    rationale: Rationale
    version: int


class VersionBody(_Body):
    """The version that was seen."""

    version: int


class TakeBody(VersionBody):
    """Who has it from now on."""

    owner: Word | None = Field(None, description="User id of compliance; the caller when left out.")


class CaseTransitionBody(VersionBody):
    """Where a case goes, and why."""

    to: Code = Field(
        description="info_requested, no_action, near_miss, breach_internal, stor_submitted, closed, ..."
    )
    reason: Code | None = None
    rationale: Rationale | None = None
    reference: Word | None = Field(None, description="With stor_submitted: what the regulator calls it.")


class CaseReviewBody(ReviewBody):
    """What the second person says."""

    version: int | None = None


class EscalateBody(VersionBody):
    """To which level, and why."""

    to: Code = Field(description="lead, then legal")
    rationale: Rationale


class CheckBody(VersionBody):
    """What became of a check."""

    key: Code
    state: Code = Field(description="open, done or not_applicable")
    comment: Rationale | None = None


class Evidence(_Body):
    """What a note points to."""

    kind: Code
    id: Word


class NoteBody(_Body):
    """A note, or a new version of one."""

    text: Rationale
    kind: Code = Field("note", description="note, request, answer or search")
    evidence: list[Evidence] = Field(default=[], max_length=100)
    note_id: Word | None = Field(None, description="The note that is corrected.")
    replaces: int | None = Field(None, description="Its version that is corrected: the newest.")


class AccessBody(VersionBody):
    """Who may know of a case."""

    restricted: bool
    people: list[Word] = Field(default=[], max_length=100, description="User ids of compliance.")


class HoldBody(VersionBody):
    """Whether the records must be kept whatever happens."""

    on: bool
    rationale: Rationale


@blueprint.get("/cases", summary="Cases, the first due first", responses={200: Answer, **PROBLEMS})
def every(query: CasesQuery) -> Response:
    """Answer one page of the cases that the caller may know of."""
    desk = current_desk(own=frozenset({*cases.FILTERS, "sort"}))
    start = offset_of(desk)
    asked = {name: value for name, value in desk.scope.extra.items() if name in cases.FILTERS}
    found = cases.cases(desk, filters=asked, sort=desk.scope.extra.get("sort", "due"), offset=start)
    return answer(
        desk, found["rows"], next_cursor=next_cursor(desk, start, len(found["rows"]), found["total"])
    )


@blueprint.post("/cases", summary="Open a case", responses={201: Answer, **PROBLEMS})
def open_one(body: CaseBody) -> Response:
    """Answer the case; its alerts are escalated into it."""
    desk = current_desk()
    made = opening.open_case(
        desk.database, desk.identity, line=own_line(desk), alert_ids=body.alert_ids, title=body.title,
        kind=body.abuse_type, severity=body.severity, reason=body.reason, rationale=body.rationale,
        actors=[one.model_dump() for one in body.actors], instrument_ids=body.instrument_ids,
        restricted=body.restricted,
    )  # fmt: skip
    return answer(desk, cases.case(desk, made.id), status=201)


@blueprint.get(
    "/cases/<case_id>", summary="One case with all that belongs to it", responses={200: Answer, **PROBLEMS}
)
def one(path: CasePath, query: ScopeQuery) -> Response:
    """Answer checklist, notes with every version, files, steps, reviews; reading a restricted one is on record."""
    desk = current_desk()
    return answer(desk, seen(desk, path.case_id))


@blueprint.get(
    "/cases/<case_id>/trail", summary="What was done to a case", responses={200: Answer, **PROBLEMS}
)
def trail(path: CasePath, query: ScopeQuery) -> Response:
    """Answer its audit entries, the newest first, reads included."""
    desk = current_desk()
    return answer(desk, cases.trail(desk, path.case_id, limit=desk.scope.limit))


@blueprint.post("/cases/<case_id>/transition", summary="Move a case", responses={200: Answer, **PROBLEMS})
def transition(path: CasePath, body: CaseTransitionBody) -> Response:
    """Answer the case; closing it waits for a second person."""
    desk = current_desk()
    case_steps.transition(
        desk.database, desk.identity, path.case_id, to=body.to, line=own_line(desk), version=body.version,
        reason=body.reason, rationale=body.rationale, reference=body.reference,
    )  # fmt: skip
    return answer(desk, cases.case(desk, path.case_id))


@blueprint.post(
    "/cases/<case_id>/review",
    summary="Agree to what was decided on a case, or not",
    responses={200: Answer, **PROBLEMS},
)
def review(path: CasePath, body: CaseReviewBody) -> Response:
    """Settle what waits, its closing or the decision on a report; who decided it is refused."""
    desk = current_desk()
    case_review.review(desk.database, desk.identity, path.case_id, decision=body.decision, comment=body.comment,
                      line=own_line(desk), version=body.version)  # fmt: skip
    return answer(desk, cases.case(desk, path.case_id))


@blueprint.post("/cases/<case_id>/escalate", summary="Hand a case up", responses={200: Answer, **PROBLEMS})
def escalate(path: CasePath, body: EscalateBody) -> Response:
    """Answer the case on its new level, owned by nobody yet."""
    desk = current_desk()
    case_steps.escalate(desk.database, desk.identity, path.case_id, to=body.to, rationale=body.rationale,
                        line=own_line(desk), version=body.version)  # fmt: skip
    return answer(desk, cases.case(desk, path.case_id))


@blueprint.post(
    "/cases/<case_id>/take",
    summary="Take a case over, or give it to a colleague",
    responses={200: Answer, **PROBLEMS},
)
def take(path: CasePath, body: TakeBody) -> Response:
    """Answer the case; who has it now may know of it even where it is restricted."""
    desk = current_desk()
    opening.take(desk.database, desk.identity, path.case_id, line=own_line(desk), owner=body.owner,
                 version=body.version)  # fmt: skip
    return answer(desk, cases.case(desk, path.case_id))


@blueprint.post(
    "/cases/<case_id>/alerts", summary="Escalate alerts into a case", responses={200: Answer, **PROBLEMS}
)
def add_alerts(path: CasePath, body: AlertsBody) -> Response:
    """Answer the case with its alerts."""
    desk = current_desk()
    opening.add_alerts(desk.database, desk.identity, path.case_id, body.alert_ids, line=own_line(desk),
                       rationale=body.rationale, reason=body.reason, version=body.version)  # fmt: skip
    return answer(desk, cases.case(desk, path.case_id))


@blueprint.post("/cases/<case_id>/checklist", summary="Mark a check", responses={200: Answer, **PROBLEMS})
def check(path: CasePath, body: CheckBody) -> Response:
    """Answer the case with its checklist."""
    desk = current_desk()
    case_checklist.mark(desk.database, desk.identity, path.case_id, key=body.key, state=body.state,
                        comment=body.comment, line=own_line(desk), version=body.version)  # fmt: skip
    return answer(desk, cases.case(desk, path.case_id))


@blueprint.post(
    "/cases/<case_id>/notes",
    summary="Write a note, or correct one's own",
    responses={201: Answer, **PROBLEMS},
)
def note(path: CasePath, body: NoteBody) -> Response:
    """Answer the case's notes; a correction is a further version, the earlier ones stay."""
    desk = current_desk()
    made = case_notes.write(
        desk.database, desk.identity, path.case_id, text=body.text, line=own_line(desk), kind=body.kind,
        evidence=[link.model_dump() for link in body.evidence], note_id=body.note_id, replaces=body.replaces,
    )  # fmt: skip
    found = next(row for row in cases.case(desk, path.case_id)["notes"] if row["note_id"] == made.note_id)
    return answer(desk, found, status=201)


@blueprint.post(
    "/cases/<case_id>/access", summary="Say who may know of a case", responses={200: Answer, **PROBLEMS}
)
def access(path: CasePath, body: AccessBody) -> Response:
    """Answer the case; on a restricted one only listed people and auditors find it."""
    desk = current_desk()
    case_access.restrict(desk.database, desk.identity, path.case_id, restricted=body.restricted, people=body.people,
                         line=own_line(desk), version=body.version)  # fmt: skip
    return answer(desk, cases.case(desk, path.case_id))


@blueprint.post(
    "/cases/<case_id>/hold",
    summary="Put a case on legal hold, or take it off",
    responses={200: Answer, **PROBLEMS},
)
def hold(path: CasePath, body: HoldBody) -> Response:
    """Answer the case; while one is on hold the organisation cannot be deleted."""
    desk = current_desk()
    case_access.hold(desk.database, desk.identity, path.case_id, on=body.on, rationale=body.rationale,
                     line=own_line(desk), version=body.version)  # fmt: skip
    return answer(desk, cases.case(desk, path.case_id))


def seen(desk: Desk, case_id: str) -> dict[str, object]:
    """Return a case; that a restricted one was read is on record."""
    found = cases.case(desk, case_id)
    if found["restricted"]:
        case_access.looked_at(desk.database, desk.identity, "case", case_id, what="case")
    return found
