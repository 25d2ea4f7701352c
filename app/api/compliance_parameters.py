"""/api/compliance/parameters and what-if: thresholds of detectors, tried before they are agreed on."""

from datetime import date, datetime
from typing import Any

from flask import Response
from pydantic import BaseModel, ConfigDict, Field

from analytics.datasets import ACCOUNTS, INSTRUMENTS, PRICES
from app.actions import parameters as actions
from app.api._schema import PROBLEMS, Answer, ScopeQuery, Word
from app.gateway.auth import current_context, current_desk
from app.gateway.resource import answer, resource
from app.jobs import calibrate
from app.queries import calibration
from app.scope import SURVEILLANCE_ROLES

blueprint = resource(
    "compliance", part="parameters", tag="Compliance", roles=SURVEILLANCE_ROLES, write_roles=("compliance",),
    refusals="alert",
)  # fmt: skip
Values = dict[str, bool | int | float | str]
SEGMENT = "Part of the business as dimension:value (see /parameters/segments); everywhere when left out."


class ParametersQuery(ScopeQuery):
    """Which detector."""

    detector: Word = Field("", description="Its name; every detector when left out.")
    segment: Word = Field("", description=SEGMENT)


class VersionPath(BaseModel):
    """One version of a detector's parameters."""

    detector: Word
    version: int = Field(ge=1, le=1_000_000)


class DetectorPath(BaseModel):
    """One detector."""

    name: Word


class RequestPath(DetectorPath):
    """One trial of a detector."""

    request_id: Word


class ProposalBody(BaseModel):
    """A new version."""

    model_config = ConfigDict(extra="forbid")

    detector: Word = Field(min_length=1)
    parameters: Values = Field(
        default_factory=dict, description="Parameter to value; what is left out has its default."
    )
    rationale: str = Field(min_length=1, max_length=4000)
    effective_from: datetime | None = Field(
        None, description="From when it counts once approved; its approval when left out."
    )
    segment: Word = Field("", description=SEGMENT)
    withdraw: bool = Field(
        False,
        description="The segment is to have no thresholds of its own any more; parameters are not asked.",
    )


class ApproveBody(BaseModel):
    """Nothing to say."""

    model_config = ConfigDict(extra="forbid")


class WhatIfBody(BaseModel):
    """Thresholds to try."""

    model_config = ConfigDict(extra="forbid")

    parameters: Values = Field(
        default_factory=dict, description="Parameter to value; what is left out has its default."
    )
    days: int = Field(20, ge=1, le=calibrate.MOST_DAYS, description="Findings of so many days.")
    minutes: float = Field(
        calibrate.MINUTES, gt=0, le=600, allow_inf_nan=False, description="Of a reviewer for one alert."
    )
    perturb: bool = Field(False, description="Also move every number by 5, 15 and 30 %.")
    segment: Word = Field("", description=SEGMENT)
    start: date | None = Field(None, description="Findings that end on or after this day, in place of days.")
    end: date | None = Field(None, description="Findings that begin on or before this day.")


@blueprint.get("/parameters", summary="Thresholds and their versions", responses={200: Answer, **PROBLEMS})
def parameters(query: ParametersQuery) -> Response:
    """Answer one row per detector: values in effect and every version with author and approver."""
    desk = current_desk(own=frozenset({"detector", "segment"}))
    segment = calibration.known_segment(desk, query.segment)
    return answer(desk, calibration.parameters(desk, query.detector or None, segment))


@blueprint.get("/parameters/segments", summary="Parts of the business", responses={200: Answer, **PROBLEMS})
def segments(query: ScopeQuery) -> Response:
    """Answer which parts of the business may have thresholds of their own, and how much is in each."""
    desk = current_desk()
    return answer(desk, calibration.segments(desk), datasets=(INSTRUMENTS, PRICES, ACCOUNTS))


@blueprint.post("/parameters", summary="Propose thresholds", responses={201: Answer, **PROBLEMS})
def propose(query: ScopeQuery, body: ProposalBody) -> Response:
    """Write a new version; it counts once a second person has approved it."""
    desk = current_desk()
    made = actions.propose(
        desk.database,
        desk.identity,
        detector=body.detector,
        values=body.parameters,
        rationale=body.rationale,
        effective_from=body.effective_from,
        segment=calibration.known_segment(desk, body.segment),
        withdraw=body.withdraw,
    )
    said = {"detector": made.detector, "version": made.version, "segment": made.segment, "state": "proposed"}
    return answer(desk, said, status=201)


@blueprint.post(
    "/parameters/<detector>/<version>/approve",
    summary="Approve thresholds",
    responses={200: Answer, **PROBLEMS},
)
def approve(path: VersionPath, query: ScopeQuery, body: ApproveBody) -> Response:
    """Let a version count; its author may not."""
    desk = current_desk()
    made = actions.approve(desk.database, desk.identity, detector=path.detector, version=path.version)
    said = {"detector": made.detector, "version": made.version, "effective_from": made.effective_from}
    return answer(desk, said)


@blueprint.post(
    "/detectors/<name>/what-if",
    summary="Try thresholds on the days behind",
    responses={200: Answer, 202: Answer, **PROBLEMS},
)
def what_if(path: DetectorPath, query: ScopeQuery, body: WhatIfBody) -> Response:
    """Answer alerts gained and lost, precision, hours and curve: 200 when known, else 202; then ask again."""
    desk = current_desk()
    found = calibrate.request(
        current_context(),
        desk,
        detector=path.name,
        values=body.parameters,
        days=body.days,
        minutes=body.minutes,
        perturb=body.perturb,
        segment=body.segment,
        start=body.start,
        end=body.end,
    )
    return _told(desk, path.name, found)


@blueprint.get(
    "/detectors/<name>/what-if/<request_id>",
    summary="What became of a trial",
    responses={200: Answer, **PROBLEMS},
)
def tried(path: RequestPath, query: ScopeQuery) -> Response:
    """Answer the state of a trial and, once it is done, its result."""
    desk = current_desk()
    return answer(desk, calibrate.answer(current_context(), desk, path.request_id))


def _told(desk: Any, name: str, found: dict[str, Any]) -> Response:
    if found["state"] not in {"queued", "running"}:
        return answer(desk, found)
    place = f"/api/compliance/detectors/{name}/what-if/{found['request_id']}"
    return answer(desk, found, status=202, headers={"Location": place, "Retry-After": "2"})
