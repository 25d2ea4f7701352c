"""The record every measure travels in: its value, its interval, and the conventions it was taken under."""

import math
from typing import Any, TypedDict


class Passport(TypedDict):
    """One measure.

    ``value``, ``low`` and ``high`` (its interval) are finite or None; ``reason`` says why ``value`` is None.
    ``unit`` is fraction, ratio, currency, count, days or periods. ``n`` counts the observations used.
    """

    name: str
    value: float | None
    unit: str
    low: float | None
    high: float | None
    n: int
    reason: str | None
    convention: dict[str, Any]


def passport(
    name: str,
    value: float | None,
    *,
    unit: str,
    n: int,
    interval: tuple[float, float] | None = None,
    reason: str | None = None,
    **convention: Any,
) -> Passport:
    """Return the record of one measure.

    A value that is not finite becomes None: what cannot be told is said in words, never as infinity.
    ``reason`` is kept only where there is no value; without one it reads "not defined for these values".
    """
    known = value is not None and math.isfinite(value)
    within = interval is not None and known and all(math.isfinite(bound) for bound in interval)
    low, high = interval if within and interval is not None else (None, None)
    return Passport(
        name=name,
        value=float(value) if known and value is not None else None,
        unit=unit,
        low=low,
        high=high,
        n=n,
        reason=None if known else reason or "not defined for these values",
        convention=convention,
    )
