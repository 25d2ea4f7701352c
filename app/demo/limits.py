"""The demo's limits: set around what its books did, so that each kind of limit has something to tell.

One is near (a soft warning), one was passed for a day by a slip of the finger and settled by two people, one is
passed now and waits; the others are well. Everything follows from the generated firm, so it is the same each time.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from math import floor, log10

from sqlalchemy import select

from app.actions import breaches, limits
from app.actions._roles import system
from app.context import Context
from app.demo.firm import Firm, LimitEntry
from app.desk import Desk
from app.jobs.limits import monitor
from app.queries import limits as asked
from app.scope import Identity, Scope
from app.storage.records.limits import LimitBreach
from app.storage.records.lists import Limit
from app.storage.records.people import User

RECENT = 20  # sessions in which the limits hold
STANDING = 3  # last sessions that are above the limit passed now
_STORY = "Order entered with a slip of the finger and cancelled within minutes; the trader was spoken to."
_CONFIRMED = "Order history checked: nothing was filled at that size."


@dataclass(frozen=True)
class _Placed:
    entry: LimitEntry
    value: float
    warn_at: float | None = None


def set_limits(context: Context, firm: Firm) -> None:
    """Set the firm's limits, measure them, and let two people settle the one that is over.

    Runs after its positions were derived.
    """
    actor = replace(system(firm.slug, "Demo"), role="risk", currency=firm.currency)
    desk = Desk(context.lake, context.database, actor, Scope())
    days = asked.sessions(desk)
    courses = _measured(desk, firm.limits, days)
    since = days[-RECENT] if len(days) >= RECENT else days[0]
    for placed in _placed(firm.limits, courses):
        _add(context, actor, placed, since=since)
    monitor(context, firm.slug, cause="demo")
    _settle(context, firm.slug)


def _measured(
    desk: Desk, entries: Sequence[LimitEntry], days: tuple[date, ...]
) -> Mapping[LimitEntry, list[float]]:
    unset = {
        entry: Limit(
            id=str(place), measure=entry.measure, subject_kind=entry.subject_kind, subject_id=entry.subject_id,
            value=Decimal(1), unit=entry.unit if len(entry.unit) == 3 else "",
        )
        for place, entry in enumerate(entries)
    }  # fmt: skip
    found = asked.courses(desk, unset.values(), days=days)
    return {entry: found[limit.id]["value"].drop_nulls().to_list() for entry, limit in unset.items()}


def _placed(entries: Sequence[LimitEntry], courses: Mapping[LimitEntry, list[float]]) -> list[_Placed]:
    """Return entries with their bounds; of those that could be passed now only the clearest one."""
    found, rising = [], []
    for entry in entries:
        values = [value for value in courses[entry] if value > 0]
        if entry.place == "passed" and len(values) > 2 * RECENT:
            before, now = max(values[-RECENT:-STANDING]), min(values[-STANDING:])
            rising.append((now / before, entry, before, now))
        elif not values:
            continue
        elif entry.place == "near":
            bound = _round(max(max(values[-RECENT:]) * 1.02, values[-1] / 0.9), up=True)
            found.append(_Placed(entry, bound, min(0.8 * bound, values[-1])))
        elif entry.place == "slip":
            second, largest = sorted(values[-RECENT:])[-2:]
            found.append(_Placed(entry, _round((second * largest) ** 0.5)))
        elif entry.place == "well":
            found.append(_Placed(entry, _round(max(values[-RECENT:]) * 1.4, up=True)))
    if rising:
        ratio, entry, before, now = max(rising, key=lambda one: (one[0], one[1].name))
        # Where nothing rose above what it was, the limit is passed for as long as it is in force.
        low, high = (before, now) if ratio > 1 else (now * 0.9, now)
        found.append(_Placed(entry, _between(low, high)))
    return found


def _between(low: float, high: float) -> float:
    """Return the value of fewest digits that is at least ``low`` and below ``high``."""
    middle = (low + high) / 2
    tried = (float(f"{middle:.{digits}g}") for digits in range(1, 12))
    return next((value for value in tried if low <= value < high), middle)


def _round(value: float, *, up: bool = False) -> float:
    """Return two leading digits, as people choose limits."""
    step: float = 10.0 ** (floor(log10(value)) - 1)
    return float(f"{(floor(value / step) + up) * step:.6g}")


def _add(context: Context, actor: Identity, placed: _Placed, *, since: date) -> None:
    entry = placed.entry
    limits.add(
        context.database,
        actor,
        name=entry.name,
        measure=entry.measure,
        value=Decimal(str(placed.value)),
        subject_kind=entry.subject_kind,
        subject_id=entry.subject_id,
        unit=entry.unit,
        warn_at=None if placed.warn_at is None else Decimal(f"{placed.warn_at:.9g}"),
        hard=entry.hard,
        valid_from=since,
    )


def _settle(context: Context, org: str) -> None:
    """Let risk acknowledge and compliance confirm the breaches that are over."""
    with context.database.session(org) as session:
        people = {user.role: user for user in session.scalars(select(User)) if user.role in breaches.SETTLERS}
        over = list(session.scalars(select(LimitBreach.id).where(LimitBreach.closed.is_not(None))))
    first, second = (
        Identity(org, people[role].id, people[role].name, role, person_id=people[role].person_id)
        for role in breaches.SETTLERS
    )
    for breach_id in over:
        breaches.acknowledge(context.database, first, breach_id, comment=_STORY, own_accounts=frozenset())
        breaches.confirm(context.database, second, breach_id, comment=_CONFIRMED, own_accounts=frozenset())
