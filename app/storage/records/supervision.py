"""Messages that no detector named, drawn at random for a person to read, and what he said of each."""

from datetime import date, datetime

from sqlalchemy import Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from app.storage.records._base import Document, Listing, OrgScoped, new_id, now


class SupervisionSample(OrgScoped):
    """One draw. Seed, period, table versions and alerted ids left out say how anybody draws it again."""

    __tablename__ = "supervision_samples"
    __table_args__ = (Index("ix_supervision_samples_org_drawn", "org", "drawn_at"),)

    id: Mapped[str] = mapped_column(String(40), primary_key=True, default=lambda: new_id("sam"))
    seed: Mapped[int]
    start: Mapped[date]  # first day of the messages, UTC
    end: Mapped[date]  # last day, inclusive
    channel: Mapped[str | None] = mapped_column(String(40))  # None: every channel
    population: Mapped[int]  # messages of the period
    alerted: Mapped[int]  # of these, left out since an alert names them
    before: Mapped[int]  # of these, left out since an earlier sample holds them
    size: Mapped[int]  # drawn
    senders: Mapped[int]  # people who wrote in the period
    senders_drawn: Mapped[int]
    reason: Mapped[str] = mapped_column(String(40))  # why it was drawn, a code
    rationale: Mapped[str] = mapped_column(Text)  # why of this size
    data_versions: Mapped[Document] = mapped_column(default=dict)
    drawn_by: Mapped[str] = mapped_column(String(40))
    drawn_name: Mapped[str] = mapped_column(String(200))
    drawn_at: Mapped[datetime] = mapped_column(default=now)


class SupervisionItem(OrgScoped):
    """One drawn message and what became of it. The text stays in the lake."""

    __tablename__ = "supervision_items"
    __table_args__ = (
        Index("ix_supervision_items_org_sample", "org", "sample_id"),
        Index("ix_supervision_items_org_message", "org", "message_id"),
    )

    id: Mapped[str] = mapped_column(String(40), primary_key=True, default=lambda: new_id("sit"))
    sample_id: Mapped[str] = mapped_column(String(40))
    place: Mapped[int]  # in which order they were drawn, from 1
    message_id: Mapped[str] = mapped_column(String(200))
    sent_at: Mapped[datetime]
    people: Mapped[Listing] = mapped_column(default=list)  # sender first, then who read it
    state: Mapped[str] = mapped_column(String(12), default="open")  # open reviewed escalated
    comment: Mapped[str | None] = mapped_column(Text)
    alert_id: Mapped[str | None] = mapped_column(String(80))
    case_id: Mapped[str | None] = mapped_column(String(40))
    decided_by: Mapped[str | None] = mapped_column(String(40))
    decided_name: Mapped[str | None] = mapped_column(String(200))
    decided_at: Mapped[datetime | None]
