"""What an order would meet if it were sent now: facts gathered for the pure check."""

from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from typing import Any

import polars as pl
from sqlalchemy import select

from analytics.compliance._features import daily_baseline
from analytics.compliance._listings import covered
from analytics.compliance.detector import LISTS, LISTS_SCHEMA
from analytics.compliance.pre_trade import Bound, Listing, Proposed, Reference, Sent, check
from analytics.datasets import ACCOUNTS, EXECUTIONS, INSTRUMENTS, ORDER_EVENTS, PRECLEARANCES, PRICES, QUOTES
from app.desk import Desk
from app.errors import FieldError, Invalid, NotFound
from app.queries._clearance import clearance
from app.queries.screening import blocked
from app.storage.records.lists import Limit, ListEntry

READS = (ACCOUNTS, EXECUTIONS, INSTRUMENTS, ORDER_EVENTS, PRECLEARANCES, PRICES, QUOTES)
_LOOK = timedelta(days=60)  # of prices: enough for twenty sessions
_LATELY = timedelta(seconds=60)  # of orders sent
_MEASURES = ("order_qty", "order_notional")


def evaluate(
    desk: Desk,
    *,
    account_id: str,
    instrument_id: str,
    side: str,
    quantity: float,
    price: float | None,
    at: datetime | None = None,
) -> dict[str, Any]:
    """Return how each check of an order ends and why; nothing is kept, nothing is sent.

    Watch lists are never consulted, so no answer depends on them; of insider lists only the caller's own
    entries count. Limits on orders bind the organisation, the account, its desk, the trader or instrument.

    Args:
        desk: Whose order it would be.
        account_id: One that the caller may see.
        instrument_id: What is to be traded.
        side: buy, sell, sell_short, buy_cover.
        quantity: Units, positive.
        price: Limit; None for none.
        at: The moment it would be sent; now when None.

    Raises:
        NotFound: If the caller may see no such account.
        Invalid: If no such instrument is known.
    """
    now = at or datetime.now(UTC)
    books = desk.collect(
        desk.rows(ACCOUNTS, dated=False, scoped=False)
        .filter(pl.col("account_id") == account_id)
        .select("account_id", "desk", "kind", "owner_id", "pad")
    )
    if books.is_empty():
        raise NotFound("There is no such account.")
    names = desk.rows(INSTRUMENTS, dated=False, scoped=False)
    terms = desk.collect(
        names.filter(pl.col("instrument_id") == instrument_id).select("multiplier")
    ).to_dicts()
    if not terms:
        unknown = FieldError("instrument_id", "names no known instrument", instrument_id[:80])
        raise Invalid("The order does not fit.", errors=[unknown])
    order = Proposed(
        account_id,
        instrument_id,
        side,
        quantity,
        price,
        now,
        trader_id=desk.identity.person_id,
        multiplier=float(terms[-1]["multiplier"] or 1),
    )
    answer = check(
        order,
        reference=reference(desk, instrument_id, now),
        bounds=_bounds(desk, order, books["desk"][0]),
        listings=listings(desk, order, names),
        sent=_sent(desk, order),
        clearance=clearance(desk, order, books.row(0, named=True)),
        blocked=blocked(desk, ids=_concerned(order, books["owner_id"][0])),
    )
    return {"outcome": answer.outcome, "at": now, "checks": [asdict(one) for one in answer.checks]}


def _concerned(order: Proposed, owner: str | None) -> frozenset[str]:
    return frozenset(one for one in (order.account_id, owner, order.trader_id) if one is not None)


def reference(desk: Desk, instrument_id: str, now: datetime) -> Reference:
    """Return what an order sent at a moment is held against: a fresh mid, else the last close before that day."""
    mine = pl.col("instrument_id") == instrument_id
    quotes = desk.collect(
        desk.rows(QUOTES, dated=False, scoped=False)
        .filter(mine & (pl.col("bid_px") > 0) & (pl.col("ask_px") >= pl.col("bid_px")))
        .filter((pl.col("transact_time") <= now) & (pl.col("transact_time") > now - timedelta(days=1)))
        .select(
            "transact_time",
            "seq",
            bid=pl.col("bid_px").cast(pl.Float64),
            ask=pl.col("ask_px").cast(pl.Float64),
        )
        .sort("transact_time", "seq")
        .tail(1)
    ).to_dicts()
    prices = desk.rows(PRICES, dated=False, scoped=False).filter(mine & (pl.col("date") < now.date())).filter(
        pl.col("date") >= (now - _LOOK).date()
    )  # fmt: skip
    days = desk.collect(daily_baseline({"prices": prices}).tail(1)).to_dicts()
    day = days[0] if days else {}
    known = {"daily_sigma": day.get("sigma"), "adv": day.get("adv")}
    if quotes and now - quotes[0]["transact_time"] <= timedelta(minutes=10):
        bid, ask = quotes[0]["bid"], quotes[0]["ask"]
        return Reference((bid + ask) / 2, "mid", quotes[0]["transact_time"], ask - bid, **known)
    if not day:
        return Reference()
    evening = datetime.combine(day["date"], datetime.min.time(), UTC) + timedelta(days=1)
    return Reference(day["close"], "close", evening, **known)


def _bounds(desk: Desk, order: Proposed, account_desk: str | None) -> list[Bound]:
    subjects = {
        ("organisation", None),
        ("account", order.account_id),
        ("desk", account_desk),
        ("trader", order.trader_id),
        ("instrument", order.instrument_id),
    }
    with desk.session() as session:
        found = list(
            session.scalars(
                select(Limit)
                .where(Limit.measure.in_(_MEASURES), Limit.disabled.is_(False))
                .order_by(Limit.name, Limit.id)
            )
        )
    return [
        Bound(
            limit.name,
            "order_qty" if limit.measure == "order_qty" else "order_notional",
            float(limit.value),
            warn_at=None if limit.warn_at is None else float(limit.warn_at),
            hard=limit.hard,
        )
        for limit in found
        if limit.holds(order.at.date()) and (limit.subject_kind, limit.subject_id) in subjects
    ]


def listings(desk: Desk, order: Proposed, names: pl.LazyFrame) -> list[Listing]:
    """Return restricted and own insider entries in force on an order's instrument, at its time, for its trader."""
    at = order.at
    # The watch list stays out of the question itself: an answer cannot reveal what was not asked.
    wanted = select(ListEntry).where(
        ListEntry.kind.in_(("restricted", "insider")),
        ListEntry.instrument_id.is_not(None),
        ListEntry.valid_from <= at,
        ListEntry.valid_to.is_(None) | (ListEntry.valid_to > at),
    )
    with desk.session() as session:
        entries = [
            {"list_type": one.kind, "instrument_id": one.instrument_id, "valid_from": one.valid_from}
            for one in session.scalars(wanted)
            if (one.person_id is None and one.kind == "restricted")
            or (one.person_id is not None and one.person_id == order.trader_id)
        ]
    if not entries:
        return []
    table = pl.DataFrame(entries, schema_overrides=LISTS_SCHEMA).lazy()
    blank = {name: pl.lit(None, dtype) for name, dtype in LISTS_SCHEMA.items() if name not in entries[0]}
    tables = {LISTS: table.with_columns(**blank).select(*LISTS_SCHEMA), "instruments": names}
    hit = desk.collect(
        covered(tables)
        .filter(pl.col("instrument_id") == order.instrument_id)
        .select("listed_id", "list_type")
        .unique()
        .sort("listed_id", "list_type")
    )
    return [Listing(one, "insider" if kind == "insider" else "restricted") for one, kind in hit.iter_rows()]


def _sent(desk: Desk, order: Proposed) -> list[Sent]:
    rows = desk.collect(
        desk.order_events(dated=False, scoped=False)
        .filter((pl.col("event_type") == "new") & (pl.col("account_id") == order.account_id))
        .filter(pl.col("instrument_id") == order.instrument_id)
        .filter((pl.col("transact_time") <= order.at) & (pl.col("transact_time") > order.at - _LATELY))
        .select(
            "account_id",
            "instrument_id",
            "side",
            quantity=pl.col("order_qty").cast(pl.Float64),
            price=pl.col("limit_px").cast(pl.Float64),
            at="transact_time",
        )
    )
    return [Sent(**row) for row in rows.to_dicts()]
