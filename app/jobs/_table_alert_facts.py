"""Alerts and how people ended them, as the triage model reads them."""

from datetime import UTC, datetime
from typing import Any

import polars as pl
from sqlalchemy import select

from analytics.compliance.calibration import DISMISSED, FOLLOWED
from analytics.models._alert_facts import ALERT_FACTS, ALERT_FACTS_SCHEMA
from app.context import Context
from app.jobs._model_tables import Made
from app.storage.records import counters
from app.storage.records.alerts import Alert
from app.storage.records.workflow import WorkflowStep

_COUNTED = {"orders": "order_ids", "fills": "exec_ids", "messages": "message_ids", "posts": "post_ids"}


def read(context: Context, org: str) -> pl.DataFrame:
    """Return every alert of the organisation in ``ALERT_FACTS_SCHEMA``.

    An alert counts as followed up or dismissed by the state it is in now, decided when it first came there;
    one that was reopened is undecided again.
    """
    with context.database.session(org) as session:
        alerts = list(session.scalars(select(Alert).order_by(Alert.alert_id)))
        steps = session.execute(
            select(WorkflowStep.object_id, WorkflowStep.to_state, WorkflowStep.at)
            .where(WorkflowStep.object_kind == "alert")
            .order_by(WorkflowStep.at)
        ).all()
    reached: dict[tuple[str, str], datetime] = {}
    for alert_id, state, at in steps:
        reached.setdefault((alert_id, state), at)
    rows = [_row(alert, reached) for alert in alerts]
    return pl.DataFrame(rows, schema=ALERT_FACTS_SCHEMA, orient="row")


def _row(alert: Alert, reached: dict[tuple[str, str], datetime]) -> dict[str, Any]:
    ended = 1.0 if alert.status in FOLLOWED else 0.0 if alert.status in DISMISSED else None
    decided = reached.get((alert.alert_id, alert.status)) or alert.closed_at if ended is not None else None
    raised = _utc(alert.created_at)
    span = (alert.window_end - alert.window_start) if alert.window_end and alert.window_start else None
    return {
        "alert_id": alert.alert_id, "date": raised.date(), "time": raised, "detector": alert.detector,
        "score": alert.score, "actor_group": alert.actor_group, "people": [one["id"] for one in alert.actors],
        "instrument_ids": list(alert.instrument_ids), "seconds": span.total_seconds() if span else None,
        **{name: len(alert.evidence.get(ids) or ()) for name, ids in _COUNTED.items()},
        "metrics": [
            {key: _number(one.get(key)) if key != "name" else one.get(key)
             for key in ("name", "value", "threshold", "percentile")}
            for one in alert.metrics
        ],
        # An ending whose time is not known teaches nothing: it might be of after the day.
        "outcome": ended if decided is not None else None, "decided": _utc(decided) if decided else None,
    }  # fmt: skip


def _number(value: Any) -> float | None:
    return None if value is None else float(value)


def _utc(at: datetime) -> datetime:
    return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)


def _version(context: Context, org: str) -> str:
    with context.database.session(org) as session:
        return str(counters.version_of(session, org, "alerts"))


TABLE = Made(ALERT_FACTS, read, _version)
