"""How surveillance does: what it raises, how fast and how that ends, and how often two people agree."""

from collections import Counter, defaultdict
from collections.abc import Iterable
from datetime import date, datetime
from typing import Any

import numpy as np
import polars as pl
from sqlalchemy import select

from analytics.compliance.workflow import DONE, ENDINGS, SUPPRESSED
from analytics.datasets import ACCOUNTS
from app.desk import Desk
from app.queries._case_counts import overdue, visible_cases
from app.queries.casework import hidden_objects
from app.queries.compliance import door, visible
from app.storage.records._base import now
from app.storage.records.alerts import Alert
from app.storage.records.workflow import Review

AGES = ((1.0, "under 1 day"), (3.0, "1 to 3 days"), (10.0, "3 to 10 days"), (float("inf"), "over 10 days"))


def management(desk: Desk) -> dict[str, Any]:
    """Return the figures of alerts found within the scope's dates, and of what is open now.

    A share of nothing is null with its reason. Times are hours of the clock from finding to decision.

    Returns:
        ``alerts`` (found, open, closed, suppressed, overdue), ``by_detector`` and ``by_desk`` (rows of name,
        found, open, closed, false_positive_rate, escalated, reported), ``ageing`` (open alerts by age),
        ``time_to_close`` {p50, p95, n, unit}, ``conversion`` {escalation, report}, ``backlog`` by day
        (found, closed, open at its end), ``reviews`` {n, returned, agreement, by_why}, ``cases``, ``reasons``.

    Raises:
        Forbidden: If the role does not read surveillance.
    """
    door(desk)
    at = now()
    found = [one for one in visible(desk) if _within(desk, one.created_at.date())]
    open_now = [one for one in found if one.status not in DONE]
    closed = [one for one in found if one.status in ENDINGS]
    escalated = [one for one in found if one.case_id is not None]
    cases = visible_cases(desk)
    reported = {case.id for case in cases if case.submitted_at is not None}
    desks = _desks(desk)
    reasons: dict[str, str] = {}
    hours = [
        (one.closed_at - one.created_at).total_seconds() / 3600 for one in closed if one.closed_at is not None
    ]
    if not hours:
        reasons["time_to_close"] = "no alert of the period has been decided"
    if not found:
        reasons["conversion.escalation"] = "no alert was found in the period"
    if not escalated:
        reasons["conversion.report"] = "no alert of the period was escalated"
    reviews = _reviews(desk)
    if reviews["agreement"] is None:
        reasons["reviews.agreement"] = "no decision has been looked at by a second person"
    return {
        "alerts": {
            "found": len(found),
            "open": len(open_now),
            "closed": len(closed),
            "suppressed": sum(one.status == SUPPRESSED for one in found),
            "overdue": sum(one.due_at is not None and one.due_at < at for one in open_now),
        },
        "by_detector": _rows(((one.detector, one) for one in found), reported),
        "by_desk": _rows(((name, one) for one in found for name in _desks_of(one, desks)), reported),
        "ageing": _ageing(open_now, at),
        "time_to_close": {
            "p50": float(np.quantile(hours, 0.5)) if hours else None,
            "p95": float(np.quantile(hours, 0.95)) if hours else None,
            "n": len(hours),
            "unit": "hours",
        },
        "conversion": {
            "escalation": len(escalated) / len(found) if found else None,
            "report": sum(one.case_id in reported for one in escalated) / len(escalated)
            if escalated
            else None,
        },
        "backlog": _backlog(found),
        "reviews": reviews,
        "cases": {
            "open": sum(case.status != "closed" for case in cases),
            "overdue": sum(overdue(case, at) for case in cases),
            "by_status": dict(sorted(Counter(case.status for case in cases).items())),
            "reported": len(reported),
        },
        "reasons": reasons,
    }


def _within(desk: Desk, day: date) -> bool:
    scope = desk.scope
    return (scope.start is None or day >= scope.start) and (scope.end is None or day <= scope.end)


def _rows(named: Iterable[tuple[str, Alert]], reported: set[str]) -> list[dict[str, Any]]:
    groups: dict[str, list[Alert]] = defaultdict(list)
    for name, one in named:
        groups[name].append(one)
    rows = []
    for name, members in sorted(groups.items()):
        ended = [one for one in members if one.status in ENDINGS]
        false = sum(one.status == "closed_false_positive" for one in ended)
        rows.append({
            "name": name, "found": len(members), "open": sum(one.status not in DONE for one in members),
            "closed": len(ended), "false_positive_rate": false / len(ended) if ended else None,
            "escalated": sum(one.case_id is not None for one in members),
            "reported": sum(one.case_id in reported for one in members),
        })  # fmt: skip
    return rows


def _desks(desk: Desk) -> dict[str, str]:
    rows = desk.lake.scan(desk.org, ACCOUNTS).filter(pl.col("desk").is_not_null())
    return dict(desk.collect(rows.select("account_id", "desk")).iter_rows())


def _desks_of(alert: Alert, desks: dict[str, str]) -> list[str]:
    named = {desks[a["id"]] for a in alert.actors if a["kind"] == "account" and a["id"] in desks}
    named |= {a["id"] for a in alert.actors if a["kind"] == "desk"}
    return sorted(named) or ["not known"]


def _ageing(open_now: list[Alert], at: datetime) -> list[dict[str, Any]]:
    counts: Counter[str] = Counter()
    for one in open_now:
        days = (at - one.created_at).total_seconds() / 86_400
        counts[next(words for top, words in AGES if days < top)] += 1
    return [{"age": words, "alerts": counts[words]} for _, words in AGES]


def _backlog(found: list[Alert]) -> list[dict[str, Any]]:
    came = Counter(one.created_at.date() for one in found if one.status != SUPPRESSED)
    went = Counter(one.closed_at.date() for one in found if one.closed_at is not None)
    rows, left = [], 0
    for day in sorted({*came, *went}):
        left += came[day] - went[day]
        rows.append({"date": day, "found": came[day], "closed": went[day], "open": left})
    return rows


def _reviews(desk: Desk) -> dict[str, Any]:
    hidden = hidden_objects(desk)
    query = select(Review).where(Review.decision.in_(("approved", "returned")))
    with desk.session() as session:
        rows = [row for row in session.scalars(query) if row.object_id not in hidden]
    returned = Counter(row.why for row in rows if row.decision == "returned")
    every = Counter(row.why for row in rows)
    return {
        "n": len(rows),
        "returned": sum(returned.values()),
        "agreement": 1 - sum(returned.values()) / len(rows) if rows else None,
        "by_why": {why: {"n": every[why], "returned": returned[why]} for why in sorted(every)},
    }
