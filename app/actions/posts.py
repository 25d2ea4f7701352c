"""Posts of the organisation's own people: written, edited, hidden; never deleted.

Record, version and audit entry stand or fall together. The version then goes to the tables that surveillance
reads (``relay``): what is open to the whole firm to ``posts``, everything but the talk about alerts to
``messages``. A version that could not be passed on at once is passed on by the job of the same name.
"""

import hashlib
from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Any, Protocol

import polars as pl
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from analytics.datasets import MESSAGES, POSTS, Dataset
from analytics.social.wording import misfit, tidied
from app.actions._casework import Concealed, prose, require_person, taken
from app.actions._clock import Clock, moment_of, seeded_mark
from app.actions.rooms import may_write
from app.errors import Conflict, FieldError, Forbidden, Invalid, NotFound, TooMany
from app.scope import Identity
from app.storage.database import Database
from app.storage.records import audit
from app.storage.records._base import new_id
from app.storage.records.counters import bump
from app.storage.records.people import User
from app.storage.records.rooms import Place, Room, RoomMember, RoomPost, RoomPostVersion

RECORDS = "room_posts"
IMPORT_ID = "own-posts"  # what the rows say they came with
PER_MINUTE, PER_HOUR = 12, 200  # posts and edits of one person
LEAST_REASON = 10
EVERYBODY = "everybody"  # reader of a message that is open to the whole firm
_BATCH = 500


class Log(Protocol):
    """Where rows of data sets are acknowledged (the lake)."""

    def log(self, org: str, dataset: Dataset, frame: pl.DataFrame, *, import_id: str) -> int:
        """Put rows on disk, visible at once."""


def write(
    database: Database,
    actor: Identity,
    text: str,
    *,
    place: Place,
    instruments: Sequence[str] = (),
    clock: Clock | None = None,
) -> RoomPost:
    """Post something.

    Args:
        database: The records.
        actor: Who writes.
        text: As typed; kept as written, shown as text.
        place: Where, checked against what the actor may see.
        instruments: Ids that the text and its place name.
        clock: Only while a demo is made.

    Raises:
        Forbidden: If the actor only reads.
        Invalid: If the text is too long, says nothing, or holds characters that cannot be seen.
        Conflict: If the room is closed.
        TooMany: If the actor posts faster than a person reads.
    """
    may_write(actor)
    words = _words(text)
    with database.session(actor.org, write=True) as session:
        at, seeded = moment_of(session, actor.org, clock)
        _not_too_many(session, actor, at)
        if place.room_id is not None:
            room = session.scalar(select(Room).where(Room.id == place.room_id))
            if room is None:
                raise NotFound("There is no such room.")
            if room.closed_at is not None:
                raise Conflict("The room is closed: what was posted stays, nothing new is.")
        name = new_id("post")
        made = RoomPost(
            org=actor.org, id=name, room_id=place.room_id, author_id=actor.person_id or actor.user_id,
            author_user=actor.user_id, author_name=actor.name[:200], text=words, instrument_ids=sorted(set(instruments)),
            in_reply_to=place.in_reply_to, thread_id=place.thread_id or name, context_kind=place.context_kind,
            context_id=place.context_id, account_id=place.account_id, created_at=at, version=1, hidden=False,
        )  # fmt: skip
        session.add(made)
        _keep_version(session, actor, made, at)
        _record(session, actor, "post.write", made, seeded=seeded)
    return made


def edit(
    database: Database,
    actor: Identity,
    post_id: str,
    text: str,
    *,
    instruments: Sequence[str] = (),
    clock: Clock | None = None,
) -> RoomPost:
    """Say it in other words; what stood there before is kept.

    Raises:
        NotFound: If there is no such post of the actor's.
        Conflict: If it is hidden, or says so already.
        Invalid: As ``write``.
        TooMany: As ``write``.
    """
    may_write(actor)
    words = _words(text)
    with database.session(actor.org, write=True) as session:
        found = session.scalar(select(RoomPost).where(RoomPost.id == post_id).with_for_update())
        # A hidden post is not there any more for its author either.
        if found is None or found.author_user != actor.user_id or found.hidden:
            raise NotFound("There is no such post of yours.")
        if found.text == words:
            raise Conflict("It says so already.")
        at, seeded = moment_of(session, actor.org, clock)
        _not_too_many(session, actor, at)
        found.text, found.instrument_ids = words, sorted(set(instruments))
        found.version, found.edited_at = found.version + 1, at
        _keep_version(session, actor, found, at)
        _record(session, actor, "post.edit", found, seeded=seeded)
    return found


def hide(
    database: Database,
    actor: Identity,
    post_id: str,
    *,
    reason: str,
    own: Collection[str],
    clock: Clock | None = None,
) -> RoomPost:
    """Take a post from its readers; those who supervise still see it, with the reason.

    Args:
        database: The records.
        actor: A person of compliance.
        post_id: Which.
        reason: Why, at least ten characters.
        own: Ids of alerts about the actor, whose talk he does not learn of.
        clock: Only while a demo is made.

    Raises:
        Forbidden: If the actor is no person of compliance, or wrote it himself.
        NotFound: If there is no such post.
        Conflict: If it is hidden.
    """
    return _moderated(database, actor, post_id, hidden=True, reason=reason, own=own, clock=clock)


def restore(
    database: Database, actor: Identity, post_id: str, *, reason: str, own: Collection[str]
) -> RoomPost:
    """Show a hidden post again; raises as ``hide``."""
    return _moderated(database, actor, post_id, hidden=False, reason=reason, own=own)


def relay(database: Database, log: Log, org: str, known: Collection[str] = ()) -> int:
    """Pass versions on to the tables that surveillance reads, oldest first.

    Args:
        database: The records.
        log: The lake.
        org: The organisation's slug.
        known: Message ids that the tables hold already, after a pass that died half way.

    Returns:
        How many versions were passed on.
    """
    with database.session(org, write=True) as session:
        waiting = _waiting(session, lock=True)
        if not waiting:
            return 0
        names = {room.id: room for room in session.scalars(select(Room))}
        said, told = [], []
        for post, version in waiting:
            version.relayed = True
            if post.context_kind == "alert" or _message_id(post, version) in known:
                continue
            told.append(
                _message(post, version, names.get(post.room_id or ""), _readers(session, post, names))
            )
            if is_open(post, names) and version.version == 1:
                said.append(_post(post, version))
        # Appended before the records say so: what dies in between is found by its id and not sent twice.
        for dataset, rows in ((POSTS, said), (MESSAGES, told)):
            if rows:
                log.log(org, dataset, pl.DataFrame(rows, schema=_schema(dataset)), import_id=IMPORT_ID)
    return len(waiting)


def waits(database: Database, org: str) -> list[str]:
    """Return the message ids of versions that were not passed on yet."""
    with database.session(org) as session:
        return [_message_id(post, version) for post, version in _waiting(session)]


def is_open(post: RoomPost, rooms: Any) -> bool:
    """Whether everybody of the firm may read a post, so that it counts as said in public."""
    everybody = post.room_id is None or (post.room_id in rooms and rooms[post.room_id].kind == "firm")
    return everybody and post.account_id is None and post.context_kind != "alert"


# --- steps -------------------------------------------------------------------------------------------
def _words(text: str) -> str:
    words = tidied(text)
    wrong = misfit(words)
    if wrong is not None:
        raise Invalid("The post does not fit.", errors=[FieldError("text", wrong)])
    return words


def _not_too_many(session: Session, actor: Identity, at: datetime) -> None:
    """Refuse what is faster than a person writes; every version counts."""
    query = (
        select(func.count())
        .select_from(RoomPostVersion)
        .join(RoomPost, RoomPost.id == RoomPostVersion.post_id)
        .where(RoomPost.author_user == actor.user_id)
    )
    for most, span, words in (
        (PER_MINUTE, timedelta(minutes=1), "a minute"),
        (PER_HOUR, timedelta(hours=1), "an hour"),
    ):
        if (session.scalar(query.where(RoomPostVersion.written_at > at - span)) or 0) >= most:
            seconds = int(span.total_seconds())
            raise TooMany(f"At most {most} posts {words}: wait a little.", retry_after=min(seconds, 60))


def _keep_version(session: Session, actor: Identity, post: RoomPost, at: datetime) -> None:
    session.add(
        RoomPostVersion(
            org=actor.org, post_id=post.id, version=post.version, text=post.text,
            instrument_ids=list(post.instrument_ids), written_at=at, relayed=False,
        )
    )  # fmt: skip


def _moderated(
    database: Database,
    actor: Identity,
    post_id: str,
    *,
    hidden: bool,
    reason: str,
    own: Collection[str],
    clock: Clock | None = None,
) -> RoomPost:
    require_person(actor)
    words = prose("reason", reason, least=LEAST_REASON, longest=2000)

    def act(session: Session, _: datetime) -> RoomPost:
        at, seeded = moment_of(session, actor.org, clock)
        found = session.scalar(select(RoomPost).where(RoomPost.id == post_id).with_for_update())
        if found is None:
            raise NotFound("There is no such post.")
        if found.context_kind == "alert" and found.context_id in own:
            raise Concealed("There is no such post.")
        if found.author_user == actor.user_id or found.author_id == actor.person_id:
            raise Forbidden("It is your own post: somebody else must decide about it.")
        if found.hidden == hidden:
            raise Conflict("It is hidden already." if hidden else "It is not hidden.")
        before = {"hidden": found.hidden, "reason": found.hidden_reason}
        found.hidden, found.hidden_reason = hidden, words if hidden else None
        found.hidden_by, found.hidden_name = (actor.user_id, actor.name[:200]) if hidden else (None, None)
        found.hidden_at = at if hidden else None
        bump(session, actor.org, RECORDS)
        audit.record(
            session, actor=actor, action="post.hide" if hidden else "post.restore", object_kind="post",
            object_id=post_id, before=before, after={"hidden": hidden, "reason": words, "version": found.version} | seeded_mark(seeded=seeded),
        )  # fmt: skip
        return found

    return taken(database, actor, "post", post_id, act)  # type: ignore[no-any-return]


def _record(session: Session, actor: Identity, action: str, post: RoomPost, *, seeded: bool) -> None:
    bump(session, actor.org, RECORDS)
    # The words are in the versions; the digest proves that they are the ones that were written.
    digest = hashlib.sha256(post.text.encode()).hexdigest()
    names = ("version", "room_id", "thread_id", "in_reply_to", "context_kind", "context_id", "instrument_ids")
    audit.record(
        session, actor=actor, action=action, object_kind="post", object_id=post.id,
        after={name: getattr(post, name) for name in names} | {"sha256": digest} | seeded_mark(seeded=seeded),
    )  # fmt: skip


def _waiting(session: Session, *, lock: bool = False) -> list[tuple[RoomPost, RoomPostVersion]]:
    query = (
        select(RoomPost, RoomPostVersion)
        .join(RoomPostVersion, RoomPostVersion.post_id == RoomPost.id)
        .where(RoomPostVersion.relayed.is_(False))
        .order_by(RoomPostVersion.written_at, RoomPostVersion.post_id, RoomPostVersion.version)
        .limit(_BATCH)
    )
    if lock:  # of two passes at the same time each takes what the other has not
        query = query.with_for_update(of=RoomPostVersion, skip_locked=True)
    return [(post, version) for post, version in session.execute(query)]


def _message_id(post: RoomPost, version: RoomPostVersion) -> str:
    return f"{post.id}.{version.version}"


def _readers(session: Session, post: RoomPost, rooms: dict[str, Room]) -> list[str]:
    """Return who could read a post when it was passed on: person ids, or that everybody could."""
    room = rooms.get(post.room_id or "")
    if room is None or room.kind == "firm":
        return [EVERYBODY]
    users = session.scalars(select(User).where(User.disabled.is_(False), User.person_id.is_not(None)))
    if room.kind == "members":
        listed = set(session.scalars(select(RoomMember.user_id).where(RoomMember.room_id == room.id)))
        found = {str(user.person_id) for user in users if user.id in listed}
    else:
        found = {str(user.person_id) for user in users if user.desks is not None and room.desk in user.desks}
    return sorted(found - {post.author_id}) or [room.id]


def _message(
    post: RoomPost, version: RoomPostVersion, room: Room | None, readers: list[str]
) -> dict[str, Any]:
    return {
        "message_id": _message_id(post, version), "transact_time": version.written_at,
        "channel": f"room {room.name}" if room is not None else "feed", "thread_id": post.thread_id,
        "kind": "post" if version.version == 1 else "edited post", "sender_id": post.author_id,
        "recipient_ids": readers, "text": version.text, "instrument_ids": list(version.instrument_ids) or None,
        "raw_id": _digest(_message_id(post, version)), "import_id": IMPORT_ID, "dq_flags": [],
    }  # fmt: skip


def _post(post: RoomPost, version: RoomPostVersion) -> dict[str, Any]:
    return {
        "post_id": post.id, "transact_time": version.written_at, "author_id": post.author_id, "text": version.text,
        "instrument_ids": list(version.instrument_ids) or None, "in_reply_to": post.in_reply_to, "likes": None,
        "sentiment_label": None, "raw_id": _digest(post.id), "import_id": IMPORT_ID, "dq_flags": [],
    }  # fmt: skip


def _digest(name: str) -> str:
    return hashlib.sha256(f"{IMPORT_ID}|{name}".encode()).hexdigest()


def _schema(dataset: Dataset) -> dict[str, Any]:
    """Return the stored columns but those that the lake fills."""
    return {k: v for k, v in dataset.schema.items() if k not in {"transact_time_ns", "ingest_time"}}
