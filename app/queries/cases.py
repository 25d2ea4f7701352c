"""Cases as people read them: the list, one case with all that belongs to it, and what may come next."""

from collections import Counter
from collections.abc import Mapping
from typing import Any

from sqlalchemy import select

from analytics.compliance.workflow import CASE_CLOSED, CASE_STEPS
from app.desk import Desk
from app.errors import FieldError, Invalid, NotFound
from app.queries._case_counts import overdue, visible_cases
from app.queries.casework import may_act, next_steps, reviews_of, steps_of
from app.queries.compliance import door, visible
from app.storage.records._base import now
from app.storage.records.alerts import SEVERITIES, Alert
from app.storage.records.audit import AuditEntry
from app.storage.records.cases import Case, CaseFile, CaseNote

FILTERS = ("status", "severity", "level", "owner", "abuse_type", "open", "overdue")
_SORTS = {
    "due": lambda c: (c.due_at is None, c.due_at, c.number),
    "number": lambda c: c.number,
    "severity": lambda c: (SEVERITIES.index(c.severity), c.number),
    "updated": lambda c: c.updated_at,
}


def cases(
    desk: Desk,
    *,
    filters: Mapping[str, str] | None = None,
    sort: str = "due",
    limit: int | None = None,
    offset: int = 0,
) -> dict[str, Any]:
    """Return one page of cases that the asking person may know of.

    Args:
        desk: The scope's traders, accounts and instruments narrow the list.
        filters: Of ``FILTERS``, exact comma lists; ``open`` and ``overdue`` are ``true`` or ``false``;
            ``owner`` may be ``me``.
        sort: due, number, severity or updated; a leading minus means largest first.
        limit: Rows of the page; the scope's limit when None.
        offset: Rows to skip.

    Returns:
        ``rows``, ``total`` and ``facets`` (counts by status, severity and level before the page is cut).

    Raises:
        Forbidden: If the role does not read surveillance.
        Invalid: If a filter or the sort is unknown.
    """
    door(desk)
    chosen = dict(filters or {})
    unknown = sorted(set(chosen) - set(FILTERS))
    if unknown:
        raise Invalid("Unknown filter.", errors=[FieldError(u, "is not a filter of cases") for u in unknown])
    if sort.removeprefix("-") not in _SORTS:
        raise Invalid("Unknown sort.", errors=[FieldError("sort", f"must be one of {', '.join(_SORTS)}")])
    at = now()
    found = [
        case for case in visible_cases(desk) if _in_scope(desk, case) and _matches(desk, case, chosen, at)
    ]
    found.sort(key=_SORTS[sort.removeprefix("-")], reverse=sort.startswith("-"))
    size = desk.scope.limit if limit is None else limit
    counts = _alert_counts(desk)
    return {
        "rows": [_row(case, at) | {"alerts": counts[case.id]} for case in found[offset : offset + size]],
        "total": len(found),
        "facets": {
            name: dict(sorted(Counter(getattr(case, name) for case in found).items()))
            for name in ("status", "severity", "level", "abuse_type")
        },
    }


def case(desk: Desk, case_id: str) -> dict[str, Any]:
    """Return one case with its alerts, checklist, notes (every version), files, steps and reviews.

    Raises:
        Forbidden: If the role does not read surveillance.
        NotFound: If there is none of this id, or the asking person must not know of it.
    """
    found = known(desk, case_id)
    at = now()
    shown = {alert.alert_id for alert in visible(desk, light=True)}
    with desk.session() as session:
        alerts = list(
            session.scalars(select(Alert).where(Alert.case_id == case_id).order_by(Alert.score.desc()))
        )
        notes = list(
            session.scalars(
                select(CaseNote)
                .where(CaseNote.case_id == case_id)
                .order_by(CaseNote.created_at, CaseNote.note_id, CaseNote.version)
            )
        )
        files = list(
            session.scalars(select(CaseFile).where(CaseFile.case_id == case_id).order_by(CaseFile.added_at))
        )
    return _row(found, at) | {
        "checklist": found.checklist,
        "access": found.access,
        "hold_reason": found.hold_reason,
        "decision": found.decision,
        "report": found.report,
        "submitted_at": found.submitted_at,
        "submitted_ref": found.submitted_ref,
        "alerts": [
            {
                name: getattr(a, name)
                for name in ("alert_id", "detector", "title", "severity", "score", "status")
            }
            | {"window": {"start": a.window_start, "end": a.window_end}}
            for a in alerts
            if a.alert_id in shown
        ],
        "notes": _notes(notes),
        "files": [
            {
                name: getattr(one, name)
                for name in ("id", "name", "media_type", "size", "sha256", "added_by_name", "added_at")
            }
            for one in files
        ],
        "steps": steps_of(desk, "case", case_id),
        "reviews": reviews_of(desk, case_id, "case", "stor"),
        "next": next_steps(CASE_STEPS, found.status),
        "may_act": may_act(desk, found.actors),
    }


def known(desk: Desk, case_id: str) -> Case:
    """Return a case that the asking person may know of.

    Raises:
        Forbidden: If the role does not read surveillance.
        NotFound: If not.
    """
    door(desk)
    found = next((one for one in visible_cases(desk) if one.id == case_id), None)
    if found is None:
        raise NotFound("There is no such case.")
    return found


def trail(desk: Desk, case_id: str, *, limit: int = 100) -> list[dict[str, Any]]:
    """Return what was done to a case, and who read it, the newest first.

    Raises:
        NotFound: If the asking person may not know of it.
    """
    known(desk, case_id)
    names = ("seq", "time", "actor_id", "actor_name", "action", "before", "after", "hash")
    query = (
        select(AuditEntry)
        .where(AuditEntry.object_kind == "case", AuditEntry.object_id == case_id)
        .order_by(AuditEntry.seq.desc())
        .limit(limit)
    )
    with desk.session() as session:
        return [{name: getattr(row, name) for name in names} for row in session.scalars(query)]


# --- steps -----------------------------------------------------------------------------------------
def _row(found: Case, at: Any) -> dict[str, Any]:
    names = (
        "title", "abuse_type", "severity", "status", "level", "owner", "owner_name", "actors", "instrument_ids",
        "restricted", "legal_hold", "suspicion_at", "outcome", "outcome_reason", "due_at", "created_by",
        "created_by_name", "created_at", "updated_at", "closed_at", "version",
    )  # fmt: skip
    left = [item for item in found.checklist if item["state"] == "open"]
    return (
        {"case_id": found.id, "ref": f"C-{found.number:04d}"}
        | {n: getattr(found, n) for n in names}
        | {
            "overdue": overdue(found, at),
            "checks_left": len(left),
            "checks": len(found.checklist),
            "suspected_hours": None
            if found.suspicion_at is None or found.submitted_at is not None or found.status == CASE_CLOSED
            else round((at - found.suspicion_at).total_seconds() / 3600, 2),
        }
    )


def _notes(rows: list[CaseNote]) -> list[dict[str, Any]]:
    """Return each note as its newest version with the earlier ones under it."""
    by_note: dict[str, list[dict[str, Any]]] = {}
    for row in rows:
        names = ("note_id", "version", "kind", "text", "evidence", "author", "author_name", "created_at")
        by_note.setdefault(row.note_id, []).append({name: getattr(row, name) for name in names})
    return [versions[-1] | {"earlier": versions[:-1]} for versions in by_note.values()]


def _alert_counts(desk: Desk) -> Counter[str]:
    with desk.session() as session:
        named = session.scalars(select(Alert.case_id).where(Alert.case_id.is_not(None)))
        return Counter(str(one) for one in named)


def _in_scope(desk: Desk, found: Case) -> bool:
    scope, named = desk.scope, {one["id"] for one in found.actors}
    if scope.instrument and not set(scope.instrument) & set(found.instrument_ids):
        return False
    if scope.trader and not set(scope.trader) & named:
        return False
    return not scope.account or bool(set(scope.account) & named)


def _matches(desk: Desk, found: Case, filters: Mapping[str, str], at: Any) -> bool:
    for name, wanted in filters.items():
        values = set(wanted.split(","))
        if name == "open":
            if (found.status != CASE_CLOSED) != (wanted == "true"):
                return False
        elif name == "overdue":
            if overdue(found, at) != (wanted == "true"):
                return False
        elif name == "owner" and wanted == "me":
            if found.owner != desk.identity.user_id:
                return False
        elif getattr(found, name) not in values:
            return False
    return True
