"""What each detector's last run could see, and whether canaries were answered: the coverage page's ground."""

from datetime import datetime

from sqlalchemy import Float, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from app.storage.records._base import Document, Listing, OrgScoped, now


class DetectorRun(OrgScoped):
    """The last run of one detector over one organisation's published tables."""

    __tablename__ = "detector_runs"

    org: Mapped[str] = mapped_column(String(63), primary_key=True)
    detector: Mapped[str] = mapped_column(String(63), primary_key=True)
    detector_version: Mapped[str] = mapped_column(String(40))
    parameters_version: Mapped[str] = mapped_column(String(40))
    state: Mapped[str] = mapped_column(String(12))  # ok gap failed
    reason: Mapped[str | None] = mapped_column(Text)  # why it failed
    gaps: Mapped[Listing] = mapped_column(default=list)  # [{reason, instrument_id, missing}]
    found: Mapped[int] = mapped_column(default=0)  # alerts standing after the run
    seconds: Mapped[float] = mapped_column(Float, default=0.0)
    cause: Mapped[str] = mapped_column(String(200), default="")
    data_versions: Mapped[Document] = mapped_column(default=dict)
    ran_at: Mapped[datetime] = mapped_column(default=now)


class CanaryRun(OrgScoped):
    """The last time known patterns were sent through the whole chain under an organisation's thresholds."""

    __tablename__ = "canary_runs"

    org: Mapped[str] = mapped_column(String(63), primary_key=True)
    state: Mapped[str] = mapped_column(String(12))  # ok silent failed
    reason: Mapped[str | None] = mapped_column(Text)  # why it failed
    answered: Mapped[Listing] = mapped_column(default=list)  # detectors that raised what they had to
    silent: Mapped[Listing] = mapped_column(default=list)  # detectors that did not
    seconds: Mapped[float] = mapped_column(Float, default=0.0)
    ran_at: Mapped[datetime] = mapped_column(default=now)
    answered_at: Mapped[datetime | None]  # when all of them last answered
