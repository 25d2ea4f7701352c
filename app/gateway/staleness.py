"""How old the oldest answer of this request is, when a source was down and the last good one was served."""

from datetime import UTC, datetime

from app.storage.cache import served_stale


def oldest_s() -> float | None:
    """Return the age in seconds of the oldest stale answer served in this request; None when all are current."""
    found = served_stale()
    if not found:
        return None
    return max(0.0, (datetime.now(UTC) - min(answer.as_of for answer in found)).total_seconds())
