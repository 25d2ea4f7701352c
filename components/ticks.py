"""Ticks of a money axis, written as money is written everywhere else."""

import math
from collections.abc import Iterable
from typing import Any

from components.formats import known, money


def nice_step(span: float, count: int) -> float:
    """Return the round step (1, 2, 2.5 or 5 times a power of ten) that cuts ``span`` into about ``count``."""
    if span <= 0:
        return 1.0
    rough = span / max(count, 1)
    scale = 10.0 ** math.floor(math.log10(rough))
    return next((factor * scale for factor in (1.0, 2.0, 2.5, 5.0) if factor * scale >= rough), 10.0 * scale)


def money_ticks(
    values: Iterable[Any], currency: str, *, plus: bool = False, count: int = 5
) -> dict[str, Any]:
    """Return ``tickvals`` and ``ticktext`` that cover the values; nothing without numbers."""
    found = [number for value in values if (number := known(value)) is not None]
    if not found:
        return {}
    low, high = min(found), max(found)
    step = nice_step(high - low or abs(high) or 1.0, count)
    first, last = math.floor(low / step), math.ceil(high / step)
    ticks = [place * step for place in range(first, last + 1)]
    words = [
        f"{money(0, currency).partition('0')[0]}0" if tick == 0 else money(tick, currency, plus=plus)
        for tick in ticks
    ]
    return {"tickvals": ticks, "ticktext": words}
