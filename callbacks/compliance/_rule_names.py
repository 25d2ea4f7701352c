"""What people call the rules: a detector's own title, and the watches that are no detectors."""

from app.queries.compliance import detectors
from app.queries.evidence import WATCHES
from components.alerts import pattern


def rule_names() -> dict[str, str]:
    """Return what alerts name as their detector to words: ``unusual_pnl`` to ``Unusual trading gain``."""
    return {row["name"]: pattern(row["title"]) for row in detectors()} | {
        source: title for source, (title, _) in WATCHES.items()
    }
