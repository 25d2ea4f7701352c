"""What people did with alerts and cases, what may come next, and what waits for second eyes."""

from collections import Counter
from collections.abc import Mapping
from typing import Any

from sqlalchemy import select

from analytics.compliance.checklists import ABUSE_TYPES
from analytics.compliance.reasons import REASONS, fitting, needed
from analytics.compliance.workflow import ALERT_STEPS, CASE_STEPS, LEVELS, checked_why
from app.desk import Desk
from app.errors import NotFound
from app.queries._case_counts import visible_cases
from app.queries._line import own_line
from app.queries.compliance import door, visible
from app.storage.records._base import now
from app.storage.records.alerts import Alert
from app.storage.records.cases import Case
from app.storage.records.people import User
from app.storage.records.supervision import SupervisionItem
from app.storage.records.workflow import Review, Suppression, WorkflowStep


def alert_work(desk: Desk, alert_id: str) -> dict[str, Any]:
    """Return what people did with an alert: steps, reviews, what may come next.

    Raises:
        NotFound: If there is no such alert for the asking person.
    """
    door(desk)
    found = next(iter(visible(desk, Alert.alert_id == alert_id, light=True)), None)
    if found is None:
        raise NotFound("There is no such alert.")
    waits = [row for row in reviews_of(desk, alert_id, "alert") if row["decision"] == "pending"]
    return {
        "alert_id": alert_id,
        "status": found.status,
        "version": found.version,
        "assignee": found.assignee,
        "due_at": found.due_at,
        "overdue": found.due_at is not None and found.closed_at is None and found.due_at < now(),
        "state": found.state,
        "gone_at": found.gone_at,
        "steps": steps_of(desk, "alert", alert_id),
        "reviews": reviews_of(desk, alert_id, "alert"),
        "waits": waits[0] if waits else None,
        "next": next_steps(ALERT_STEPS, found.status),
        "may_act": may_act(desk, found.actors),
    }


def second_eyes(desk: Desk, alert_ids: list[str]) -> dict[str, Any]:
    """Return what closing alerts would ask of a second person.

    Returns:
        ``rows`` (``_id``, ``_detector``) of those the asking person may read, ``sampled`` and ``graves`` (how many
        the quality sample holds, and how many need a second person for their severity), and ``may_act``.

    Raises:
        Forbidden: If the role does not read surveillance.
    """
    door(desk)
    found = visible(desk, Alert.alert_id.in_(alert_ids), light=True)
    why = Counter(checked_why(one.alert_id, one.severity) for one in found)
    return {
        "rows": [{"_id": one.alert_id, "_detector": one.detector} for one in found],
        "sampled": why["sample"],
        "graves": why["severity"],
        "may_act": desk.identity.role == "compliance",
    }


def quietable(desk: Desk, alert_id: str) -> dict[str, Any] | None:
    """Return what a suppression of findings like an alert would be about: ``group`` and ``instruments``.

    None where its detector names no group to go by, or it is of a severity that is never kept out.

    Raises:
        NotFound: If there is no such alert for the asking person.
    """
    door(desk)
    found = next(iter(visible(desk, Alert.alert_id == alert_id, light=True)), None)
    if found is None:
        raise NotFound("There is no such alert.")
    if not found.actor_group or found.severity == "critical":
        return None
    return {"group": found.actor_group, "instruments": list(found.instrument_ids)}


def hidden_objects(desk: Desk) -> frozenset[str]:
    """Return the ids of alerts, cases and drawn messages that the asking person must not read of in the trail."""
    shown = {one.alert_id for one in visible(desk, light=True)} | {one.id for one in visible_cases(desk)}
    own = own_line(desk).own
    with desk.session() as session:
        every = {*session.scalars(select(Alert.alert_id)), *session.scalars(select(Case.id))}
        drawn = session.execute(select(SupervisionItem.id, SupervisionItem.people)) if own else ()
        talk = {name for name, people in drawn if own & set(people)}
    return frozenset(every - shown | talk)


def catalogue() -> dict[str, Any]:
    """Return the reason codes by group, the kinds of abuse, and the steps of alerts and cases."""
    return {
        "reasons": [
            {"code": one.code, "group": one.group, "text": one.text, "states": list(one.states)}
            for one in REASONS.values()
        ],
        "abuse_types": ABUSE_TYPES,
        "alert_steps": {state: list(after) for state, after in ALERT_STEPS.items()},
        "case_steps": {state: list(after) for state, after in CASE_STEPS.items()},
        "levels": list(LEVELS),
    }


def next_steps(steps: Mapping[str, tuple[str, ...]], here: str) -> list[dict[str, Any]]:
    """Return the states that may follow, each with the reasons that may be given."""
    return [
        {
            "state": state,
            "reasons": [{"code": one.code, "text": one.text} for one in fitting(state)]
            if needed(state)
            else [],
        }
        for state in steps.get(here, ())
    ]


def steps_of(desk: Desk, kind: str, name: str) -> list[dict[str, Any]]:
    """Return the moves of an alert or a case, oldest first."""
    query = (
        select(WorkflowStep)
        .where(WorkflowStep.object_kind == kind, WorkflowStep.object_id == name)
        .order_by(WorkflowStep.at)
    )
    names = ("from_state", "to_state", "reason", "rationale", "review_id", "actor_id", "actor_name", "at")
    with desk.session() as session:
        return [{one: getattr(row, one) for one in names} for row in session.scalars(query)]


def reviews_of(desk: Desk, name: str, *kinds: str) -> list[dict[str, Any]]:
    """Return the decisions about something that needed a second person, oldest first."""
    query = (
        select(Review)
        .where(Review.object_kind.in_(kinds), Review.object_id == name)
        .order_by(Review.requested_at)
    )
    names = ("id", "object_kind", "batch_id", "why", "to_state", "reason", "rationale", "requested_by",
             "requested_name", "requested_at", "decision", "decided_by", "decided_name", "decided_at",
             "comment")  # fmt: skip
    with desk.session() as session:
        return [{one: getattr(row, one) for one in names} for row in session.scalars(query)]


def waiting(desk: Desk) -> list[dict[str, Any]]:
    """Return what waits for a second person and may be read by the asking one, the oldest first.

    ``mine`` says that the asking person took the decision himself: somebody else must agree to it.
    """
    door(desk)
    hidden = hidden_objects(desk)
    query = select(Review).where(Review.decision == "pending").order_by(Review.requested_at)
    asked = select(Suppression).where(Suppression.status == "proposed").order_by(Suppression.created_at)
    own = own_line(desk).own
    with desk.session() as session:
        rows = [row for row in session.scalars(query) if row.object_id not in hidden]
        quiet = [row for row in session.scalars(asked) if row.actor_group not in own]
    names = ("id", "object_kind", "object_id", "batch_id", "why", "to_state", "reason", "rationale",
             "requested_by", "requested_name", "requested_at")  # fmt: skip
    me = desk.identity
    return [
        {name: getattr(row, name) for name in names}
        | {"mine": row.requested_by == me.user_id or (me.person_id or "") == row.requested_person}
        for row in rows
    ] + [
        dict.fromkeys(names)
        | {"id": row.id, "object_kind": "suppression", "object_id": row.id, "why": "suppression", "to_state": "suppressed",
           "reason": row.reason, "rationale": row.rationale, "requested_by": row.created_by,
           "requested_name": row.created_by_name, "requested_at": row.created_at, "mine": row.created_by == me.user_id}
        for row in quiet
    ]  # fmt: skip


def suppressions(desk: Desk) -> list[dict[str, Any]]:
    """Return every suppression, the newest first, with how many findings it kept out of the queue."""
    door(desk)
    own = own_line(desk).own
    with desk.session() as session:
        rows = list(session.scalars(select(Suppression).order_by(Suppression.created_at.desc())))
        kept = list(session.scalars(select(Alert.suppression_id).where(Alert.suppression_id.is_not(None))))
    names = ("id", "detector", "actor_group", "instrument_id", "reason", "rationale", "valid_from", "valid_to",
             "status", "created_by", "created_by_name", "created_at", "approved_by_name", "approved_at")  # fmt: skip
    at = now()
    return [
        {name: getattr(row, name) for name in names}
        | {
            "holds": row.status == "active" and row.valid_from <= at < row.valid_to,
            "findings": kept.count(row.id),
        }
        for row in rows
        if row.actor_group not in own
    ]


def colleagues(desk: Desk) -> list[dict[str, Any]]:
    """Return the people of compliance whom work can be given to, with how much each has."""
    door(desk)
    query = select(User).where(User.role == "compliance", User.disabled.is_(False)).order_by(User.name)
    with desk.session() as session:
        people = list(session.scalars(query))
    busy = Alert.status.in_(("assigned", "in_review", "info_requested"))
    open_now = [one.assignee for one in visible(desk, busy, light=True)]
    return [{"user_id": one.id, "name": one.name, "open": open_now.count(one.id)} for one in people]


def may_act(desk: Desk, actors: list[dict[str, Any]]) -> bool:
    """Whether the asking person may act on what concerns these."""
    others = own_line(desk).others
    return desk.identity.role == "compliance" and not others & {one["id"] for one in actors}
