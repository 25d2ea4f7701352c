"""Insights: figures turned into sentences, with their evidence and what people thought of them."""

from datetime import date, datetime

from sqlalchemy import Float, Index, String, Text, UniqueConstraint
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
    rule_version: Mapped[str] = mapped_column(String(40), default="", server_default="")
    story: Mapped[str | None] = mapped_column(String(200))  # what it is about; alike ones are told together
    chart: Mapped[Document | None]  # a small course: {label, days, values, recent, usual}
    fresh: Mapped[Document] = mapped_column(default=dict, server_default="{}")  # table -> newest time in it
    changed_at: Mapped[datetime | None]  # when what it says last changed; None: never since created_at


class InsightTest(OrgScoped):
    """One look at one candidate on one day: the family that false discoveries are controlled in.

    A candidate that is looked at again on the same day with another result is a further look; all count.
    """

    __tablename__ = "insight_tests"

    org: Mapped[str] = mapped_column(String(63), primary_key=True)
    day: Mapped[date] = mapped_column(primary_key=True)
    insight_id: Mapped[str] = mapped_column(String(80), primary_key=True)
    look: Mapped[str] = mapped_column(String(24), primary_key=True)  # the p-value as text
    rule: Mapped[str] = mapped_column(String(63), index=True)
    p: Mapped[float] = mapped_column(Float)
    current: Mapped[bool] = mapped_column(default=True)  # the rule's last look of the day
    said: Mapped[Document | None]  # what to tell; only where it could pass


class InsightRun(OrgScoped):
    """The last run of one rule: on which versions of its inputs, and how it went."""

    __tablename__ = "insight_runs"

    org: Mapped[str] = mapped_column(String(63), primary_key=True)
    rule: Mapped[str] = mapped_column(String(63), primary_key=True)
    rule_version: Mapped[str] = mapped_column(String(40))
    day: Mapped[date]  # whose family its last looks belong to
    state: Mapped[str] = mapped_column(String(12))  # ok failed
    reason: Mapped[str | None] = mapped_column(Text)
    candidates: Mapped[int] = mapped_column(default=0)
    seconds: Mapped[float] = mapped_column(Float, default=0.0)
    data_versions: Mapped[Document] = mapped_column(default=dict)
    ran_at: Mapped[datetime] = mapped_column(default=now)


class InsightFeedback(OrgScoped):
    """What a person thinks of an insight, and until when he does not want to see it. One row each."""

    __tablename__ = "insight_feedback"
    __table_args__ = (
        Index("ix_insight_feedback_org_insight", "org", "insight_id"),
        UniqueConstraint("org", "user_id", "insight_id"),
    )

    id: Mapped[str] = mapped_column(String(40), primary_key=True, default=lambda: new_id("fb"))
    insight_id: Mapped[str] = mapped_column(String(80))
    user_id: Mapped[str] = mapped_column(String(40))
    verdict: Mapped[str] = mapped_column(String(20))  # useful not_useful; "" for none
    comment: Mapped[str] = mapped_column(Text, default="")
    created_at: Mapped[datetime] = mapped_column(default=now)  # of the verdict as it stands
    rule: Mapped[str] = mapped_column(String(63), default="", server_default="")
    snoozed_until: Mapped[datetime | None]


class InsightFollow(OrgScoped):
    """Somebody followed a link of an insight: it was acted on."""

    __tablename__ = "insight_follows"
    __table_args__ = (Index("ix_insight_follows_org_created_at", "org", "created_at"),)

    id: Mapped[str] = mapped_column(String(40), primary_key=True, default=lambda: new_id("fol"))
    insight_id: Mapped[str] = mapped_column(String(80))
    rule: Mapped[str] = mapped_column(String(63))
    user_id: Mapped[str] = mapped_column(String(40))
    href: Mapped[str] = mapped_column(String(500))
    created_at: Mapped[datetime] = mapped_column(default=now)


class InsightVisit(OrgScoped):
    """When a person last looked through his insights; what came later is new to him."""

    __tablename__ = "insight_visits"

    org: Mapped[str] = mapped_column(String(63), primary_key=True)
    user_id: Mapped[str] = mapped_column(String(40), primary_key=True)
    seen_at: Mapped[datetime]
    digest_at: Mapped[datetime | None]  # what came later is in his next digest
