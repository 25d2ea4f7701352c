"""Mend damaged tables from what the ledger kept."""

from collections.abc import Sequence

from app.context import Context
from app.storage.recovery import Finding, repair_org


def repair(context: Context, org: str) -> Sequence[Finding]:
    """Restore what can be restored and return what was found."""
    return repair_org(context.lake, org)
