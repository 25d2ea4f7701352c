"""Rooms, what is posted in them, every version of it, and what people follow."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.storage.records._base import Listing, OrgScoped, new_id, now

ROOM_KINDS = ("firm", "desk", "members")
CONTEXTS = ("instrument", "order", "account", "alert")
FOLLOWED = ("author", "instrument", "room")


@dataclass(frozen=True)
class Place:
    """Where a post stands, resolved and checked against what its writer may see.

    ``account_id`` bounds the readers beside the room: it is the account of the order or the account the
    thread is about, None where the thread is about neither.
    """

    room_id: str | None = None  # None: everybody of the organisation
    in_reply_to: str | None = None
    thread_id: str | None = None  # first post of the thread; None for one that begins a thread
    context_kind: str | None = None
    context_id: str | None = None
    account_id: str | None = None

    @property
    def instrument_id(self) -> str | None:
        """The instrument that the thread is about."""
        return self.context_id if self.context_kind == "instrument" else None


class Room(OrgScoped):
    """A room: ``firm`` for everybody, ``desk`` for who may see that desk, ``members`` for those on its list."""

    __tablename__ = "rooms"
    __table_args__ = (UniqueConstraint("org", "name_key"),)

    id: Mapped[str] = mapped_column(String(40), primary_key=True, default=lambda: new_id("room"))
    name: Mapped[str] = mapped_column(String(80))
    name_key: Mapped[str] = mapped_column(String(160))  # NFKC + casefold: no look-alikes
    purpose: Mapped[str] = mapped_column(String(400), default="")
    kind: Mapped[str] = mapped_column(String(12))
    desk: Mapped[str | None] = mapped_column(String(200))
    closed_at: Mapped[datetime | None]  # nothing is posted any more; what was stays readable
    created_by: Mapped[str] = mapped_column(String(40))
    created_name: Mapped[str] = mapped_column(String(200))
    created_at: Mapped[datetime] = mapped_column(default=now)


class RoomMember(OrgScoped):
    """Somebody on the list of a room of kind ``members``."""

    __tablename__ = "room_members"

    room_id: Mapped[str] = mapped_column(String(40), primary_key=True)
    user_id: Mapped[str] = mapped_column(String(40), primary_key=True)
    added_by: Mapped[str] = mapped_column(String(40))
    added_at: Mapped[datetime] = mapped_column(default=now)


class RoomPost(OrgScoped):
    """One post as it stands. It is never deleted: hidden ones stay for those who supervise."""

    __tablename__ = "room_posts"
    __table_args__ = (
        Index("ix_room_posts_org_created", "org", "created_at"),
        Index("ix_room_posts_org_thread", "org", "thread_id"),
        Index("ix_room_posts_org_writer", "org", "author_user", "created_at"),
    )

    id: Mapped[str] = mapped_column(String(40), primary_key=True, default=lambda: new_id("post"))
    room_id: Mapped[str | None] = mapped_column(String(40))
    author_id: Mapped[str] = mapped_column(String(200))  # the person, or the user without one
    author_user: Mapped[str] = mapped_column(String(40))
    author_name: Mapped[str] = mapped_column(String(200))
    text: Mapped[str] = mapped_column(Text)
    instrument_ids: Mapped[Listing] = mapped_column(default=list)
    in_reply_to: Mapped[str | None] = mapped_column(String(200))
    thread_id: Mapped[str] = mapped_column(String(200))  # its own id where it begins a thread
    context_kind: Mapped[str | None] = mapped_column(String(12))
    context_id: Mapped[str | None] = mapped_column(String(200))
    account_id: Mapped[str | None] = mapped_column(String(200))
    created_at: Mapped[datetime] = mapped_column(default=now)
    edited_at: Mapped[datetime | None]
    version: Mapped[int] = mapped_column(default=1)
    hidden: Mapped[bool] = mapped_column(default=False)
    hidden_reason: Mapped[str | None] = mapped_column(Text)
    hidden_by: Mapped[str | None] = mapped_column(String(40))
    hidden_name: Mapped[str | None] = mapped_column(String(200))
    hidden_at: Mapped[datetime | None]


class RoomPostVersion(OrgScoped):
    """What a post said at one time, and whether the tables that surveillance reads hold it."""

    __tablename__ = "room_post_versions"
    __table_args__ = (Index("ix_room_post_versions_org_relayed", "org", "relayed"),)

    post_id: Mapped[str] = mapped_column(String(40), primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True)
    text: Mapped[str] = mapped_column(Text)
    instrument_ids: Mapped[Listing] = mapped_column(default=list)
    written_at: Mapped[datetime] = mapped_column(default=now)
    relayed: Mapped[bool] = mapped_column(default=False)


class UserFollow(OrgScoped):
    """What one user follows: an author, an instrument or a room."""

    __tablename__ = "user_follows"

    user_id: Mapped[str] = mapped_column(String(40), primary_key=True)
    kind: Mapped[str] = mapped_column(String(12), primary_key=True)
    target_id: Mapped[str] = mapped_column(String(200), primary_key=True)
    follower_id: Mapped[str] = mapped_column(String(200))  # the person, or the user without one
    since: Mapped[datetime] = mapped_column(default=now)
