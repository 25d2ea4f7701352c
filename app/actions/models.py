"""Which version of a model is in use: crowned by training, taken back by people."""

from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from analytics.models._base import all_models
from app.actions._roles import CONSOLE
from app.errors import Conflict, FieldError, Forbidden, Invalid, NotFound
from app.scope import MODEL_ROLES, Identity, answers_for
from app.storage.database import Database
from app.storage.records import audit, counters
from app.storage.records._base import now
from app.storage.records.models import ModelVersion

SURVEILLANCE = "Surveillance"  # owner of the models that compliance answers for


def crown(session: Session, row: ModelVersion) -> None:
    """Make a version the champion of its name, in the caller's transaction."""
    statement = select(ModelVersion).where(ModelVersion.name == row.name, ModelVersion.champion.is_(True))
    for other in session.scalars(statement):
        other.champion = False
    row.champion, row.crowned_at = True, now()


def roll_back(
    database: Database, actor: Identity, name: str, *, version: int | None = None
) -> dict[str, Any]:
    """Put an earlier version of a model in use again, and say so in the audit trail.

    Args:
        database: Of the installation.
        actor: Risk, or compliance for a model of surveillance; the command line of the machine for any.
        name: Of the model.
        version: Which one; the champion before the present one when None.

    Returns:
        ``name``, ``version`` (now in use) and ``replaced`` (in use before, or null).

    Raises:
        Forbidden: If the role may not.
        NotFound: If there is no such model or version.
        Conflict: If there is nothing to go back to, or the version cannot be used by this code.
        Invalid: If the version is in use already.
    """
    machine = actor.user_id == CONSOLE or actor.role == "operator"
    if not machine and actor.role not in MODEL_ROLES:
        raise Forbidden("Risk and compliance choose the version of a model that is in use; ask one of them.")
    with database.session(actor.org, write=True) as session:
        rows = list(session.scalars(select(ModelVersion).where(ModelVersion.name == name)))
        watches = any(row.card.get("owner") == SURVEILLANCE for row in rows)
        if not rows or (actor.role == "risk" and watches):
            raise NotFound("No model of this name has been trained.")
        if not machine and not answers_for(actor.role, surveillance=watches):
            raise Forbidden("Risk chooses the version of this model that is in use; ask them.")
        present = next((row for row in rows if row.champion), None)
        chosen = _earlier(rows, present) if version is None else _numbered(rows, version)
        if chosen is present:
            raise Invalid(
                f"Version {chosen.version} is in use already.",
                errors=[FieldError("version", "is in use already", str(chosen.version))],
            )
        kind = all_models().get(name)
        if chosen.artefact_sha256 is None or kind is None or chosen.card.get("version") != kind.version:
            raise Conflict(
                f"Version {chosen.version} cannot be used: it has no state that this release can read."
            )
        crown(session, chosen)
        counters.bump(session, actor.org, "models")
        said = {"name": name, "version": chosen.version, "replaced": present.version if present else None}
        audit.record(
            session,
            actor=actor,
            action="model.rollback",
            object_kind="model",
            object_id=f"{name}/{chosen.version}",
            before={"version": said["replaced"]},
            after={"version": chosen.version},
        )
        return said


def _earlier(rows: list[ModelVersion], present: ModelVersion | None) -> ModelVersion:
    """Return the champion before the present one."""
    limit = present.crowned_at if present is not None else None
    before = [
        row
        for row in rows
        if row is not present and row.crowned_at is not None and (limit is None or row.crowned_at < limit)
    ]
    if not before:
        raise Conflict("There is no earlier version that was in use.")
    return max(before, key=lambda row: (row.crowned_at or row.trained_at, row.version))


def _numbered(rows: list[ModelVersion], version: int) -> ModelVersion:
    found = next((row for row in rows if row.version == version), None)
    if found is None:
        raise NotFound("This model has no such version.")
    return found
