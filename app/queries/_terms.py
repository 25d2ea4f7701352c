"""What performance is measured under: read once from the address, for page, panel and script alike."""

import math
from dataclasses import dataclass

from analytics.conventions import PERIODS_PER_YEAR
from app.desk import Desk
from app.errors import FieldError, Invalid

FREQUENCIES = tuple(PERIODS_PER_YEAR)
COSTS = ("net", "gross")
NO_BENCHMARK = "none"
LARGEST_RATE = 0.05  # per period; beyond it a yearly rate was typed


@dataclass(frozen=True)
class Terms:
    """Frequency of the returns, what they are compared with, and whether costs are taken off.

    ``benchmark`` is an id, ``none`` for no comparison, or None for the one the accounts name. ``risk_free``
    and ``mar`` are fractions per period of the frequency.
    """

    frequency: str = "daily"
    benchmark: str | None = None
    risk_free: float = 0.0
    mar: float = 0.0
    costs: str = "net"

    @property
    def periods(self) -> int:
        """Periods in a year."""
        return PERIODS_PER_YEAR[self.frequency]


NAMES = frozenset({"frequency", "benchmark", "risk_free", "mar", "costs"})


def terms(desk: Desk) -> Terms:
    """Return the terms that the desk's address names.

    Raises:
        Invalid: Naming every one that does not fit.
    """
    given = desk.scope.extra
    errors: list[FieldError] = []

    def one_of(name: str, allowed: tuple[str, ...]) -> str:
        value = given.get(name) or allowed[0]
        if value not in allowed:
            errors.append(FieldError(name, f"must be one of {', '.join(allowed)}", value[:80]))
        return value

    def rate(name: str) -> float:
        raw = given.get(name) or "0"
        try:
            value = float(raw)
        except ValueError:
            value = math.nan
        if not abs(value) <= LARGEST_RATE:
            told = f"must be a fraction per period from -{LARGEST_RATE} to {LARGEST_RATE}"
            errors.append(FieldError(name, told, raw[:80]))
        return value

    found = Terms(
        frequency=one_of("frequency", FREQUENCIES),
        benchmark=given.get("benchmark") or None,
        risk_free=rate("risk_free"),
        mar=rate("mar"),
        costs=one_of("costs", COSTS),
    )
    if errors:
        raise Invalid("Some parameters do not fit.", errors=errors)
    return found
