"""Answers to writes that named an Idempotency-Key: the second try gets the first one's answer."""

from datetime import datetime

from sqlalchemy import String, Text
from sqlalchemy.orm import Mapped, mapped_column

from app.storage.records._base import OrgScoped, now


class Reply(OrgScoped):
    """One write under its key. ``status`` is null while it runs."""

    __tablename__ = "replies"

    org: Mapped[str] = mapped_column(String(63), primary_key=True)
    id: Mapped[str] = mapped_column(String(64), primary_key=True)  # SHA-256 of who sent it and the key
    payload_hash: Mapped[str] = mapped_column(String(64))
    status: Mapped[int | None]
    body: Mapped[str] = mapped_column(Text, default="")
    media_type: Mapped[str] = mapped_column(String(100), default="")
    created_at: Mapped[datetime] = mapped_column(default=now, index=True)
