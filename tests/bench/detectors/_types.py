"""Which planted patterns are of which detector's type, and what is asked of whom."""

import re
from dataclasses import dataclass

from analytics.compliance.detector import Detector

# A detector's type is the pattern of its own name, unless said otherwise here.
TYPES: dict[str, frozenset[str]] = {}
# A slip is not hidden by splitting it; a client's poor price or a churned account is nobody's evasion.
UNSPLIT = frozenset({"fat_finger", "best_execution", "churning"})
# Below this score a detector warns that a limit is near and claims no breach of it: counted apart.
WARNING = {"order_to_trade": 40.0, "concentration": 70.0}
# Why a detector misses a goal, for the page; only what was looked into.
REASONS: dict[str, str] = {
    "fat_finger": (
        "43 orders of the tape were priced 5 to 15 % through the market, and a price collar sees them whoever sent them: "
        "dealing them at random makes them no less true."
    ),
    "cherry_picking": (
        "On days open to tuning the missed ones had fewer than the 30 allocations that a judgement needs, or a weak effect."
    ),
}


@dataclass(frozen=True)
class Target:
    """What is asked of a detector on held-out days; None where nothing is."""

    title: str
    recall: float | None = None  # over all severities
    severe: float | None = None  # at severity 0.5 and above
    precision: float | None = None


DETERMINISTIC = Target("deterministic", recall=1.0, severe=1.0, precision=0.99)
ORDER_PATTERN = Target("order pattern", recall=0.80, severe=0.95, precision=0.60)
FREE = Target("no target")
DENSE_OVER_THIN = 0.5  # of precision
SPLIT_LOSS = 0.05  # of recall
CONTROL = 0.005  # of fills

_DETERMINISTIC = frozenset({1, 7, 16, 17, 18, 19})
_ORDER_PATTERN = frozenset({4, 5, 6, 8, 9, 10, 11, 12, 13})


def number(kind: type[Detector]) -> int:
    """Return the catalogue number of a detector, variants counted with it."""
    found = re.match(r"D(\d+)", kind.code)
    assert found is not None, kind.code
    return int(found.group(1))


def types(kind: type[Detector]) -> frozenset[str]:
    """Return the patterns of a detector's type."""
    return TYPES.get(kind.name, frozenset({kind.name}))


def target(kind: type[Detector]) -> Target:
    """Return what is asked of a detector."""
    code = number(kind)
    if code in _DETERMINISTIC:
        return DETERMINISTIC
    return ORDER_PATTERN if code in _ORDER_PATTERN else FREE


def watches_orders(kind: type[Detector]) -> bool:
    """Tell whether a detector reads orders or fills, so that the negative control says something of it."""
    return bool({"order_events", "executions"} & set(kind.inputs))
