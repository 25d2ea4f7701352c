"""After an import: bring everything that rests on the new rows up to date."""

from collections.abc import Mapping
from typing import Any

from app.context import Context
from app.jobs._job import Job

DERIVES_FROM = frozenset(
    {"executions", "cash_flows", "prices", "fx_rates", "accounts", "instruments", "corporate_actions"}
)


def refresh(context: Context, org: str, *, datasets: frozenset[str] | None = None) -> dict[str, Any]:
    """Derive positions and NAV, measure limits, look for alerts and insights, let models speak, measure costs ahead.

    What rests on tables that have not moved is left as it is, so that a small import costs what it touches.

    Args:
        context: The installation's stores.
        org: The organisation.
        datasets: What changed; None means anything may have.

    Returns:
        What each step said, by step.
    """
    from app.jobs.derive import derive
    from app.jobs.ideas import settle
    from app.jobs.insights import refresh_insights
    from app.jobs.limits import monitor
    from app.jobs.list_entries import take_in
    from app.jobs.predict import predict
    from app.jobs.screening import SCREENS, screen_all
    from app.jobs.surveil import surveil
    from app.jobs.triage import triage
    from app.jobs.warm import warm

    said: dict[str, Any] = {}
    # Live rows first: an alert pins Delta versions, and a version must hold the rows it speaks of.
    context.lake.flush(org)
    if datasets is None or datasets & DERIVES_FROM:
        said["derive"] = derive(context, org, cause="refresh")
    if datasets is None or "list_entries" in datasets:
        said["lists"] = take_in(context, org)
    if datasets is None or datasets & SCREENS:
        said["screening"] = screen_all(context, org, cause="refresh")
    if datasets is None or datasets & DERIVES_FROM:
        said["ideas"] = settle(context, org)
    # Every import: orders count as well, which nothing is derived from.
    said["limits"] = monitor(context, org, cause="refresh")
    said["surveil"] = surveil(context, org, cause="refresh", changed=True)
    said["triage"] = triage(context, org)
    said["insights"] = refresh_insights(context, org, cause="refresh", changed=True)
    # Models read every kind of table; one whose tables have not moved is asked for nothing but their versions.
    said["predict"] = predict(context, org, cause="refresh")
    said["warm"] = warm(context, org, cause="refresh")
    return said


def _run(context: Context, org: str, params: Mapping[str, Any]) -> dict[str, Any]:
    names = params.get("datasets")
    return refresh(context, org, datasets=frozenset(names) if names else None)


JOB = Job("refresh", "Positions, alerts and insights after an import", _run)
