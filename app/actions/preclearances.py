"""Trades for oneself are asked for beforehand, and somebody else answers."""

from collections.abc import Collection
from contextlib import AbstractContextManager
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, Protocol

import polars as pl
from sqlalchemy import select
from sqlalchemy.orm import Session

from analytics.datasets import PRECLEARANCES, SIDES
from app.actions._casework import prose, refusals_on_record, refuse_own, require_person
from app.actions._roles import text
from app.errors import Conflict, FieldError, Forbidden, Invalid, NotFound
from app.scope import DATA_ROLES, Identity, Line
from app.storage.database import Database
from app.storage.records import audit
from app.storage.records._base import now
from app.storage.records.counters import bump
from app.storage.records.lists import ListEntry
from app.storage.records.preclearances import PATIENCE, Preclearance

RECORDS = "preclearances"
ANSWERS = ("approved", "denied")
WAIVERS = ("holding_period", "blackout")
USUAL = timedelta(hours=24)  # how long an approval holds where nothing else is said
LONGEST = timedelta(days=30)
_MOST = Decimal("1e15")


class Shelf(Protocol):
    """Where rows of data sets are written (the lake): one writer of an organisation at a time."""

    def writing(self, org: str) -> AbstractContextManager[Any]:
        """Return the writer, which takes back what was not published when the block ends."""


def ask(
    database: Database,
    actor: Identity,
    *,
    instrument_id: str,
    side: str,
    quantity: Decimal,
    account_id: str | None = None,
    reason: str = "",
    own_accounts: Collection[str] = (),
) -> Preclearance:
    """Ask to trade for oneself.

    Args:
        database: The records.
        actor: A person of the firm.
        instrument_id: What.
        side: buy, sell, sell_short or buy_cover.
        quantity: At most, in all.
        account_id: One of the actor's own; any of them when None.
        reason: Why, for whoever answers.
        own_accounts: Accounts that the actor owns.

    Raises:
        Forbidden: If the actor is no person of the firm: a key, or a sign-in without a person.
        Invalid: If a field does not fit.
    """
    if not actor.user_id.startswith("u_") or actor.role not in DATA_ROLES or "write" not in actor.scopes:
        raise Forbidden("A person asks for himself: sign in to do it.")
    if actor.person_id is None:
        raise Forbidden("Your sign-in is not linked to a person of the firm: ask an administrator.")
    errors = []
    if side not in SIDES:
        errors.append(FieldError("side", f"must be one of {', '.join(SIDES)}", side[:40]))
    if not quantity.is_finite() or not 0 < quantity < _MOST:
        errors.append(FieldError("quantity", "must be above zero and below 10^15", str(quantity)[:40]))
    if account_id is not None and account_id not in own_accounts:
        errors.append(FieldError("account_id", "is not an account of yours", account_id[:80]))
    if errors:
        raise Invalid("The request does not fit.", errors=errors)
    made = Preclearance(
        org=actor.org, person_id=actor.person_id, account_id=account_id,
        instrument_id=text("instrument_id", instrument_id), side=side, quantity=quantity,
        reason=prose("reason", reason, longest=2000) if reason.strip() else "", status="pending", asked_by=actor.user_id,
        asked_name=actor.name[:200], asked_at=now(), waives=[],
    )  # fmt: skip
    with database.session(actor.org, write=True) as session:
        session.add(made)
        session.flush()
        _record(session, actor, "preclearance.ask", made)
    return made


def withdraw(database: Database, actor: Identity, request_id: str) -> Preclearance:
    """Take back one's own request while nobody has answered.

    Raises:
        NotFound: If there is no such request of the actor's.
        Conflict: If it is answered.
    """
    with database.session(actor.org, write=True) as session:
        found = _found(session, request_id)
        if found.asked_by != actor.user_id:
            raise NotFound("There is no such request.")
        if found.status != "pending":
            raise Conflict(f"It is {found.status} already.")
        found.status, found.decided_at = "withdrawn", now()
        _record(session, actor, "preclearance.withdraw", found)
    return found


def decide(
    database: Database,
    lake: Shelf,
    actor: Identity,
    request_id: str,
    *,
    answer: str,
    line: Line,
    comment: str = "",
    valid_from: datetime | None = None,
    valid_to: datetime | None = None,
    waives: Collection[str] = (),
) -> Preclearance:
    """Approve or deny a request; the answer becomes a row of the data set that surveillance judges by.

    Request and row change together or not at all.

    Args:
        database: The records.
        lake: Where the row goes.
        actor: Compliance: not who asked, nor his reporting line.
        request_id: Which.
        answer: approved or denied.
        line: The actor's own people and accounts.
        comment: Why; needed for a denial.
        valid_from: From when an approval holds; now when None.
        valid_to: Until when, exclusive; 24 hours when None, 30 days at most.
        waives: Rules the approval lifts: holding_period, blackout.

    Raises:
        Forbidden: If the actor may not answer it.
        NotFound: If there is no such request for the actor.
        Conflict: If it is answered or too old, or the instrument is restricted.
        Invalid: If a field does not fit.
    """
    require_person(actor)
    at = now()
    start = valid_from or at
    end = valid_to or start + USUAL
    errors = []
    if answer not in ANSWERS:
        errors.append(FieldError("answer", f"must be one of {', '.join(ANSWERS)}", answer[:40]))
    if not at - timedelta(minutes=1) <= start < end <= start + LONGEST:
        errors.append(FieldError("valid_to", "must be after the start, at most 30 days, and nothing past"))
    if unknown := sorted(set(waives) - set(WAIVERS)):
        errors.append(FieldError("waives", f"must be of {', '.join(WAIVERS)}", unknown[0][:40]))
    if errors:
        raise Invalid("The answer does not fit.", errors=errors)
    words = prose("comment", comment, longest=2000) if comment.strip() or answer == "denied" else None
    with refusals_on_record(database, actor, "preclearance", request_id), lake.writing(actor.org) as writer:
        with database.session(actor.org) as session:
            asked = _found(session, request_id)
            _may_answer(session, actor, asked, line=line, answer=answer, at=at)
        if answer == "denied":
            start = end = at
        values = {
            "preclearance_id": asked.id, "person_id": asked.person_id, "account_id": asked.account_id,
            "instrument_id": asked.instrument_id, "side": asked.side, "quantity": asked.quantity, "status": answer,
            "valid_from": start, "valid_to": end, "decided_time": at, "decided_by": actor.person_id or actor.user_id,
            "waives": sorted(waives) or None, "reason": words,
            "transact_time_ns": int(start.timestamp() * 1_000_000) * 1000, "raw_id": asked.id,
            "import_id": asked.id, "ingest_time": at, "dq_flags": [],
        }  # fmt: skip
        row = pl.DataFrame([values], schema=PRECLEARANCES.schema)
        staged = writer.append(PRECLEARANCES, row, import_id=asked.id)
        with database.session(actor.org, write=True) as session:
            found = _found(session, request_id)
            _may_answer(session, actor, found, line=line, answer=answer, at=at)
            found.status, found.comment, found.decided_at = answer, words, at
            found.decided_by, found.decided_name = actor.user_id, actor.name[:200]
            if answer == "approved":
                found.valid_from, found.valid_to, found.waives = start, end, sorted(waives)
            _record(session, actor, "preclearance.decide", found)
            writer.publish([staged], session)
    return found


def _found(session: Session, request_id: str) -> Preclearance:
    found = session.scalar(select(Preclearance).where(Preclearance.id == request_id).with_for_update())
    if found is None:
        raise NotFound("There is no such request.")
    return found


def _may_answer(
    session: Session, actor: Identity, asked: Preclearance, *, line: Line, answer: str, at: datetime
) -> None:
    if asked.asked_by == actor.user_id or asked.person_id == actor.person_id:
        raise Forbidden("It is your own request: somebody else must answer it.")
    refuse_own(actor, [{"id": asked.person_id}], line, what="request")
    if asked.status != "pending":
        raise Conflict(f"It is {asked.status} already.")
    if asked.asked_at + PATIENCE <= at:
        raise Conflict("It has waited for more than five days and expired: it must be asked again.")
    if answer == "approved" and _listed(session, asked, at):
        raise Conflict("The instrument is closed to this person: look at the lists, and deny the request.")


def _listed(session: Session, asked: Preclearance, at: datetime) -> bool:
    """Whether the instrument is restricted, or the person inside."""
    wanted = select(ListEntry.person_id).where(
        ListEntry.kind.in_(("restricted", "insider")),
        ListEntry.instrument_id == asked.instrument_id,
        ListEntry.valid_from <= at,
        ListEntry.valid_to.is_(None) | (ListEntry.valid_to > at),
        (ListEntry.person_id == asked.person_id)
        | ((ListEntry.kind == "restricted") & ListEntry.person_id.is_(None)),
    )
    return session.execute(wanted.limit(1)).first() is not None


def _record(session: Session, actor: Identity, action: str, found: Preclearance) -> None:
    names = (
        "person_id", "account_id", "instrument_id", "side", "quantity", "status", "valid_from", "valid_to", "waives",
        "comment",
    )  # fmt: skip
    bump(session, actor.org, RECORDS)
    audit.record(
        session, actor=actor, action=action, object_kind="preclearance", object_id=found.id,
        after={name: getattr(found, name) for name in names},
    )  # fmt: skip
