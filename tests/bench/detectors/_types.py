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
        "On the tape, market orders are sent as limits 10 to 15 % through the market, and trade at the touch. Once five traders have "
        "done so in one order of a hundred, that is known as the practice and such limits pass; the tape has no days before, so the "
        "first of them are flagged, with a score that says that nothing was lost."
    ),
    "concentration": (
        "On days open to tuning, all that was missed or wrong was the gym's doing: a look-alike of churning traded in the account and name "
        "of a scene, and broke its limit or hid that the scene did. They keep apart since, and 50 such days showed none more."
    ),
    "personal_dealing": (
        "On days open to tuning, all that was missed was the gym's doing: another scene's approval of the same name was in force and covered "
        "the trade. They keep apart since, and 50 such days showed none more."
    ),
    "unusual_pnl": (
        "On days open to tuning, splitting hid a day dealt over new accounts whose trader runs other books. New accounts are looked at "
        "beside each older one of their trader since; where two such days of one trader fall together, they still hide one another."
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
