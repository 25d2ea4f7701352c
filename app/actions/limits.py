"""Limits of the risk desk: bounds on measures of the organisation, a desk or an account."""

from decimal import Decimal
from typing import Any

from sqlalchemy import select

from app.actions._roles import require, text
from app.errors import FieldError, Invalid, NotFound
from app.scope import Identity
from app.storage.database import Database
from app.storage.records import audit
from app.storage.records._base import now
from app.storage.records.counters import bump
from app.storage.records.lists import Limit

SUBJECTS = ("organisation", "desk", "account", "trader", "instrument")
WARN_SHARE = Decimal("0.8")  # a warning comes at this share of the limit where nothing else is said


def add(
    database: Database,
    actor: Identity,
    *,
    name: str,
    measure: str,
    value: Decimal,
    subject_kind: str = "organisation",
    subject_id: str | None = None,
    unit: str = "",
    warn_at: Decimal | None = None,
    hard: bool = False,
) -> Limit:
    """Set a limit.

    Args:
        database: The records.
        actor: Risk.
        name: As shown.
        measure: What is bounded (gross_exposure, leverage, var_99_1d, position_weight, ...).
        value: The bound, in ``unit``; breached above it.
        subject_kind: One of ``SUBJECTS``.
        subject_id: Which one; None for the organisation.
        unit: Of the value.
        warn_at: From where a warning is shown; 80 % of the bound when None.
        hard: Whether nothing may go beyond it.

    Raises:
        Forbidden: Unless the actor is risk.
        Invalid: If a field does not fit.
    """
    require(actor, "risk")
    errors = []
    if subject_kind not in SUBJECTS:
        errors.append(FieldError("subject_kind", f"must be one of {', '.join(SUBJECTS)}", subject_kind[:80]))
    if (subject_id is None) != (subject_kind == "organisation"):
        errors.append(FieldError("subject_id", "is needed, except for the organisation as a whole"))
    if not value.is_finite() or value <= 0:
        errors.append(FieldError("value", "must be above zero", str(value)[:80]))
    if warn_at is not None and not 0 < warn_at <= value:
        errors.append(FieldError("warn_at", "must be above zero and at most the limit", str(warn_at)[:80]))
    if errors:
        raise Invalid("The limit does not fit.", errors=errors)
    made = Limit(
        org=actor.org,
        name=text("name", name),
        measure=text("measure", measure, longest=63),
        subject_kind=subject_kind,
        subject_id=subject_id,
        value=value,
        warn_at=value * WARN_SHARE if warn_at is None else warn_at,
        unit=unit,
        hard=hard,
        created_by=actor.user_id,
    )
    with database.session(actor.org, write=True) as session:
        session.add(made)
        session.flush()
        bump(session, actor.org, "limits")
        _record(session, actor, "limit.add", made)
    return made


def remove(database: Database, actor: Identity, limit_id: str) -> None:
    """Take a limit out of force; its record stays.

    Raises:
        Forbidden: Unless the actor is risk.
        NotFound: If there is none of this id in force here.
    """
    require(actor, "risk")
    with database.session(actor.org, write=True) as session:
        found = session.scalar(select(Limit).where(Limit.id == limit_id, Limit.disabled.is_(False)))
        if found is None:
            raise NotFound("There is no such limit.")
        found.disabled = True
        found.updated_at = now()
        bump(session, actor.org, "limits")
        _record(session, actor, "limit.remove", found)


def _record(session: Any, actor: Identity, action: str, limit: Limit) -> None:
    after = {
        "name": limit.name,
        "measure": limit.measure,
        "value": str(limit.value),
        "disabled": bool(limit.disabled),
    }
    audit.record(session, actor=actor, action=action, object_kind="limit", object_id=limit.id, after=after)
