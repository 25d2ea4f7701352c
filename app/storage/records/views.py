"""Saved views: a path and a query string under a name."""

from datetime import datetime

from sqlalchemy import String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.storage.records._base import OrgScoped, new_id, now


class SavedView(OrgScoped):
    """A view one person saved; shared ones are seen by the whole organisation."""

    __tablename__ = "saved_views"
    __table_args__ = (UniqueConstraint("org", "user_id", "name"),)

    id: Mapped[str] = mapped_column(String(40), primary_key=True, default=lambda: new_id("view"))
    user_id: Mapped[str] = mapped_column(String(40))
    name: Mapped[str] = mapped_column(String(200))
    path: Mapped[str] = mapped_column(String(200))
    query: Mapped[str] = mapped_column(Text, default="")
    shared: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[datetime] = mapped_column(default=now)
