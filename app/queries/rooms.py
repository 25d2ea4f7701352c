"""Rooms, and where a post may stand: what somebody may see of talk is decided here, once."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl
from sqlalchemy import ColumnElement, and_, func, or_, select, true

from analytics.datasets import ACCOUNTS, INSTRUMENTS, ORDER_EVENTS, POSTS
from analytics.social.instruments import cashtags, mentioned, symbols_of
from analytics.social.wording import LONGEST, misfit, tidied
from app.desk import Desk
from app.errors import FieldError, Invalid, NotFound
from app.queries._said import spoken
from app.queries.compliance import may_read, visible
from app.scope import DATA_ROLES
from app.storage.records.alerts import Alert
from app.storage.records.people import User
from app.storage.records.rooms import CONTEXTS, Place, Room, RoomMember, RoomPost

WRITERS = DATA_ROLES - {"auditor"}


@dataclass(frozen=True)
class Readable:
    """What somebody may read of what is posted here."""

    rooms: dict[str, Room]
    where: ColumnElement[bool]


def readable(desk: Desk) -> Readable:
    """Return the rooms somebody may read and the condition on posts that he may.

    Firm-wide talk is everybody's. A desk's room is for who may see that desk, a room of members for those on its
    list, a thread about an order or an account for who may see the account. Talk about alerts and hidden posts
    are for compliance and auditors, never about themselves.
    """
    with desk.session() as session:
        rooms = {room.id: room for room in session.scalars(select(Room).order_by(Room.name_key))}
        who = desk.identity.user_id
        mine = set(session.scalars(select(RoomMember.room_id).where(RoomMember.user_id == who)))
    watches = may_read(desk)
    seen = rooms if watches else {name: room for name, room in rooms.items() if _admits(desk, room, mine)}
    parts: list[ColumnElement[bool]] = [or_(RoomPost.room_id.is_(None), RoomPost.room_id.in_(list(seen)))]
    if desk.entitled_accounts is not None:
        parts.append(or_(RoomPost.account_id.is_(None), RoomPost.account_id.in_(desk.entitled_accounts)))
    if not watches:
        parts.append(RoomPost.hidden.is_(False))
        parts.append(or_(RoomPost.context_kind.is_(None), RoomPost.context_kind != "alert"))
    elif own := alerts_about_me(desk):
        parts.append(
            or_(
                RoomPost.context_kind.is_(None),
                RoomPost.context_kind != "alert",
                RoomPost.context_id.not_in(sorted(own)),
            )
        )
    return Readable(seen, and_(true(), *parts))


def alerts_about_me(desk: Desk) -> frozenset[str]:
    """Return the ids of alerts that name the one who asks: he must not learn of them."""
    if desk.identity.person_id is None:
        return frozenset()
    with desk.session() as session:
        every = set(session.scalars(select(Alert.alert_id)))
    return frozenset(every - {one.alert_id for one in visible(desk, light=True)})


def rooms(desk: Desk) -> list[dict[str, Any]]:
    """Return the rooms somebody may read, by name, with how much was posted in each.

    Returns:
        room_id, name, kind (firm, desk, members), desk, purpose, closed_at, created_name, posts (that he may
        read), last_at, members (user ids and names; of rooms that have a list), may_change.
    """
    seen = readable(desk)
    with desk.session() as session:
        said = {
            row[0]: (row[1], row[2])
            for row in session.execute(
                select(RoomPost.room_id, func.count(), func.max(RoomPost.created_at))
                .where(seen.where, RoomPost.room_id.is_not(None))
                .group_by(RoomPost.room_id)
            )
        }
        listed: dict[str, list[dict[str, str]]] = {}
        query = select(RoomMember.room_id, RoomMember.user_id, User.name).outerjoin(
            User, and_(User.id == RoomMember.user_id, User.org == desk.org)
        )
        for room_id, user_id, name in session.execute(query.order_by(User.name)):
            listed.setdefault(room_id, []).append({"user_id": user_id, "name": name or user_id})
    who = desk.identity
    return [
        {
            "room_id": room.id, "name": room.name, "kind": room.kind, "desk": room.desk, "purpose": room.purpose,
            "closed_at": room.closed_at, "created_name": room.created_name, "posts": said.get(room.id, (0, None))[0],
            "last_at": said.get(room.id, (0, None))[1], "members": listed.get(room.id, []),
            "may_change": room.closed_at is None and who.role in WRITERS
            and (who.role == "compliance" or room.created_by == who.user_id),
        }
        for room in seen.rooms.values()
    ]  # fmt: skip


def room(desk: Desk, room_id: str) -> dict[str, Any]:
    """Return one room as ``rooms`` does.

    Raises:
        NotFound: If there is none of this id for the one who asks.
    """
    found = next((one for one in rooms(desk) if one["room_id"] == room_id), None)
    if found is None:
        raise NotFound("There is no such room.")
    return found


def colleagues(desk: Desk) -> list[dict[str, str]]:
    """Return who may be put on a room's list: user_id and name, by name."""
    with desk.session() as session:
        query = select(User).where(User.disabled.is_(False), User.role.in_(DATA_ROLES)).order_by(User.name)
        return [{"user_id": user.id, "name": user.name} for user in session.scalars(query)]


def desks(desk: Desk) -> list[str]:
    """Return the desks the one who asks may see, by name."""
    if desk.identity.desks is not None:
        return sorted(desk.identity.desks)
    rows = desk.rows(ACCOUNTS, scoped=False).select(pl.col("desk").drop_nulls().unique().sort())
    return list(desk.collect(rows)["desk"])


def place(
    desk: Desk,
    *,
    room_id: str | None = None,
    in_reply_to: str | None = None,
    context: tuple[str, str] | None = None,
) -> Place:
    """Return where a post would stand, after a look whether its writer may see that place.

    An answer stands where what it answers stands: room and context are its.

    Raises:
        NotFound: If room, post or context is not there for him.
        Invalid: If an answer names another room or context.
    """
    if in_reply_to is not None:
        if room_id is not None or context is not None:
            said = FieldError("in_reply_to", "already says room and context: leave them out")
            raise Invalid("The place does not fit.", errors=[said])
        return _answering(desk, in_reply_to)
    if room_id is not None and room_id not in readable(desk).rooms:
        raise NotFound("There is no such room.")
    if context is None:
        return Place(room_id=room_id)
    kind, name = context
    return Place(
        room_id=room_id, context_kind=kind, context_id=name, account_id=_account_of(desk, kind, name)
    )


def reading(desk: Desk, text: str, *, about: str | None = None) -> dict[str, Any]:
    """Return how a text would be read if it were posted; ``about`` is the instrument its thread is about.

    Returns:
        text (as it would be kept), characters, longest, instrument_ids (named in it or by its place),
        relevance (of each of them, 0..1), cashtags (symbol and instrument_id, null for one that no instrument has), unknown_cashtags, sentiment
        (-1..1), tone, and misfit: why it would be refused, null where it would not.
    """
    words = tidied(text)
    known = _symbols(desk)
    tags = cashtags(words[:LONGEST])
    ids = set(mentioned(words[:LONGEST], known))
    if about is not None:
        ids.add(about)
    ordered = sorted(ids)
    named = pl.Series("instrument_ids", [ordered], dtype=pl.List(pl.String))
    found = spoken(desk, pl.DataFrame({"text": [words[:LONGEST]]}).with_columns(named)).row(0, named=True)
    return {
        "text": words, "characters": len(words), "longest": LONGEST, "instrument_ids": ordered,
        "relevance": found["relevance"],
        "cashtags": [{"symbol": tag, "instrument_id": known.get(tag)} for tag in tags],
        "unknown_cashtags": [tag for tag in tags if tag not in known], "sentiment": found["sentiment"], "tone": found["tone"],
        "misfit": misfit(words),
    }  # fmt: skip


def known(desk: Desk, kind: str, name: str) -> None:
    """Refuse what there is not, for the one who asks, to follow.

    Raises:
        NotFound: If there is no such author, instrument or room.
    """
    if kind == "room":
        room(desk, name)
        return
    dataset, column = (INSTRUMENTS, "instrument_id") if kind == "instrument" else (POSTS, "author_id")
    rows = desk.rows(dataset, dated=False, scoped=False).filter(pl.col(column) == name)
    if not desk.collect(rows.select(column).head(1)).is_empty():
        return
    seen = readable(desk)
    with desk.session() as session:
        wrote = select(RoomPost.id).where(RoomPost.author_id == name, seen.where).limit(1)
        if kind == "author" and session.scalar(wrote) is not None:
            return
    raise NotFound(f"There is no such {kind}.")


def reads_of_others(desk: Desk) -> bool:
    """Whether the one who asks reads a room for members without being on its list."""
    with desk.session() as session:
        mine = select(RoomMember.room_id).where(RoomMember.user_id == desk.identity.user_id)
        query = select(Room.id).where(Room.kind == "members", Room.id.not_in(mine)).limit(1)
        return session.scalar(query) is not None


# --- steps -------------------------------------------------------------------------------------------
def _admits(desk: Desk, room: Room, mine: set[str]) -> bool:
    desks = desk.identity.desks
    return (
        room.id in mine
        if room.kind == "members"
        else room.kind == "firm" or desks is None or room.desk in desks
    )


def _symbols(desk: Desk) -> dict[str, str]:
    return symbols_of(desk.collect(desk.rows(INSTRUMENTS, scoped=False).select("instrument_id", "symbol")))


def _answering(desk: Desk, post_id: str) -> Place:
    seen = readable(desk)
    with desk.session() as session:
        own = session.scalar(select(RoomPost).where(RoomPost.id == post_id, seen.where))
        taken = own is None and session.scalar(select(RoomPost.id).where(RoomPost.id == post_id)) is not None
    if own is not None:
        return Place(own.room_id, own.id, own.thread_id, own.context_kind, own.context_id, own.account_id)
    rows = desk.rows(POSTS, dated=False, scoped=False).filter(pl.col("post_id") == post_id)
    if taken or desk.collect(rows.select("post_id").head(1)).is_empty():
        raise NotFound("There is no such post.")
    return Place(in_reply_to=post_id, thread_id=post_id)


def _account_of(desk: Desk, kind: str, name: str) -> str | None:
    """Return the account that bounds who reads about a thing; None where it has none."""
    if kind not in CONTEXTS:
        said = FieldError("context_kind", f"must be one of {', '.join(CONTEXTS)}", kind[:20])
        raise Invalid("There is no such context.", errors=[said])
    if kind == "alert":
        if not may_read(desk) or not visible(desk, Alert.alert_id == name, light=True):
            raise NotFound("There is no such alert.")
        return None
    dataset, column = {
        "instrument": (INSTRUMENTS, "instrument_id"),
        "order": (ORDER_EVENTS, "order_id"),
        "account": (ACCOUNTS, "account_id"),
    }[kind]
    rows = desk.rows(dataset, dated=False, scoped=False).filter(pl.col(column) == name)
    wanted = ["account_id"] if kind != "instrument" else ["instrument_id"]
    found: Sequence[Any] = desk.collect(rows.select(wanted).head(1)).to_series().to_list()
    if not found:
        raise NotFound(f"There is no such {kind}.")
    return None if kind == "instrument" else str(found[0])
