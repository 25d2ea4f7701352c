"""When the orders and fills behind an alert happened: spells of activity, one instrument at a time."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import polars as pl

PAUSE = timedelta(minutes=30)  # a longer silence parts two stretches
LEAST_ROOM, MOST_ROOM = timedelta(seconds=30), timedelta(minutes=5)
MOST = 6  # stretches to choose from


def stretches(rows: Mapping[str, pl.DataFrame]) -> tuple[list[dict[str, Any]], int]:
    """Return the busiest stretches of what is behind an alert, oldest first, and how many there are in all.

    Args:
        rows: ``app.queries.evidence.evidence``.

    Returns:
        Of each: ``instrument_id``, ``first`` and ``last`` (of what happened), ``start`` and ``end`` (with room
        on both sides), ``moves`` (how many things happened). A silence of more than half an hour parts two.
    """
    happened = pl.concat(
        [
            rows["events"].select("instrument_id", time="transact_time"),
            rows["executions"].select("instrument_id", time="transact_time"),
        ]
    ).drop_nulls()
    if happened.is_empty():
        return [], 0
    ordered = happened.sort("instrument_id", "time")
    quiet = (pl.col("time").diff() > PAUSE).fill_null(value=False)
    found = (
        ordered.with_columns(spell=quiet.cum_sum().over("instrument_id"))
        .group_by("instrument_id", "spell")
        .agg(first=pl.col("time").min(), last=pl.col("time").max(), moves=pl.len())
        .sort("moves", "first", "instrument_id", descending=[True, False, False])
    )
    chosen = found.head(MOST).sort("first", "instrument_id").drop("spell").to_dicts()
    return [one | _room(one["first"], one["last"]) for one in chosen], found.height


def months(begin: datetime, finish: datetime) -> pl.Expr:
    """Return whether a row lies in a month of the span: what lets a scan skip files."""
    return (pl.col("month") >= f"{begin:%Y-%m}") & (pl.col("month") <= f"{finish:%Y-%m}")


def busiest(found: list[dict[str, Any]]) -> int:
    """Return the place of the stretch in which most happened."""
    return max(range(len(found)), key=lambda place: found[place]["moves"])


def _room(first: datetime, last: datetime) -> dict[str, datetime]:
    room = min(max((last - first) / 8, LEAST_ROOM), MOST_ROOM)
    return {"start": first - room, "end": last + room}
