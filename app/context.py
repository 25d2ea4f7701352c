"""What every process holds: settings, records, lake, cache. Opened once, passed on."""

from dataclasses import dataclass
from typing import Self

from sqlalchemy import select

from app.config import Settings
from app.errors import BadSettings
from app.storage.anchors import Anchors
from app.storage.cache import AnswerCache
from app.storage.database import Database
from app.storage.lake import Lake
from app.storage.records.people import Organisation


@dataclass(frozen=True)
class Context:
    """The stores of one installation."""

    settings: Settings
    database: Database
    lake: Lake
    cache: AnswerCache

    @classmethod
    def open(cls, settings: Settings) -> Self:
        """Connect to the stores named by ``settings``; nothing is read yet."""
        database = Database(settings.database)
        Anchors(settings.root / "anchors", settings.secret).watch(database)
        return cls(
            settings, database, Lake(settings.lake, database, home=settings.root), AnswerCache.open(settings)
        )

    def check(self) -> None:
        """Refuse to serve demo people in production: everybody knows their password.

        Raises:
            BadSettings: If there are any.
        """
        if not self.settings.production:
            return
        with self.database.session(None) as session:
            demo = session.scalars(
                select(Organisation.slug).where(Organisation.demo, ~Organisation.disabled)
            ).all()
        if demo:
            names = ", ".join(sorted(demo))
            raise BadSettings(
                f"Demo organisations must not be served in production: remove {names} with `org delete`."
            )
