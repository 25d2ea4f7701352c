"""Model versions: what was fitted, on what, how good it was, and which one is in use."""

from datetime import datetime

from sqlalchemy import String, Text
from sqlalchemy.orm import Mapped, mapped_column

from app.storage.records._base import Document, OrgScoped, now


class ModelVersion(OrgScoped):
    """One fit of one model. At most one version of a name is the champion."""

    __tablename__ = "model_versions"

    org: Mapped[str] = mapped_column(String(63), primary_key=True)
    name: Mapped[str] = mapped_column(String(63), primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True)
    champion: Mapped[bool] = mapped_column(default=False)
    status: Mapped[str] = mapped_column(String(12), default="ok")  # ok silent failed
    reason: Mapped[str | None] = mapped_column(Text)  # why it is silent or failed
    metrics: Mapped[Document] = mapped_column(default=dict)
    card: Mapped[Document] = mapped_column(default=dict)
    artefact: Mapped[str | None] = mapped_column(String(400))  # path within the organisation's folder
    artefact_sha256: Mapped[str | None] = mapped_column(String(64))
    data_versions: Mapped[Document] = mapped_column(default=dict)
    trained_at: Mapped[datetime] = mapped_column(default=now)
