"""The version of a model that speaks now, taken up from where training kept it."""

import logging
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Generic, TypeVar

from sqlalchemy import select

from analytics.models._base import Model
from app.desk import Desk
from app.errors import QuarterdeckError
from app.storage.artifacts import Artifacts
from app.storage.records.models import ModelVersion

M = TypeVar("M", bound=Model)
UNTRAINED = "the model has not been trained yet; it is every night, once there is data"
UNREADABLE = "the kept model cannot be read; it is trained again tonight"
log = logging.getLogger(__name__)


@dataclass(frozen=True)
class InUse(Generic[M]):
    """A model and its standing. ``model`` is None where it must be silent, and ``reason`` says why."""

    model: M | None
    status: str  # ok silent drifting failed untrained
    reason: str | None
    version: int | None = None
    skill: dict[str, Any] | None = None
    trained_at: str | None = None

    def as_dict(self) -> dict[str, Any]:
        """Return all but the model, JSON-able."""
        return {
            "status": self.status, "reason": self.reason, "version": self.version, "skill": self.skill,
            "trained_at": self.trained_at,
        }  # fmt: skip


def in_use(desk: Desk, kind: type[M]) -> InUse[M]:
    """Return the champion of a model; it may speak only with the skill it has shown."""
    with desk.session() as session:
        row = session.scalars(
            select(ModelVersion).where(ModelVersion.name == kind.name, ModelVersion.champion.is_(True))
        ).first()
    if row is None:
        return InUse(None, "untrained", UNTRAINED)
    told: dict[str, Any] = {
        "version": row.version, "skill": row.metrics, "trained_at": row.trained_at.isoformat(),
    }  # fmt: skip
    if row.status != "ok" or row.artefact_sha256 is None:
        return InUse(None, row.status, row.reason, **told)
    try:
        model = _taken_up(desk.lake.home, desk.org, kind, row.artefact_sha256)
    except (QuarterdeckError, ValueError, KeyError):
        log.exception("model %s version %d of %s cannot be taken up", kind.name, row.version, desk.org)
        return InUse(None, "failed", UNREADABLE, **told)
    return InUse(model, row.status, None, **told)


@lru_cache(maxsize=16)
def _taken_up(home: Path, org: str, kind: type[M], digest: str) -> M:
    return kind.restore(Artifacts(home, org).get("model", digest))
