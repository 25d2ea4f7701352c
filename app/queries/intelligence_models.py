"""The models on record: standing, skill, drift, versions, and who may read of which."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import select

from analytics.models._base import all_models
from app.desk import Desk
from app.errors import Forbidden, NotFound
from app.queries._model_books import readable_books
from app.scope import DATA_ROLES, SURVEILLANCE_ROLES, answers_for
from app.storage.cache import cached
from app.storage.records.models import ModelVersion

SURVEILLANCE = "Surveillance"  # owner of the models that only those who watch may know of


@cached(records=("models",))
def models(desk: Desk) -> list[dict[str, Any]]:
    """Return the version in use of each model that this role may know of.

    Each has name, title, version, versions (how many), status (ok, silent, drifting, failed), reason, served
    (model or baseline), metrics (``Skill``), metric, baseline, unit, kind, owner, page, coverage (nominal, held;
    null where it gives no intervals), ece (null where no probabilities), drift (psi, feature, bound of the
    farthest feature; null before it was looked for), trained_at, seconds and fold_count.
    """
    door(desk)
    in_use: dict[str, ModelVersion] = {}
    count: dict[str, int] = {}
    for row in _rows(desk):
        held = in_use.get(row.name)
        count[row.name] = count.get(row.name, 0) + 1
        if held is None or row.champion or not held.champion:
            in_use[row.name] = row
    return [_standing(row) | {"versions": count[row.name]} for row in in_use.values()]


@cached(records=("models",))
def model(desk: Desk, name: str) -> dict[str, Any]:
    """Return the card of the version in use, its record, and the versions before it.

    Beside what ``models`` gives: card (with ``made_with``: code, libraries and seeds), folds (skill over time, what each
    was taught on, and ``figures`` of what it found, in the words of the card's ``figure_words``), calibration, drift_report (features with psi and
    bound, recent skill and coverage, reasons), rivals, data_versions, may_roll_back and history (version,
    champion, status, reason, metrics, trained_at, crowned_at, usable), newest first.

    Raises:
        NotFound: If no model of this name has been trained here, or the role may not know of it.
    """
    door(desk)
    rows = [row for row in _rows(desk) if row.name == name]
    if not rows:
        raise NotFound("No model of this name has been trained.")
    current = next((row for row in reversed(rows) if row.champion), rows[-1])
    calibration = dict(current.card.get("calibration") or {})
    if "backtests" in calibration:
        calibration["backtests"] = readable_books(desk, calibration["backtests"])
    card = {key: value for key, value in current.card.items() if key not in ("training", "calibration")}
    return _standing(current) | {
        "versions": len(rows),
        "card": card | {"calibration": calibration},
        "folds": card.get("folds", []),
        "calibration": calibration,
        "drift_report": current.drift,
        "rivals": card.get("rivals", {}),
        "data_versions": current.data_versions,
        "may_roll_back": answers_for(
            desk.identity.role, surveillance=current.card.get("owner") == SURVEILLANCE
        ),
        "history": [_version(row) for row in reversed(rows)],
    }


def door(desk: Desk) -> None:
    """Refuse roles that read no data.

    Raises:
        Forbidden: If the role reads none.
    """
    if desk.identity.role not in DATA_ROLES:
        raise Forbidden("Your role administers; it does not read the organisation's data.")


def _rows(desk: Desk) -> list[ModelVersion]:
    with desk.session() as session:
        rows = list(session.scalars(select(ModelVersion).order_by(ModelVersion.name, ModelVersion.version)))
    watches = desk.identity.role in SURVEILLANCE_ROLES
    return [row for row in rows if watches or row.card.get("owner") != SURVEILLANCE]


def _standing(row: ModelVersion) -> dict[str, Any]:
    calibration = row.card.get("calibration") or {}
    return {
        "name": row.name,
        "title": row.card.get("title", row.name),
        "version": row.version,
        "status": row.status,
        "reason": row.reason,
        "served": "model" if row.status == "ok" else "baseline",
        "metrics": row.metrics,
        "metric": row.card.get("metric"),
        "baseline": row.card.get("baseline"),
        "unit": row.card.get("unit"),
        "kind": row.card.get("kind"),
        "owner": row.card.get("owner"),
        "page": row.card.get("page"),
        "coverage": _widest(calibration.get("bands") or []),
        "ece": calibration.get("ece"),
        "drift": _farthest(row.drift),
        "trained_at": row.trained_at,
        "seconds": row.card.get("seconds"),
        "fold_count": len(row.card.get("folds") or []),
    }


def _widest(bands: Sequence[Mapping[str, Any]]) -> dict[str, Any] | None:
    # 90 % where there is one: what the interval of a range is read by.
    told = sorted(bands, key=lambda band: (abs(band["nominal"] - 0.9), band["nominal"]))
    return {key: told[0][key] for key in ("nominal", "held", "low", "high")} if told else None


def _farthest(drift: Mapping[str, Any] | None) -> dict[str, Any] | None:
    if drift is None:
        return None
    first: Mapping[str, Any] = next(iter(drift.get("features") or []), {})
    return {
        "psi": first.get("psi"),
        "feature": first.get("name"),
        "bound": first.get("bound"),
        "drifting": bool(drift.get("drifting")),
    }


def _version(row: ModelVersion) -> dict[str, Any]:
    kind = all_models().get(row.name)
    readable = kind is not None and row.card.get("version") == kind.version
    return {
        "version": row.version,
        "champion": row.champion,
        "status": row.status,
        "reason": row.reason,
        "metrics": row.metrics,
        "trained_at": row.trained_at,
        "crowned_at": row.crowned_at,
        "usable": readable and row.artefact_sha256 is not None,
        "code": row.card.get("version"),
    }
