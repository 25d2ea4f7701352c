"""Jobs: work that a worker process takes up, with its heartbeat."""

from datetime import datetime

from sqlalchemy import Float, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from app.storage.records._base import Base, Document, new_id, now


class Job(Base):
    """One piece of work. Workers serve every organisation, hence no narrowing: readers filter by ``org``."""

    __tablename__ = "jobs"
    __table_args__ = (Index("ix_jobs_state_run_after", "state", "run_after"),)

    id: Mapped[str] = mapped_column(String(40), primary_key=True, default=lambda: new_id("job"))
    org: Mapped[str | None] = mapped_column(String(63), index=True)
    kind: Mapped[str] = mapped_column(String(63), index=True)
    params: Mapped[Document] = mapped_column(default=dict)
    unique_key: Mapped[str | None] = mapped_column(String(200), index=True)  # at most one of these waits
    state: Mapped[str] = mapped_column(String(12), default="queued")  # queued running done failed
    attempts: Mapped[int] = mapped_column(default=0)
    worker: Mapped[str | None] = mapped_column(String(100))
    heartbeat_at: Mapped[datetime | None]
    progress: Mapped[float] = mapped_column(Float, default=0.0)  # fraction 0..1
    result: Mapped[Document | None]
    error: Mapped[str | None] = mapped_column(Text)
    run_after: Mapped[datetime] = mapped_column(default=now)
    created_at: Mapped[datetime] = mapped_column(default=now)
    started_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]


class Heartbeat(Base):
    """A long-lived process that says it is alive."""

    __tablename__ = "heartbeats"

    process: Mapped[str] = mapped_column(String(200), primary_key=True)  # kind, host and process id
    kind: Mapped[str] = mapped_column(String(20), index=True)
    at: Mapped[datetime] = mapped_column(default=now)
