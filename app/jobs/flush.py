"""Move live rows to Delta, in the background."""

from collections.abc import Mapping
from typing import Any

from app.context import Context
from app.jobs._job import Job


def flush(context: Context, org: str) -> dict[str, Any]:
    """Move what the live log of an organisation holds to Delta; return versions by data set."""
    return {staged.dataset: staged.version for staged in context.lake.flush(org)}


def _run(context: Context, org: str, _: Mapping[str, Any]) -> dict[str, Any]:
    return flush(context, org)


def _due(context: Context, org: str) -> bool:
    return context.lake.has_live(org)


JOB = Job("flush", "Live rows to Delta", _run, every_minute=True, due=_due)
