"""The door for people: address and password in, identity out, without telling who exists."""

import hashlib
from datetime import datetime, timedelta

from sqlalchemy import delete, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from app.actions._passwords import hash_password, needs_rehash, verify_password
from app.actions.users import fold_email
from app.errors import Conflict, Invalid, TooMany, Unauthorised
from app.scope import Identity
from app.storage.database import Database
from app.storage.records import audit
from app.storage.records._base import now
from app.storage.records.people import Organisation, SignInAttempts, User

FREE_ATTEMPTS = 10
LONGEST_LOCK = timedelta(minutes=15)
FORGET_AFTER = timedelta(days=1)
_REFUSED = "The address or the password is wrong."


def authenticate(database: Database, email: str, password: str, *, org: str | None = None) -> Identity:
    """Return who signs in with ``email`` and ``password``.

    Known, unknown, disabled and locked addresses give the same answers after the same work.

    Args:
        database: The records.
        email: In any case and Unicode form.
        password: As typed.
        org: Needed only when the address has accounts with this password in several organisations.

    Raises:
        Unauthorised: If they do not fit.
        TooMany: After ten failures, for 30 s doubling up to 15 minutes.
        Conflict: If several organisations fit and ``org`` says none.
    """
    moment = now()
    try:
        folded = fold_email(email)
    except Invalid:
        folded = ""
    attempt_id = hashlib.sha256(folded.encode()).hexdigest()
    with database.session(None) as session:
        attempts = session.get(SignInAttempts, attempt_id)
        _refuse_locked(attempts, moment)
        users = _candidates(session, folded, org)
    # The work is one hash for nobody and for somebody; more only for people with several accounts.
    fitting = [user for user in users if verify_password(user.password_hash, password)]
    if not users:
        verify_password(None, password)
    if not fitting:
        _count_failure(database, attempt_id, moment)
        raise Unauthorised(_REFUSED)
    if len(fitting) > 1:
        raise Conflict("This address is known to several organisations: say which.")
    return _let_in(database, fitting[0], attempt_id, password, moment)


def unlock(database: Database, email: str) -> None:
    """Forget the failures of an address."""
    attempt_id = hashlib.sha256(fold_email(email).encode()).hexdigest()
    with database.session(None, write=True) as session:
        session.execute(delete(SignInAttempts).where(SignInAttempts.id == attempt_id))


def identity_of(user: User, organisation: Organisation) -> Identity:
    """Return a user's identity."""
    return Identity(
        org=user.org,
        user_id=user.id,
        name=user.name,
        role=user.role,
        desks=None if user.desks is None else tuple(user.desks),
        person_id=user.person_id,
        currency=organisation.base_currency,
        org_name=organisation.name,
        demo=organisation.demo,
    )


def _candidates(session: Session, email: str, org: str | None) -> list[User]:
    query = (
        select(User)
        .join(Organisation, Organisation.slug == User.org)
        .where(User.email == email, User.disabled.is_(False), Organisation.disabled.is_(False))
        .order_by(User.org)
        .limit(5)
    )
    return list(session.scalars(query if org is None else query.where(User.org == org)))


def _refuse_locked(attempts: SignInAttempts | None, moment: datetime) -> None:
    if attempts is None or attempts.locked_until is None:
        return
    # A clock that was set back must not lengthen the lock beyond its longest.
    left = min(attempts.locked_until - moment, LONGEST_LOCK)
    if left > timedelta(0):
        raise TooMany(
            "Too many failed sign-ins: wait before the next one.", retry_after=int(left.total_seconds()) + 1
        )


def _count_failure(database: Database, attempt_id: str, moment: datetime) -> None:
    with database.session(None, write=True) as session:
        session.execute(delete(SignInAttempts).where(SignInAttempts.last_at < moment - FORGET_AFTER))
        upsert = sqlite.insert if database.sqlite else postgresql.insert
        row = upsert(SignInAttempts).values(id=attempt_id, failures=1, last_at=moment)
        again = {"failures": SignInAttempts.failures + 1, "last_at": moment}
        session.execute(row.on_conflict_do_update(index_elements=["id"], set_=again))
        found = session.get_one(SignInAttempts, attempt_id)
        beyond = found.failures - FREE_ATTEMPTS
        if beyond >= 0:
            found.locked_until = moment + min(timedelta(seconds=30 * 2 ** min(beyond, 10)), LONGEST_LOCK)


def _let_in(database: Database, user: User, attempt_id: str, password: str, moment: datetime) -> Identity:
    fresh = hash_password(password) if user.password_hash and needs_rehash(user.password_hash) else None
    with database.session(user.org, write=True) as session:
        stored = session.scalar(select(User).where(User.id == user.id))
        organisation = session.get(Organisation, user.org)
        if stored is None or stored.disabled or organisation is None or organisation.disabled:
            raise Unauthorised(_REFUSED)
        stored.last_sign_in = moment
        if fresh:
            stored.password_hash = fresh
        session.execute(delete(SignInAttempts).where(SignInAttempts.id == attempt_id))
        identity = identity_of(stored, organisation)
        audit.record(session, actor=identity, action="user.sign_in", object_kind="user", object_id=user.id)
    return identity
