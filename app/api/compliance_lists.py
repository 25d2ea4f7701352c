"""/api/compliance/lists: what may not be traded, what is watched, who is inside."""

from typing import Literal

from flask import Response
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from app.actions import lists as room
from app.api._schema import PROBLEMS, Answer, ScopeQuery, Word
from app.gateway.auth import current_desk
from app.gateway.resource import answer, paginate, resource
from app.queries import lists

# Everybody who trades reads the restricted list; what else a role is told is decided by the query.
blueprint = resource("compliance", part="lists", tag="Lists", write_roles=("compliance",))
Prose = Field("", max_length=2000)


class ListsQuery(ScopeQuery):
    """Which entries."""

    kind: Word | None = Field(None, description="restricted, watch, insider")
    state: Word | None = Field(None, description="valid, coming, ended")


class EntryPath(BaseModel):
    """One entry."""

    entry_id: Word


class EntryBody(BaseModel):
    """An entry to add."""

    model_config = ConfigDict(extra="forbid")

    kind: Literal["restricted", "watch", "insider"]
    instrument_id: Word | None = None
    person_id: Word | None = Field(None, description="Needed on an insider list.")
    project: Word | None = Field(None, description="The deal or mandate behind it.")
    reason: str = Prose
    valid_from: AwareDatetime | None = Field(None, description="Now when left out.")
    valid_to: AwareDatetime | None = Field(None, description="Exclusive; until further notice when left out.")


class EndBody(BaseModel):
    """Why and when an entry ends."""

    model_config = ConfigDict(extra="forbid")

    reason: str = Field(min_length=1, max_length=2000)
    at: AwareDatetime | None = Field(None, description="Now when left out; not in the past.")


@blueprint.get("/lists", summary="Restricted, watch and insider lists", responses={200: Answer, **PROBLEMS})
def every(query: ListsQuery) -> Response:
    """Answer one page of entries, those in force first.

    Trading roles and risk are told the restricted list alone, without reasons.
    """
    desk = current_desk(own=frozenset({"kind", "state"}))
    rows = lists.entries(desk, kind=query.kind, state=query.state)
    page, cursor = paginate(desk, rows)
    return answer(desk, page, next_cursor=cursor)


@blueprint.post("/lists", summary="Put an entry on a list", responses={201: Answer, **PROBLEMS})
def add(body: EntryBody) -> Response:
    """Answer the entry (compliance)."""
    desk = current_desk()
    made = room.add(desk.database, desk.identity, **body.model_dump())
    return answer(desk, lists.told(desk, made), status=201)


@blueprint.post("/lists/<entry_id>/end", summary="End an entry", responses={200: Answer, **PROBLEMS})
def end(path: EntryPath, body: EndBody) -> Response:
    """Answer the entry with its end; it stays on record (compliance)."""
    desk = current_desk()
    ended = room.remove(desk.database, desk.identity, path.entry_id, reason=body.reason, at=body.at)
    return answer(desk, lists.told(desk, ended))
