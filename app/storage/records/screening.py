"""Names that resemble an entry of a sanctions list, and what people decided about each."""

from datetime import datetime

from sqlalchemy import Float, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from app.storage.records._base import Document, OrgScoped, now

# open: waits for somebody. proposed: one person says it is somebody else, a second one must agree.
# lapsed: either record is gone, expired, or does not resemble the other any more.
HIT_STATES = ("open", "proposed", "true_match", "false_match", "lapsed")
# Code to words; those that begin with "confirmed" speak for a true match.
REASONS = {
    "other_birth": "Another date of birth",
    "other_country": "Another nationality or seat",
    "other_person": "Known to be another person",
    "other_kind": "Another kind: person, firm, vessel",
    "other_documents": "Documents show another party",
    "common_name": "A common name, and nothing else agrees",
    "confirmed_documents": "Documents show the same party",
    "confirmed_by_party": "The party confirmed it",
    "confirmed_details": "Name and details agree",
}


class ScreeningHit(OrgScoped):
    """One pair of a party and a list entry that resemble each other, however often it is found again."""

    __tablename__ = "screening_hits"
    __table_args__ = (Index("ix_screening_hits_org_status", "org", "status", "score"),)

    org: Mapped[str] = mapped_column(String(63), primary_key=True)
    hit_id: Mapped[str] = mapped_column(String(40), primary_key=True)  # follows from the pair
    subject_kind: Mapped[str] = mapped_column(String(12))  # person, account or party
    subject_id: Mapped[str] = mapped_column(String(200))
    list_name: Mapped[str] = mapped_column(String(200))
    entry_id: Mapped[str] = mapped_column(String(200))
    score: Mapped[float] = mapped_column(Float)  # 0..100
    # What both records say, which names met, and what speaks for and against.
    explanation: Mapped[Document] = mapped_column(default=dict)
    # Digests of both records as they were decided on: when either differs the decision no longer covers it.
    subject_digest: Mapped[str] = mapped_column(String(64))
    entry_digest: Mapped[str] = mapped_column(String(64))
    status: Mapped[str] = mapped_column(String(12), default="open")
    reason: Mapped[str | None] = mapped_column(String(63))
    rationale: Mapped[str | None] = mapped_column(Text)
    decided_by: Mapped[str | None] = mapped_column(String(40))
    decided_name: Mapped[str | None] = mapped_column(String(200))
    decided_person: Mapped[str | None] = mapped_column(String(200))
    decided_at: Mapped[datetime | None]
    second_by: Mapped[str | None] = mapped_column(String(40))
    second_name: Mapped[str | None] = mapped_column(String(200))
    second_at: Mapped[datetime | None]
    alert_id: Mapped[str | None] = mapped_column(String(80))
    data_versions: Mapped[Document] = mapped_column(default=dict)  # table -> version it was found in
    version: Mapped[int] = mapped_column(default=1)  # counts changes by people
    created_at: Mapped[datetime] = mapped_column(default=now)
    updated_at: Mapped[datetime] = mapped_column(default=now, onupdate=now)
