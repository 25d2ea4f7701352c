"""What an alert is judged by beside trades: allocations, lists, approvals and limits; and its instruments."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import polars as pl
from sqlalchemy import select

from analytics.datasets import (
    ACCOUNTS,
    ALLOCATIONS,
    EXECUTIONS,
    INSTRUMENTS,
    MESSAGES,
    NEWS,
    ORDER_EVENTS,
    POSITION_LIMITS,
    POSTS,
    PRECLEARANCES,
)
from app.desk import Desk
from app.queries.compliance import alert
from app.queries.evidence import MOST, evidence
from app.storage.cache import cached
from app.storage.records.lists import ListEntry

_ENDED = ("cancelled", "expired", "rejected")


@cached(
    ACCOUNTS, ALLOCATIONS, EXECUTIONS, INSTRUMENTS, MESSAGES, NEWS, ORDER_EVENTS, POSITION_LIMITS, POSTS, PRECLEARANCES,
    records=("alerts", "lists"),
)  # fmt: skip
def terms(desk: Desk, alert_id: str) -> dict[str, Any]:
    """Return what applied to the trades behind an alert, and how they spread over instruments.

    Returns:
        ``allocations`` of its orders (the columns of ALLOCATIONS and ``after``: seconds from the last fill of the
        block, null where it is not known), ``rules``: ``kind`` (restricted, watch, insider, preclearance, position_limit),
        ``id``, ``instrument_id``, ``subject`` (null: the firm), ``bound`` (quantity, null for none), ``status``,
        ``valid_from``, ``valid_to``, ``reason``: those of its instruments and people at the time;
        ``instruments``: instrument_id, orders, withdrawn, filled (orders), fills, quantity, most orders first.

    Raises:
        Forbidden: If the role does not read surveillance.
        NotFound: If there is no such alert here, or it is about the one who asks.
    """
    found, behind = alert(desk, alert_id), evidence(desk, alert_id)
    return {
        "allocations": _allocations(desk, behind),
        "rules": [*_lists(desk, found), *_approvals(desk, found, behind), *_position_limits(desk, found)],
        "instruments": _instruments(behind),
    }


def _allocations(desk: Desk, behind: Mapping[str, pl.DataFrame]) -> pl.DataFrame:
    orders = behind["orders"]["order_id"].head(MOST).implode()
    rows = desk.rows(ALLOCATIONS, dated=False, scoped=False).filter(pl.col("order_id").is_in(orders))
    done = behind["executions"].lazy().group_by("order_id").agg(done=pl.col("transact_time").max())
    after = (pl.col("alloc_time") - pl.col("done")).dt.total_microseconds() / 1e6
    ordered = rows.join(done, on="order_id", how="left").sort("alloc_time", "allocation_id").head(MOST)
    return desk.collect(ordered.select(*ALLOCATIONS.columns, after=after))


def _moment(found: Mapping[str, Any]) -> tuple[datetime, datetime]:
    start, end = found["window"]["start"], found["window"]["end"]
    return start or found["created_at"], end or start or found["created_at"]


def _people(found: Mapping[str, Any]) -> list[str]:
    return [actor["id"] for actor in found["actors"] if actor["kind"] in {"trader", "person"}]


def _lists(desk: Desk, found: Mapping[str, Any]) -> list[dict[str, Any]]:
    start, end = _moment(found)
    people = set(_people(found))
    if not found["instrument_ids"]:
        return []
    query = (
        select(ListEntry)
        .where(ListEntry.instrument_id.in_(found["instrument_ids"]))
        .order_by(ListEntry.valid_from)
    )
    with desk.session() as session:
        entries = list(session.scalars(query))
    # The times of records have no zone in every database: both sides are compared without one.
    bare = [moment.replace(tzinfo=None) for moment in (start, end)]
    return [
        {
            "kind": entry.kind,
            "id": entry.id,
            "instrument_id": entry.instrument_id,
            "subject": entry.person_id,
            "bound": None,
            "status": "ended" if entry.removed_at else "entered",
            "valid_from": entry.valid_from,
            "valid_to": entry.valid_to,
            "reason": entry.reason,
        }
        for entry in entries
        if entry.valid_from.replace(tzinfo=None) <= bare[1]
        and (entry.valid_to is None or entry.valid_to.replace(tzinfo=None) > bare[0])
        and (entry.person_id is None or entry.person_id in people)
    ]


def _approvals(
    desk: Desk, found: Mapping[str, Any], behind: Mapping[str, pl.DataFrame]
) -> list[dict[str, Any]]:
    people, (start, end) = _people(found), _moment(found)
    if not people or not found["instrument_ids"]:
        return []
    accounts = [*behind["orders"]["account_id"].drop_nulls().unique(), *(a["id"] for a in found["actors"])]
    rows = desk.rows(PRECLEARANCES, dated=False, scoped=False).filter(
        pl.col("person_id").is_in(people),
        pl.col("instrument_id").is_in(found["instrument_ids"]),
        pl.col("account_id").is_null() | pl.col("account_id").is_in(accounts),
        pl.col("valid_from") <= end,
        pl.col("valid_to") >= start,
    )
    kept = rows.sort("valid_from", "preclearance_id").select(
        kind=pl.lit("preclearance"), id="preclearance_id", instrument_id="instrument_id", subject="person_id",
        bound=pl.col("quantity").cast(pl.Float64), status="status", valid_from="valid_from", valid_to="valid_to",
        reason="reason",
    )  # fmt: skip
    return desk.collect(kept.head(MOST)).to_dicts()


def _position_limits(desk: Desk, found: Mapping[str, Any]) -> list[dict[str, Any]]:
    if not found["instrument_ids"] or found["detector"] != "concentration":
        return []
    start, end = _moment(found)
    rows = desk.rows(POSITION_LIMITS, dated=False, scoped=False).filter(
        pl.col("instrument_id").is_in(found["instrument_ids"]),
        pl.col("valid_from").is_null() | (pl.col("valid_from") <= end.date()),
        pl.col("valid_to").is_null() | (pl.col("valid_to") >= start.date()),
    )
    kept = rows.sort("limit_id").select(
        kind=pl.lit("position_limit"), id="limit_id", instrument_id="instrument_id", subject="subject_id",
        bound=pl.col("max_quantity").cast(pl.Float64), status=pl.lit("in force"), valid_from="valid_from",
        valid_to="valid_to", reason="source",
    )  # fmt: skip
    return desk.collect(kept.head(MOST)).to_dicts()


def _instruments(behind: Mapping[str, pl.DataFrame]) -> list[dict[str, Any]]:
    orders = (
        behind["orders"]
        .group_by("instrument_id")
        .agg(
            orders=pl.len(),
            withdrawn=pl.col("status").is_in(_ENDED).sum(),
            filled=(pl.col("fill_rate").fill_null(0) > 0).sum(),
        )
    )
    fills = (
        behind["executions"]
        .group_by("instrument_id")
        .agg(fills=pl.len(), quantity=pl.col("last_qty").sum().cast(pl.Float64))
    )
    both = orders.join(fills, on="instrument_id", how="full", coalesce=True)
    return both.sort("orders", "instrument_id", descending=[True, False], nulls_last=True).to_dicts()
