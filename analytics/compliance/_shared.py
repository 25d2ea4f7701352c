"""What several detectors make of the same tables: computed once while one look lasts."""

from collections.abc import Callable, Mapping

import polars as pl


class Shared(dict[str, pl.LazyFrame]):
    """Tables of one look, and beside them what has been made of them so far.

    It is a mapping of names to frames like any other; only ``once`` and ``market_of`` know of the rest. Not to
    be used by several threads at once.

    Args:
        tables: Name to rows.
        made: What has been made of them; a new memory when None.
        market: Where these are one part of the market, the whole of it; None where they are the whole.
        standing: What has been made of tables that stay the same from one look to the next.
        still: Names of these tables.
    """

    def __init__(
        self,
        tables: Mapping[str, pl.LazyFrame],
        made: dict[str, pl.DataFrame] | None = None,
        *,
        market: "Shared | None" = None,
        standing: dict[str, pl.DataFrame] | None = None,
        still: frozenset[str] = frozenset(),
    ) -> None:
        super().__init__(tables)
        self.made: dict[str, pl.DataFrame] = {} if made is None else made
        self.market = market
        self.standing: dict[str, pl.DataFrame] = {} if standing is None else standing
        self.still = still

    def narrowed(self, given: Callable[[Mapping[str, pl.LazyFrame]], Mapping[str, pl.LazyFrame]]) -> "Shared":
        """Return what ``given`` makes of the tables, and of the whole market's, with the same memory."""
        market = None if self.market is None else self.market.narrowed(given)
        return Shared(given(self), self.made, market=market, standing=self.standing, still=self.still)


def market_of(tables: Mapping[str, pl.LazyFrame]) -> Mapping[str, pl.LazyFrame]:
    """Return the tables of the whole market, where these are one part of it; else the same tables."""
    return tables.market if isinstance(tables, Shared) and tables.market is not None else tables


def once(
    tables: Mapping[str, pl.LazyFrame],
    name: str,
    build: Callable[[], pl.LazyFrame],
    *,
    of: tuple[str, ...] = (),
) -> pl.LazyFrame:
    """Return what ``build`` makes, computed; made by an earlier detector of the same look, it is not made again.

    Args:
        tables: Where they are ``Shared``, the result is kept with them; else it is computed every time.
        name: Names what is made. The same name must mean the same of the same tables.
        build: Makes it.
        of: The tables it is made of, where a name is given: while all of them stand still, it outlives the look.
    """
    if not isinstance(tables, Shared):
        return build().collect(engine="streaming").lazy()
    memory = tables.standing if of and tables.still.issuperset(of) else tables.made
    if name not in memory:
        memory[name] = build().collect(engine="streaming")
    return memory[name].lazy()
