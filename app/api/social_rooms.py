"""/api/social/rooms and /api/social/follows."""

from typing import Annotated, Literal

from flask import Response, request
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from app.actions import follows as following
from app.actions import rooms as acting
from app.api._schema import CONFLICTS, PROBLEMS, Answer, ScopeQuery, Word
from app.errors import FieldError, Invalid
from app.gateway.auth import current_desk
from app.gateway.resource import answer, paginate, resource
from app.queries import feed, rooms

blueprint = resource("social", part="rooms", tag="Social")


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid")


class RoomPath(BaseModel):
    """One room."""

    room_id: Word


class RoomBody(_Body):
    """A room."""

    name: Word = Field(min_length=1)
    kind: Literal["firm", "desk", "members"] = Field(
        description="firm: everybody; desk: who may see that desk; members: those on its list."
    )
    desk: Word | None = Field(None, description="For a desk's room.")
    purpose: Annotated[str, Field(max_length=400)] = ""
    members: list[Word] = Field(default_factory=list, max_length=200, description="User ids.")


class MembersBody(_Body):
    """The whole list, in place of the one before."""

    members: list[Word] = Field(max_length=200, description="User ids.")


class CloseBody(_Body):
    """Nothing to say."""


class FollowBody(_Body):
    """What to follow."""

    kind: Literal["author", "instrument", "room"]
    id: Word = Field(min_length=1)


class UnfollowQuery(_Body):
    """What to follow no more; a body as that of POST says it as well."""

    kind: Literal["author", "instrument", "room"] | None = None
    id: Word | None = None


@blueprint.get("/rooms", summary="Rooms one may read", responses={200: Answer, **PROBLEMS})
def every_room(query: ScopeQuery) -> Response:
    """Answer rooms by name, with how much was posted in each."""
    desk = current_desk()
    rows, cursor = paginate(desk, rooms.rooms(desk))
    return answer(desk, rows, next_cursor=cursor)


@blueprint.post("/rooms", summary="Open a room", responses={201: Answer, **CONFLICTS})
def open_room(body: RoomBody) -> Response:
    """Answer the room."""
    desk = current_desk()
    made = acting.open_room(
        desk.database, desk.identity, name=body.name, kind=body.kind, desk=body.desk, purpose=body.purpose,
        members=body.members,
    )  # fmt: skip
    return answer(desk, rooms.room(desk, made.id), status=201)


@blueprint.get("/rooms/<room_id>", summary="One room", responses={200: Answer, **PROBLEMS})
def room(path: RoomPath, query: ScopeQuery) -> Response:
    """Answer one room."""
    desk = current_desk()
    return answer(desk, rooms.room(desk, path.room_id))


@blueprint.post(
    "/rooms/<room_id>/members", summary="Who is on its list", responses={200: Answer, **CONFLICTS}
)
def members(path: RoomPath, body: MembersBody) -> Response:
    """Answer the room; who opened it stays on its list."""
    desk = current_desk()
    acting.set_members(desk.database, desk.identity, path.room_id, members=body.members)
    return answer(desk, rooms.room(desk, path.room_id))


@blueprint.post("/rooms/<room_id>/close", summary="Close a room", responses={200: Answer, **CONFLICTS})
def close(path: RoomPath, body: CloseBody) -> Response:
    """Answer the room: what was posted stays readable."""
    desk = current_desk()
    acting.close(desk.database, desk.identity, path.room_id)
    return answer(desk, rooms.room(desk, path.room_id))


@blueprint.get("/follows", summary="What one follows", responses={200: Answer, **PROBLEMS})
def follows(query: ScopeQuery) -> Response:
    """Answer authors, instruments and rooms that the caller follows, the newest first."""
    desk = current_desk()
    rows, cursor = paginate(desk, feed.follows(desk))
    return answer(desk, rows, next_cursor=cursor)


@blueprint.post("/follows", summary="Follow something", responses={201: Answer, **CONFLICTS})
def follow(body: FollowBody) -> Response:
    """Answer since when; following again changes nothing."""
    desk = current_desk()
    rooms.known(desk, body.kind, body.id)
    since = following.follow(desk.database, desk.identity, body.kind, body.id)
    return answer(desk, {"kind": body.kind, "id": body.id, "since": since}, status=201)


@blueprint.delete("/follows", summary="Follow something no more", responses={200: Answer, **CONFLICTS})
def unfollow(query: UnfollowQuery) -> Response:
    """Answer whether it was followed."""
    given = query.model_dump(exclude_none=True) or request.get_json(silent=True)
    try:
        return _unfollowed(FollowBody.model_validate(given))
    except ValidationError as error:
        said = [FieldError(".".join(map(str, one["loc"])) or "body", one["msg"]) for one in error.errors()]
        raise Invalid("It is not said what to follow no more.", errors=said) from error


@blueprint.post("/follows/remove", summary="Follow something no more", responses={200: Answer, **CONFLICTS})
def remove(body: FollowBody) -> Response:
    """Answer as DELETE does: forms of a page can only post."""
    return _unfollowed(body)


def _unfollowed(body: FollowBody) -> Response:
    desk = current_desk(own=frozenset({"kind", "id"}))
    done = following.unfollow(desk.database, desk.identity, body.kind, body.id)
    return answer(desk, {"kind": body.kind, "id": body.id, "followed": done})
