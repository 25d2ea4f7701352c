"""How much of the value-at-risk limit is used."""

from app.desk import Desk
from app.queries._limit_records import in_force, today_of

MEASURE = "var_99_1d"


def var_limit_used(desk: Desk, var: float | None) -> tuple[float | None, str | None]:
    """Return value at risk over the limit that bounds this scope, or null and why.

    The limit is the one of the account or desk the scope names alone, else the organisation's; the lowest
    where several apply. Unit: fraction (1 = the limit is reached).
    """
    today = today_of(desk)
    limits = [one for one in in_force(desk, MEASURE) if one.holds(today)]
    scope = desk.scope
    if len(scope.account) == 1 and not scope.instrument:
        subject = ("account", scope.account[0])
    elif len(scope.desk) == 1 and not scope.account and not scope.instrument:
        subject = ("desk", scope.desk[0])
    elif not (scope.account or scope.desk or scope.instrument or scope.trader or desk.identity.desks):
        subject = ("organisation", "")
    else:
        return None, "No limit bounds just what is in view."
    bounds = [
        limit.value
        for limit in limits
        if (limit.subject_kind, limit.subject_id or "") == subject
        or (subject[0] == "organisation" == limit.subject_kind)
    ]
    if not bounds:
        return None, "No limit on value at risk has been set."
    if var is None:
        return None, "Value at risk is not known."
    lowest = float(min(bounds))
    return (var / lowest, None) if lowest > 0 else (None, "The limit on value at risk is not positive.")
