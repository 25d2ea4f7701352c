"""What every process holds: settings, records, lake, cache. Opened once, passed on."""

from dataclasses import dataclass
from typing import Self

from app.config import Settings
from app.storage.anchors import Anchors
from app.storage.cache import AnswerCache
from app.storage.database import Database
from app.storage.lake import Lake


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
        return cls(settings, database, Lake(settings.lake, database), AnswerCache.open(settings))
