"""Alerts that no detector finds: a model that misbehaves, a limit that is passed.

A job declares ``WATCH`` beside its ``JOB``: what it watches, under which versions, and how one of its alerts
is computed again from the table versions it is pinned to.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from analytics.compliance.alerts import ALERT_SCHEMA, Metric, alert_id, severity
from analytics.registry import modules
from app import jobs
from app.actions._pins import pin
from app.actions.alerts import Recorded, record_findings
from app.context import Context
from app.scope import Identity
from app.storage.records import counters
from app.storage.records._base import now
from app.storage.records.alerts import Alert

__all__ = ["NONE", "Again", "Watch", "finding", "named", "open_alerts", "pin", "watches"]
NONE = "-"  # version of a table that has no rows
# Computes a finding again; None when it is not found any more.
Again = Callable[[Context, str, Alert], Mapping[str, Any] | None]


@dataclass(frozen=True)
class Watch:
    """A source of alerts beside the detectors. ``source`` is what an alert's ``detector`` says."""

    source: str
    title: str
    version: str
    parameters_version: str
    again: Again
    description: str = ""
    false_positives: tuple[str, ...] = ()
    parameters: tuple[Mapping[str, Any], ...] = field(default=())


def watches() -> dict[str, Watch]:
    """Return every watch by its source: each public module of ``app/jobs`` that declares ``WATCH``."""
    found = [module.WATCH for module in modules(jobs) if hasattr(module, "WATCH")]
    return {watch.source: watch for watch in found}


def finding(
    key: Sequence[str],
    *,
    subject: str,
    score: float,
    metrics: Iterable[Metric],
    story: Sequence[str],
    window: tuple[datetime, datetime],
    actors: Sequence[tuple[str, str]] = (),
    instrument_ids: Sequence[str] = (),
    regulation: Sequence[str] = (),
    **evidence: list[str],
) -> dict[str, Any]:
    """Return one finding for ``open_alerts``.

    Args:
        key: What makes it the same finding in another run; its id follows from source and key.
        subject: Completes the alert's title: ``<title of the source>: <subject>``.
        score: 0 to 100; severity follows from it (``analytics.compliance.alerts.BANDS``).
        metrics: Numbers beside their thresholds.
        story: Sentences.
        window: From when to when it was so.
        actors: (kind, id) of those concerned: account, desk, trader.
        instrument_ids: Instruments concerned.
        regulation: Rules it bears on.
        evidence: ``order_ids``, ``exec_ids``, ...
    """
    empty: dict[str, Any] = {
        name: [] for name, kind in ALERT_SCHEMA.items() if name.endswith(("_ids", "_seqs"))
    }
    return empty | {
        "key": tuple(key),
        "subject": subject,
        "score": score,
        "severity": severity(score),
        "metrics": [
            {
                "name": metric.name,
                "value": metric.value,
                "threshold": metric.threshold,
                "percentile": metric.percentile,
                "unit": metric.unit,
            }
            for metric in metrics
        ],
        "story": list(story),
        "window_start": window[0],
        "window_end": window[1],
        "actors": [{"kind": kind, "id": one} for kind, one in actors],
        "instrument_ids": list(instrument_ids),
        "regulation": list(regulation),
        **evidence,
    }


def named(source: str, version: str, parameters_version: str, row: Mapping[str, Any]) -> dict[str, Any]:
    """Return a ``finding`` with its id and the versions that found it."""
    return {
        **row,
        "alert_id": alert_id(source, *row["key"]),
        "detector": source,
        "detector_version": version,
        "parameters_version": parameters_version,
    }


def open_alerts(
    context: Context,
    org: str,
    *,
    source: str,
    version: str,
    parameters_version: str,
    rows: Sequence[Mapping[str, Any]],
    data_versions: Mapping[str, str],
    titles: str | Mapping[str, str],
) -> Recorded:
    """Put findings on record that are not there yet, and pin the table versions they rest on.

    Running it twice with the same findings changes nothing.

    Args:
        context: The installation's stores.
        org: The organisation's slug.
        source: What the alerts' ``detector`` says.
        version: Of the code.
        parameters_version: Of its thresholds.
        rows: As ``finding`` returns them.
        data_versions: Table name to version token (``context.lake.version``) of what they rest on.
        titles: Title of the source, or source to title.

    Returns:
        Ids of the new alerts, and how many were known.
    """
    title = titles if isinstance(titles, str) else titles[source]
    found = [named(source, version, parameters_version, row) for row in rows]
    with context.database.session(org, write=True) as session:
        recorded = record_findings(
            session,
            org,
            found,
            actor=Identity(org=org, user_id="surveillance", name="Surveillance", role="compliance"),
            titles={source: title},
            data_versions={source: data_versions},
            at=now(),
        )
        if recorded.new:
            pin(session, org, data_versions)
            counters.bump(session, org, source)
    return recorded
