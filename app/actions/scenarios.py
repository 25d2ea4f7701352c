"""Scenarios saved under a name: shocks for the stress tests, target weights for the what-if page."""

from typing import Any

from sqlalchemy import select

from app.actions._roles import require, text
from app.errors import Conflict, FieldError, Invalid, NotFound
from app.scope import Identity
from app.storage.database import Database
from app.storage.records import audit
from app.storage.records.counters import bump
from app.storage.records.scenarios import SCENARIO_KINDS, Scenario

KEEPERS = ("portfolio_manager", "risk")
MOST = 200  # of one kind in one organisation


def save(database: Database, actor: Identity, *, kind: str, name: str, body: dict[str, Any]) -> Scenario:
    """Keep a scenario for the organisation.

    Args:
        database: The records.
        actor: A portfolio manager or risk.
        kind: ``stress`` or ``what_if``.
        name: As shown; one of a kind in the organisation.
        body: What it says, checked by the caller: it is shown to colleagues as it is.

    Raises:
        Forbidden: Unless the actor's role keeps scenarios.
        Conflict: If there is one of this name.
        Invalid: If the name does not fit, or there are too many.
    """
    require(actor, *KEEPERS)
    if kind not in SCENARIO_KINDS:
        raise Invalid(
            "There is no such kind of scenario.", errors=[FieldError("kind", "is not known", kind[:80])]
        )
    clean = text("name", name, longest=80)
    with database.session(actor.org, write=True) as session:
        kept = list(
            session.scalars(select(Scenario).where(Scenario.kind == kind, Scenario.disabled.is_(False)))
        )
        if any(one.name.casefold() == clean.casefold() for one in kept):
            raise Conflict("A scenario of this name is kept already.")
        if len(kept) >= MOST:
            raise Invalid(
                "There are too many scenarios.", errors=[FieldError("name", f"{MOST} are kept already")]
            )
        made = Scenario(
            org=actor.org,
            kind=kind,
            name=clean,
            body=body,
            created_by=actor.user_id,
            created_by_name=actor.name,
        )
        session.add(made)
        session.flush()
        bump(session, actor.org, "scenarios")
        audit.record(
            session,
            actor=actor,
            action="scenario.save",
            object_kind="scenario",
            object_id=made.id,
            after={"kind": kind, "name": clean, "body": body},
        )
    return made


def remove(database: Database, actor: Identity, scenario_id: str) -> None:
    """Take a scenario off the list; its record stays.

    Raises:
        Forbidden: Unless the actor's role keeps scenarios; a portfolio manager removes only his own.
        NotFound: If there is none of this id here.
    """
    require(actor, *KEEPERS)
    with database.session(actor.org, write=True) as session:
        found = session.scalar(
            select(Scenario).where(Scenario.id == scenario_id, Scenario.disabled.is_(False))
        )
        if found is None or (actor.role != "risk" and found.created_by != actor.user_id):
            raise NotFound("There is no such scenario.")
        found.disabled = True
        bump(session, actor.org, "scenarios")
        audit.record(
            session,
            actor=actor,
            action="scenario.remove",
            object_kind="scenario",
            object_id=found.id,
            before={"kind": found.kind, "name": found.name},
        )
