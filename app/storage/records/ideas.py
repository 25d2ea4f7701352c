"""Ideas, each version of them, what came of them, and the paper accounts that mirror an author."""

from datetime import date, datetime, timedelta
from decimal import Decimal

from sqlalchemy import BigInteger, Date, Index, Numeric, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from app.storage.records._base import Document, OrgScoped, new_id, now

RECORDS = "ideas"  # the change counter of all of this
EDITABLE = timedelta(minutes=15)  # after this an idea is what it is


class Idea(OrgScoped):
    """One idea. What it says is in its versions; nothing of it is ever deleted.

    From ``sealed_at`` on it is sealed, whoever asks or not; ``seal_entry`` is the entry of the audit trail
    that a job then wrote, the link of the organisation's chain.
    """

    __tablename__ = "ideas"
    __table_args__ = (
        Index("ix_ideas_org_author", "org", "author_id"),
        Index("ix_ideas_org_sealed", "org", "sealed_at"),
    )

    id: Mapped[str] = mapped_column(String(40), primary_key=True, default=lambda: new_id("idea"))
    author_id: Mapped[str] = mapped_column(String(200))  # the person, or the sign-in of who is no person
    author_user: Mapped[str] = mapped_column(String(40))
    author_name: Mapped[str] = mapped_column(String(200))
    posted_at: Mapped[datetime] = mapped_column(default=now)
    sealed_at: Mapped[datetime]
    seeded: Mapped[bool] = mapped_column(default=False)  # made with the demo's clock, not at ``posted_at``
    seal_entry: Mapped[int | None] = mapped_column(BigInteger)
    retracted_at: Mapped[datetime | None]
    retracted_why: Mapped[str | None] = mapped_column(Text)
    hidden_at: Mapped[datetime | None]
    hidden_by: Mapped[str | None] = mapped_column(String(40))
    hidden_why: Mapped[str | None] = mapped_column(Text)


class IdeaVersion(OrgScoped):
    """What an idea said from one edit to the next: canonical JSON, exactly the text that is sealed."""

    __tablename__ = "idea_versions"

    idea_id: Mapped[str] = mapped_column(String(40), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    at: Mapped[datetime]
    content: Mapped[str] = mapped_column(Text)


class IdeaScore(OrgScoped):
    """What came of an idea that has ended, from the prices of one version."""

    __tablename__ = "idea_scores"

    idea_id: Mapped[str] = mapped_column(String(40), primary_key=True)
    state: Mapped[str] = mapped_column(String(12))  # target stop expired void
    entry_date: Mapped[date | None] = mapped_column(Date)
    entry: Mapped[float | None]
    exit_date: Mapped[date | None] = mapped_column(Date)
    exit: Mapped[float | None]
    gross: Mapped[float | None]
    net: Mapped[float | None]
    won: Mapped[bool | None]
    brier: Mapped[float | None]
    scored_at: Mapped[datetime] = mapped_column(default=now)
    data_versions: Mapped[Document] = mapped_column(default=dict)


class Mirror(OrgScoped):
    """A paper account that takes an author's ideas behind a gate. It holds no money and sends no order."""

    __tablename__ = "idea_mirrors"
    __table_args__ = (Index("ix_idea_mirrors_org_author", "org", "author_id"),)

    id: Mapped[str] = mapped_column(String(40), primary_key=True, default=lambda: new_id("mir"))
    owner_user: Mapped[str] = mapped_column(String(40))
    owner_id: Mapped[str] = mapped_column(String(200))
    owner_name: Mapped[str] = mapped_column(String(200))
    author_id: Mapped[str] = mapped_column(String(200))
    author_name: Mapped[str] = mapped_column(String(200))
    capital: Mapped[Decimal] = mapped_column(Numeric(38, 12, asdecimal=True))
    weight: Mapped[float]  # share of the capital one idea may take
    max_loss: Mapped[float]  # share of the capital that may be lost, open stops included
    adv_share: Mapped[float]  # share of usual daily volume one idea may take
    started_at: Mapped[datetime] = mapped_column(default=now)
    stopped_at: Mapped[datetime | None]
    stopped_why: Mapped[str | None] = mapped_column(String(300))
    seeded: Mapped[bool] = mapped_column(default=False)


class MirrorTrade(OrgScoped):
    """What the gate of a mirror said to one idea: taken with a size, or refused with the reason."""

    __tablename__ = "idea_mirror_trades"

    mirror_id: Mapped[str] = mapped_column(String(40), primary_key=True)
    idea_id: Mapped[str] = mapped_column(String(40), primary_key=True)
    at: Mapped[datetime]  # when the idea was sealed: what was known then was judged
    accepted: Mapped[bool]
    reason: Mapped[str] = mapped_column(String(300))
    price: Mapped[float | None]  # last close known then
    quantity: Mapped[Decimal | None] = mapped_column(Numeric(38, 12, asdecimal=True))
    notional: Mapped[Decimal | None] = mapped_column(Numeric(38, 12, asdecimal=True))
    at_risk: Mapped[Decimal | None] = mapped_column(Numeric(38, 12, asdecimal=True))  # lost at the stop
    checks: Mapped[Document] = mapped_column(default=dict)
