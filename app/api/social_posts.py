"""/api/social/posts: the feed, what one writes into it, and what compliance takes out of sight."""

import logging
from typing import Annotated, Any, Literal

from flask import Response
from pydantic import BaseModel, ConfigDict, Field

from analytics.datasets import INSTRUMENTS, POSTS
from analytics.social.wording import LONGEST
from app.actions import posts as acting
from app.actions.case_access import looked_at
from app.actions.rooms import may_write
from app.api._page import page
from app.api._schema import CONFLICTS, PROBLEMS, Answer, ScopeQuery, SortedQuery, Word
from app.desk import Desk
from app.errors import FieldError, Invalid, Unavailable
from app.gateway.auth import current_context, current_desk
from app.gateway.resource import answer, resource
from app.jobs.relay import soon
from app.queries import feed, rooms
from app.queries.compliance import may_read

log = logging.getLogger(__name__)
blueprint = resource("social", part="posts", tag="Social")
# Longer than any post may be, so that the answer can say by how much; bodies have their own limit.
Text = Annotated[
    str, Field(max_length=20 * LONGEST, description=f"At most {LONGEST} characters, shown as text.")
]


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid")


class FeedQuery(SortedQuery):
    """Which posts."""

    tone: Literal["negative", "neutral", "positive"] | None = None
    author: Word | None = None
    show: Literal["all", "following", "own", "imported"] | None = None
    room: Word | None = None
    post: Word | None = Field(None, description="The thread of this post.")
    about: Word | None = Field(
        None, description="Threads about this: order:O1, account:A1, instrument:I1, alert:X1."
    )


class PostPath(BaseModel):
    """One post."""

    post_id: Word


class PostBody(_Body):
    """A post. An answer stands where what it answers stands: it names neither room nor context."""

    text: Text
    room_id: Word | None = Field(None, description="The whole firm reads it when left out.")
    in_reply_to: Word | None = None
    context_kind: Literal["instrument", "order", "account", "alert"] | None = None
    context_id: Word | None = None
    about: Word | None = Field(None, description="Kind and id in one, in their place: order:O1.")


class WordsBody(_Body):
    """Other words."""

    text: Text


class ReasonBody(_Body):
    """Why."""

    reason: Annotated[str, Field(max_length=2000)] = Field(description="At least 10 characters; on record.")


@blueprint.get("/posts", summary="The feed", responses={200: Answer, **PROBLEMS})
def posts(query: FeedQuery) -> Response:
    """Answer one page of posts, own and imported, newest first, each with its tone -1..1."""
    desk = current_desk(own=frozenset({"sort", "tone", "author", "show", "room", "about"}))
    note_reading(desk)
    return page(
        desk,
        feed.posts,
        datasets=(POSTS, INSTRUMENTS),
        tone=query.tone,
        author=query.author,
        show=query.show,
        room=query.room,
        about=query.about,
    )


@blueprint.get("/posts/<post_id>", summary="One post with its thread", responses={200: Answer, **PROBLEMS})
def post(path: PostPath, query: ScopeQuery) -> Response:
    """Answer a post, its thread oldest first, and its versions for its author and those who supervise."""
    desk = current_desk()
    note_reading(desk)
    found = feed.one(desk, path.post_id)
    return answer(desk, found | {"thread": feed.thread(desk, path.post_id)}, datasets=(POSTS, INSTRUMENTS))


@blueprint.post("/posts/preview", summary="How a text would be read", responses={200: Answer, **CONFLICTS})
def preview(body: PostBody) -> Response:
    """Answer what it names, cashtags that nothing answers to, its tone and why it would be refused."""
    desk = current_desk()
    return answer(
        desk, rooms.reading(desk, body.text, about=_place(desk, body).instrument_id), datasets=(INSTRUMENTS,)
    )


@blueprint.post("/posts", summary="Post something", responses={201: Answer, **CONFLICTS})
def write(body: PostBody) -> Response:
    """Answer the post, and the cashtags in it that no instrument answers to."""
    desk = current_desk()
    may_write(desk.identity)
    place = _place(desk, body)
    read = rooms.reading(desk, body.text, about=place.instrument_id)
    made = acting.write(
        desk.database, desk.identity, body.text, place=place, instruments=read["instrument_ids"]
    )
    return _written(desk, made.id, read, status=201)


@blueprint.post(
    "/posts/<post_id>/edit", summary="Say it in other words", responses={200: Answer, **CONFLICTS}
)
def edit(path: PostPath, body: WordsBody) -> Response:
    """Answer the post as it stands; what stood there before is kept for those who supervise."""
    desk = current_desk()
    may_write(desk.identity)
    held = feed.one(desk, path.post_id)
    about = held["context_id"] if held["context_kind"] == "instrument" else None
    read = rooms.reading(desk, body.text, about=about)
    acting.edit(desk.database, desk.identity, path.post_id, body.text, instruments=read["instrument_ids"])
    return _written(desk, path.post_id, read)


@blueprint.post(
    "/posts/<post_id>/hide", summary="Take a post from its readers", responses={200: Answer, **CONFLICTS}
)
def hide(path: PostPath, body: ReasonBody) -> Response:
    """Answer the post as those who supervise see it. Nothing is ever deleted."""
    desk = current_desk()
    own = rooms.alerts_about_me(desk)
    acting.hide(desk.database, desk.identity, path.post_id, reason=body.reason, own=own)
    return answer(desk, feed.one(desk, path.post_id))


@blueprint.post(
    "/posts/<post_id>/restore", summary="Show a hidden post again", responses={200: Answer, **CONFLICTS}
)
def restore(path: PostPath, body: ReasonBody) -> Response:
    """Answer the post as everybody sees it again."""
    desk = current_desk()
    own = rooms.alerts_about_me(desk)
    acting.restore(desk.database, desk.identity, path.post_id, reason=body.reason, own=own)
    return answer(desk, feed.one(desk, path.post_id))


def note_reading(desk: Desk) -> None:
    """Put on record that somebody who supervises read what others write in closed rooms."""
    if may_read(desk) and rooms.reads_of_others(desk):
        looked_at(desk.database, desk.identity, "feed", "rooms", what="posts")


def _place(desk: Desk, body: PostBody) -> Any:
    kind: str = body.context_kind or ""
    name = body.context_id or ""
    if body.about is not None:
        if kind or name:
            said = FieldError("about", "says the same as context_kind and context_id: give one of both")
            raise Invalid("The place does not fit.", errors=[said])
        kind, _, name = body.about.partition(":")
    if bool(kind) != bool(name):
        said = FieldError("context_id", "goes with context_kind: give both or none")
        raise Invalid("The place does not fit.", errors=[said])
    context = (kind, name) if kind else None
    return rooms.place(desk, room_id=body.room_id, in_reply_to=body.in_reply_to, context=context)


def _written(desk: Desk, post_id: str, read: dict[str, Any], status: int = 200) -> Response:
    try:
        soon(current_context(), desk.org)
    except Unavailable as error:  # the post stands; the job of every minute passes it on
        log.warning("own posts wait to be passed on: %s", error.detail)
    told = {name: read[name] for name in ("cashtags", "unknown_cashtags")}
    tags = ", ".join(f"${tag}" for tag in read["unknown_cashtags"])
    note = f". No instrument answers to {tags}" if tags else ""
    return answer(desk, feed.one(desk, post_id) | told | {"note": note}, status=status)
