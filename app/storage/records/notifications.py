"""Notifications: what a person is told, and whether it was read and delivered."""

from datetime import datetime

from sqlalchemy import Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from app.storage.records._base import OrgScoped, new_id, now


class Notification(OrgScoped):
    """One message to one person, or to everybody with a role."""

    __tablename__ = "notifications"
    __table_args__ = (Index("ix_notifications_org_user", "org", "user_id", "read_at"),)

    id: Mapped[str] = mapped_column(String(40), primary_key=True, default=lambda: new_id("ntf"))
    user_id: Mapped[str | None] = mapped_column(String(40))
    role: Mapped[str | None] = mapped_column(String(20))
    kind: Mapped[str] = mapped_column(String(40))
    severity: Mapped[str] = mapped_column(String(10), default="low")
    title: Mapped[str] = mapped_column(String(300))
    text: Mapped[str] = mapped_column(Text, default="")
    href: Mapped[str | None] = mapped_column(String(500))
    created_at: Mapped[datetime] = mapped_column(default=now)
    read_at: Mapped[datetime | None]
    delivered_at: Mapped[datetime | None]  # by mail or webhook
    attempts: Mapped[int] = mapped_column(default=0)
