"""Let the champions speak on new data, and take the word from one that has drifted."""

import logging
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import polars as pl
from sqlalchemy import select
from sqlalchemy.orm import Session

from analytics.models._base import Model, all_models, short
from analytics.models._drift import drift
from analytics.models._skill import Skill
from analytics.models._walk import AGREEMENT
from app.actions.models import SURVEILLANCE
from app.context import Context
from app.errors import QuarterdeckError
from app.jobs._job import Job
from app.jobs._model_tables import tables_of, versions_of
from app.scope import Identity
from app.storage.artifacts import Artifacts
from app.storage.records import audit, counters
from app.storage.records._base import now
from app.storage.records.models import ModelOutput, ModelVersion
from app.storage.records.notifications import Notification

MODEL, RECORD = "model", "record"  # kinds of artefacts
MOST = 2_000  # subjects of one model whose outputs are kept
KEPT = 400  # days of outputs kept
ACTOR = "training"
ALIKE = (
    0.2  # adjusted Rand index of a refit with the one before, from which groups or states are the same ones
)
_SILENT = "no skill shown: the interval of its skill against the baseline touches zero"
log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Features:
    """A model's features, and the versions of the tables they are made of."""

    rows: pl.DataFrame
    versions: Mapping[str, str]


def predict(
    context: Context, org: str, *, cause: str, model: str | None = None, features: Features | None = None
) -> dict[str, Any]:
    """Run each model's champion on the tables as they are, keep what it says, and look for drift.

    A champion that has shown skill and sees what it was trained on is served; any other is kept beside the
    baseline, which is served in its place. Running it twice on the same tables changes nothing.

    Args:
        context: The installation's stores.
        org: The organisation's slug.
        cause: Why it runs, for the log of jobs.
        model: Name; all models when None.
        features: Those of ``model`` if they are at hand. They are made again where a table has changed since.

    Returns:
        Model name to ``version``, ``status``, ``outputs`` (rows kept), ``unchanged`` and ``seconds``; models
        without a version that could speak are left out.
    """
    said = {}
    for name, kind in all_models().items():
        if model in (None, name):
            one = _one(context, org, kind, features)
            if one is not None:
                said[name] = one | {"cause": cause}
    return said


def judged(
    found: Skill,
    shifted: Mapping[str, Any] | None,
    *,
    least: int,
    card: Mapping[str, Any],
) -> tuple[str, str | None]:
    """Return a version's status (ok, silent, drifting) and, where it may not speak, why.

    A model that has skill over its baseline stays silent all the same where a further baseline (``rivals`` of its
    card) is shown to do better: the whole interval of its skill over that one lies below zero; and, of models that sort
    things, where the last refit sorted them unlike the one before: nobody could tell what a group or a state is.
    """
    if found.value is None:
        return "silent", f"only {found.n} days out of sample; {least} are needed for a record"
    if not found.shown:
        return "silent", _SILENT
    for one in (card.get("rivals") or {}).values():
        if one.get("high") is not None and one["high"] < 0:
            return "silent", f"no skill shown: {one['title']} does better, by more than chance"
    alike = ((card.get("folds") or [{}])[-1].get("figures") or {}).get(AGREEMENT)
    if alike is not None and alike < ALIKE:
        return "silent", (
            f"refitted, it sorts otherwise than before (adjusted Rand index {alike:.2f}; 0 is chance, {ALIKE} are needed)"
        )
    if shifted is not None and shifted["drifting"]:
        return "drifting", "; ".join(shifted["reasons"][:3])
    return "ok", None


def _one(context: Context, org: str, kind: type[Model], features: Features | None) -> dict[str, Any] | None:
    began = time.perf_counter()
    champion = _champion(context, org, kind)
    if champion is None:
        return None
    with context.lake.steady():
        versions = versions_of(context, org, kind)
        if _spoken(context, org, champion, versions):
            return {"version": champion.version, "status": champion.status, "unchanged": True, "outputs": 0,
                    "seconds": round(time.perf_counter() - began, 3)}  # fmt: skip
        known = features if features is not None and features.versions == versions else None
        tables = tables_of(context, org, kind) if known is None else {}
    kept = Artifacts(context.settings.root, org)
    try:
        model = kind.restore(kept.get(MODEL, str(champion.artefact_sha256)))
        rows = model.features(tables) if known is None else known.rows
        outputs = _outputs(model, rows)
        shifted = _drifted(kept, model, champion, rows)
    except (ValueError, ArithmeticError, QuarterdeckError, pl.exceptions.PolarsError) as error:
        log.exception("the champion of %s of %s could not speak", kind.name, org)
        _fall_silent(context, org, champion, f"{type(error).__name__}: {error}")
        return {"version": champion.version, "status": "failed", "unchanged": False, "outputs": 0,
                "seconds": round(time.perf_counter() - began, 3)}  # fmt: skip
    status, reason = judged(_skill_of(champion), shifted, least=kind.walk.least, card=champion.card)
    with context.database.session(org, write=True) as session:
        row = session.get_one(ModelVersion, (org, kind.name, champion.version))
        _settle(session, row, status, reason, shifted)
        _store(session, org, row, outputs, versions)
        counters.bump(session, org, "models")
    return {"version": champion.version, "status": status, "unchanged": False, "outputs": len(outputs),
            "seconds": round(time.perf_counter() - began, 3)}  # fmt: skip


def _champion(context: Context, org: str, kind: type[Model]) -> ModelVersion | None:
    """Return the version in use, if this code can read its state."""
    with context.database.session(org) as session:
        statement = select(ModelVersion).where(
            ModelVersion.name == kind.name, ModelVersion.champion.is_(True)
        )
        row = session.scalars(statement).first()
    if row is None or row.artefact_sha256 is None or row.card.get("version") != kind.version:
        return None
    return row


def _spoken(context: Context, org: str, row: ModelVersion, versions: Mapping[str, str]) -> bool:
    with context.database.session(org) as session:
        statement = select(ModelOutput).where(ModelOutput.name == row.name)
        last = session.scalars(statement.order_by(ModelOutput.day.desc()).limit(1)).first()
    return (
        last is not None and last.version == row.version and dict(last.data_versions) == dict(versions)
        and row.status != "failed"
    )  # fmt: skip


def _outputs(model: Model, rows: pl.DataFrame) -> list[dict[str, Any]]:
    """Return key, day and document of everything the model says now."""
    said = model.latest(rows).head(MOST)
    if said.is_empty():
        return []
    keys = list(model.keys)
    seen = said.select(keys).join(rows, on=keys, how="left", maintain_order="left")
    reasons = model.reasons(seen)
    subjects = [key for key in keys if key != "date"]
    found = []
    for row, why in zip(said.iter_rows(named=True), reasons, strict=True):
        document = {name: _plain(value) for name, value in row.items() if name not in keys}
        told = [{**one, "contribution": short(one.get("contribution"))} for one in why]
        found.append(
            {
                "key": "|".join(str(row[key]) for key in subjects)[:200],
                "day": row["date"],
                "document": document | {"keys": {key: str(row[key]) for key in subjects}, "reasons": told},
            }
        )
    return found


def _plain(value: Any) -> Any:
    if isinstance(value, float):
        return short(value) if abs(value) != float("inf") and value == value else None  # noqa: PLR0124
    return value if value is None or isinstance(value, (int, str, bool)) else str(value)


def _drifted(
    kept: Artifacts, model: Model, champion: ModelVersion, rows: pl.DataFrame
) -> dict[str, Any] | None:
    """Return drift on what came since: the record out of sample goes on with days the champion never saw."""
    seen = champion.card.get("training")
    if seen is None:
        return None
    record = kept.get_table(RECORD, champion.record_sha256) if champion.record_sha256 else None
    if record is not None and record.height:
        record = gone_on(model, record, rows)
    return drift(model, seen, rows, record)


def gone_on(model: Model, record: pl.DataFrame, rows: pl.DataFrame) -> pl.DataFrame:
    """Return a record out of sample with the days after it, as a fold of their own: the model has not seen them.

    Args:
        model: As it was fitted when the record was made.
        record: What ``walk_forward`` gave then.
        rows: Rows of ``features`` up to now.
    """
    new = model.known(rows)
    if record.is_empty():
        return record
    new = new.filter(pl.col("date") > record["date"].max())
    if new.is_empty():
        return record
    fold = int(record["fold"].max() or 0) + 1  # type: ignore[arg-type]
    fresh = model.judge(new.sort(model.order())).with_columns(fold=pl.lit(fold, pl.Int32))
    return pl.concat([record, fresh], how="diagonal")


def _skill_of(row: ModelVersion) -> Skill:
    names = ("value", "low", "high", "p", "n", "loss", "baseline_loss")
    return Skill(*(row.metrics.get(name) for name in names))  # type: ignore[arg-type]


def _settle(
    session: Session, row: ModelVersion, status: str, reason: str | None, shifted: Mapping[str, Any] | None
) -> None:
    """Put a version's status on record; who runs the models is told when it changes for the worse."""
    before = row.status
    row.status, row.reason = status, reason
    row.drift = dict(shifted) if shifted is not None else None
    if before == status:
        return
    audit.record(
        session,
        actor=Identity(org=row.org, user_id=ACTOR, name="Training", role="operator"),
        action="model.status",
        object_kind="model",
        object_id=f"{row.name}/{row.version}",
        before={"status": before},
        after={"status": status, "reason": reason},
    )
    if status in ("drifting", "failed"):
        alert(session, row)


def alert(session: Session, row: ModelVersion) -> None:
    """Tell who answers for a model that it has stopped speaking; the health of the service says so as well.

    That is risk, or compliance for models of surveillance: nobody else knows of those.
    """
    title = str(row.card.get("title", row.name))
    log.error("model %s version %d of %s is %s: %s", row.name, row.version, row.org, row.status, row.reason)
    session.add(
        Notification(
            org=row.org,
            role="compliance" if row.card.get("owner") == SURVEILLANCE else "risk",
            kind=f"model.{row.status}",
            severity="medium",
            title=f"{title}: {'drifting' if row.status == 'drifting' else 'failed'}, the baseline is served",
            text=row.reason or "",
            href=f"/intelligence/models?model={row.name}",
        )
    )
    counters.bump(session, row.org, "notifications")


def _fall_silent(context: Context, org: str, champion: ModelVersion, reason: str) -> None:
    with context.database.session(org, write=True) as session:
        row = session.get_one(ModelVersion, (org, champion.name, champion.version))
        _settle(session, row, "failed", reason[:500], row.drift)
        counters.bump(session, org, "models")


def _store(
    session: Session, org: str, row: ModelVersion, outputs: list[dict[str, Any]], versions: Mapping[str, str]
) -> None:
    statement = select(ModelOutput).where(ModelOutput.name == row.name)
    if outputs:
        last = max(one["day"] for one in outputs)
        for old in session.scalars(statement):
            if (last - old.day).days > KEPT:
                session.delete(old)
    served = "model" if row.status == "ok" else "baseline"
    for one in outputs:
        session.merge(
            ModelOutput(
                org=org,
                name=row.name,
                version=row.version,
                served=served,
                data_versions=dict(versions),
                computed_at=now(),
                **one,
            )
        )


def _run(context: Context, org: str, params: Mapping[str, Any]) -> dict[str, Any]:
    return predict(context, org, cause=str(params.get("cause", "scheduled")), model=params.get("model"))


JOB = Job("predict", "What the models say of today", _run, hour=5)
