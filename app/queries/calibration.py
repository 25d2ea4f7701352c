"""The thresholds of detectors: what they are, which versions there were, who wrote and who approved them."""

from datetime import datetime
from typing import Any

from sqlalchemy import select

from analytics.compliance.detector import Detector, all_detectors
from app.desk import Desk
from app.errors import Forbidden
from app.scope import SURVEILLANCE_ROLES
from app.storage.cache import cached
from app.storage.records._base import now
from app.storage.records.alerts import ParameterSet
from app.storage.records.people import User


@cached(records=("parameter_sets",), ttl=60)
def parameters(desk: Desk, detector: str | None = None) -> list[dict[str, Any]]:
    """Return one row per detector: its parameters, the values in effect and every version, newest first.

    Args:
        desk: Whose.
        detector: Only this one; an unknown name gives no row.

    Returns:
        ``detector``, ``code``, ``title``, ``parameters`` (name, type, unit, range, default, rationale and the
        ``value`` in effect), ``in_effect`` (version; None: the defaults), ``digest`` (as alerts name it) and
        ``versions`` (state: proposed, waiting for its day, in effect, past).

    Raises:
        Forbidden: If the role does not read surveillance.
    """
    if desk.identity.role not in SURVEILLANCE_ROLES:
        raise Forbidden("Surveillance is read by compliance.")
    at = now()
    with desk.session() as session:
        query = select(ParameterSet).order_by(ParameterSet.version.desc())
        sets: dict[str, list[ParameterSet]] = {}
        for one in session.scalars(query):
            sets.setdefault(one.detector, []).append(one)
        people = {user.id: user.name for user in session.scalars(select(User))}
    kinds = sorted(all_detectors().items(), key=lambda one: (one[1].code, one[0]))
    return [_row(kind, sets.get(name, []), people, at) for name, kind in kinds if detector in {None, name}]


def _row(
    kind: type[Detector], versions: list[ParameterSet], people: dict[str, str], at: datetime
) -> dict[str, Any]:
    counted = [v for v in versions if v.effective_from and v.approved_at and v.effective_from <= at]
    current = max(counted, key=lambda v: (v.effective_from, v.version), default=None)
    values = current.parameters if current else {}
    known = [row["name"] for row in kind.Params.describe()]
    params = kind.Params(**{name: values[name] for name in known if name in values})
    return {
        "detector": kind.name,
        "code": kind.code,
        "title": kind.title,
        "detector_version": kind.version,
        "parameters": [row | {"value": getattr(params, row["name"])} for row in kind.Params.describe()],
        "in_effect": current.version if current else None,
        "digest": params.version,
        "versions": [_version(one, current, people, at) for one in versions],
    }


def _version(
    one: ParameterSet, current: ParameterSet | None, people: dict[str, str], at: datetime
) -> dict[str, Any]:
    if one.approved_at is None:
        state = "proposed"
    elif current is not None and one.version == current.version:
        state = "in_effect"
    else:
        state = "waiting" if one.effective_from and one.effective_from > at else "past"
    return {
        "version": one.version,
        "state": state,
        "parameters": one.parameters,
        "rationale": one.rationale,
        "created_by": one.created_by,
        "created_by_name": people.get(one.created_by, one.created_by),
        "created_at": one.created_at,
        "approved_by": one.approved_by,
        "approved_by_name": people.get(one.approved_by or "", one.approved_by),
        "approved_at": one.approved_at,
        "effective_from": one.effective_from,
    }
