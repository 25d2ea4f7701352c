"""The thresholds of detectors: what they are, which versions there were, who wrote and who approved them."""

from datetime import datetime
from typing import Any

from sqlalchemy import select

from analytics.compliance.detector import Detector, all_detectors
from analytics.compliance.parameters import Parameters
from analytics.compliance.segments import DIMENSIONS, EVERYWHERE, members, read
from analytics.datasets import ACCOUNTS, INSTRUMENTS, PRICES
from app.desk import Desk
from app.errors import FieldError, Forbidden, Invalid
from app.scope import SURVEILLANCE_ROLES
from app.storage.cache import cached
from app.storage.records._base import now
from app.storage.records.alerts import ParameterSet
from app.storage.records.people import User


@cached(records=("parameter_sets",), ttl=60)
def parameters(desk: Desk, detector: str | None = None, segment: str = EVERYWHERE) -> list[dict[str, Any]]:
    """Return one row per detector: its parameters, the values in effect and every version, newest first.

    Args:
        desk: Whose.
        detector: Only this one; an unknown name gives no row.
        segment: Values of this part of the business; those of everywhere where it has none of its own.

    Returns:
        ``detector``, ``code``, ``title``, ``segment``, ``parameters`` (name, type, unit, range, default,
        rationale and the ``value`` in effect), ``in_effect`` (version; None: the defaults), ``own`` (whether
        the segment has thresholds of its own), ``digest`` (as alerts name it), ``segments`` (version and
        digest of each that has its own) and ``versions`` (of every segment; state: proposed, waiting for its
        day, in effect, past).

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
    return [
        _row(kind, sets.get(name, []), people, at, segment)
        for name, kind in kinds
        if detector in {None, name}
    ]


@cached(INSTRUMENTS, PRICES, ACCOUNTS)
def segments(desk: Desk) -> list[dict[str, Any]]:
    """Return the parts of the business that may have thresholds of their own.

    Returns:
        ``segment`` (as ``dimension:value``), ``dimension``, ``value`` and ``members``: instruments, of a desk
        accounts.

    Raises:
        Forbidden: If the role does not read surveillance.
    """
    if desk.identity.role not in SURVEILLANCE_ROLES:
        raise Forbidden("Surveillance is read by compliance.")
    tables = [desk.lake.scan(desk.org, dataset) for dataset in (INSTRUMENTS, PRICES, ACCOUNTS)]
    sizes = read(desk.collect(members(*tables))).sizes()
    rows = []
    for name, count in sizes.items():
        dimension, _, value = name.partition(":")
        rows.append({"segment": name, "dimension": DIMENSIONS[dimension], "value": value, "members": count})
    return rows


def known_segment(desk: Desk, segment: str) -> str:
    """Return a segment that there is, or was given thresholds before.

    Raises:
        Invalid: If nothing is in it.
    """
    if segment == EVERYWHERE or segment in {row["segment"] for row in segments(desk)}:
        return segment
    with desk.session() as session:
        if session.scalar(select(ParameterSet.version).where(ParameterSet.segment == segment).limit(1)):
            return segment
    fault = FieldError("segment", "is none that has instruments or accounts", segment[:80])
    raise Invalid("There is no such segment.", errors=[fault])


def _row(
    kind: type[Detector], versions: list[ParameterSet], people: dict[str, str], at: datetime, segment: str
) -> dict[str, Any]:
    newest: dict[str, ParameterSet] = {}
    counted = [v for v in versions if v.effective_from and v.approved_at and v.effective_from <= at]
    for one in sorted(counted, key=lambda v: (v.effective_from, v.version)):
        newest[one.segment] = one
    standing = {name: one for name, one in newest.items() if not one.withdrawn}
    current = standing.get(segment) or standing.get(EVERYWHERE)
    params = _params(kind, current)
    return {
        "detector": kind.name,
        "code": kind.code,
        "title": kind.title,
        "detector_version": kind.version,
        "segment": segment,
        "parameters": [row | {"value": getattr(params, row["name"])} for row in kind.Params.describe()],
        "in_effect": current.version if current else None,
        "own": segment in standing,
        "digest": params.version,
        "segments": [
            {"segment": name, "version": one.version, "digest": _params(kind, one).version}
            for name, one in sorted(standing.items())
            if name != EVERYWHERE
        ],
        "versions": [_version(one, newest.get(one.segment), people, at) for one in versions],
    }


def _params(kind: type[Detector], found: ParameterSet | None) -> Parameters:
    values = found.parameters if found else {}
    known = [row["name"] for row in kind.Params.describe()]
    return kind.Params(**{name: values[name] for name in known if name in values})


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
        "segment": one.segment,
        "withdrawn": one.withdrawn,
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
