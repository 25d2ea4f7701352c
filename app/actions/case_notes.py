"""What people write into a case. A correction is a further version; what stood there stays."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.actions._cases import changed, locked_case
from app.actions._casework import prose, require_compliance, taken
from app.errors import Conflict, FieldError, Forbidden, Invalid, NotFound
from app.scope import Identity, Line
from app.storage.database import Database
from app.storage.records._base import new_id
from app.storage.records.cases import CaseNote

KINDS = ("note", "request", "answer", "search")
EVIDENCE = ("alert", "order", "execution", "message", "post", "person", "account", "instrument", "file")


def write(
    database: Database,
    actor: Identity,
    case_id: str,
    *,
    text: str,
    line: Line,
    kind: str = "note",
    evidence: Sequence[dict[str, Any]] = (),
    note_id: str | None = None,
    replaces: int | None = None,
) -> CaseNote:
    """Write a note, or a new version of one's own note.

    Args:
        database: The records.
        actor: Compliance, not concerned.
        case_id: Which case.
        text: What it says.
        line: The actor's own people and accounts.
        kind: A note, a question to the desk, its answer, or a search that was made.
        evidence: What it points to: ``[{kind, id}]``.
        note_id: The note that is corrected; a new one when None.
        replaces: The version that is corrected; it must be the newest.

    Raises:
        NotFound: If there is no such case for the actor, or no such note in it.
        Forbidden: If the note is somebody else's.
        Conflict: If the case is closed, or a newer version stands there.
        Invalid: If a field does not fit.
    """
    require_compliance(actor)
    if kind not in KINDS:
        raise Invalid(
            "The note does not fit.", errors=[FieldError("kind", f"must be one of {', '.join(KINDS)}")]
        )
    words, links = prose("text", text), _links(evidence)

    def act(session: Session, at: datetime) -> CaseNote:
        found = locked_case(session, actor, case_id, line=line)
        version = 1
        if note_id is not None:
            newest = session.scalar(
                select(CaseNote)
                .where(CaseNote.note_id == note_id, CaseNote.case_id == case_id)
                .order_by(CaseNote.version.desc())
                .limit(1)
            )
            if newest is None:
                raise NotFound("There is no such note.")
            if newest.author != actor.user_id:
                raise Forbidden("It is somebody else's note: write one of your own.")
            if replaces != newest.version:
                raise Conflict(f"You correct version {replaces}; version {newest.version} stands there now.")
            version = newest.version + 1
        made = CaseNote(
            org=actor.org, note_id=note_id or new_id("note"), version=version, case_id=case_id, kind=kind, text=words,
            evidence=links, author=actor.user_id, author_name=actor.name[:200], created_at=at,
        )  # fmt: skip
        session.add(made)
        changed(session, actor, "case.note", found, note=made.note_id, note_version=version, kind=kind, text=words,
                evidence=links)  # fmt: skip
        return made

    return taken(database, actor, "case", case_id, act)  # type: ignore[no-any-return]


def _links(evidence: Sequence[dict[str, Any]]) -> list[dict[str, str]]:
    links = []
    for one in evidence:
        kind, name = str(one.get("kind", "")), str(one.get("id", ""))
        if kind not in EVIDENCE or not 0 < len(name) <= 200 or not name.isprintable() or len(evidence) > 100:
            message = f"must be at most 100 of kind and id, the kind one of {', '.join(EVIDENCE)}"
            raise Invalid("The note does not fit.", errors=[FieldError("evidence", message)])
        links.append({"kind": kind, "id": name})
    return links
