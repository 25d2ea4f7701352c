"""What the holdings of each evening would have earned on the sessions before, and what the next one brought."""

from collections.abc import Iterator

import numpy as np
import polars as pl

from analytics.datasets import ACCOUNTS
from analytics.portfolio.risk import WINDOW
from analytics.portfolio.var_forecast import replayed
from app.context import Context
from app.desk import Desk
from app.jobs._desk import desk_of
from app.jobs._model_tables import Made
from app.queries._evenings import BOOK, course
from app.scope import Scope

EVENINGS = 350  # most recent ones of each book
WHOLE = "organisation"
SCHEMA = {"book": pl.String(), "date": pl.Date(), "replay": pl.List(pl.Float64()), "realised": pl.Float64()}


def books(context: Context, org: str) -> Iterator[tuple[str, Desk]]:
    """Yield ``organisation``, ``desk/<name>`` and ``account/<id>``, and the desk that sees just that."""
    whole = desk_of(context, org, "Risk")
    yield WHOLE, whole
    known = whole.collect(whole.rows(ACCOUNTS).select("account_id", "desk").unique())
    for name in known["desk"].drop_nulls().unique().sort():
        yield f"desk/{name}", desk_of(context, org, "Risk", scope=Scope(desk=(name,)))
    for name in known["account_id"].unique().sort():
        yield f"account/{name}", desk_of(context, org, "Risk", scope=Scope(account=(name,)))


# The table last read, by where it is, whose and of which version: several models learn from it, one after the other.
_last: dict[tuple[str, str, str], pl.DataFrame] = {}


def _read(context: Context, org: str) -> pl.DataFrame:
    """Return one row per book and evening: ``replay`` (base currency, oldest first), ``realised`` of that session."""
    key = (str(context.settings.root), org, _version(context, org))
    found = _last.get(key)
    if found is None:
        found = _replayed(context, org)
        _last.clear()
        _last[key] = found
    return found


def _replayed(context: Context, org: str) -> pl.DataFrame:
    parts = [pl.DataFrame(schema=SCHEMA)]
    for name, desk in books(context, org):
        held = course(desk)
        if len(held.dates) < 2:
            continue
        replays = replayed(held.values, held.returns, window=WINDOW, last=EVENINGS)
        count = len(replays)
        carried = list(np.abs(np.nan_to_num(held.values[-count:], nan=1.0)).sum(axis=1) > 0)
        parts.append(
            pl.DataFrame(
                {
                    "book": [name] * count,
                    "date": list(held.dates[-count:]),
                    "replay": [one if some else one[:0] for one, some in zip(replays, carried, strict=True)],
                    "realised": held.realised[-count:],
                },
                schema=SCHEMA,
            )
        )
    return pl.concat(parts)


def _version(context: Context, org: str) -> str:
    return " ".join(context.lake.version(org, dataset) for dataset in BOOK)


TABLE = Made("books", _read, _version)
