"""Small parts of big tables, kept in memory while the table does not change."""

import threading
from collections import OrderedDict
from collections.abc import Callable

import polars as pl

Choose = Callable[[pl.LazyFrame], pl.LazyFrame]
MAX_ROWS = 200_000  # of one excerpt: what is longer is answered and not kept
MAX_KEPT = 64


class Excerpts:
    """The latest excerpt of each table and choice. Shared by the threads of a process."""

    def __init__(self) -> None:
        """Start empty."""
        self._kept: OrderedDict[tuple[str, str, str], tuple[str, pl.DataFrame]] = OrderedDict()
        self._guard = threading.Lock()

    def get(self, org: str, dataset: str, choose: Choose, token: str) -> pl.DataFrame | None:
        """Return what ``choose`` gave of the table at version ``token``, if that is what is kept."""
        key = (org, dataset, _name(choose))
        with self._guard:
            found = self._kept.get(key)
            if found is None or found[0] != token:
                return None
            self._kept.move_to_end(key)
            return found[1]

    def put(self, org: str, dataset: str, choose: Choose, token: str, frame: pl.DataFrame) -> None:
        """Keep ``frame`` in place of what an older version gave."""
        if frame.height > MAX_ROWS:
            return
        with self._guard:
            self._kept[(org, dataset, _name(choose))] = (token, frame)
            while len(self._kept) > MAX_KEPT:
                self._kept.popitem(last=False)

    def forget(self, org: str) -> None:
        """Drop what belongs to an organisation."""
        with self._guard:
            for key in [key for key in self._kept if key[0] == org]:
                del self._kept[key]


def _name(choose: Choose) -> str:
    return f"{choose.__module__}.{choose.__qualname__}"
