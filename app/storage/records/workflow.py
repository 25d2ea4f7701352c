"""What people decided about alerts and cases: every step, every second pair of eyes, every suppression."""

from datetime import datetime

from sqlalchemy import Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from app.storage.records._base import OrgScoped, new_id, now


class WorkflowStep(OrgScoped):
    """One move of an alert or a case. Never changed."""

    __tablename__ = "workflow_steps"
    __table_args__ = (Index("ix_workflow_steps_org_object", "org", "object_kind", "object_id", "at"),)

    id: Mapped[str] = mapped_column(String(40), primary_key=True, default=lambda: new_id("ws"))
    object_kind: Mapped[str] = mapped_column(String(10))  # alert case
    object_id: Mapped[str] = mapped_column(String(80))
    detector: Mapped[str] = mapped_column(String(63), default="")
    from_state: Mapped[str] = mapped_column(String(30))
    to_state: Mapped[str] = mapped_column(String(30))
    reason: Mapped[str | None] = mapped_column(String(63))
    rationale: Mapped[str | None] = mapped_column(Text)
    review_id: Mapped[str | None] = mapped_column(String(40))  # whose second eyes it stands on
    actor_id: Mapped[str] = mapped_column(String(40))
    actor_name: Mapped[str] = mapped_column(String(200))
    at: Mapped[datetime] = mapped_column(default=now)


class Review(OrgScoped):
    """A decision that waits for a second person, or that one has agreed to or sent back."""

    __tablename__ = "reviews"
    __table_args__ = (
        Index("ix_reviews_org_object", "org", "object_kind", "object_id"),
        Index("ix_reviews_org_decision", "org", "decision"),
    )

    id: Mapped[str] = mapped_column(String(40), primary_key=True, default=lambda: new_id("rev"))
    object_kind: Mapped[str] = mapped_column(String(12))  # alert case stor suppression
    object_id: Mapped[str] = mapped_column(String(80))
    batch_id: Mapped[str | None] = mapped_column(String(40), index=True)
    why: Mapped[str] = mapped_column(String(20))  # severity sample bulk case stor suppression
    to_state: Mapped[str] = mapped_column(String(30))
    reason: Mapped[str] = mapped_column(String(63), default="")
    rationale: Mapped[str] = mapped_column(Text, default="")
    requested_by: Mapped[str] = mapped_column(String(40))
    requested_name: Mapped[str] = mapped_column(String(200))
    requested_person: Mapped[str | None] = mapped_column(String(200))
    requested_at: Mapped[datetime] = mapped_column(default=now)
    decision: Mapped[str] = mapped_column(
        String(12), default="pending"
    )  # pending approved returned withdrawn
    decided_by: Mapped[str | None] = mapped_column(String(40))
    decided_name: Mapped[str | None] = mapped_column(String(200))
    decided_at: Mapped[datetime | None]
    comment: Mapped[str | None] = mapped_column(Text)


class Suppression(OrgScoped):
    """Findings of one detector about one group that need no look for a while. They stay on record."""

    __tablename__ = "suppressions"
    __table_args__ = (Index("ix_suppressions_org_detector", "org", "detector", "valid_to"),)

    id: Mapped[str] = mapped_column(String(40), primary_key=True, default=lambda: new_id("sup"))
    detector: Mapped[str] = mapped_column(String(63))
    actor_group: Mapped[str] = mapped_column(String(200))
    instrument_id: Mapped[str | None] = mapped_column(String(200))  # None: in every instrument
    reason: Mapped[str] = mapped_column(String(63))
    rationale: Mapped[str] = mapped_column(Text)
    valid_from: Mapped[datetime] = mapped_column(default=now)
    valid_to: Mapped[datetime]  # exclusive
    status: Mapped[str] = mapped_column(String(12), default="proposed")  # proposed active returned ended
    created_by: Mapped[str] = mapped_column(String(40))
    created_by_name: Mapped[str] = mapped_column(String(200))
    created_at: Mapped[datetime] = mapped_column(default=now)
    approved_by: Mapped[str | None] = mapped_column(String(40))
    approved_by_name: Mapped[str | None] = mapped_column(String(200))
    approved_at: Mapped[datetime | None]
    ended_by: Mapped[str | None] = mapped_column(String(40))
