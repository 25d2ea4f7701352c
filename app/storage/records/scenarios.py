"""Scenarios an organisation has saved: shocks for the stress tests, target weights for the what-if page."""

from datetime import datetime

from sqlalchemy import Index, String
from sqlalchemy.orm import Mapped, mapped_column

from app.storage.records._base import Document, OrgScoped, new_id, now

SCENARIO_KINDS = ("stress", "what_if")


class Scenario(OrgScoped):
    """One scenario under a name. ``body``: shocks, or the address's own part of a what-if page."""

    __tablename__ = "scenarios"
    __table_args__ = (Index("ix_scenarios_org_kind", "org", "kind", "name"),)

    id: Mapped[str] = mapped_column(String(40), primary_key=True, default=lambda: new_id("scn"))
    kind: Mapped[str] = mapped_column(String(12))
    name: Mapped[str] = mapped_column(String(200))
    body: Mapped[Document] = mapped_column(default=dict)
    disabled: Mapped[bool] = mapped_column(default=False)
    created_by: Mapped[str] = mapped_column(String(40))
    created_by_name: Mapped[str] = mapped_column(String(200), default="")
    created_at: Mapped[datetime] = mapped_column(default=now)
