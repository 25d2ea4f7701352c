"""Alerts: what detectors found, pinned to the data and the parameters they found it with."""

from datetime import datetime

from sqlalchemy import Float, Index, String, Text, false
from sqlalchemy.orm import Mapped, mapped_column

from app.storage.records._base import Document, Listing, OrgScoped, now

SEVERITIES = ("low", "medium", "high", "critical")


class Alert(OrgScoped):
    """A machine finding (CONTRACT section 5). Ids are the detector's own, unique within the firm."""

    __tablename__ = "alerts"
    __table_args__ = (
        Index("ix_alerts_org_status", "org", "status", "severity"),
        Index("ix_alerts_org_created_at", "org", "created_at"),
    )

    org: Mapped[str] = mapped_column(String(63), primary_key=True)
    alert_id: Mapped[str] = mapped_column(String(80), primary_key=True)
    detector: Mapped[str] = mapped_column(String(63), index=True)
    detector_version: Mapped[str] = mapped_column(String(40))
    parameters_version: Mapped[str] = mapped_column(String(40))
    title: Mapped[str] = mapped_column(String(300), default="")
    severity: Mapped[str] = mapped_column(String(10))
    score: Mapped[float] = mapped_column(Float)  # 0..100
    status: Mapped[str] = mapped_column(String(30), default="new")
    reason: Mapped[str | None] = mapped_column(String(63))  # why it was closed
    assignee: Mapped[str | None] = mapped_column(String(40), index=True)
    case_id: Mapped[str | None] = mapped_column(String(40), index=True)
    actor_group: Mapped[str | None] = mapped_column(String(200))  # linked owners, as the detector groups them
    due_at: Mapped[datetime | None]  # when somebody must have decided
    closed_at: Mapped[datetime | None]
    suppression_id: Mapped[str | None] = mapped_column(String(40))  # why nobody was asked to look
    version: Mapped[int] = mapped_column(default=1, server_default="1")  # counts changes by people
    actors: Mapped[Listing] = mapped_column(default=list)  # [{kind, id}]
    instrument_ids: Mapped[Listing] = mapped_column(default=list)
    window_start: Mapped[datetime | None]
    window_end: Mapped[datetime | None]
    # {order_ids, exec_ids, message_ids, post_ids, event_seqs}
    evidence: Mapped[Document] = mapped_column(default=dict)
    metrics: Mapped[Listing] = mapped_column(default=list)  # [{name, value, threshold, percentile, unit}]
    story: Mapped[Listing] = mapped_column(default=list)  # sentences
    regulation: Mapped[Listing] = mapped_column(default=list)
    data_versions: Mapped[Document] = mapped_column(default=dict)  # data set -> version
    # What the detector calls the state that is shown; the alert's own id where null, which stays as it grows.
    finding_id: Mapped[str | None] = mapped_column(String(80))
    state: Mapped[int] = mapped_column(default=1, server_default="1")  # counts what detectors made of it
    gone_at: Mapped[datetime | None]  # since when no run finds it any more; people's decisions stand
    triage: Mapped[Document | None]  # {probability, reasons[]}; None until a model has ranked it
    created_at: Mapped[datetime] = mapped_column(default=now)
    updated_at: Mapped[datetime] = mapped_column(default=now, onupdate=now)


class AlertState(OrgScoped):
    """What an alert said before its episode grew; each as pinned as the alert itself."""

    __tablename__ = "alert_states"

    org: Mapped[str] = mapped_column(String(63), primary_key=True)
    alert_id: Mapped[str] = mapped_column(String(80), primary_key=True)
    state: Mapped[int] = mapped_column(primary_key=True)
    finding_id: Mapped[str] = mapped_column(String(80))
    detector_version: Mapped[str] = mapped_column(String(40))
    parameters_version: Mapped[str] = mapped_column(String(40))
    severity: Mapped[str] = mapped_column(String(10))
    score: Mapped[float] = mapped_column(Float)
    actors: Mapped[Listing]
    instrument_ids: Mapped[Listing]
    window_start: Mapped[datetime | None]
    window_end: Mapped[datetime | None]
    evidence: Mapped[Document]
    metrics: Mapped[Listing]
    story: Mapped[Listing]
    regulation: Mapped[Listing]
    data_versions: Mapped[Document]
    status: Mapped[str] = mapped_column(String(30))  # what people had made of it by then
    until: Mapped[datetime]  # when the next state took its place


class ParameterSet(OrgScoped):
    """The thresholds of one detector; a change is a new version that somebody else approves.

    Versions are counted per detector, whatever segment they are for.
    """

    __tablename__ = "parameter_sets"

    org: Mapped[str] = mapped_column(String(63), primary_key=True)
    detector: Mapped[str] = mapped_column(String(63), primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True)
    parameters: Mapped[Document]
    rationale: Mapped[str] = mapped_column(Text, default="")
    created_by: Mapped[str] = mapped_column(String(40))
    created_at: Mapped[datetime] = mapped_column(default=now)
    approved_by: Mapped[str | None] = mapped_column(String(40))
    approved_at: Mapped[datetime | None]
    effective_from: Mapped[datetime | None]
    segment: Mapped[str] = mapped_column(String(80), default="", server_default="")  # "": everywhere else
    # From its day on the segment has no thresholds of its own any more.
    withdrawn: Mapped[bool] = mapped_column(default=False, server_default=false())
