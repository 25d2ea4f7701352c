"""Model versions: what was fitted, on what, how good it was, which one is in use, and what it says."""

from datetime import date, datetime

from sqlalchemy import String, Text
from sqlalchemy.orm import Mapped, mapped_column

from app.storage.records._base import Document, Json, OrgScoped, now


class ModelVersion(OrgScoped):
    """One fit of one model. At most one version of a name is the champion."""

    __tablename__ = "model_versions"

    org: Mapped[str] = mapped_column(String(63), primary_key=True)
    name: Mapped[str] = mapped_column(String(63), primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True)
    champion: Mapped[bool] = mapped_column(default=False)
    status: Mapped[str] = mapped_column(String(12), default="ok")  # ok silent drifting failed
    reason: Mapped[str | None] = mapped_column(Text)  # why it is silent, drifting or failed
    metrics: Mapped[Document] = mapped_column(default=dict)
    card: Mapped[Document] = mapped_column(default=dict)
    artefact: Mapped[str | None] = mapped_column(String(400))  # path within the organisation's folder
    artefact_sha256: Mapped[str | None] = mapped_column(String(64))
    record_sha256: Mapped[str | None] = mapped_column(String(64))  # of the predictions out of sample
    data_versions: Mapped[Document] = mapped_column(default=dict)
    drift: Mapped[Document | None] = mapped_column(Json)  # what ``_drift.drift`` found when it last ran
    trained_at: Mapped[datetime] = mapped_column(default=now)
    crowned_at: Mapped[datetime | None]  # when it last became the champion


class ModelOutput(OrgScoped):
    """What one version said of one subject on one day; a later run on newer data of that day replaces it."""

    __tablename__ = "model_outputs"

    org: Mapped[str] = mapped_column(String(63), primary_key=True)
    name: Mapped[str] = mapped_column(String(63), primary_key=True)
    key: Mapped[str] = mapped_column(String(200), primary_key=True)  # keys but the date, joined by "|"
    day: Mapped[date] = mapped_column(primary_key=True)
    version: Mapped[int]
    served: Mapped[str] = mapped_column(String(12))  # model, or baseline where it has shown no skill
    # {predicted, baseline, ...columns of ``latest``, reasons: [...]}
    document: Mapped[Document] = mapped_column(default=dict)
    data_versions: Mapped[Document] = mapped_column(default=dict)
    computed_at: Mapped[datetime] = mapped_column(default=now)
