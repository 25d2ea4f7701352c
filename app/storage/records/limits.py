"""What became of limits: how much of each was used, session by session, and when it was passed."""

from datetime import date, datetime
from decimal import Decimal

from sqlalchemy import Float, Index, Numeric, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from app.storage.records._base import Document, OrgScoped, now


class LimitUse(OrgScoped):
    """What a limit's measure was at the close of one session, as last measured."""

    __tablename__ = "limit_uses"

    org: Mapped[str] = mapped_column(String(63), primary_key=True)
    limit_id: Mapped[str] = mapped_column(String(40), primary_key=True)
    day: Mapped[date] = mapped_column(primary_key=True)
    value: Mapped[float | None] = mapped_column(Float)
    utilisation: Mapped[float | None] = mapped_column(Float)  # value / limit; above 1 is a breach
    driver: Mapped[str | None] = mapped_column(
        String(200)
    )  # instrument, sector or order behind a largest value
    reason: Mapped[str | None] = mapped_column(String(300))  # why the value is null
    data_versions: Mapped[Document] = mapped_column(default=dict)  # table -> version it was measured from
    measured_at: Mapped[datetime] = mapped_column(default=now)


class LimitBreach(OrgScoped):
    """One episode above a limit: from the first session above it until it is back or out of force.

    Two people settle it: one acknowledges with a comment, another one confirms.
    """

    __tablename__ = "limit_breaches"
    __table_args__ = (Index("ix_limit_breaches_org_limit", "org", "limit_id", "opened"),)

    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    limit_id: Mapped[str] = mapped_column(String(40))
    opened: Mapped[date]
    last_day: Mapped[date]  # last session above the limit
    closed: Mapped[date | None]  # first session not above it any more; None while it lasts
    closed_why: Mapped[str | None] = mapped_column(String(40))  # within limit, retired, restated
    bound: Mapped[Decimal] = mapped_column(Numeric(38, 12, asdecimal=True))
    hard: Mapped[bool] = mapped_column(default=False)
    peak: Mapped[float] = mapped_column(Float)
    peak_day: Mapped[date]
    current: Mapped[float] = mapped_column(Float)  # on the last day above it
    driver: Mapped[str | None] = mapped_column(String(200))
    alert_id: Mapped[str | None] = mapped_column(String(80))
    data_versions: Mapped[Document] = mapped_column(default=dict)  # that the episode was found in
    acknowledged_by: Mapped[str | None] = mapped_column(String(40))
    acknowledged_person: Mapped[str | None] = mapped_column(String(200))
    acknowledged_name: Mapped[str | None] = mapped_column(String(200))
    acknowledged_at: Mapped[datetime | None]
    comment: Mapped[str | None] = mapped_column(Text)
    confirmed_by: Mapped[str | None] = mapped_column(String(40))
    confirmed_name: Mapped[str | None] = mapped_column(String(200))
    confirmed_at: Mapped[datetime | None]
    confirm_comment: Mapped[str | None] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(default=now)
    updated_at: Mapped[datetime] = mapped_column(default=now, onupdate=now)
