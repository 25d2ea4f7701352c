"""Ideas are put forward, changed for a quarter of an hour, sealed by time, taken back in words only.

The chain is the audit trail's: every version and every seal is an entry of it, so its anchors and its two
verifiers hold for ideas as well (``app.actions.idea_proof`` compares entries and rows).
"""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from analytics.social.ideas import LONGEST
from app.actions._casework import prose, refusals_on_record
from app.actions._clock import Clock, moment_of
from app.actions._roles import system
from app.errors import Conflict, FieldError, Forbidden, Invalid, NotFound
from app.scope import DATA_ROLES, Identity
from app.storage.database import Database
from app.storage.records import audit
from app.storage.records._base import now
from app.storage.records.counters import bump
from app.storage.records.ideas import EDITABLE, RECORDS, Idea, IdeaVersion

KIND = "idea"  # of object, in the trail
SCORED = "idea.score"  # the entry of what came of one
OUTCOME = ("state", "entry_date", "entry", "exit_date", "exit", "gross", "net", "won", "brier")
DIRECTIONS = ("long", "short")
AUTHORS = DATA_ROLES - {"auditor"}
CHANCES = (Decimal("0.01"), Decimal("0.99"))  # nobody is certain
CLOSED = "This instrument is closed to ideas. Ask compliance."  # which list, if any, is not for the desk
_LEAST_WORDS, _MOST_WORDS = 20, 4000
_LEAST_PRICE, _MOST_PRICE = Decimal("1e-9"), Decimal("1e12")
_PLACE = re.compile(r"/(?!/)[A-Za-z0-9_\-./]*(\?[A-Za-z0-9_\-.~%&=+,:]*)?")
_NAMES = ("instrument_id", "direction", "target", "stop", "horizon", "probability", "thesis", "context")


@dataclass(frozen=True)
class Said:
    """What an author says. Prices are in the instrument's currency, the chance is that it ends with a profit."""

    instrument_id: str
    direction: str  # long or short
    horizon: int  # sessions
    probability: Decimal  # 0.01 to 0.99
    thesis: str
    target: Decimal | None = None
    stop: Decimal | None = None
    context: str | None = None  # a page of the application, with its query


@dataclass(frozen=True)
class Known:
    """What the product knows of the instrument, asked by whoever calls: never taken from the author."""

    closed: bool = False  # it is on a list that binds the author
    close: float | None = None  # last close known
    close_date: str | None = None  # its day, ISO


def post(
    database: Database, actor: Identity, said: Said, *, known: Known, clock: Clock | None = None
) -> tuple[Idea, IdeaVersion]:
    """Put an idea forward; its author may change it until ``sealed_at``.

    Args:
        database: The records.
        actor: The author: a person who is signed in.
        said: What he says.
        known: What the product knows of the instrument.
        clock: Tells the time while a demo is being made; the server's own clock when None.

    Raises:
        Forbidden: For keys and roles that put nothing forward, and where the instrument is closed.
        Invalid: If a field does not fit.
    """
    _require_author(actor)
    content = _content(said, known)
    with refusals_on_record(database, actor, KIND, said.instrument_id[:200]):
        if known.closed:
            raise Forbidden(CLOSED)
    with database.session(actor.org, write=True) as session:
        at, seeded = moment_of(session, actor.org, clock)
        idea = Idea(
            org=actor.org, author_id=author_of(actor), author_user=actor.user_id, author_name=actor.name[:200],
            posted_at=at, sealed_at=at + EDITABLE, seeded=seeded,
        )  # fmt: skip
        session.add(idea)
        session.flush()
        version = _version(session, actor, idea, "idea.post", number=1, at=at, content=content)
    return idea, version


def edit(
    database: Database, actor: Identity, idea_id: str, said: Said, *, known: Known, clock: Clock | None = None
) -> IdeaVersion:
    """Change one's own idea within the quarter of an hour; what it said before is kept.

    Raises:
        NotFound: If there is no such idea.
        Forbidden: If it is somebody else's, or the instrument is closed.
        Conflict: If it is sealed or taken back.
        Invalid: If a field does not fit.
    """
    _require_author(actor)
    content = _content(said, known)
    find(database, actor, idea_id)  # an unknown id stays out of the trail
    with (
        refusals_on_record(database, actor, KIND, idea_id),
        database.session(actor.org, write=True) as session,
    ):
        idea = _own(session, actor, idea_id)
        at, _ = moment_of(session, actor.org, clock)
        if known.closed:
            raise Forbidden(CLOSED)
        if at >= idea.sealed_at:
            raise Conflict(
                "The idea is sealed: a quarter of an hour after it was put forward it stays as it is."
            )
        if idea.retracted_at is not None:
            raise Conflict("The idea was taken back.")
        before = latest(session, idea)
        if before.content == content:
            raise Conflict("Nothing has changed.")
        return _version(session, actor, idea, "idea.edit", number=before.number + 1, at=at, content=content)


def retract(
    database: Database, actor: Identity, idea_id: str, *, why: str, clock: Clock | None = None
) -> Idea:
    """Say that one no longer stands by an idea: a mark. It stays, is sealed and counts as it would have.

    Raises:
        NotFound: If there is no such idea.
        Forbidden: If it is somebody else's.
        Conflict: If it was taken back before.
        Invalid: Without a word why.
    """
    _require_author(actor)
    words = prose("reason", why, longest=2000)
    find(database, actor, idea_id)
    with (
        refusals_on_record(database, actor, KIND, idea_id),
        database.session(actor.org, write=True) as session,
    ):
        idea = _own(session, actor, idea_id)
        if idea.retracted_at is not None:
            raise Conflict("The idea was taken back before.")
        idea.retracted_at, _ = moment_of(session, actor.org, clock)
        idea.retracted_why = words
        _note(session, actor, idea, "idea.retract", {"reason": words})
    return idea


def set_hidden(database: Database, actor: Identity, idea_id: str, *, hidden: bool, why: str) -> Idea:
    """Keep an idea's words from everybody but its author and surveillance, or show them again.

    It counts in the author's record all the same.

    Raises:
        Forbidden: Unless compliance asks, as a person.
        NotFound: If there is no such idea.
        Conflict: If it is so already.
        Invalid: Without a word why.
    """
    if actor.role != "compliance" or not actor.user_id.startswith("u_") or "write" not in actor.scopes:
        raise Forbidden("Only somebody of compliance hides an idea.")
    words = prose("reason", why, longest=2000)
    with database.session(actor.org, write=True) as session:
        idea = _found(session, idea_id)
        if (idea.hidden_at is not None) == hidden:
            raise Conflict("It is hidden already." if hidden else "It is not hidden.")
        idea.hidden_at, idea.hidden_by = (now(), actor.user_id) if hidden else (None, None)
        idea.hidden_why = words if hidden else None
        _note(session, actor, idea, "idea.hide" if hidden else "idea.show", {"reason": words})
    return idea


def seal(database: Database, org: str, *, clock: Clock | None = None) -> list[str]:
    """Write the seal of every idea whose time is over into the trail; return their ids.

    What is sealed is the last version made before ``sealed_at``, however late this runs. It may run twice.
    """
    actor = system(org, "Ideas")
    with database.session(org, write=True) as session:
        at = (clock or now)()
        due = session.scalars(
            select(Idea)
            .where(Idea.seal_entry.is_(None), Idea.sealed_at <= at)
            .order_by(Idea.sealed_at, Idea.id)
        )
        sealed = []
        for idea in due:
            version = latest(session, idea)
            after = {
                "author_id": idea.author_id, "posted_at": idea.posted_at, "sealed_at": idea.sealed_at,
                "seeded": idea.seeded, "version": version.number, "content": json.loads(version.content),
            }  # fmt: skip
            idea.seal_entry = audit.record(
                session, actor=actor, action="idea.seal", object_kind=KIND, object_id=idea.id, after=after
            )
            sealed.append(idea.id)
        if sealed:
            bump(session, org, RECORDS)
    return sealed


def outcome(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return what came of an idea as the trail keeps it: ``OUTCOME``, days as text."""
    return {name: one.isoformat() if isinstance(one := row[name], date) else one for name in OUTCOME}


def put_on_record(session: Session, org: str, rows: Sequence[Mapping[str, Any]]) -> None:
    """Write what came of ideas that have ended into the trail, so that no outcome is changed unseen.

    Args:
        session: The one that keeps them, opened with ``write=True``.
        org: The organisation's slug.
        rows: idea_id and ``OUTCOME``.
    """
    actor = system(org, "Ideas")
    for row in rows:
        after = {"outcome": outcome(row)}
        audit.record(
            session, actor=actor, action=SCORED, object_kind=KIND, object_id=row["idea_id"], after=after
        )


def find(database: Database, actor: Identity, idea_id: str) -> Idea:
    """Return an idea of the actor's organisation.

    Raises:
        NotFound: If there is none.
    """
    with database.session(actor.org) as session:
        return _found(session, idea_id)


def latest(session: Session, idea: Idea) -> IdeaVersion:
    """Return what an idea says: its last version made before it was sealed."""
    found = session.scalars(
        select(IdeaVersion)
        .where(IdeaVersion.idea_id == idea.id, IdeaVersion.at < idea.sealed_at)
        .order_by(IdeaVersion.number.desc())
        .limit(1)
    ).first()
    if found is None:
        raise NotFound("There is no such idea.")
    return found


def author_of(actor: Identity) -> str:
    """Return under which id somebody's ideas are kept: the person, whatever the sign-in."""
    return actor.person_id or actor.user_id


# --- steps -----------------------------------------------------------------------------------------
def _require_author(actor: Identity) -> None:
    if not actor.user_id.startswith("u_") or "write" not in actor.scopes:
        raise Forbidden("An idea is put forward by a person who answers for it: sign in to do it.")
    if actor.role not in AUTHORS:
        raise Forbidden("Your role puts no ideas forward.")


def _found(session: Session, idea_id: str) -> Idea:
    found = session.scalar(select(Idea).where(Idea.id == idea_id).with_for_update())
    if found is None:
        raise NotFound("There is no such idea.")
    return found


def _own(session: Session, actor: Identity, idea_id: str) -> Idea:
    found = _found(session, idea_id)
    if found.author_user != actor.user_id and found.author_id != actor.person_id:
        raise Forbidden("It is somebody else's idea.")
    return found


def _version(
    session: Session, actor: Identity, idea: Idea, action: str, *, number: int, at: datetime, content: str
) -> IdeaVersion:
    made = IdeaVersion(org=actor.org, idea_id=idea.id, number=number, at=at, content=content)
    session.add(made)
    _note(
        session, actor, idea, action,
        {
            "author_id": idea.author_id, "at": at, "posted_at": idea.posted_at, "sealed_at": idea.sealed_at,
            "seeded": idea.seeded, "version": number, "content": json.loads(content),
        },
    )  # fmt: skip
    return made


def _note(session: Session, actor: Identity, idea: Idea, action: str, after: Mapping[str, Any]) -> None:
    bump(session, actor.org, RECORDS)
    audit.record(session, actor=actor, action=action, object_kind=KIND, object_id=idea.id, after=dict(after))


# --- words -----------------------------------------------------------------------------------------
def _content(said: Said, known: Known) -> str:
    """Return what is kept and sealed, as canonical JSON.

    Raises:
        Invalid: Naming every field that does not fit.
    """
    errors = [*_bounds(said), *_prices(said, known)]
    if errors:
        raise Invalid("The idea does not fit.", errors=errors)
    values: dict[str, Any] = {name: getattr(said, name) for name in _NAMES}
    values["thesis"] = prose("thesis", said.thesis, least=_LEAST_WORDS, longest=_MOST_WORDS)
    values["context"] = said.context or None
    for name in ("target", "stop", "probability"):
        values[name] = None if values[name] is None else _plain(values[name])
    values |= {"reference": known.close, "reference_date": known.close_date}
    return audit.canonical(values)


def _bounds(said: Said) -> list[FieldError]:
    errors = []
    if said.direction not in DIRECTIONS:
        errors.append(FieldError("direction", "must be long or short", said.direction[:40]))
    if not 1 <= said.horizon <= LONGEST:
        errors.append(FieldError("horizon", f"must be 1 to {LONGEST} sessions", str(said.horizon)[:40]))
    low, high = CHANCES
    if not (said.probability.is_finite() and low <= said.probability <= high):
        errors.append(FieldError("probability", f"must be {low} to {high}", str(said.probability)[:40]))
    if said.context and (len(said.context) > 500 or not _PLACE.fullmatch(said.context)):
        errors.append(FieldError("context", "must be a page of this application", said.context[:80]))
    return errors


def _prices(said: Said, known: Known) -> list[FieldError]:
    errors = []
    for name in ("target", "stop"):
        value = getattr(said, name)
        if value is not None and not (value.is_finite() and _LEAST_PRICE <= value < _MOST_PRICE):
            errors.append(FieldError(name, "must be a price above zero", str(value)[:40]))
    if errors:
        return errors
    sign = 1 if said.direction == "long" else -1
    last = None if known.close is None else Decimal(str(known.close))
    sides = (("target", said.target, 1, "beyond"), ("stop", said.stop, -1, "short of"))
    for name, value, side, word in sides:
        if value is not None and last is not None and side * sign * (value - last) <= 0:
            errors.append(FieldError(name, f"must lie {word} the last close, {last:f}", f"{value:f}"[:40]))
    if said.target is not None and said.stop is not None and sign * (said.target - said.stop) <= 0:
        errors.append(FieldError("stop", "must lie on the other side of the price than the target"))
    return errors


def _plain(value: Decimal) -> str:
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
