"""Whom somebody must not judge: himself, those he reports to, and those who report to him."""

import polars as pl

from analytics.datasets import ACCOUNTS, PEOPLE
from app.desk import Desk
from app.scope import Line
from app.storage.cache import cached


def own_line(desk: Desk) -> Line:
    """Return the ids of the asking person and his line, with the accounts they own."""
    me = desk.identity.person_id
    if me is None:
        return Line()
    found = _line(desk.with_scope(as_of=None))
    return Line(frozenset(found["own"]), frozenset(found["others"]))


@cached(ACCOUNTS, PEOPLE)
def _line(desk: Desk) -> dict[str, list[str]]:
    me = str(desk.identity.person_id)
    people = desk.collect(desk.lake.scan(desk.org, PEOPLE).select("person_id", "manager_id"))
    reports_to: dict[str, set[str]] = {}
    for person, manager in people.iter_rows():
        if manager is not None:
            reports_to.setdefault(person, set()).add(manager)
    above = _reached(me, reports_to)
    under: dict[str, set[str]] = {}
    for person, managers in reports_to.items():
        for manager in managers:
            under.setdefault(manager, set()).add(person)
    others = (above | _reached(me, under)) - {me}
    accounts = desk.collect(
        desk.lake.scan(desk.org, ACCOUNTS)
        .filter(pl.col("owner_id").is_in([me, *others]))
        .select("account_id", "owner_id")
    )
    held = [(account, owner) for account, owner in accounts.iter_rows()]
    return {
        "own": sorted({me, *(account for account, owner in held if owner == me)}),
        "others": sorted({*others, *(account for account, owner in held if owner != me)}),
    }


def _reached(start: str, ways: dict[str, set[str]]) -> set[str]:
    """Return everybody reached from ``start``; a circle of managers ends."""
    found: set[str] = set()
    waiting = [start]
    while waiting:
        for one in ways.get(waiting.pop(), ()):
            if one not in found:
                found.add(one)
                waiting.append(one)
    return found
