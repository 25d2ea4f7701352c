"""What several detectors make of the same tables: computed once while one look lasts."""

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from typing import Any, Literal

import polars as pl

_ENGINE: ContextVar[Literal["streaming", "in-memory"]] = ContextVar("engine", default="streaming")


def computed(frame: pl.LazyFrame) -> pl.DataFrame:
    """Compute a step of a look: streaming, or at once where the whole look is short (``at_once``)."""
    return frame.collect(engine=_ENGINE.get())


@contextmanager
def at_once() -> Iterator[None]:
    """Let steps be computed at once within the block: for some minutes, setting up streams costs more than they save."""
    token = _ENGINE.set("in-memory")
    try:
        yield
    finally:
        _ENGINE.reset(token)


def deferred(build: Callable[[], pl.DataFrame], schema: Mapping[str, Any]) -> pl.LazyFrame:
    """Return rows that are made when they are asked for, on whatever thread, as the look at hand computes its steps."""
    engine = _ENGINE.get()

    def made() -> pl.DataFrame:
        token = _ENGINE.set(engine)
        try:
            return build()
        finally:
            _ENGINE.reset(token)

    return pl.defer(made, schema=schema)


class Features:
    """What was made of tables that never change again, kept in a folder: a later look need not read the rows.

    The folder belongs to one state of the tables and one version of the code; who gives it sees to that.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.reused: set[str] = set()
        self.made: set[str] = set()

    def get(self, name: str) -> pl.DataFrame | None:
        """Return what is kept under a name, None if nothing is."""
        path = self._path(name)
        if not path.exists():
            return None
        self.reused.add(name)
        return pl.scan_ipc(path).collect()

    def put(self, name: str, frame: pl.DataFrame) -> None:
        """Keep a frame; one that is half written never counts."""
        self.folder.mkdir(parents=True, exist_ok=True)
        part = self.folder / f".{name}.{os.getpid()}"
        frame.write_ipc(part, compression="lz4")
        part.replace(self._path(name))
        self.made.add(name)

    def _path(self, name: str) -> Path:
        return self.folder / f"{name}.arrow"


class Shared(dict[str, pl.LazyFrame]):
    """Tables of one look, and beside them what has been made of them so far.

    It is a mapping of names to frames like any other; only ``once`` and ``market_of`` know of the rest. Threads
    that ask for the same thing at the same time make it twice and keep one.

    Args:
        tables: Name to rows.
        made: What has been made of them; a new memory when None.
        market: Where these are one part of the market, the whole of it; None where they are the whole.
        standing: What has been made of tables that stay the same from one look to the next.
        still: Names of these tables.
        features: Where what is worth keeping is kept; None: nowhere.
    """

    def __init__(
        self,
        tables: Mapping[str, pl.LazyFrame],
        made: dict[str, pl.DataFrame] | None = None,
        *,
        market: "Shared | None" = None,
        standing: dict[str, pl.DataFrame] | None = None,
        still: frozenset[str] = frozenset(),
        features: Features | None = None,
    ) -> None:
        super().__init__(tables)
        self.made: dict[str, pl.DataFrame] = {} if made is None else made
        self.market = market
        self.standing: dict[str, pl.DataFrame] = {} if standing is None else standing
        self.still = still
        self.features = features

    def narrowed(self, given: Callable[[Mapping[str, pl.LazyFrame]], Mapping[str, pl.LazyFrame]]) -> "Shared":
        """Return what ``given`` makes of the tables, and of the whole market's, with the same memory."""
        market = None if self.market is None else self.market.narrowed(given)
        return Shared(
            given(self),
            self.made,
            market=market,
            standing=self.standing,
            still=self.still,
            features=self.features,
        )


def market_of(tables: Mapping[str, pl.LazyFrame]) -> Mapping[str, pl.LazyFrame]:
    """Return the tables of the whole market, where these are one part of it; else the same tables."""
    return tables.market if isinstance(tables, Shared) and tables.market is not None else tables


def once(
    tables: Mapping[str, pl.LazyFrame],
    name: str,
    build: Callable[[], pl.LazyFrame],
    *,
    of: tuple[str, ...] = (),
    kept: bool = False,
    lazily: bool = False,
) -> pl.LazyFrame:
    """Return what ``build`` makes, computed; made by an earlier detector of the same look, it is not made again.

    Args:
        tables: Where they are ``Shared``, the result is kept with them; else it is computed every time.
        name: Names what is made. The same name must mean the same of the same tables.
        build: Makes it.
        of: The tables it is made of, where a name is given: while all of them stand still, it outlives the look.
        kept: Whether it is a feature: no threshold decides it, and other thresholds are tried on it alone.
        lazily: Whether it is left uncomputed where nobody shares it.
    """
    if not isinstance(tables, Shared):
        return build() if lazily else computed(build()).lazy()
    memory = tables.standing if of and tables.still.issuperset(of) else tables.made
    if name not in memory:
        features = tables.features if kept else None
        found = None if features is None else features.get(name)
        if found is None:
            found = computed(build())
            if features is not None:
                features.put(name, found)
        # Of two workers that made it at the same time, one's is kept: they made the same.
        found = memory.setdefault(name, found)
    return memory[name].lazy()
