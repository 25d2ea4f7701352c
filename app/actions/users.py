"""People of an organisation: made, changed, locked out, let in."""

import unicodedata
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.actions._passwords import check_password, hash_password
from app.actions._roles import CONSOLE, require, text
from app.errors import Conflict, FieldError, Forbidden, Invalid, NotFound
from app.scope import ROLES, Identity
from app.storage.database import Database
from app.storage.records import audit
from app.storage.records._base import now
from app.storage.records.counters import bump
from app.storage.records.people import ApiKey, User, WebSession

NARROWED = frozenset({"trader", "portfolio_manager"})  # roles that desks narrow


def create(
    database: Database,
    actor: Identity,
    *,
    email: str,
    name: str,
    role: str,
    desks: Sequence[str] | None = None,
    password: str | None = None,
    person_id: str | None = None,
    production: bool = False,
) -> User:
    """Make a user of the actor's organisation.

    Args:
        database: The records.
        actor: An admin of the organisation, or the command line.
        email: The address, unique in the organisation.
        name: As shown.
        role: One of ``ROLES``; operators are made from the command line only.
        desks: Desks the user sees; None for all.
        password: None for people who sign in through the company only.
        person_id: Who this is in the `people` data set.
        production: Whether the stricter password rule holds.

    Raises:
        Forbidden: If the actor may not.
        Invalid: If a field does not fit.
        Conflict: If the address is taken in this organisation.
    """
    require(actor, "admin")
    _check_role(actor, role)
    made = User(
        org=actor.org,
        email=fold_email(email),
        name=text("name", name),
        role=role,
        desks=_desks(desks),
        person_id=person_id,
    )
    if password is not None:
        check_password(password, production=production, email=made.email)
        made.password_hash = hash_password(password)
    with database.session(actor.org, write=True) as session:
        if session.scalar(select(func.count()).select_from(User).where(User.email == made.email)):
            raise Conflict("A user with this address exists already.")
        session.add(made)
        session.flush()
        _audit(session, actor, "user.create", made, before=None, after=_shown(made))
    return made


def every(database: Database, actor: Identity) -> list[User]:
    """Return the users of the actor's organisation by address; for its admins and auditors."""
    if actor.role not in {"admin", "auditor"}:
        raise Forbidden
    with database.session(actor.org) as session:
        return list(session.scalars(select(User).order_by(User.email)))


def find(database: Database, actor: Identity, email: str) -> User:
    """Return a user of the actor's organisation by address.

    Raises:
        NotFound: If nobody has it.
    """
    with database.session(actor.org) as session:
        found = session.scalar(select(User).where(User.email == fold_email(email)))
    if found is None:
        raise NotFound("There is no user with this address.")
    return found


def set_role(database: Database, actor: Identity, user_id: str, role: str) -> None:
    """Give a user another role and end his sessions. Nobody changes his own."""
    _check_role(actor, role)
    _change(database, actor, user_id, "user.role", role=role)


def set_desks(database: Database, actor: Identity, user_id: str, desks: Sequence[str] | None) -> None:
    """Give a user other desks and end his sessions. Nobody changes his own."""
    _change(database, actor, user_id, "user.desks", desks=_desks(desks))


def set_disabled(database: Database, actor: Identity, user_id: str, *, disabled: bool = True) -> None:
    """Lock a user out, or let him in again; sessions and the keys he made stop at once."""
    _change(database, actor, user_id, "user.disable" if disabled else "user.enable", disabled=disabled)


def reset_password(
    database: Database, actor: Identity, user_id: str, password: str, *, production: bool = False
) -> None:
    """Set a new password and end all sessions of the user. An admin does it, or the user himself."""
    if actor.user_id != user_id:
        require(actor, "admin")
    with database.session(actor.org) as session:
        email = get(session, user_id).email
    check_password(password, production=production, email=email)
    hashed = hash_password(password)
    with database.session(actor.org, write=True) as session:
        user = get(session, user_id)
        _refuse_operator(actor, user)
        user.password_hash = hashed
        _end_sessions(session, user)
        _audit(session, actor, "user.password", user, before=None, after=None)


def log_out_everywhere(database: Database, actor: Identity, user_id: str) -> None:
    """End every session of a user: one's own, or an admin anybody's."""
    if actor.user_id != user_id:
        require(actor, "admin")
    with database.session(actor.org, write=True) as session:
        user = get(session, user_id)
        _end_sessions(session, user)
        _audit(session, actor, "user.log_out_everywhere", user, before=None, after=None)


def get(session: Session, user_id: str) -> User:
    """Return a user of the session's organisation.

    Raises:
        NotFound: If the id is unknown or foreign.
    """
    found = session.scalar(select(User).where(User.id == user_id))
    if found is None:
        raise NotFound("There is no such user.")
    return found


def fold_email(email: str) -> str:
    """Return an address in the form it is compared in.

    Raises:
        Invalid: If it is no address.
    """
    folded = unicodedata.normalize("NFKC", email).strip().casefold()
    local, at, domain = folded.rpartition("@")
    fits = at and local and domain and folded.isprintable() and " " not in folded and len(folded) <= 320
    if not fits:
        raise Invalid(
            "The address does not fit.",
            errors=[FieldError("email", "must be an address like jane@firm.com", email[:80])],
        )
    return folded


# --- steps -----------------------------------------------------------------------------------------
def _change(database: Database, actor: Identity, user_id: str, action: str, **values: Any) -> None:
    require(actor, "admin")
    if actor.user_id == user_id:
        raise Forbidden("Nobody changes his own role, desks or access. Ask another admin.")
    with database.session(actor.org, write=True) as session:
        # PostgreSQL: two admins who remove one another wait here for one another.
        admins = select(User).where(User.role == "admin", User.disabled.is_(False)).with_for_update()
        others = [found for found in session.scalars(admins) if found.id != user_id]
        user = get(session, user_id)
        _refuse_operator(actor, user)
        before = {name: getattr(user, name) for name in values}
        was_admin = user.role == "admin" and not user.disabled
        for name, value in values.items():
            setattr(user, name, value)
        if was_admin and not others and (user.role != "admin" or user.disabled):
            raise Conflict("This is the last admin of the organisation: name another one first.")
        _end_sessions(session, user)
        _audit(session, actor, action, user, before=before, after=values)


def _end_sessions(session: Session, user: User) -> None:
    user.session_epoch += 1
    at: datetime = now()
    open_ones = select(WebSession).where(WebSession.user_id == user.id, WebSession.revoked_at.is_(None))
    for web_session in session.scalars(open_ones):
        web_session.revoked_at = at
    if user.disabled:
        made = select(ApiKey).where(ApiKey.created_by == user.id, ApiKey.revoked_at.is_(None))
        for key in session.scalars(made):
            key.revoked_at = at


def _check_role(actor: Identity, role: str) -> None:
    if role not in ROLES:
        raise Invalid(
            f"There is no role {role!r}.",
            errors=[FieldError("role", f"must be one of {', '.join(ROLES)}", role[:80])],
        )
    if role == "operator" and actor.user_id != CONSOLE:
        raise Forbidden("Operators are made from the command line only.")


def _refuse_operator(actor: Identity, user: User) -> None:
    if user.role == "operator" and actor.user_id not in {CONSOLE, user.id}:
        raise Forbidden("Operators are changed from the command line only.")


def _desks(desks: Sequence[str] | None) -> list[str] | None:
    return None if desks is None else sorted({text("desk", desk) for desk in desks})


def _shown(user: User) -> dict[str, Any]:
    return {"email": user.email, "name": user.name, "role": user.role, "desks": user.desks}


def _audit(session: Session, actor: Identity, action: str, user: User, *, before: Any, after: Any) -> None:
    bump(session, user.org, "users")
    audit.record(
        session,
        actor=actor,
        action=action,
        object_kind="user",
        object_id=user.id,
        before=before,
        after=after,
    )
