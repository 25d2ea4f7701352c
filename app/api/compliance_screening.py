"""/api/compliance/screening: names that resemble a sanctions list, and what was decided about them."""

from typing import Literal

from flask import Response
from pydantic import BaseModel, ConfigDict, Field

from analytics.datasets import ACCOUNTS, PARTIES, PEOPLE, SANCTIONS
from app.actions import screening as decisions
from app.api._schema import PROBLEMS, Answer, ScopeQuery, Word
from app.gateway.auth import current_context, current_desk
from app.gateway.resource import answer, paginate, resource
from app.jobs.screening import raise_alerts
from app.queries import screening
from app.queries._line import own_line
from app.scope import SURVEILLANCE_ROLES

blueprint = resource("compliance", part="screening", roles=SURVEILLANCE_ROLES, tag="Screening")
READS = (ACCOUNTS, PARTIES, PEOPLE, SANCTIONS)


class HitsQuery(ScopeQuery):
    """Which matches."""

    status: Word | None = Field(None, description="waiting, open, proposed, true_match, false_match, lapsed")


class HitPath(BaseModel):
    """One match."""

    hit_id: Word


class NameQuery(ScopeQuery):
    """A name to look up."""

    name: Word = Field(min_length=1)
    kind: Word | None = Field(None, description="person, entity, vessel, aircraft")
    country: Word | None = None
    date_of_birth: Word | None = Field(None, description="ISO date, month or year.")


class DecisionBody(BaseModel):
    """Whether a party is the listed one, and why."""

    model_config = ConfigDict(extra="forbid")

    verdict: Literal["true_match", "false_match"]
    reason: Word = Field(description="A code of the catalogue.")
    rationale: str = Field(max_length=4000)
    version: int | None = Field(None, description="Of the match as you saw it.")


@blueprint.get(
    "/screening", summary="Parties that resemble a sanctions list", responses={200: Answer, **PROBLEMS}
)
def every(query: HitsQuery) -> Response:
    """Answer one page of matches: those that wait first, the highest score first."""
    desk = current_desk(own=frozenset({"status"}))
    page, cursor = paginate(desk, screening.hits(desk, status=query.status))
    return answer(desk, page, datasets=READS, next_cursor=cursor)


@blueprint.get(
    "/screening/catalogue",
    summary="Thresholds of screening, and reasons to give",
    responses={200: Answer, **PROBLEMS},
)
def catalogue(query: ScopeQuery) -> Response:
    """Answer thresholds and reason codes by verdict."""
    return answer(current_desk(), screening.catalogue())


@blueprint.get(
    "/screening/names", summary="Hold one name against the lists", responses={200: Answer, **PROBLEMS}
)
def names(query: NameQuery) -> Response:
    """Answer the entries a name resembles, each with its score and why; nothing is kept."""
    desk = current_desk(own=frozenset({"name", "kind", "country", "date_of_birth"}))
    found = screening.look_up(
        desk, name=query.name, kind=query.kind, country=query.country, born=query.date_of_birth
    )
    return answer(desk, found, datasets=(SANCTIONS,))


@blueprint.get(
    "/screening/<hit_id>", summary="One match with its reasons", responses={200: Answer, **PROBLEMS}
)
def one(path: HitPath, query: ScopeQuery) -> Response:
    """Answer both records side by side, which names met, and what speaks for and against."""
    desk = current_desk()
    return answer(desk, screening.hit(desk, path.hit_id), datasets=READS)


@blueprint.post(
    "/screening/<hit_id>/decide",
    summary="Say whether it is the listed party",
    responses={200: Answer, **PROBLEMS},
)
def decide(path: HitPath, body: DecisionBody) -> Response:
    """Answer the match: a true one opens an alert; a strong one needs two people to be called false."""
    desk = current_desk()
    decisions.decide(desk.database, desk.identity, path.hit_id, line=own_line(desk), **body.model_dump())
    raise_alerts(current_context(), desk.org)
    return answer(desk, screening.hit(desk, path.hit_id))
