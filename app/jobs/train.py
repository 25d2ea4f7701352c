"""Train every model on an organisation's own tables, walk-forward, and keep what came of it."""

import time
from collections.abc import Mapping
from typing import Any

import polars as pl
from sqlalchemy import select
from sqlalchemy.orm import Session

from analytics.datasets import DATASETS
from analytics.models._base import MIN_DAYS, Model, Skill, all_models, card, skill, walk_forward
from app.context import Context
from app.errors import FieldError, Invalid
from app.jobs._job import Job
from app.scope import Identity
from app.storage.artifacts import Artifacts
from app.storage.collect import collect
from app.storage.records import audit, counters
from app.storage.records._base import now
from app.storage.records.models import ModelVersion

SESSIONS = 1_500  # the most recent ones, about six years: older markets were others
_SILENT = "no skill shown: the interval of its skill against the baseline touches zero"


def train(context: Context, org: str, *, model: str | None = None) -> dict[str, Any]:
    """Train one model or all, and record a new version of each whose data has changed.

    A new version takes the champion's place if it has shown skill and its skill is not more than a
    hundredth below the champion's; where the champion has shown none, any new version does.

    Args:
        context: The installation's stores.
        org: The organisation's slug.
        model: Name; all models when None.

    Returns:
        Model name to ``version``, ``status`` (ok, silent), ``champion``, ``skill``, ``seconds`` and
        ``unchanged`` (true when the data was the same as of the last version).

    Raises:
        Invalid: If there is no model of that name.
    """
    known = all_models()
    if model is not None and model not in known:
        raise Invalid(
            f"There is no model {model!r}.",
            errors=[FieldError("model", f"must be one of {', '.join(known)}", model)],
        )
    return {name: _one(context, org, kind) for name, kind in known.items() if model in (None, name)}


def _one(context: Context, org: str, kind: type[Model]) -> dict[str, Any]:
    began = time.perf_counter()
    with context.lake.steady():
        versions = {name: context.lake.version(org, DATASETS[name]) for name in kind.inputs}
        last = _last(context, org, kind, versions)
        if last is not None:
            return _said(last, seconds=0.0, unchanged=True)
        tables = {name: _recent(collect(context.lake.scan(org, DATASETS[name]))) for name in kind.inputs}
    fitted = kind()
    rows = fitted.features(tables)
    tested = walk_forward(fitted, rows)
    found = skill(fitted, tested)
    known = rows.drop_nulls()
    artefact = digest = None
    document = card(fitted, found, tested)
    if known.height >= MIN_DAYS:
        fitted.fit(known)
        artefact, digest = Artifacts(context.settings.root, org).put("model", fitted.state())
        document["coefficients"] = fitted.state()
    seconds = time.perf_counter() - began
    document["seconds"] = round(seconds, 3)
    with context.database.session(org, write=True) as session:
        row = ModelVersion(
            org=org,
            name=kind.name,
            version=_next(session, kind),
            champion=False,
            status="ok" if found.shown else "silent",
            reason=None if found.shown else _why_silent(found),
            metrics=found.as_dict(),
            card=document,
            artefact=artefact,
            artefact_sha256=digest,
            data_versions=versions,
            trained_at=now(),
        )
        _crown(session, row, found)
        session.add(row)
        counters.bump(session, org, "models")
        audit.record(
            session,
            actor=Identity(org=org, user_id="training", name="Training", role="operator"),
            action="model.train",
            object_kind="model",
            object_id=f"{row.name}/{row.version}",
            after={"status": row.status, "champion": row.champion, "skill": found.as_dict()},
        )
        return _said(row, seconds=seconds, unchanged=False)


def _recent(rows: pl.DataFrame) -> pl.DataFrame:
    days = rows["date"].unique().sort().tail(SESSIONS)
    return rows.filter(pl.col("date") >= days.min()) if len(days) else rows


def _last(context: Context, org: str, kind: type[Model], versions: Mapping[str, str]) -> ModelVersion | None:
    """Return the last version if it was trained by the same code on the same data."""
    with context.database.session(org) as session:
        statement = select(ModelVersion).where(ModelVersion.name == kind.name)
        row = session.scalars(statement.order_by(ModelVersion.version.desc())).first()
    same = row is not None and row.data_versions == versions and row.card.get("version") == kind.version
    return row if same else None


def _next(session: Session, kind: type[Model]) -> int:
    versions = session.scalars(select(ModelVersion.version).where(ModelVersion.name == kind.name))
    return 1 + max(versions, default=0)


def _crown(session: Session, row: ModelVersion, found: Skill) -> None:
    statement = select(ModelVersion).where(ModelVersion.name == row.name, ModelVersion.champion.is_(True))
    champion = session.scalars(statement).first()
    if champion is not None and champion.status == "ok" and not _better(champion, found):
        return
    if champion is not None:
        champion.champion = False
    row.champion = True


def _better(champion: ModelVersion, found: Skill) -> bool:
    """Return whether a challenger is at least as skilful; its days include the champion's."""
    held = champion.metrics.get("value")
    return found.shown and (held is None or (found.value is not None and found.value >= held - 0.01))


def _why_silent(found: Skill) -> str:
    if found.value is None:
        return f"only {found.n} days out of sample; {MIN_DAYS} are needed for a record"
    return _SILENT


def _said(row: ModelVersion, *, seconds: float, unchanged: bool) -> dict[str, Any]:
    return {
        "version": row.version,
        "status": row.status,
        "champion": row.champion,
        "skill": row.metrics,
        "seconds": round(seconds, 3),
        "unchanged": unchanged,
    }


def _run(context: Context, org: str, params: Mapping[str, Any]) -> dict[str, Any]:
    return train(context, org, model=params.get("model"))


JOB = Job("train", "Train the models", _run, hour=4)
