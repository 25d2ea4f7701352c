"""What every decision about alerts and cases has in common: who may take it, in which words, on which record."""

import unicodedata
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from analytics.compliance.deadlines import Calendar, calendar_of
from analytics.compliance.reasons import REASONS, fitting
from app.actions._roles import require
from app.errors import Conflict, FieldError, Forbidden, Invalid, NotFound
from app.scope import Identity, Line
from app.storage.database import Database
from app.storage.records import audit
from app.storage.records._base import now
from app.storage.records.people import Organisation
from app.storage.records.workflow import Review, WorkflowStep

LEAST_RATIONALE = 20  # characters that say why
LONGEST = 20_000


class Concealed(NotFound):
    """Looks like an unknown id to who asks, and is put on record as what it is."""


# --- who -------------------------------------------------------------------------------------------
def require_compliance(actor: Identity) -> None:
    """Refuse everybody but compliance with a credential that may write.

    Raises:
        Forbidden: If so.
    """
    require(actor, "compliance")


def require_person(actor: Identity) -> None:
    """Refuse a key: a decision is taken by somebody who answers for it.

    Raises:
        Forbidden: For keys and jobs.
    """
    require_compliance(actor)
    if not actor.user_id.startswith("u_"):
        raise Forbidden("A decision is taken by a person; a key is nobody. Sign in to take it.")


def refuse_own(
    actor: Identity, actors: Sequence[Mapping[str, Any]], line: Line, *, what: str = "alert"
) -> None:
    """Refuse to act on what concerns the actor or his reporting line.

    Raises:
        NotFound: If it is about himself: he does not learn that there is such a thing.
        Forbidden: If it is about his reporting line.
    """
    named = {str(one["id"]) for one in actors}
    if named & line.own or actor.person_id in named:
        raise Concealed(f"There is no such {what}.")
    if named & line.others:
        raise Forbidden("It concerns your reporting line: somebody else must act on it.")


def same_person(actor: Identity, review: Review) -> bool:
    """Whether the actor asked for a review himself, under this or another sign-in."""
    again = actor.person_id is not None and actor.person_id == review.requested_person
    return actor.user_id == review.requested_by or again


@contextmanager
def refusals_on_record(database: Database, actor: Identity, kind: str, name: str) -> Iterator[None]:
    """Put refused attempts into the trail: nothing else of them is kept.

    Raises:
        Forbidden: As inside.
        Conflict: As inside.
    """
    try:
        yield
    except (Forbidden, Conflict, Concealed) as error:
        with database.session(actor.org, write=True) as session:
            audit.record(
                session, actor=actor, action=f"{kind}.refused", object_kind=kind, object_id=name,
                after={"status": int(error.status), "why": _why(error)},
            )  # fmt: skip
        raise


def _why(error: Forbidden | Conflict | Concealed) -> str:
    return "it is about the one who asks" if isinstance(error, Concealed) else error.detail


# --- words -----------------------------------------------------------------------------------------
def prose(field: str, value: str, *, least: int = 1, longest: int = LONGEST) -> str:
    """Return text of several lines, cleaned.

    Raises:
        Invalid: If it is too short or long, or holds characters that cannot be seen.
    """
    clean = unicodedata.normalize("NFC", value).replace("\r\n", "\n").strip()
    seen = clean.replace("\n", "").replace("\t", "")
    if not least <= len(clean) <= longest or not (seen.isprintable() or not seen):
        message = f"must be {least} to {longest} characters that can be seen"
        raise Invalid(f"The {field} does not fit.", errors=[FieldError(field, message, value[:80])])
    return clean


def reason_for(state: str, code: str | None, rationale: str | None) -> tuple[str, str]:
    """Return code and words of a decision that leads to ``state``.

    Raises:
        Invalid: If the code is not one for that state, or the words are too few.
    """
    allowed = [reason.code for reason in fitting(state)]
    if code not in REASONS or code not in allowed:
        message = f"must be one of {', '.join(allowed)}"
        raise Invalid("The reason does not fit.", errors=[FieldError("reason", message, (code or "")[:63])])
    return code, prose("rationale", rationale or "", least=LEAST_RATIONALE)


# --- records ---------------------------------------------------------------------------------------
def expect_version(found: Any, version: int | None) -> None:
    """Refuse a change that rests on an older state than the one on record.

    Raises:
        Conflict: If somebody changed it in between.
    """
    if version is not None and version != found.version:
        raise Conflict(
            f"Somebody changed it in between: you saw version {version}, it is {found.version} now."
        )


def may_follow(steps: Mapping[str, tuple[str, ...]], here: str, there: str) -> None:
    """Refuse a step that the workflow does not have.

    Raises:
        Conflict: Naming what is possible instead.
    """
    possible = steps.get(here, ())
    if there not in possible:
        ways = f"from there it may become {', '.join(possible)}" if possible else "nothing may follow by hand"
        raise Conflict(f"It is {here} and cannot become {there}: {ways}.")


def step(
    session: Session,
    actor: Identity,
    kind: str,
    name: str,
    move: tuple[str, str],
    *,
    at: datetime,
    detector: str = "",
    reason: str | None = None,
    rationale: str | None = None,
    review_id: str | None = None,
) -> None:
    """Keep one move with who made it and why."""
    session.add(
        WorkflowStep(
            org=actor.org, object_kind=kind, object_id=name, detector=detector, from_state=move[0], to_state=move[1],
            reason=reason, rationale=rationale, review_id=review_id, actor_id=actor.user_id,
            actor_name=actor.name[:200], at=at,
        )
    )  # fmt: skip


def ask_second(
    session: Session,
    actor: Identity,
    kind: str,
    name: str,
    *,
    why: str,
    to: str,
    reason: str = "",
    rationale: str = "",
    batch_id: str | None = None,
) -> Review:
    """Keep a decision that waits for a second person.

    Raises:
        Conflict: If one is waiting already.
    """
    if pending(session, kind, name) is not None:
        raise Conflict("A decision on it waits for a second person already.")
    made = Review(
        org=actor.org, object_kind=kind, object_id=name, why=why, to_state=to, reason=reason, rationale=rationale,
        batch_id=batch_id, requested_by=actor.user_id, requested_name=actor.name[:200],
        requested_person=actor.person_id, decision="pending",
    )  # fmt: skip
    session.add(made)
    session.flush()
    return made


def pending(session: Session, kind: str, name: str) -> Review | None:
    """Return the decision about something that waits for a second person."""
    return session.scalar(
        select(Review).where(
            Review.object_kind == kind, Review.object_id == name, Review.decision == "pending"
        )
    )


def settle(review: Review, actor: Identity, decision: str, comment: str | None, at: datetime) -> None:
    """Write the second person's answer into a review.

    Raises:
        Forbidden: If it is the first person.
        Invalid: If it is sent back without a word why.
    """
    if same_person(actor, review):
        raise Forbidden("You took this decision yourself: a second person must agree to it.")
    if decision == "return" or (comment or "").strip():
        review.comment = prose("comment", comment or "", longest=4000)
    review.decision = {"approve": "approved", "return": "returned"}[decision]
    review.decided_by, review.decided_name, review.decided_at = actor.user_id, actor.name[:200], at


def calendar(session: Session, org: str) -> Calendar:
    """Return the business calendar of an organisation."""
    settings = session.scalar(select(Organisation.settings).where(Organisation.slug == org))
    return calendar_of(settings or {})


def taken(
    database: Database, actor: Identity, kind: str, name: str, act: Callable[[Session, datetime], Any]
) -> Any:
    """Run ``act`` in one transaction that takes the write lock first; what it refuses goes on record."""
    with refusals_on_record(database, actor, kind, name), database.session(actor.org, write=True) as session:
        return act(session, now())
