"""Which days a question is about when it names none."""

from dataclasses import dataclass, replace
from datetime import date

import polars as pl

from analytics.datasets import DAILY_NAV, EXECUTIONS, ORDER_EVENTS
from app.desk import Desk
from app.scope import Scope
from app.storage.cache import cached

DEFAULT_SESSIONS = 20


@dataclass(frozen=True)
class Period:
    """Days from ``start`` to ``end``, inclusive; both None when the organisation has no session yet."""

    start: date | None
    end: date | None
    sessions: int
    last: date | None  # last session on or before ``end``: where positions stand

    def as_dict(self) -> dict[str, str | int | None]:
        """Return ``from``, ``to`` (ISO days or None) and the number of ``sessions``."""
        return {
            "from": self.start.isoformat() if self.start else None,
            "to": self.end.isoformat() if self.end else None,
            "sessions": self.sessions,
        }


def period(desk: Desk, *, sessions: int | None = DEFAULT_SESSIONS) -> Period:
    """Return the scope's dates, completed from the organisation's sessions.

    Where the scope names no end, it is the last session with data; where it names no start, the period is
    the last ``sessions`` sessions up to the end (None: from the first one on). Sessions are the days of the
    derived NAV or, before anything was derived, the days with order events or executions.
    """
    # The calendar is the organisation's whatever the scope narrows: asked once for all of them.
    days = all_sessions(desk)
    scope = desk.scope
    if scope.end is not None:
        days = [day for day in days if day <= scope.end]
    last = days[-1] if days else None
    if scope.start is not None:
        days = [day for day in days if day >= scope.start]
    elif sessions is not None:
        days = days[-sessions:]
    start = scope.start or (days[0] if days else None)
    end = scope.end or (days[-1] if days else None)
    if start is not None and end is not None and start > end:
        end = start
    return Period(start, end, len(days), last)


def within(desk: Desk, *, sessions: int | None = DEFAULT_SESSIONS) -> tuple[Desk, Period]:
    """Return the desk bounded to its period, and the period."""
    found = period(desk, sessions=sessions)
    return desk.with_scope(start=found.start, end=found.end), found


def all_sessions(desk: Desk) -> list[date]:
    """Return every session of the organisation, oldest first, whatever the scope narrows."""
    return _sessions(replace(desk, scope=Scope(as_of=desk.scope.as_of)))


def calendar(desk: Desk) -> list[date]:
    """Return the organisation's sessions up to the scope's end, oldest first."""
    days = _sessions(replace(desk, scope=Scope(as_of=desk.scope.as_of)))
    end = desk.scope.end
    return days if end is None else [day for day in days if day <= end]


@cached(DAILY_NAV, EXECUTIONS, ORDER_EVENTS)
def _sessions(desk: Desk) -> list[date]:
    nav = desk.rows(DAILY_NAV, dated=False, scoped=False)
    days = desk.collect(nav.select(pl.col("date").unique().sort()))
    if days.is_empty():
        moments = pl.concat(
            desk.rows(dataset, dated=False, scoped=False).select(date=pl.col("transact_time").dt.date())
            for dataset in (EXECUTIONS, ORDER_EVENTS)
        )
        days = desk.collect(moments.select(pl.col("date").unique().sort()))
    found: list[date] = days["date"].drop_nulls().to_list()
    return found
