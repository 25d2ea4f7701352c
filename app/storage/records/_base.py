"""What every operational record is."""

import secrets
from datetime import UTC, datetime
from typing import Any, ClassVar

from sqlalchemy import JSON, DateTime, MetaData, String, TypeDecorator
from sqlalchemy.engine import Dialect
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

NAMES = {
    "ix": "ix_%(column_0_label)s",
    "uq": "uq_%(table_name)s_%(column_0_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s",
    "pk": "pk_%(table_name)s",
}


class Instant(TypeDecorator[datetime]):
    """An instant in UTC. SQLite drops zones, so they are refused in and put back out here."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Store UTC; refuse a naive time."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a naive time cannot be stored: say which zone")
        return value.astimezone(UTC)

    def process_result_value(self, value: Any | None, dialect: Dialect) -> datetime | None:
        """Return UTC."""
        if value is None:
            return None
        found: datetime = value
        return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)


# JSON values are replaced, never changed in place: the ORM sees only assignments.
Json = JSON(none_as_null=True)
Document = dict[str, Any]
Listing = list[Any]


class Base(DeclarativeBase):
    """A record of the installation."""

    metadata = MetaData(naming_convention=NAMES)
    type_annotation_map: ClassVar[dict[Any, Any]] = {datetime: Instant, Document: Json, Listing: Json}


class OrgScoped(Base):
    """A record of one organisation: every statement of a bound session is narrowed to its ``org``."""

    __abstract__ = True

    org: Mapped[str] = mapped_column(String(63), index=True)


def now() -> datetime:
    """Return this instant in UTC."""
    return datetime.now(UTC)


def new_id(prefix: str) -> str:
    """Return a fresh id such as ``imp_5f0c...``: 96 random bits, unguessable."""
    return f"{prefix}_{secrets.token_hex(12)}"
