"""When a limit was passed: single sessions above it grow into episodes."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date


@dataclass(frozen=True)
class Reading:
    """What one session closed with."""

    day: date
    value: float | None
    driver: str | None = None
    applies: bool = True  # whether the limit bound this session


@dataclass(frozen=True)
class Episode:
    """Sessions on end above a limit."""

    opened: date
    last_day: date  # last session above it
    peak: float
    peak_day: date
    current: float  # on the last day
    driver: str | None = None  # behind the peak
    sessions: int = 1
    closed: date | None = None  # first session not above it; None while it lasts
    closed_why: str | None = None


WITHIN, OUT_OF_FORCE = "within the limit", "out of force"


def episodes(readings: Iterable[Reading], *, bound: float) -> list[Episode]:
    """Return the episodes in which a measure was above ``bound``, oldest first.

    A value at the bound is not above it. A session without a value neither ends an episode nor makes it
    longer: nobody knows. A session that the limit does not bind ends it.

    Args:
        readings: In the order of their days.
        bound: The limit.
    """
    found: list[Episode] = []
    running: Episode | None = None
    for reading in readings:
        above = reading.applies and reading.value is not None and reading.value > bound
        if above and reading.value is not None:
            running = _longer(running, reading, reading.value)
        elif running is not None and (not reading.applies or reading.value is not None):
            why = WITHIN if reading.applies else OUT_OF_FORCE
            found.append(replace(running, closed=reading.day, closed_why=why))
            running = None
    return [*found, running] if running else found


def _longer(running: Episode | None, reading: Reading, value: float) -> Episode:
    if running is None:
        return Episode(reading.day, reading.day, value, reading.day, value, reading.driver)
    longer = replace(running, last_day=reading.day, current=value, sessions=running.sessions + 1)
    if value <= running.peak:
        return longer
    return replace(longer, peak=value, peak_day=reading.day, driver=reading.driver)
