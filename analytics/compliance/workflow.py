"""The states of alerts and cases, and which may follow which. Everything else is refused."""

import hashlib
from collections.abc import Mapping

# --- alerts ----------------------------------------------------------------------------------------
CLOSINGS = ("closed_no_issue", "closed_false_positive")  # what the first line decides itself
# An alert that belongs to a case ends as the case does.
ENDINGS = (*CLOSINGS, "no_action", "near_miss", "breach_internal", "closed")
# Decided with its case: nothing is added to it, what comes after is an alert of its own.
SEALED = frozenset(ENDINGS) - frozenset(CLOSINGS)
SUPPRESSED = "suppressed"  # recorded, but nobody is asked to look
DONE = (*ENDINGS, SUPPRESSED)

ALERT_STEPS: Mapping[str, tuple[str, ...]] = {
    "new": ("triaged", "assigned"),
    "triaged": ("assigned",),
    "assigned": ("in_review",),
    "in_review": (*CLOSINGS, "info_requested", "escalated"),
    "info_requested": ("in_review",),
    "escalated": (),  # it ends with its case
    **dict.fromkeys(CLOSINGS, ("reopened",)),
    **{state: () for state in ENDINGS if state not in CLOSINGS},
    SUPPRESSED: ("reopened",),
    "reopened": ("triaged", "assigned"),
}
# What a person who decides at once has gone through: each is a step of its own on record.
BEFORE_REVIEW: Mapping[str, tuple[str, ...]] = {
    "new": ("assigned", "in_review"),
    "triaged": ("assigned", "in_review"),
    "reopened": ("assigned", "in_review"),
    "assigned": ("in_review",),
    "info_requested": ("in_review",),
}

# --- cases -----------------------------------------------------------------------------------------
OUTCOMES = ("no_action", "near_miss", "breach_internal")
CASE_CLOSED = "closed"
CASE_STEPS: Mapping[str, tuple[str, ...]] = {
    "investigation": ("info_requested", *OUTCOMES, "stor_draft"),
    "info_requested": ("investigation",),
    **dict.fromkeys(OUTCOMES, ("investigation", CASE_CLOSED)),
    "stor_draft": ("stor_approved", "investigation"),
    "stor_approved": ("stor_submitted",),
    "stor_submitted": ("regulator_follow_up", CASE_CLOSED),
    "regulator_follow_up": (CASE_CLOSED,),
    CASE_CLOSED: ("reopened",),
    "reopened": ("investigation",),
}
LEVELS = ("l2", "lead", "legal")  # who has it; the first level has alerts only

# --- second eyes -----------------------------------------------------------------------------------
ALWAYS_CHECKED = frozenset({"high", "critical"})
SAMPLED_OF_TEN = 1  # one closing of ten is looked at by a second person, whoever closed it


def sampled(alert_id: str) -> bool:
    """Whether the closing of an alert is part of the quality sample: its id decides, not who closes it."""
    return int.from_bytes(hashlib.sha256(alert_id.encode()).digest()[:4]) % 10 < SAMPLED_OF_TEN


def checked_why(alert_id: str, severity: str) -> str | None:
    """Return why a second person must agree to a closing: ``severity``, ``sample``, or None."""
    if severity in ALWAYS_CHECKED:
        return "severity"
    return "sample" if sampled(alert_id) else None
