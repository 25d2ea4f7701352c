"""Limits and their breaches as they stand in the records, and who may read which."""

from datetime import UTC, date, datetime
from typing import Any

import polars as pl
from sqlalchemy import select

from analytics.datasets import ACCOUNTS, PEOPLE
from analytics.portfolio.limit_measures import MEASURES, MONEY
from app.desk import Desk
from app.errors import Forbidden, NotFound
from app.scope import DATA_ROLES, SURVEILLANCE_ROLES
from app.storage.records.limits import LimitBreach
from app.storage.records.lists import Limit

OVERSEERS = frozenset({"risk", "compliance", "auditor"})  # read every limit and what was said of breaches


def today_of(desk: Desk) -> date:
    """Return the day whose limits count: the scope's instant or end, else today."""
    if desk.scope.as_of is not None:
        return desk.scope.as_of.date()
    return desk.scope.end or datetime.now(UTC).date()


def seen(desk: Desk, *, retired: bool = False) -> list[Limit]:
    """Return the limits this identity may see, by name.

    Who oversees sees all of them; others those of their own desks, of the accounts of these and of themselves.

    Raises:
        Forbidden: If the role reads no data.
    """
    if desk.identity.role not in DATA_ROLES:
        raise Forbidden("Your role administers; it does not read the organisation's limits.")
    query = select(Limit).order_by(Limit.name, Limit.id)
    if not retired:
        query = query.where(Limit.disabled.is_(False))
    with desk.session() as session:
        found = list(session.scalars(query))
    if desk.identity.role in OVERSEERS or desk.identity.desks is None:
        return found
    desks = set(desk.identity.desks)
    accounts = set(desk.entitled_accounts or ())
    people = desk.rows(PEOPLE, scoped=False).filter(pl.col("desk").is_in(sorted(desks))).select("person_id")
    traders: set[str | None] = {*desk.collect(people)["person_id"], desk.identity.person_id} - {None}
    own: dict[str, set[str | None]] = {"desk": {*desks}, "account": {*accounts}, "trader": traders}
    return [limit for limit in found if limit.subject_id in own.get(limit.subject_kind, ())]


def told(limit: Limit, base: str) -> dict[str, Any]:
    """Return what a limit says, without what is used of it."""
    kind = MEASURES.get(limit.measure)
    return {
        "limit_id": limit.id,
        "name": limit.name,
        "measure": limit.measure,
        "title": kind.title if kind else limit.measure,
        "definition": kind.definition if kind else "",
        "unit": kind.unit if kind else "",
        "currency": money_of(limit, base),
        "subject_kind": limit.subject_kind,
        "subject_id": limit.subject_id,
        "limit": float(limit.value),
        "warn_at": None if limit.warn_at is None else float(limit.warn_at),
        "hard": limit.hard,
        "valid_from": limit.valid_from,
        "valid_to": limit.valid_to,
        "retired": limit.disabled,
        "standing": kind.standing if kind else True,
    }


def money_of(limit: Limit, base: str) -> str:
    """Return the currency a limit's money is in: its unit, else the organisation's."""
    kind = MEASURES.get(limit.measure)
    named = kind is not None and kind.unit == MONEY and len(limit.unit) == 3 and limit.unit.isupper()
    return limit.unit if named else base


def breaches(desk: Desk, *, restated: bool = False) -> list[dict[str, Any]]:
    """Return episodes above a limit that the identity may see: lasting ones first, the newest first.

    Those found in figures that were corrected since are left out unless ``restated``.

    Rows: breach_id, limit_id, name, measure, unit, currency, subject_kind, subject_id, hard, opened, last_day,
    closed, closed_why, bound, peak, peak_day, current, driver, state (open, closed), settled (new,
    acknowledged, confirmed). For those who oversee limits also who acknowledged and confirmed, when and with
    which words; the alert's id for those who read surveillance.
    """
    known = {limit.id: limit for limit in seen(desk, retired=True)}
    with desk.session() as session:
        found = list(session.scalars(select(LimitBreach).where(LimitBreach.limit_id.in_(list(known)))))
    rows = [
        _breach(desk, one, known[one.limit_id])
        for one in found
        if restated or one.closed is None or one.closed_why != "restated"
    ]
    rows.sort(key=lambda row: (row["opened"], row["breach_id"]), reverse=True)
    return sorted(rows, key=lambda row: (row["state"] != "open", row["settled"] == "confirmed"))


def breach(desk: Desk, breach_id: str) -> dict[str, Any]:
    """Return one breach as ``breaches`` tells it.

    Raises:
        NotFound: If there is none of this id that the identity may see.
    """
    found = next((row for row in breaches(desk, restated=True) if row["breach_id"] == breach_id), None)
    if found is None:
        raise NotFound("There is no such breach.")
    return found


def _breach(desk: Desk, one: LimitBreach, limit: Limit) -> dict[str, Any]:
    settled = "confirmed" if one.confirmed_by else "acknowledged" if one.acknowledged_by else "new"
    row = {
        "breach_id": one.id,
        "limit_id": limit.id,
        "name": limit.name,
        "measure": limit.measure,
        "unit": MEASURES[limit.measure].unit if limit.measure in MEASURES else "",
        "currency": money_of(limit, desk.identity.currency),
        "subject_kind": limit.subject_kind,
        "subject_id": limit.subject_id,
        "hard": one.hard,
        "opened": one.opened,
        "last_day": one.last_day,
        "closed": one.closed,
        "closed_why": one.closed_why,
        "bound": float(one.bound),
        "peak": one.peak,
        "peak_day": one.peak_day,
        "current": one.current,
        "driver": one.driver,
        "state": "closed" if one.closed else "open",
        "settled": settled,
    }
    if desk.identity.role in OVERSEERS:
        row |= {
            "acknowledged_by": one.acknowledged_name,
            "acknowledged_at": one.acknowledged_at,
            "comment": one.comment,
            "confirmed_by": one.confirmed_name,
            "confirmed_at": one.confirmed_at,
            "confirm_comment": one.confirm_comment,
            "mine": one.acknowledged_by == desk.identity.user_id,
        }
    if desk.identity.role in SURVEILLANCE_ROLES:
        row["alert_id"] = one.alert_id
    return row


def own_accounts(desk: Desk) -> frozenset[str]:
    """Return the accounts that are this person's own, or their desk's: whose breaches somebody else settles."""
    me = desk.identity.person_id
    if me is None:
        return frozenset()
    mine = desk.collect(desk.rows(PEOPLE, scoped=False).filter(pl.col("person_id") == me).select("desk"))
    desks = mine["desk"].drop_nulls().unique().to_list()
    rows = desk.lake.scan(desk.org, ACCOUNTS).filter((pl.col("owner_id") == me) | pl.col("desk").is_in(desks))
    return frozenset(desk.collect(rows.select("account_id"))["account_id"])
