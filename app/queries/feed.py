"""The feed: what is posted here and what was imported, as one list; threads; what somebody follows."""

from collections.abc import Mapping
from datetime import UTC, datetime, time, timedelta
from typing import Any

import polars as pl
from sqlalchemy import select

from app.desk import Desk
from app.errors import FieldError, Invalid, NotFound
from app.queries._said import COLUMNS, every_toned, heard
from app.queries.compliance import may_read
from app.queries.rooms import WRITERS, Readable, readable
from app.storage.records.rooms import CONTEXTS, RoomPost, RoomPostVersion, UserFollow

SORTS = ("transact_time", "likes", "sentiment", "author_id")
SHOWN = ("all", "following", "own", "imported")
_EXTRA: dict[str, Any] = {
    "origin": pl.String, "author": pl.String, "room_id": pl.String, "room": pl.String, "thread_id": pl.String,
    "context_kind": pl.String, "context_id": pl.String, "version": pl.Int64,
    "edited_at": pl.Datetime("us", "UTC"), "hidden": pl.Boolean, "hidden_reason": pl.String, "may_edit": pl.Boolean,
}  # fmt: skip
_TYPES: dict[str, Any] = {
    "post_id": pl.String, "transact_time": pl.Datetime("us", "UTC"), "author_id": pl.String, "text": pl.String,
    "instrument_ids": pl.List(pl.String), "in_reply_to": pl.String, "likes": pl.Int64,
}  # fmt: skip
_TONE: dict[str, Any] = {
    "sentiment": pl.Float64, "confidence": pl.Float64, "tone": pl.String, "relevance": pl.List(pl.Float64),
    "author_weight": pl.Float64,
}  # fmt: skip


def posts(
    desk: Desk,
    *,
    limit: int | None = None,
    offset: int = 0,
    sort: str | None = None,
    tone: str | None = None,
    author: str | None = None,
    show: str | None = None,
    room: str | None = None,
    about: str | None = None,
) -> tuple[pl.DataFrame, int]:
    """Return one page of the feed and how many posts there are.

    Args:
        desk: Its scope narrows dates and instruments; a ``post`` in it narrows to that post's thread.
        limit: Rows of the page; the scope's limit when None.
        offset: Rows to skip.
        sort: transact_time, likes, sentiment or author_id, a leading minus for largest first; newest first
            when None, a thread oldest first.
        tone: Only posts of this tone: negative, neutral or positive.
        author: Only posts of this author.
        show: all, following (authors, instruments and rooms one follows), own (written here), imported.
        room: Only posts of this room.
        about: Only posts of threads about this thing, as ``kind:id``: order:O1, account:A1, instrument:I1, alert:X1.

    Returns:
        post_id, transact_time, author_id, text, instrument_ids, in_reply_to, likes (null for own posts), sentiment
        (-1..1), confidence (0..1), tone (negative, neutral, positive), relevance (0..1 for each of instrument_ids in
        their order: how much the post is about it), author_weight (0..2: what its author's words weighed then, by the
        record of ideas; 1 without one), origin (own, imported); and of own posts author (name), room_id and room (null: the whole firm), thread_id, context_kind, context_id, version,
        edited_at, hidden, hidden_reason, may_edit; and the total.

    Raises:
        Invalid: If the sort, what to show, or the kind of thing that threads are about is unknown.
        NotFound: If there is no such room or thread for the one who asks.
    """
    order = sort or ("transact_time" if desk.scope.post else "-transact_time")
    column = order.removeprefix("-")
    if column not in SORTS:
        raise Invalid("Unknown sort.", errors=[FieldError("sort", f"must be one of {', '.join(SORTS)}")])
    size = desk.scope.limit if limit is None else limit
    found = everything(desk, author=author, show=show, room=room, about=about)
    if tone is not None:
        found = found.filter(pl.col("tone") == tone)
    found = found.sort([column, "post_id"], descending=[order.startswith("-"), False], nulls_last=True)
    return found.slice(offset, size), found.height


def tones(desk: Desk, **which: str | None) -> dict[str, int]:
    """Return how many posts of the feed have each tone: negative, neutral, positive; ``which`` as ``everything``."""
    counts = dict(everything(desk, **which).group_by("tone").len().iter_rows())
    return {name: int(counts.get(name, 0)) for name in ("negative", "neutral", "positive")}


def everything(
    desk: Desk,
    *,
    author: str | None = None,
    show: str | None = None,
    room: str | None = None,
    about: str | None = None,
) -> pl.DataFrame:
    """Return all posts of the feed that fit, in no order; columns and errors as ``posts``."""
    if show is not None and show not in SHOWN:
        said = FieldError("show", f"must be one of {', '.join(SHOWN)}", show[:20])
        raise Invalid("There is no such part of the feed.", errors=[said])
    kind, _, name = (about or "").partition(":")
    if about is not None and (kind not in CONTEXTS or not name):
        said = FieldError("about", f"is kind:id, the kind one of {', '.join(CONTEXTS)}", about[:20])
        raise Invalid("There is no such thing to have threads about.", errors=[said])
    seen = readable(desk)
    if room is not None and room not in seen.rooms:
        raise NotFound("There is no such room.")
    # What was written here comes from the records: they say who may read it, and what it says now.
    own = _own(desk, seen) if show != "imported" else _nothing()
    imported = _nothing() if show == "own" or room is not None or about is not None else _imported(desk)
    if desk.scope.post is not None:
        own, imported = _thread(desk.scope.post, own, imported)
    found = pl.concat([own, imported])
    if room is not None:
        found = found.filter(pl.col("room_id") == room)
    if author is not None:
        found = found.filter(pl.col("author_id") == author)
    if about is not None:
        found = found.filter((pl.col("context_kind") == kind) & (pl.col("context_id") == name))
    return found.filter(_followed(desk)) if show == "following" else found


def one(desk: Desk, post_id: str) -> dict[str, Any]:
    """Return one post, whatever the scope's dates and instruments, with its versions for who may see them.

    Returns:
        A row of ``posts`` and ``versions`` (version, text, written_at): all of them for those who supervise and
        for the author, none for others.

    Raises:
        NotFound: If there is no such post for the one who asks.
    """
    wide = desk.with_scope(start=None, end=None, instrument=(), post=post_id)
    rows = everything(wide).filter(pl.col("post_id") == post_id).to_dicts()
    if not rows:
        raise NotFound("There is no such post.")
    versions: list[dict[str, Any]] = []
    if rows[0]["origin"] == "own" and (may_read(desk) or rows[0]["may_edit"]):
        query = (
            select(RoomPostVersion)
            .where(RoomPostVersion.post_id == post_id)
            .order_by(RoomPostVersion.version)
        )
        with desk.session() as session:
            versions = [
                {"version": v.version, "text": v.text, "written_at": v.written_at}
                for v in session.scalars(query)
            ]
    return rows[0] | {"versions": versions}


def thread(desk: Desk, post_id: str) -> list[dict[str, Any]]:
    """Return the thread that a post belongs to, oldest first, whatever the scope's dates and instruments.

    Raises:
        NotFound: If there is no such post for the one who asks.
    """
    wide = desk.with_scope(start=None, end=None, instrument=(), post=post_id)
    rows = everything(wide).sort("transact_time", "post_id").to_dicts()
    if not any(row["post_id"] == post_id for row in rows):
        raise NotFound("There is no such post.")
    return rows


def follows(desk: Desk) -> list[dict[str, Any]]:
    """Return what the one who asks follows: kind, id, since; the newest first."""
    query = select(UserFollow).where(UserFollow.user_id == desk.identity.user_id)
    with desk.session() as session:
        found = list(session.scalars(query.order_by(UserFollow.since.desc(), UserFollow.target_id)))
    return [{"kind": row.kind, "id": row.target_id, "since": row.since} for row in found]


# --- steps -------------------------------------------------------------------------------------------
def _own(desk: Desk, seen: Readable) -> pl.DataFrame:
    """Return what was written here, as far as the one who asks may read it, within the scope."""
    scope = desk.scope
    query = select(RoomPost).where(seen.where)
    if scope.start is not None:
        query = query.where(RoomPost.created_at >= datetime.combine(scope.start, time(), UTC))
    if scope.end is not None:
        query = query.where(
            RoomPost.created_at < datetime.combine(scope.end + timedelta(days=1), time(), UTC)
        )
    if scope.as_of is not None:
        query = query.where(RoomPost.created_at <= scope.as_of)
    with desk.session() as session:
        rows = [_row(desk, post, seen) for post in session.scalars(query)]
    found = heard(desk, pl.DataFrame(rows, schema=_TYPES | _EXTRA))
    if scope.instrument:
        wanted = pl.col("instrument_ids").list.set_intersection(list(scope.instrument))
        found = found.filter(wanted.list.len() > 0)
    return found.select(*COLUMNS, *_TONE, *_EXTRA)


def _row(desk: Desk, post: RoomPost, seen: Readable) -> dict[str, Any]:
    room = seen.rooms.get(post.room_id or "")
    mine = post.author_user == desk.identity.user_id and desk.identity.role in WRITERS and not post.hidden
    return {
        "post_id": post.id, "transact_time": post.created_at, "author_id": post.author_id, "text": post.text,
        "instrument_ids": list(post.instrument_ids), "in_reply_to": post.in_reply_to, "likes": None, "origin": "own",
        "author": post.author_name, "room_id": post.room_id, "room": room.name if room is not None else None,
        "thread_id": post.thread_id, "context_kind": post.context_kind, "context_id": post.context_id,
        "version": post.version, "edited_at": post.edited_at, "hidden": post.hidden,
        "hidden_reason": post.hidden_reason, "may_edit": mine,
    }  # fmt: skip


def _imported(desk: Desk) -> pl.DataFrame:
    found = every_toned(desk.with_scope(post=None)).filter(~pl.col("own")).drop("own", "ahead")
    empty = {"version": 1, "hidden": False, "may_edit": False, "origin": "imported"}
    return found.with_columns(
        pl.lit(empty.get(name), dtype).alias(name) for name, dtype in _EXTRA.items()
    ).select(*COLUMNS, *_TONE, *_EXTRA)


def _nothing() -> pl.DataFrame:
    return pl.DataFrame(schema=_TYPES | _TONE | _EXTRA)


def _thread(post_id: str, own: pl.DataFrame, imported: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return the posts of the thread that one belongs to: those written here by its id, imported ones by answers."""
    here = own.filter(pl.col("post_id") == post_id)
    root = here["thread_id"][0] if here.height else post_id
    answers = dict(imported.select("post_id", "in_reply_to").iter_rows())
    while answers.get(root) in answers and answers.get(root) != root:
        above = answers.pop(root)  # popped: a circle of answers ends
        root = str(above)
    members = {root, post_id} | _below(root, imported)
    mine = own.filter(pl.col("thread_id").is_in(sorted(members)) | pl.col("post_id").is_in(sorted(members)))
    return mine, imported.filter(pl.col("post_id").is_in(sorted(members)))


def _below(root: str, imported: pl.DataFrame) -> set[str]:
    """Return everything that answers ``root``, or an answer to it, and so on."""
    found: set[str] = set()
    last = [root]
    replies = imported.filter(pl.col("in_reply_to").is_not_null()).select("post_id", "in_reply_to")
    while last:
        next_ones = set(replies.filter(pl.col("in_reply_to").is_in(last))["post_id"]) - found - {root}
        found |= next_ones
        last = sorted(next_ones)
    return found


def _followed(desk: Desk) -> pl.Expr:
    """Return what is true for posts of followed authors, in followed rooms, about followed instruments."""
    held: Mapping[str, list[str]] = {kind: [] for kind in ("author", "instrument", "room")}
    for row in follows(desk):
        held[row["kind"]].append(row["id"])
    about = pl.col("instrument_ids").list.set_intersection(pl.lit(held["instrument"], pl.List(pl.String)))
    return (
        pl.col("author_id").is_in(held["author"])
        | pl.col("room_id").is_in(held["room"]).fill_null(value=False)
        | (about.list.len() > 0).fill_null(value=False)
    )
