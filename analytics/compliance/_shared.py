"""What several detectors make of the same tables: computed once while one look lasts."""

from collections.abc import Callable, Mapping

import polars as pl


class Shared(dict[str, pl.LazyFrame]):
    """Tables of one look, and beside them what has been made of them so far.

    It is a mapping of names to frames like any other; only ``once`` knows of the rest. Not to be used by
    several threads at once.
    """

    def __init__(
        self, tables: Mapping[str, pl.LazyFrame], made: dict[str, pl.DataFrame] | None = None
    ) -> None:
        super().__init__(tables)
        self.made: dict[str, pl.DataFrame] = {} if made is None else made

    def narrowed(self, tables: Mapping[str, pl.LazyFrame]) -> "Shared":
        """Return some of the tables, with the same memory."""
        return Shared(tables, self.made)


def once(tables: Mapping[str, pl.LazyFrame], name: str, build: Callable[[], pl.LazyFrame]) -> pl.LazyFrame:
    """Return what ``build`` makes, computed; made by an earlier detector of the same look, it is not made again.

    Args:
        tables: Where they are ``Shared``, the result is kept with them; else it is computed every time.
        name: Names what is made. The same name must mean the same of the same tables.
        build: Makes it.
    """
    if not isinstance(tables, Shared):
        return build().collect(engine="streaming").lazy()
    if name not in tables.made:
        tables.made[name] = build().collect(engine="streaming")
    return tables.made[name].lazy()
