"""Requests to trade for oneself, from the question to the answer."""

from datetime import datetime, timedelta
from decimal import Decimal

from sqlalchemy import Index, Numeric, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from app.storage.records._base import Listing, OrgScoped, new_id, now

PATIENCE = timedelta(days=5)  # a request nobody answered is of another market
REQUEST_STATES = ("pending", "approved", "denied", "withdrawn")


class Preclearance(OrgScoped):
    """One request. What is decided also becomes a row of the data set ``preclearances``."""

    __tablename__ = "preclearance_requests"
    __table_args__ = (Index("ix_preclearance_requests_org_status", "org", "status"),)

    id: Mapped[str] = mapped_column(String(40), primary_key=True, default=lambda: new_id("pc"))
    person_id: Mapped[str] = mapped_column(String(200))
    account_id: Mapped[str | None] = mapped_column(String(200))  # None: any account of the person
    instrument_id: Mapped[str] = mapped_column(String(200))
    side: Mapped[str] = mapped_column(String(12))
    quantity: Mapped[Decimal] = mapped_column(Numeric(38, 12, asdecimal=True))
    reason: Mapped[str] = mapped_column(Text, default="")
    status: Mapped[str] = mapped_column(String(12), default="pending")
    asked_by: Mapped[str] = mapped_column(String(40))
    asked_name: Mapped[str] = mapped_column(String(200))
    asked_at: Mapped[datetime] = mapped_column(default=now)
    valid_from: Mapped[datetime | None]  # of an approval
    valid_to: Mapped[datetime | None]  # exclusive
    waives: Mapped[Listing] = mapped_column(default=list)  # rules the approval lifts
    comment: Mapped[str | None] = mapped_column(Text)
    decided_by: Mapped[str | None] = mapped_column(String(40))
    decided_name: Mapped[str | None] = mapped_column(String(200))
    decided_at: Mapped[datetime | None]
