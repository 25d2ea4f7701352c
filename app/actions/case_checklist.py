"""What was looked at in a case, check by check."""

from datetime import datetime

from sqlalchemy.orm import Session

from app.actions._cases import changed, locked_case
from app.actions._casework import prose, require_compliance, taken
from app.errors import FieldError, Invalid, NotFound
from app.scope import Identity, Line
from app.storage.database import Database
from app.storage.records.audit import stamp
from app.storage.records.cases import Case

STATES = ("open", "done", "not_applicable")


def mark(
    database: Database,
    actor: Identity,
    case_id: str,
    *,
    key: str,
    state: str,
    line: Line,
    version: int | None,
    comment: str | None = None,
) -> Case:
    """Mark one check as done, as not applicable, or as open again.

    Args:
        database: The records.
        actor: Compliance, not concerned.
        case_id: Which case.
        key: Which check.
        state: One of ``STATES``.
        line: The actor's own people and accounts.
        version: The version that was seen.
        comment: What was found; needed where a check does not apply.

    Raises:
        NotFound: If there is no such case for the actor, or no such check.
        Conflict: If the case is closed, or changed in between.
        Invalid: If a mandatory check is set aside without a word why.
    """
    require_compliance(actor)
    if state not in STATES:
        said = FieldError("state", f"must be one of {', '.join(STATES)}", state[:20])
        raise Invalid("There is no such state of a check.", errors=[said])
    least = 10 if state == "not_applicable" else 0
    words = prose("comment", comment or "", least=least, longest=2000) if least or comment else None

    def act(session: Session, at: datetime) -> Case:
        found = locked_case(session, actor, case_id, line=line, version=version)
        before = next((item for item in found.checklist if item["key"] == key), None)
        if before is None:
            raise NotFound("There is no such check.")
        after = {name: before[name] for name in ("key", "text", "mandatory")} | {
            "state": state, "comment": words, "by": actor.user_id, "by_name": actor.name[:200], "at": stamp(at),
        }  # fmt: skip
        found.checklist = [after if item["key"] == key else item for item in found.checklist]
        changed(session, actor, "case.check", found, before=before, check=after)
        return found

    return taken(database, actor, "case", case_id, act)  # type: ignore[no-any-return]
