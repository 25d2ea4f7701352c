"""Parts of a score: how far a number lies between the threshold that alerts and the value beyond doubt."""

import math
from collections.abc import Sequence


def grade(value: float | None, low: float, full: float) -> float:
    """Return 0 at ``low`` or below and 1 at ``full`` or beyond, straight in between; 0 if unknown."""
    if value is None or not math.isfinite(value) or full == low:
        return 0.0
    return min(1.0, max(0.0, (value - low) / (full - low)))


def blend(base: float, *parts: tuple[float, float]) -> float:
    """Return ``base`` plus what is left to 100, in proportion to weighted grades.

    Args:
        base: Score of an episode that just passes every threshold.
        parts: Weight and grade (0 to 1) of each ingredient.
    """
    total = sum(weight for weight, _ in parts)
    return base + (100 - base) * sum(weight * value for weight, value in parts) / total


def joined(names: Sequence[str]) -> str:
    """Return names as a phrase: one; one and two; one, two, three and 4 more."""
    shown = list(names) if len(names) <= 4 else [*names[:3], f"{len(names) - 3} more"]
    return shown[0] if len(shown) == 1 else f"{', '.join(shown[:-1])} and {shown[-1]}"


def who(accounts: Sequence[str]) -> str:
    """Return accounts as the subject of a sentence."""
    return f"account {accounts[0]}" if len(accounts) == 1 else f"related accounts {joined(accounts)}"
