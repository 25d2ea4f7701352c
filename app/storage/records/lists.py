"""Lists of the control room (restricted, watch, insider) and limits of the risk desk."""

from datetime import date, datetime
from decimal import Decimal

from sqlalchemy import Index, Numeric, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from app.storage.records._base import Document, OrgScoped, new_id, now

LIST_KINDS = ("restricted", "watch", "insider")


class ListEntry(OrgScoped):
    """An instrument, and for insider lists a person, on a list from one instant to another."""

    __tablename__ = "list_entries"
    __table_args__ = (Index("ix_list_entries_org_kind", "org", "kind", "instrument_id"),)

    id: Mapped[str] = mapped_column(String(40), primary_key=True, default=lambda: new_id("le"))
    kind: Mapped[str] = mapped_column(String(12))
    instrument_id: Mapped[str | None] = mapped_column(String(200))
    person_id: Mapped[str | None] = mapped_column(String(200))
    reason: Mapped[str] = mapped_column(Text, default="")
    valid_from: Mapped[datetime] = mapped_column(default=now)
    valid_to: Mapped[datetime | None]  # exclusive; None: until further notice
    project: Mapped[str | None] = mapped_column(String(200))  # the deal or mandate behind it
    source_id: Mapped[str | None] = mapped_column(String(200))  # its id in the file that brought it
    created_by: Mapped[str] = mapped_column(String(40))
    created_at: Mapped[datetime] = mapped_column(default=now)
    removed_by: Mapped[str | None] = mapped_column(String(40))
    removed_at: Mapped[datetime | None]
    removed_reason: Mapped[str | None] = mapped_column(Text)


class Limit(OrgScoped):
    """A bound on a measure: breached when the measure is above ``value``."""

    __tablename__ = "limits"

    id: Mapped[str] = mapped_column(String(40), primary_key=True, default=lambda: new_id("lim"))
    name: Mapped[str] = mapped_column(String(200))
    # gross_exposure net_exposure leverage var_99_1d position_weight order_notional order_qty ...
    measure: Mapped[str] = mapped_column(String(63), index=True)
    subject_kind: Mapped[str] = mapped_column(
        String(20), default="organisation"
    )  # organisation desk account ...
    subject_id: Mapped[str | None] = mapped_column(String(200))
    value: Mapped[Decimal] = mapped_column(Numeric(38, 12, asdecimal=True))
    warn_at: Mapped[Decimal | None] = mapped_column(Numeric(38, 12, asdecimal=True))
    unit: Mapped[str] = mapped_column(String(20), default="")
    hard: Mapped[bool] = mapped_column(default=False)
    valid_from: Mapped[date | None]  # first day it holds; None: always did
    valid_to: Mapped[date | None]  # last day it holds; None: until further notice
    params: Mapped[Document] = mapped_column(default=dict)
    disabled: Mapped[bool] = mapped_column(default=False)
    created_by: Mapped[str] = mapped_column(String(40))
    created_at: Mapped[datetime] = mapped_column(default=now)
    updated_at: Mapped[datetime] = mapped_column(default=now, onupdate=now)

    def holds(self, day: date) -> bool:
        """Whether the limit's validity covers ``day``; both ends are part of it."""
        begun = self.valid_from is None or self.valid_from <= day
        return begun and (self.valid_to is None or day <= self.valid_to)
