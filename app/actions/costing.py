"""Choosing the cost method that an organisation's book is kept by."""

from analytics.portfolio.cost_methods import METHODS
from app.actions._roles import require
from app.errors import FieldError, Invalid, NotFound
from app.scope import Identity
from app.storage.database import Database
from app.storage.records import audit
from app.storage.records.costing import ASKED, RECORDS, Costing, costing, locked
from app.storage.records.counters import bump

ROLES = ("risk", "admin")


def set_method(database: Database, actor: Identity, method: str) -> Costing:
    """Keep the actor's organisation's book by another method; the caller has it derived anew.

    Raises:
        Forbidden: Unless the actor is risk or admin.
        Invalid: If there is no such method.
    """
    require(actor, *ROLES)
    if method not in METHODS:
        message = f"must be one of {', '.join(METHODS)}"
        raise Invalid(
            "There is no such cost method.", errors=[FieldError("cost_method", message, method[:80])]
        )
    with database.session(actor.org, write=True) as session:
        found = locked(session, actor.org)
        if found is None:
            raise NotFound("There is no such organisation.")
        before = costing(session, actor.org)
        if before.asked != method:
            found.settings = {**(found.settings or {}), ASKED: method}
            bump(session, actor.org, RECORDS)
            audit.record(
                session,
                actor=actor,
                action="organisation.cost_method",
                object_kind="organisation",
                object_id=actor.org,
                before={"cost_method": before.asked},
                after={"cost_method": method},
            )
        return costing(session, actor.org)
