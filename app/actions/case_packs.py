"""Taking a report out: what goes with it, and that it was taken."""

import hashlib

from sqlalchemy import select
from sqlalchemy.orm import undefer

from app.actions._cases import UNKNOWN, readable
from app.actions._casework import Concealed, refusals_on_record, refuse_own, require_compliance
from app.errors import Conflict, NotFound
from app.scope import Identity, Line
from app.storage.database import Database
from app.storage.records import audit
from app.storage.records.cases import Case, CaseFile


def contents(database: Database, actor: Identity, case_id: str, *, line: Line) -> list[tuple[str, bytes]]:
    """Return the attachments of a case, name and bytes, for a pack.

    Raises:
        NotFound: If there is no such case for the actor.
        Forbidden: If the actor may not act on it.
        Conflict: If the bytes of one are not those that were attached.
    """
    require_compliance(actor)
    with refusals_on_record(database, actor, "case", case_id), database.session(actor.org) as session:
        found = session.scalar(select(Case).where(Case.id == case_id))
        if found is None:
            raise NotFound(UNKNOWN)
        if not readable(actor, found, line):
            raise Concealed(UNKNOWN)
        refuse_own(actor, found.actors, line, what="case")
        query = select(CaseFile).where(CaseFile.case_id == case_id).order_by(CaseFile.added_at, CaseFile.id)
        files = list(session.scalars(query.options(undefer(CaseFile.content))))
        for one in files:
            if hashlib.sha256(one.content).hexdigest() != one.sha256:
                raise Conflict(f"{one.name} is not the file that was attached: its bytes have changed.")
        return [(one.name, one.content) for one in files]


def taken_away(
    database: Database, actor: Identity, case_id: str, *, body: bytes, status: str, files: int
) -> str:
    """Put on record that a pack left the house, before it does; return its SHA-256."""
    digest = hashlib.sha256(body).hexdigest()
    with database.session(actor.org, write=True) as session:
        audit.record(
            session, actor=actor, action="case.pack", object_kind="case", object_id=case_id,
            after={"sha256": digest, "size": len(body), "status": status, "files": files},
        )  # fmt: skip
    return digest
