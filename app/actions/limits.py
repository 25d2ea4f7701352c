"""Limits of the risk desk: bounds on measures of the organisation, a desk or an account."""

from datetime import date
from decimal import Decimal
from typing import Any

from sqlalchemy import select

from analytics.portfolio.limit_measures import MEASURES
from app.actions._roles import require, text
from app.errors import FieldError, Invalid, NotFound
from app.scope import Identity
from app.storage.database import Database
from app.storage.records import audit
from app.storage.records._base import now
from app.storage.records.counters import bump
from app.storage.records.lists import Limit

SUBJECTS = ("organisation", "desk", "account", "trader", "instrument")
_LEAST, _MOST = Decimal("1e-12"), Decimal("1e24")  # what the records hold exactly
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
    valid_from: date | None = None,
    valid_to: date | None = None,
) -> Limit:
    """Set a limit.

    Args:
        database: The records.
        actor: Risk.
        name: As shown.
        measure: What is bounded, a name of ``MEASURES``.
        value: The bound, in ``unit``; breached above it.
        subject_kind: One of ``SUBJECTS``.
        subject_id: Which one; None for the organisation.
        unit: Of the value.
        warn_at: From where a warning is shown; 80 % of the bound when None.
        hard: Whether nothing may go beyond it.
        valid_from: First day it holds; today when None.
        valid_to: Last day it holds; until further notice when None.

    Raises:
        Forbidden: Unless the actor is risk.
        Invalid: If a field does not fit.
    """
    require(actor, "risk")
    start = valid_from or now().date()
    errors = []
    kind = MEASURES.get(measure)
    if kind is None:
        errors.append(FieldError("measure", f"must be one of {', '.join(MEASURES)}", measure[:80]))
    if subject_kind not in SUBJECTS:
        errors.append(FieldError("subject_kind", f"must be one of {', '.join(SUBJECTS)}", subject_kind[:80]))
    elif kind is not None and subject_kind not in kind.subjects:
        allowed = f"of this measure must be one of {', '.join(kind.subjects)}"
        errors.append(FieldError("subject_kind", allowed, subject_kind))
    if (subject_id is None) != (subject_kind == "organisation"):
        errors.append(FieldError("subject_id", "is needed, except for the organisation as a whole"))
    if not value.is_finite() or not _LEAST <= value < _MOST:
        errors.append(FieldError("value", "must be above zero and below 10^24", str(value)[:80]))
    elif warn_at is not None and (not warn_at.is_finite() or not 0 < warn_at <= value):
        errors.append(FieldError("warn_at", "must be above zero and at most the limit", str(warn_at)[:80]))
    if valid_to is not None and valid_to < start:
        errors.append(FieldError("valid_to", "must not be before the first day", str(valid_to)))
    if errors:
        raise Invalid("The limit does not fit.", errors=errors)
    made = Limit(
        org=actor.org,
        name=text("name", name),
        measure=measure,
        subject_kind=subject_kind,
        subject_id=text("subject_id", subject_id) if subject_id is not None else None,
        value=value,
        warn_at=value * WARN_SHARE if warn_at is None else warn_at,
        unit=text("unit", unit, longest=20) if unit else "",
        valid_from=start,
        valid_to=valid_to,
        hard=hard,
        created_by=actor.user_id,
    )
    with database.session(actor.org, write=True) as session:
        session.add(made)
        session.flush()
        bump(session, actor.org, "limits")
        _record(session, actor, "limit.add", made)
    return made


def retire(database: Database, actor: Identity, limit_id: str) -> Limit:
    """Take a limit out of force from now on; what it bound until now stays on record.

    Raises:
        Forbidden: Unless the actor is risk.
        NotFound: If there is none of this id in force here.
    """
    require(actor, "risk")
    with database.session(actor.org, write=True) as session:
        found = session.scalar(select(Limit).where(Limit.id == limit_id, Limit.disabled.is_(False)))
        if found is None:
            raise NotFound("There is no such limit.")
        today = now().date()
        found.disabled = True
        found.valid_to = today if found.valid_to is None else min(found.valid_to, today)
        found.updated_at = now()
        bump(session, actor.org, "limits")
        _record(session, actor, "limit.retire", found)
    return found


def _record(session: Any, actor: Identity, action: str, limit: Limit) -> None:
    names = (
        "name",
        "measure",
        "subject_kind",
        "subject_id",
        "value",
        "warn_at",
        "hard",
        "valid_from",
        "valid_to",
    )
    after = {name: getattr(limit, name) for name in names} | {"disabled": bool(limit.disabled)}
    audit.record(session, actor=actor, action=action, object_kind="limit", object_id=limit.id, after=after)
