"""The limit that bounds just what is in view."""

from datetime import date

from sqlalchemy import select

from app.desk import Desk
from app.storage.records.lists import Limit

NONE_SET = "No limit on it has been set."


def limit_of(desk: Desk, measure: str, *, day: date | None = None) -> tuple[float | None, str | None]:
    """Return the lowest limit on a measure that bounds this scope, or null and why there is none.

    It is the one of the account or desk the scope names alone, else the organisation's. Unit: that of the
    measure.

    Args:
        desk: Whose scope.
        measure: As limits name it: var_99_1d, leverage, drawdown, ...
        day: On which it must hold; None takes any.
    """
    scope = desk.scope
    if len(scope.account) == 1 and not scope.instrument:
        subject = ("account", scope.account[0])
    elif len(scope.desk) == 1 and not scope.account and not scope.instrument:
        subject = ("desk", scope.desk[0])
    elif not (scope.account or scope.desk or scope.instrument or scope.trader or desk.identity.desks):
        subject = ("organisation", "")
    else:
        return None, "No limit bounds just what is in view."
    with desk.session() as session:
        limits = session.scalars(select(Limit).where(Limit.measure == measure, Limit.disabled.is_(False)))
        bounds = [
            float(limit.value)
            for limit in limits
            if (limit.subject_kind, limit.subject_id or "") == subject and (day is None or limit.holds(day))
        ]
    if not bounds:
        return None, NONE_SET
    return min(bounds), None
