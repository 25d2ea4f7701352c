"""Train every model on an organisation's own tables, walk-forward, and keep what came of it."""

import logging
import time
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

import polars as pl
from sqlalchemy import select
from sqlalchemy.orm import Session

from analytics.models._base import Model, all_models
from analytics.models._card import card
from analytics.models._drift import drift, reference
from analytics.models._made_with import made_with
from analytics.models._skill import Skill, daily_losses, skill
from analytics.models._walk import fit, untested, walk_forward
from app.actions.models import crown
from app.context import Context
from app.errors import FieldError, Invalid, NotFound, Unavailable
from app.jobs._job import Job
from app.jobs._model_tables import is_shipped, tables_of, versions_of
from app.jobs.predict import ACTOR, MODEL, RECORD, Features, alert, gone_on, judged, predict
from app.scope import Identity
from app.storage.artifacts import Artifacts
from app.storage.records import audit, counters
from app.storage.records._base import now
from app.storage.records.models import ModelVersion

RECENT = 126  # days out of sample on which a challenger meets the champion
log = logging.getLogger(__name__)


def train(context: Context, org: str, *, model: str | None = None) -> dict[str, Any]:
    """Train one model or all, record a new version of each whose data has changed, and let the champions speak.

    A version that shows skill takes the champion's place if its losses are not above the champion's on the
    same recent days, both out of sample; where the champion has shown none, any new version does. A model
    that cannot be trained is on record as failed with the reason, and the others go on.

    Args:
        context: The installation's stores.
        org: The organisation's slug.
        model: Name; all models when None.

    Returns:
        Model name to ``version``, ``status`` (ok, silent, drifting, failed), ``champion``, ``skill``,
        ``seconds`` and ``unchanged`` (true when the data was the same as of the last version).

    Raises:
        Invalid: If there is no model of that name.
    """
    known = all_models()
    if model is not None and model not in known:
        raise Invalid(
            f"There is no model {model!r}.",
            errors=[FieldError("model", f"must be one of {', '.join(known)}", model)],
        )
    said = {}
    for name, kind in known.items():
        if model in (None, name):
            said[name], features = _one(context, org, kind)
            predict(context, org, cause="training", model=name, features=features)
    return said


def _one(context: Context, org: str, kind: type[Model]) -> tuple[dict[str, Any], Features | None]:
    began = time.perf_counter()
    with context.lake.steady():
        versions = versions_of(context, org, kind)
        last = _last(context, org, kind, versions)
        if last is not None:
            return _said(last, seconds=0.0, unchanged=True), None
        tables = tables_of(context, org, kind)
    features = None
    try:
        features = Features(kind().features(tables), versions)
        row, tested = _trained(context, org, kind, features.rows)
    except (ValueError, ArithmeticError, pl.exceptions.PolarsError) as error:
        log.exception("model %s of %s could not be trained", kind.name, org)
        row, tested = _failed(org, kind, f"{type(error).__name__}: {error}"), None
    row.data_versions = versions
    seconds = time.perf_counter() - began
    row.card = row.card | {"seconds": round(seconds, 3)}
    with context.database.session(org, write=True) as session:
        row.version = _next(session, kind)
        rows = features.rows if features is not None else None
        if tested is not None and _takes_over(context, session, row, kind, tested, rows=rows):
            crown(session, row)
        if row.status == "failed" or (row.champion and row.status == "drifting"):
            alert(session, row)
        session.add(row)
        counters.bump(session, org, "models")
        audit.record(
            session,
            actor=Identity(org=org, user_id=ACTOR, name="Training", role="operator"),
            action="model.train",
            object_kind="model",
            object_id=f"{row.name}/{row.version}",
            after={"status": row.status, "champion": row.champion, "skill": row.metrics},
        )
        return _said(row, seconds=seconds, unchanged=False), features


@dataclass(frozen=True)
class _Learnt:
    """What came of training: it hangs on the rows alone, as training is deterministic."""

    tested: pl.DataFrame
    found: Skill
    document: Mapping[str, Any]
    state: Mapping[str, Any] | None  # None where there were too few days
    shifted: dict[str, Any] | None


# Of models that learn from what comes with the product, the last training by the digest of its rows: organisations
# that added nothing of their own have the same rows, and would wait for the same answer.
_alike: dict[str, tuple[str, _Learnt]] = {}


def _learnt(kind: type[Model], rows: pl.DataFrame) -> _Learnt:
    if not is_shipped(kind):
        return _learn(kind, rows)
    digest = sha256(f"{kind.version} {rows.schema}".encode() + rows.write_ipc(None).getvalue()).hexdigest()
    held = _alike.get(kind.name)
    if held is None or held[0] != digest:
        held = _alike[kind.name] = (digest, _learn(kind, rows))
    return held[1]


def _learn(kind: type[Model], rows: pl.DataFrame) -> _Learnt:
    fitted = kind()
    tested = walk_forward(fitted, rows)
    found = skill(fitted, tested)
    document = card(fitted, found, tested)
    state = shifted = None
    if fitted.known(rows)["date"].n_unique() >= kind.walk.least:
        fit(fitted, rows)
        state = fitted.state()
        document["training"] = reference(fitted, rows)
        shifted = drift(fitted, document["training"], rows, tested)
    return _Learnt(tested, found, document, state, shifted)


def _trained(
    context: Context, org: str, kind: type[Model], rows: pl.DataFrame
) -> tuple[ModelVersion, pl.DataFrame]:
    """Return the version that training gave, and its record out of sample."""
    one = _learnt(kind, rows)
    found, tested, shifted = one.found, one.tested, one.shifted
    kept = Artifacts(context.settings.root, org)
    artefact, digest = kept.put(MODEL, one.state) if one.state is not None else (None, None)
    _, record = kept.put_table(RECORD, tested)
    status, reason = judged(found, shifted, least=kind.walk.least, card=one.document)
    row = ModelVersion(
        org=org,
        name=kind.name,
        champion=False,
        status=status,
        reason=reason,
        metrics=found.as_dict(),
        card=dict(one.document),
        artefact=artefact,
        artefact_sha256=digest,
        record_sha256=record,
        drift=shifted,
        trained_at=now(),
    )
    return row, tested


def _failed(org: str, kind: type[Model], reason: str) -> ModelVersion:
    model = kind()
    none = Skill(None, None, None, None, 0, None, None, kind.skill_unit)
    empty = pl.DataFrame(schema=dict.fromkeys(kind.keys, pl.String()) | {"date": pl.Date()})
    return ModelVersion(
        org=org,
        name=kind.name,
        champion=False,
        status="failed",
        reason=reason[:500],
        metrics=none.as_dict(),
        card=card(model, none, untested(model, empty)),
        trained_at=now(),
    )


def _last(context: Context, org: str, kind: type[Model], versions: Mapping[str, str]) -> ModelVersion | None:
    """Return the last version if it was trained by the same code, libraries and seeds on the same data."""
    with context.database.session(org) as session:
        statement = select(ModelVersion).where(ModelVersion.name == kind.name)
        row = session.scalars(statement.order_by(ModelVersion.version.desc())).first()
    same = row is not None and row.data_versions == versions and row.card.get("made_with") == made_with(kind)
    return row if same else None


def _next(session: Session, kind: type[Model]) -> int:
    versions = session.scalars(select(ModelVersion.version).where(ModelVersion.name == kind.name))
    return 1 + max(versions, default=0)


# --- champion and challenger -----------------------------------------------------------------------
def _takes_over(
    context: Context,
    session: Session,
    row: ModelVersion,
    kind: type[Model],
    tested: pl.DataFrame,
    *,
    rows: pl.DataFrame | None,
) -> bool:
    """Return whether a version takes the champion's place."""
    statement = select(ModelVersion).where(ModelVersion.name == row.name, ModelVersion.champion.is_(True))
    champion = session.scalars(statement).first()
    if champion is None or champion.status in ("silent", "failed"):
        return True
    if not _readable(context, kind, champion):
        return True  # its state is of other code, which is gone, or damaged
    if not row.metrics["shown"]:
        return False
    losses = met(context, row.org, kind, champion, tested, rows=rows)
    if losses is None:
        return bool(row.metrics["value"] >= champion.metrics["value"])
    row.card = row.card | {"challenge": losses | {"champion_version": champion.version}}
    return bool(losses["challenger"] <= losses["champion"])


def _readable(context: Context, kind: type[Model], champion: ModelVersion) -> bool:
    if champion.card.get("version") != kind.version or champion.artefact_sha256 is None:
        return False
    try:
        kind.restore(Artifacts(context.settings.root, champion.org).get(MODEL, champion.artefact_sha256))
    except (NotFound, Unavailable, ValueError, KeyError):
        log.exception("version %d of %s of %s cannot be read", champion.version, kind.name, champion.org)
        return False
    return True


def met(
    context: Context,
    org: str,
    kind: type[Model],
    champion: ModelVersion,
    tested: pl.DataFrame,
    *,
    rows: pl.DataFrame | None = None,
) -> dict[str, Any] | None:
    """Return the mean losses of champion and challenger on the same recent days, both out of sample.

    The champion's are those of its own record; days after it are, where ``rows`` of ``features`` are given, the
    predictions of the fitted champion, which has not seen them. Null where they have fewer than ``walk.least``
    days in common.
    """
    if champion.record_sha256 is None:
        return None
    kept = Artifacts(context.settings.root, org)
    try:
        record = kept.get_table(RECORD, champion.record_sha256)
        if rows is not None and champion.artefact_sha256 is not None:
            record = gone_on(kind.restore(kept.get(MODEL, champion.artefact_sha256)), record, rows)
    except (NotFound, Unavailable, ValueError, KeyError):
        log.warning("the record of %s version %d of %s cannot be read", champion.name, champion.version, org)
        return None
    both = tested.join(record.select(*kind.keys, old="loss"), on=list(kind.keys), how="inner")
    days = both["date"].unique().sort().tail(RECENT)
    if len(days) < kind.walk.least:
        return None
    recent = both.filter(pl.col("date") >= days[0])
    new = daily_losses(recent)["loss"].to_numpy()
    old = daily_losses(recent.with_columns(loss=pl.col("old")))["loss"].to_numpy()
    return {"days": len(days), "challenger": float(new.mean()), "champion": float(old.mean())}


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
