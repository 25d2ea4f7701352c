"""Which evidence means something for an alert: chosen by what its rule reads, not one set for all."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from analytics.compliance.detector import all_detectors
from app.desk import Desk
from app.errors import QuarterdeckError
from app.queries.compliance import alert
from app.queries.evidence_course import course_of

ALL = (
    "limit", "model", "position", "gains", "picked", "replay", "market", "effect", "timeline", "evidence", "alternatives",
)  # fmt: skip
LIMIT, MODEL = "limit_breach", "var_model"
# An episode within a day is told by its replay, a longer one by the price of its days.
SHORT = timedelta(hours=8)
_RULES = frozenset({"lists", "preclearances", "position_limits"})
_KINDS = ("messages", "posts", "allocations")


def cards(desk: Desk, alert_id: str) -> tuple[str, ...]:
    """Return the names of the evidence cards of an alert, the most telling first; all where it cannot be read."""
    try:
        return chosen(alert(desk, alert_id))
    except QuarterdeckError:
        return ALL


def chosen(found: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the names of the cards for an alert: ``app.queries.compliance.alert``.

    A limit shows its course, a model its back-test; a rule about a course shows that first; words come first where the rule reads words; money first
    where it reads money; the book where orders or fills stand behind it; the price of the days where the
    episode is longer than a session; and nothing about a price where no instrument is named.
    """
    named = found["evidence"]
    traded = bool(named.get("order_ids") or named.get("exec_ids"))
    first = {LIMIT: "limit", MODEL: "model"}.get(found["detector"])
    if first is not None:
        return (first, *(("timeline", "evidence") if traded else ()))
    kind = all_detectors().get(found["detector"])
    reads = frozenset(kind.inputs) if kind else frozenset()
    helps = frozenset(kind.helpful) if kind else frozenset()
    course = course_of(found["detector"])
    order: list[str] = [course] if course else []
    # A message raised by a reader has no detector: its words are the case.
    if reads & frozenset(_KINDS) or (kind is None and named.get("message_ids")):
        order.append("evidence")
    if "cash_flows" in helps or ("prices" in reads and "order_events" not in helps and "news" not in helps):
        order.append("effect")
    instruments = found["instrument_ids"]
    if 0 < len(instruments) <= 2 and (_long(found) or not traded):
        order.append("market")
    if traded:
        order.append("replay")
    rest = (
        ("timeline", "effect", "evidence", "alternatives")
        if traded
        else ("timeline", "evidence", "alternatives")
    )
    order += [name for name in rest if name not in order]
    return tuple(order)


def lead(found: Mapping[str, Any]) -> str | None:
    """Return which rows of the evidence come first for an alert; None where none stands out."""
    kind = all_detectors().get(found["detector"])
    if kind is None:
        return None
    return next(
        (name for name in _KINDS if name in kind.inputs), "rules" if _RULES & reads_of(kind) else None
    )


def reads_of(kind: Any) -> frozenset[str]:
    """Return every data set a detector reads."""
    return frozenset(kind.inputs) | frozenset(kind.helpful)


def _long(found: Mapping[str, Any]) -> bool:
    start, end = found["window"]["start"], found["window"]["end"]
    return start is None or end is None or end - start > SHORT
