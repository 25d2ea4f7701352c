"""/api/intelligence/insights: what the rules found, what one thinks of it, and what waits in the bell."""

from typing import Literal

from flask import Response
from pydantic import BaseModel, ConfigDict, Field

from app.actions import insights as saying
from app.api._page import next_cursor, offset_of
from app.api._schema import CONFLICTS, PROBLEMS, Answer, InsightsAnswer, ScopeQuery, Word
from app.gateway.auth import current_desk
from app.gateway.resource import answer, resource
from app.queries import insight_use
from app.queries import insights as told
from app.scope import DATA_ROLES

# Auditors change no record of the firm; what they think of an insight and have seen of it is their own.
blueprint = resource("intelligence", part="insights", tag="Intelligence", write_roles=DATA_ROLES)
_OWN = frozenset({"domain", "severity", "kind", "state"})


class InsightsQuery(ScopeQuery):
    """Which insights."""

    domain: Word | None = None
    severity: Literal["low", "medium", "high", "critical"] | None = None
    kind: Word | None = Field(None, description="Name of a rule.")
    state: Literal["new", "snoozed"] | None = Field(
        None, description="New since the last look, or snoozed; all that is not snoozed when left out."
    )


class InsightPath(BaseModel):
    """One insight."""

    insight_id: Word


class FeedbackBody(BaseModel):
    """What a person thinks of an insight."""

    model_config = ConfigDict(extra="forbid")

    verdict: Literal["useful", "not_useful", ""] | None = Field(None, description="Empty: taken back.")
    snooze_days: int | None = Field(None, ge=0, le=saying.LONGEST_SNOOZE, description="0: shown again.")
    comment: str | None = Field(None, max_length=2000)


class FollowBody(BaseModel):
    """Which link was followed."""

    model_config = ConfigDict(extra="forbid")

    href: str = Field(max_length=2000)


class SeenBody(BaseModel):
    """Nothing to say."""

    model_config = ConfigDict(extra="forbid")


class DigestBody(BaseModel):
    """How one wants to be told."""

    model_config = ConfigDict(extra="forbid")

    on: bool | None = None
    mail: bool | None = None


@blueprint.get(
    "/insights", summary="Findings with effect, interval and n", responses={200: InsightsAnswer, **PROBLEMS}
)
def every(query: InsightsQuery) -> Response:
    """Answer insights, the weightiest first; each passed the false-discovery control of its day."""
    desk = current_desk(own=_OWN)
    start = offset_of(desk)
    found = told.insights(
        desk, offset=start, domain=query.domain, severity=query.severity, kind=query.kind, state=query.state
    )
    cursor = next_cursor(desk, start, len(found["rows"]), found["total"])
    return answer(desk, found["rows"], next_cursor=cursor)


@blueprint.get("/insights/rules", summary="What is looked for", responses={200: Answer, **PROBLEMS})
def rules(query: ScopeQuery) -> Response:
    """Answer every rule with its test, and how many of its findings stand."""
    desk = current_desk()
    return answer(desk, told.rules(desk))


@blueprint.get("/insights/use", summary="What rules are worth", responses={200: Answer, **PROBLEMS})
def use(query: ScopeQuery) -> Response:
    """Answer by rule and week how many found its insights useful and acted on them (who sees every desk)."""
    desk = current_desk()
    return answer(desk, insight_use.weekly(desk))


@blueprint.get("/insights/bell", summary="What waits for you", responses={200: Answer, **PROBLEMS})
def bell(query: ScopeQuery) -> Response:
    """Answer new insights and notifications, with how many are unread."""
    desk = current_desk()
    return answer(desk, insight_use.bell(desk))


@blueprint.get("/insights/digest", summary="How you are told", responses={200: Answer, **PROBLEMS})
def digest(query: ScopeQuery) -> Response:
    """Answer whether there is a daily digest, and whether by mail as well."""
    desk = current_desk()
    return answer(desk, saying.digest(desk.database, desk.identity))


@blueprint.post("/insights/digest", summary="Set how you are told", responses={200: Answer, **CONFLICTS})
def change_digest(body: DigestBody) -> Response:
    """Answer the settings as they are now."""
    desk = current_desk()
    return answer(desk, saying.change_digest(desk.database, desk.identity, on=body.on, mail=body.mail))


@blueprint.post("/insights/seen", summary="Take all as seen", responses={200: Answer, **CONFLICTS})
def seen(body: SeenBody) -> Response:
    """Answer since when; what is told later is new."""
    desk = current_desk()
    return answer(desk, saying.seen(desk.database, desk.identity))


@blueprint.get("/insights/<insight_id>", summary="One insight", responses={200: Answer, **PROBLEMS})
def one(path: InsightPath, query: ScopeQuery) -> Response:
    """Answer a finding with its evidence."""
    desk = current_desk()
    return answer(desk, told.insight(desk, path.insight_id))


@blueprint.post(
    "/insights/<insight_id>/feedback", summary="Say what it is worth", responses={200: Answer, **CONFLICTS}
)
def feedback(path: InsightPath, body: FeedbackBody) -> Response:
    """Answer what the caller now says of it: useful or not, snoozed until when."""
    desk = current_desk()
    found = told.insight(desk, path.insight_id)
    said = saying.say(desk.database, desk.identity, path.insight_id, found["kind"], **body.model_dump())
    return answer(desk, said)


@blueprint.post(
    "/insights/<insight_id>/follow", summary="Note a followed link", responses={200: Answer, **CONFLICTS}
)
def follow(path: InsightPath, body: FollowBody) -> Response:
    """Answer the link that was noted."""
    desk = current_desk()
    found = told.insight(desk, path.insight_id)
    saying.follow(desk.database, desk.identity, path.insight_id, found["kind"], href=body.href)
    return answer(desk, {"href": body.href})
