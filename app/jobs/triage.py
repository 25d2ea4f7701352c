"""Say of every open alert how likely it is worth escalation, where the model has shown that it can tell."""

import logging
from collections.abc import Mapping
from typing import Any

from sqlalchemy import select

from analytics.models.triage import Triage
from app.context import Context
from app.errors import QuarterdeckError
from app.jobs._job import Job
from app.jobs._model_tables import tables_of
from app.storage.artifacts import Artifacts
from app.storage.records import counters
from app.storage.records.alerts import Alert
from app.storage.records.models import ModelVersion

SILENT = "too few alerts have been decided to learn from: 50 followed up and 50 dismissed are needed"
log = logging.getLogger(__name__)


def triage(context: Context, org: str) -> dict[str, Any]:
    """Write probability and reasons on alerts that wait for a decision; take them away where the model is silent.

    It changes the order in which alerts are read, never their state.

    Args:
        context: The installation's stores.
        org: The organisation's slug.

    Returns:
        ``alerts`` (ranked), ``changed``, ``model`` (version or None) and ``reason`` where nothing was ranked.
    """
    version, model, reason = _in_use(context, org)
    said: dict[str, dict[str, Any]] = {}
    if model is not None:
        rows = model.features(tables_of(context, org, Triage)).sort("date", "alert_id")
        now = model.latest(rows)
        waiting = rows.join(now.select("alert_id"), on="alert_id", how="semi", maintain_order="left")
        for one, reasons in zip(now.iter_rows(named=True), model.reasons(waiting), strict=True):
            said[one["alert_id"]] = {
                "probability": round(one["predicted"], 6), "reasons": reasons, "model_version": version,
            }  # fmt: skip
    changed = 0
    with context.database.session(org) as session:
        held = {row.alert_id: row.triage for row in session.execute(select(Alert.alert_id, Alert.triage))}
    differ = [name for name, told in held.items() if told != said.get(name)]
    if differ:
        with context.database.session(org, write=True) as session:
            for alert in session.scalars(select(Alert).where(Alert.alert_id.in_(differ))):
                alert.triage, changed = said.get(alert.alert_id), changed + 1
            counters.bump(session, org, "alerts")
    return {"alerts": len(said), "changed": changed, "model": version if said else None, "reason": reason}


def _in_use(context: Context, org: str) -> tuple[int | None, Triage | None, str | None]:
    with context.database.session(org) as session:
        row = session.scalars(
            select(ModelVersion).where(ModelVersion.name == Triage.name, ModelVersion.champion.is_(True))
        ).first()
    if row is None:
        return None, None, "the triage model has not been trained yet"
    if row.status != "ok" or row.artefact_sha256 is None:
        return row.version, None, row.reason or SILENT
    try:
        state = Artifacts(context.settings.root, org).get("model", row.artefact_sha256)
        return row.version, Triage.restore(state), None
    except (QuarterdeckError, ValueError) as error:
        log.warning("the triage model of %s cannot be read: %s", org, error)
        return row.version, None, "the kept model cannot be read; it is trained again tonight"


def _run(context: Context, org: str, _: Mapping[str, Any]) -> dict[str, Any]:
    return triage(context, org)


JOB = Job("triage", "Rank the open alerts", _run, hour=5)
