"""Insights: figures turned into sentences, with their evidence and what people thought of them."""

from datetime import datetime

from sqlalchemy import Float, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from app.storage.records._base import Document, Listing, OrgScoped, new_id, now


class Insight(OrgScoped):
    """One finding of a rule (CONTRACT section 5). The id says rule and subject, so a re-run replaces it."""

    __tablename__ = "insights"
    __table_args__ = (Index("ix_insights_org_created_at", "org", "created_at"),)

    org: Mapped[str] = mapped_column(String(63), primary_key=True)
    id: Mapped[str] = mapped_column(String(80), primary_key=True)
    kind: Mapped[str] = mapped_column(String(63), index=True)
    title: Mapped[str] = mapped_column(String(300))
    text: Mapped[str] = mapped_column(Text)
    domains: Mapped[Listing] = mapped_column(default=list)
    severity: Mapped[str] = mapped_column(String(10))
    effect: Mapped[Document] = mapped_column(default=dict)  # {value, unit, low, high, n}
    p_value: Mapped[float | None] = mapped_column(Float)
    q_value: Mapped[float | None] = mapped_column(Float)
    confidence: Mapped[float | None] = mapped_column(Float)  # 0..1
    why: Mapped[Listing] = mapped_column(default=list)
    evidence: Mapped[Listing] = mapped_column(default=list)
    next: Mapped[Listing] = mapped_column(default=list)  # [{label, href}]
    context: Mapped[Document] = mapped_column(default=dict)
    roles: Mapped[Listing | None]  # who may read it; None: every role that reads data
    desks: Mapped[Listing | None]  # whose desks it speaks of; None: the whole firm
    data_versions: Mapped[Document] = mapped_column(default=dict)
    created_at: Mapped[datetime] = mapped_column(default=now)
    expired_at: Mapped[datetime | None]  # a later run no longer found it


class InsightFeedback(OrgScoped):
    """What a person said about an insight."""

    __tablename__ = "insight_feedback"
    __table_args__ = (Index("ix_insight_feedback_org_insight", "org", "insight_id"),)

    id: Mapped[str] = mapped_column(String(40), primary_key=True, default=lambda: new_id("fb"))
    insight_id: Mapped[str] = mapped_column(String(80))
    user_id: Mapped[str] = mapped_column(String(40))
    verdict: Mapped[str] = mapped_column(String(20))  # useful not_useful wrong dismissed
    comment: Mapped[str] = mapped_column(Text, default="")
    created_at: Mapped[datetime] = mapped_column(default=now)
