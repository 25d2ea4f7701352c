"""How much of the value-at-risk limit is used."""

from app.desk import Desk
from app.queries._limit_of import NONE_SET, limit_of
from app.queries._limit_records import today_of

MEASURE = "var_99_1d"


def var_limit_used(desk: Desk, var: float | None) -> tuple[float | None, str | None]:
    """Return value at risk over the limit that bounds this scope, or null and why.

    The limit is the one of the account or desk the scope names alone, else the organisation's; the lowest
    where several apply. Unit: fraction (1 = the limit is reached).
    """
    limit, why = limit_of(desk, MEASURE, day=today_of(desk))
    if limit is None:
        return None, "No limit on value at risk has been set." if why == NONE_SET else why
    if var is None:
        return None, "Value at risk is not known."
    return (var / limit, None) if limit > 0 else (None, "The limit on value at risk is not positive.")
