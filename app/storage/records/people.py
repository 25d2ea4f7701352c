"""Organisations, their people, and the credentials people and scripts come with."""

from datetime import datetime

from sqlalchemy import String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.storage.records._base import Base, Document, Listing, OrgScoped, new_id, now


class Organisation(Base):
    """A firm: the slug is its name in URLs, in the lake and in every record."""

    __tablename__ = "organisations"

    slug: Mapped[str] = mapped_column(String(63), primary_key=True)
    name: Mapped[str] = mapped_column(String(200))
    name_key: Mapped[str] = mapped_column(String(400), unique=True)  # NFKC + casefold: no look-alikes
    base_currency: Mapped[str] = mapped_column(String(3), default="USD")
    demo: Mapped[bool] = mapped_column(default=False)
    disabled: Mapped[bool] = mapped_column(default=False)
    settings: Mapped[Document] = mapped_column(default=dict)
    created_at: Mapped[datetime] = mapped_column(default=now)


class User(OrgScoped):
    """A person who signs in. Desks None means every desk."""

    __tablename__ = "users"
    __table_args__ = (UniqueConstraint("org", "email"),)

    id: Mapped[str] = mapped_column(String(40), primary_key=True, default=lambda: new_id("u"))
    email: Mapped[str] = mapped_column(String(320), index=True)  # NFKC + casefold
    name: Mapped[str] = mapped_column(String(200))
    role: Mapped[str] = mapped_column(String(20))
    desks: Mapped[Listing | None]
    password_hash: Mapped[str | None] = mapped_column(
        String(200)
    )  # argon2id; None: cannot sign in by password
    disabled: Mapped[bool] = mapped_column(default=False)
    person_id: Mapped[str | None] = mapped_column(String(200))  # who this is in the `people` data set
    preferences: Mapped[Document] = mapped_column(default=dict)
    session_epoch: Mapped[int] = mapped_column(default=0)  # sessions of an older epoch are void
    created_at: Mapped[datetime] = mapped_column(default=now)
    last_sign_in: Mapped[datetime | None]


class ApiKey(OrgScoped):
    """A script's credential; only its SHA-256 is kept."""

    __tablename__ = "api_keys"

    id: Mapped[str] = mapped_column(String(40), primary_key=True, default=lambda: new_id("k"))
    name: Mapped[str] = mapped_column(String(200))
    role: Mapped[str] = mapped_column(String(20))
    scopes: Mapped[Listing] = mapped_column(default=list)
    desks: Mapped[Listing | None]
    hash: Mapped[str] = mapped_column(String(64), unique=True)
    prefix: Mapped[str] = mapped_column(String(12))  # so that people can tell keys apart
    created_by: Mapped[str] = mapped_column(String(40))
    created_at: Mapped[datetime] = mapped_column(default=now)
    expires_at: Mapped[datetime | None]
    last_used_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]


class WebSession(OrgScoped):
    """A browser's session; only the SHA-256 of its token is kept."""

    __tablename__ = "web_sessions"

    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    user_id: Mapped[str] = mapped_column(String(40), index=True)
    epoch: Mapped[int]
    user_agent: Mapped[str] = mapped_column(String(300), default="")
    created_at: Mapped[datetime] = mapped_column(default=now)
    last_seen_at: Mapped[datetime] = mapped_column(default=now)
    expires_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]


class SignInAttempts(Base):
    """Failed sign-ins of one address, whether or not anybody has it: both must look the same."""

    __tablename__ = "sign_in_attempts"

    id: Mapped[str] = mapped_column(String(64), primary_key=True)  # SHA-256 of the address
    failures: Mapped[int] = mapped_column(default=0)
    last_at: Mapped[datetime] = mapped_column(default=now, index=True)
    locked_until: Mapped[datetime | None]
