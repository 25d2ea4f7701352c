"""Browser sessions, kept on the server: what is revoked here is void everywhere at once."""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import bindparam, delete, select, update

from app.actions.sign_in import identity_of
from app.actions.users import get
from app.scope import Identity
from app.storage.database import Database
from app.storage.records import audit
from app.storage.records._base import now
from app.storage.records.people import Organisation, User, WebSession

IDLE = timedelta(hours=8)
ABSOLUTE = timedelta(hours=24)
TOUCH_EVERY = timedelta(minutes=1)
# Put together once: every request asks it, and putting it together costs more than asking.
_HELD = (
    select(WebSession, User, Organisation)
    .join(User, (User.id == WebSession.user_id) & (User.org == WebSession.org))
    .join(Organisation, Organisation.slug == WebSession.org)
    .where(
        WebSession.id == bindparam("hashed"),
        WebSession.revoked_at.is_(None),
        WebSession.epoch == User.session_epoch,
        User.disabled.is_(False),
        Organisation.disabled.is_(False),
    )
)


@dataclass(frozen=True)
class OpenSession:
    """One session as its owner sees it."""

    id: str
    user_agent: str
    created_at: datetime
    last_seen_at: datetime


def open_session(database: Database, identity: Identity, *, user_agent: str = "") -> str:
    """Open a session for somebody who has just signed in and return its token: 256 random bits."""
    token = secrets.token_urlsafe(32)
    at = now()
    with database.session(identity.org, write=True) as session:
        user = get(session, identity.user_id)
        session.execute(delete(WebSession).where(WebSession.expires_at < at - ABSOLUTE))
        session.add(
            WebSession(
                id=_hash(token),
                org=identity.org,
                user_id=user.id,
                epoch=user.session_epoch,
                user_agent=user_agent[:300],
                created_at=at,
                last_seen_at=at,
                expires_at=at + IDLE,
            )
        )
    return token


def find_session(database: Database, token: str) -> Identity | None:
    """Return who holds a session's token, and note that he was seen.

    None when the session is unknown, revoked or expired, or its user or organisation disabled.
    """
    at = now()
    with database.session(None) as session:
        row = session.execute(_HELD, {"hashed": _hash(token)}).one_or_none()
    if row is None or row.WebSession.expires_at <= at:
        return None
    if at - row.WebSession.last_seen_at >= TOUCH_EVERY:
        touch(database, row.WebSession, at)
    return identity_of(row.User, row.Organisation)


def touch(database: Database, found: WebSession, at: datetime) -> None:
    """Move the idle limit of a session on; never beyond its absolute one."""
    expires = min(at + IDLE, found.created_at + ABSOLUTE)
    with database.session(found.org, write=True) as session:
        session.execute(
            update(WebSession)
            .where(WebSession.id == found.id, WebSession.revoked_at.is_(None))
            .values(last_seen_at=at, expires_at=expires)
        )


def revoke(database: Database, identity: Identity, token: str) -> None:
    """End one session: sign out."""
    with database.session(identity.org, write=True) as session:
        session.execute(
            update(WebSession)
            .where(WebSession.id == _hash(token), WebSession.user_id == identity.user_id)
            .values(revoked_at=now())
        )
        audit.record(
            session,
            actor=identity,
            action="user.sign_out",
            object_kind="user",
            object_id=identity.user_id,
        )


def mine(database: Database, identity: Identity) -> list[OpenSession]:
    """Return one's own open sessions, the latest seen first."""
    with database.session(identity.org) as session:
        query = select(WebSession).where(
            WebSession.user_id == identity.user_id,
            WebSession.revoked_at.is_(None),
            WebSession.expires_at > now(),
        )
        found = session.scalars(query.order_by(WebSession.last_seen_at.desc()))
        return [OpenSession(s.id[:12], s.user_agent, s.created_at, s.last_seen_at) for s in found]


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()
