"""When an alert or a case is due: business days of the organisation's calendar, in its own time zone."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

# Business days until somebody must have decided, by severity.
ALERT_DAYS: Mapping[str, int] = {"critical": 1, "high": 1, "medium": 3, "low": 10}
CASE_DAYS: Mapping[str, int] = {"critical": 5, "high": 5, "medium": 10, "low": 20}
REPORT_DAYS = 1  # from the suspicion to a decision on a report
_SATURDAY = 5


@dataclass(frozen=True)
class Calendar:
    """Which days the organisation works.

    Args:
        zone: IANA name of its time zone.
        exchange: Calendar whose closed weekdays are holidays, such as ``XNYS``; none when empty.
        holidays: Further days it does not work.
    """

    zone: str = "UTC"
    exchange: str = ""
    holidays: frozenset[date] = field(default=frozenset())

    def works(self, day: date) -> bool:
        """Whether ``day`` is a business day."""
        if day.weekday() >= _SATURDAY or day in self.holidays:
            return False
        return not self.exchange or day not in _closed(self.exchange, day.year)

    def due(self, start: datetime, days: int) -> datetime:
        """Return the instant ``days`` business days after ``start``: the same local time of that day.

        What comes in on a day nobody works counts from the first minute of the next business day.
        """
        local = start.astimezone(ZoneInfo(self.zone))
        day, clock = local.date(), local.time()
        if not self.works(day):
            day, clock = self._next(day), time()
        for _ in range(days):
            day = self._next(day)
        return datetime.combine(day, clock, ZoneInfo(self.zone)).astimezone(UTC)

    def _next(self, day: date) -> date:
        for _ in range(366):
            day += timedelta(days=1)
            if self.works(day):
                return day
        raise ValueError("a calendar without a business day in a year")


def calendar_of(settings: Mapping[str, Any]) -> Calendar:
    """Return the calendar that an organisation's settings name: ``zone``, ``calendar``, ``holidays``.

    What cannot be read counts as not set: a clock that runs in UTC is better than none.
    """
    zone = str(settings.get("zone") or "UTC")
    try:
        ZoneInfo(zone)
    except (KeyError, ValueError, OSError):
        zone = "UTC"
    exchange = str(settings.get("calendar") or "")
    return Calendar(
        zone, exchange if _known(exchange) else "", frozenset(_days(settings.get("holidays") or ()))
    )


def _days(listed: Iterable[Any]) -> Iterable[date]:
    for one in listed:
        if isinstance(one, str) and len(one) == 10:
            yield date.fromisoformat(one)


def _known(exchange: str) -> bool:
    if not exchange:
        return False
    import exchange_calendars  # a second to import, and few organisations name one

    return exchange in exchange_calendars.get_calendar_names()


@lru_cache(maxsize=64)
def _closed(exchange: str, year: int) -> frozenset[date]:
    """Return the weekdays of a year on which an exchange is closed."""
    import exchange_calendars

    first, last = date(year, 1, 1), date(year, 12, 31)
    made: Any = exchange_calendars.get_calendar(exchange, start=str(first), end=str(last))
    opened = {one.date() for one in made.sessions}
    days = (first + timedelta(days=n) for n in range((last - first).days + 1))
    return frozenset(day for day in days if day.weekday() < _SATURDAY and day not in opened)
