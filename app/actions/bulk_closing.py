"""Closing many alerts at once: of one detector, for one reason, and only when a second person agrees."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from analytics.compliance.workflow import ALERT_STEPS, CLOSINGS
from app.actions._casework import (
    ask_second,
    expect_version,
    may_follow,
    pending,
    reason_for,
    refuse_own,
    require_person,
    taken,
)
from app.actions.alert_workflow import RECORDS, answer, bring_to_review, locked, noted
from app.errors import Conflict, FieldError, Invalid, NotFound
from app.scope import Identity, Line
from app.storage.database import Database
from app.storage.records._base import new_id
from app.storage.records.alerts import Alert
from app.storage.records.counters import bump
from app.storage.records.workflow import Review

MOST = 200


def ask(
    database: Database,
    actor: Identity,
    alert_ids: Sequence[str],
    *,
    to: str,
    reason: str,
    rationale: str,
    line: Line,
) -> str:
    """Propose to close alerts together; all of them or none.

    Returns:
        The id of the batch that a second person settles.

    Raises:
        NotFound: If one of them is unknown.
        Forbidden: If the actor may not, or one concerns him.
        Conflict: If one is closed, with a case, or waits already.
        Invalid: If they are of several detectors, too many, or the reason does not fit.
    """
    require_person(actor)
    ids = sorted(set(alert_ids))
    if not 1 <= len(ids) <= MOST:
        raise Invalid(
            "That many cannot be closed.", errors=[FieldError("alert_ids", f"must be 1 to {MOST} ids")]
        )
    if to not in CLOSINGS:
        raise Invalid(
            "There is no such end.", errors=[FieldError("to", f"must be one of {', '.join(CLOSINGS)}")]
        )
    code, words = reason_for(to, reason, rationale)
    batch = new_id("batch")

    def act(session: Session, at: datetime) -> None:
        rows = [locked(session, one) for one in ids]
        if len({row.detector for row in rows}) > 1:
            message = "must be of one detector"
            raise Invalid("They do not belong together.", errors=[FieldError("alert_ids", message)])
        for row in rows:
            refuse_own(actor, row.actors, line)
            expect_version(row, None)
            if pending(session, "alert", row.alert_id) is not None:
                raise Conflict(f"A decision on {row.alert_id} waits for a second person already.")
            bring_to_review(session, actor, row, at)
            may_follow(ALERT_STEPS, row.status, to)
            ask_second(session, actor, "alert", row.alert_id, why="bulk", to=to, reason=code, rationale=words,
                       batch_id=batch)  # fmt: skip
            row.version += 1
            noted(
                session,
                actor,
                "alert.close_asked",
                row,
                to=to,
                reason=code,
                rationale=words,
                why="bulk",
                batch=batch,
            )
        bump(session, actor.org, RECORDS)

    taken(database, actor, "alert", batch, act)
    return batch


def settle(
    database: Database,
    actor: Identity,
    batch_id: str,
    *,
    decision: str,
    line: Line,
    comment: str | None = None,
) -> int:
    """Agree to a batch, or send it back; return how many alerts it was.

    Raises:
        NotFound: If nothing of that batch waits here.
        Forbidden: If the actor proposed it, or one of them concerns him.
        Invalid: If it is sent back without a word why.
    """
    require_person(actor)

    def act(session: Session, at: datetime) -> int:
        waiting = list(
            session.scalars(
                select(Review)
                .where(Review.batch_id == batch_id, Review.decision == "pending")
                .order_by(Review.object_id)
            )
        )
        if not waiting:
            raise NotFound("There is no such batch waiting.")
        for one in waiting:
            found = session.scalar(select(Alert).where(Alert.alert_id == one.object_id).with_for_update())
            if found is None:
                raise NotFound("There is no such alert.")
            answer(session, actor, found, one, decision=decision, comment=comment, line=line, at=at)
        return len(waiting)

    return int(taken(database, actor, "alert", batch_id, act))
