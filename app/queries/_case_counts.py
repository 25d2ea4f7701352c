"""Which cases somebody may know of, and how many of them are open and overdue."""

from datetime import datetime

from sqlalchemy import select

from analytics.compliance.workflow import CASE_CLOSED
from app.desk import Desk
from app.queries._line import own_line
from app.storage.records._base import now
from app.storage.records.cases import Case


def visible_cases(desk: Desk) -> list[Case]:
    """Return the cases the asking person may know of: none about himself, restricted ones only when listed."""
    with desk.session() as session:
        found = list(session.scalars(select(Case)))
    own, me = own_line(desk).own, desk.identity
    return [
        case
        for case in found
        if not own & {actor["id"] for actor in case.actors}
        and (not case.restricted or me.role == "auditor" or me.user_id in case.access)
    ]


def overdue(case: Case, at: datetime) -> bool:
    """Whether an open case should have been decided."""
    return case.status != CASE_CLOSED and case.due_at is not None and case.due_at < at


def open_and_overdue(desk: Desk) -> dict[str, int]:
    """Return ``cases_open`` and ``cases_overdue`` of those the asking person may know of."""
    at = now()
    found = [case for case in visible_cases(desk) if case.status != CASE_CLOSED]
    return {"cases_open": len(found), "cases_overdue": sum(overdue(case, at) for case in found)}
