"""Requests to trade for oneself: one's own, or for compliance all of them."""

from typing import Any

import polars as pl
from sqlalchemy import select

from analytics.datasets import ACCOUNTS, INSTRUMENTS
from app.desk import Desk
from app.errors import FieldError, Forbidden, Invalid
from app.queries._line import own_line
from app.scope import DATA_ROLES, SURVEILLANCE_ROLES
from app.storage.records._base import now
from app.storage.records.preclearances import PATIENCE, Preclearance

STATES = ("pending", "approved", "expired", "denied", "withdrawn")


def requests(desk: Desk, *, status: str | None = None) -> list[dict[str, Any]]:
    """Return requests, those that wait first, the newest first.

    Compliance and auditors read all of them, others their own.

    Args:
        desk: Who asks.
        status: pending, approved (and still valid), expired, denied or withdrawn; all when None.

    Returns:
        request_id, person_id, asked_name, account_id, instrument_id, side, quantity, reason, status,
        asked_at, valid_from, valid_to, waives, comment, decided_name, decided_at, and ``mine`` and
        ``may_answer`` for the asking person.

    Raises:
        Forbidden: If the role reads no data.
        Invalid: If there is no such status.
    """
    identity = desk.identity
    if identity.role not in DATA_ROLES:
        raise Forbidden("Your role administers; it does not read the organisation's data.")
    if status is not None and status not in STATES:
        allowed = FieldError("status", f"must be one of {', '.join(STATES)}", status[:40])
        raise Invalid("Some parameters do not fit.", errors=[allowed])
    query = select(Preclearance).order_by(Preclearance.asked_at.desc(), Preclearance.id)
    if identity.role not in SURVEILLANCE_ROLES:
        query = query.where(Preclearance.asked_by == identity.user_id)
    answers = identity.role == "compliance" and identity.user_id.startswith("u_")
    line = own_line(desk) if answers else None
    with desk.session() as session:
        found = list(session.scalars(query))
    rows = []
    for one in found:
        state = _state(one)
        mine = one.asked_by == identity.user_id or one.person_id == identity.person_id
        concerned = line is not None and one.person_id in line.own | line.others
        rows.append(
            told(one)
            | {"status": state, "mine": mine}
            | {"may_answer": answers and state == "pending" and not mine and not concerned}
        )
    shown = [row for row in rows if status in {None, row["status"]}]
    return sorted(shown, key=lambda row: STATES.index(row["status"]))


def told(one: Preclearance) -> dict[str, Any]:
    """Return one request as routes and pages tell it."""
    names = (
        "person_id", "asked_name", "account_id", "instrument_id", "side", "quantity", "reason", "asked_at",
        "valid_from", "valid_to", "comment", "decided_name", "decided_at",
    )  # fmt: skip
    values = {name: getattr(one, name) for name in names}
    return {"request_id": one.id, **values, "waives": list(one.waives), "status": _state(one)}


def own_accounts(desk: Desk) -> tuple[str, ...]:
    """Return the accounts that the asking person owns, whatever desk they are kept at."""
    me = desk.identity.person_id
    if me is None:
        return ()
    rows = desk.lake.scan(desk.org, ACCOUNTS).filter(pl.col("owner_id") == me).select("account_id")
    return tuple(sorted(desk.collect(rows.unique())["account_id"]))


def known_instrument(desk: Desk, instrument_id: str) -> str:
    """Return the id of an instrument.

    Raises:
        Invalid: If no such instrument is known.
    """
    rows = desk.rows(INSTRUMENTS, dated=False, scoped=False).filter(pl.col("instrument_id") == instrument_id)
    if desk.collect(rows.select("instrument_id").head(1)).is_empty():
        unknown = FieldError("instrument_id", "names no known instrument", instrument_id[:80])
        raise Invalid("The request does not fit.", errors=[unknown])
    return instrument_id


def _state(one: Preclearance) -> str:
    at = now()
    if one.status == "pending" and one.asked_at + PATIENCE <= at:
        return "expired"
    if one.status == "approved" and one.valid_to is not None and one.valid_to <= at:
        return "expired"
    return one.status
