"""Thresholds of detectors: a change is a new version, said why, and approved by somebody else.

Versions are never changed once approved: going back is proposing an older version's values again. A version is
for everywhere, or for one segment of the business, which has those of everywhere until it has its own.
"""

from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from analytics.compliance.detector import Detector, all_detectors
from analytics.compliance.parameters import Parameters
from analytics.compliance.segments import DIMENSIONS, EVERYWHERE
from app.actions._roles import require, text
from app.errors import Conflict, FieldError, Forbidden, Invalid, NotFound
from app.scope import Identity
from app.storage.database import Database
from app.storage.records import audit
from app.storage.records._base import now
from app.storage.records.alerts import ParameterSet
from app.storage.records.counters import bump

RECORDS = "parameter_sets"
SHORTEST = 20  # characters of a rationale


def detector_of(name: str) -> type[Detector]:
    """Return a detector by its name.

    Raises:
        NotFound: If there is none.
    """
    kind = all_detectors().get(name)
    if kind is None:
        raise NotFound(f"There is no detector {name[:63]!r}.")
    return kind


def parse(kind: type[Detector], values: Mapping[str, Any]) -> Parameters:
    """Return a detector's parameters with ``values`` in place of the defaults.

    Raises:
        Invalid: Naming every value that is unknown, of another type or out of its range.
    """
    known = {row["name"]: row for row in kind.Params.describe()}
    errors = []
    for name, value in values.items():
        if name not in known:
            errors.append(FieldError(name[:80], f"is no parameter of {kind.name}", str(value)[:80]))
            continue
        try:
            kind.Params(**{name: value})
        except ValueError as error:
            errors.append(FieldError(name, str(error).removeprefix(f"{name} "), str(value)[:80]))
    if errors:
        raise Invalid("The parameters do not fit.", errors=errors)
    try:
        return kind.Params(**values)
    except ValueError as error:  # values that do not fit one another
        raise Invalid("The parameters do not fit.", errors=[FieldError("parameters", str(error))]) from error


def propose(
    database: Database,
    actor: Identity,
    *,
    detector: str,
    values: Mapping[str, Any],
    rationale: str,
    effective_from: datetime | None = None,
    segment: str = EVERYWHERE,
    withdraw: bool = False,
) -> ParameterSet:
    """Write a new version of a detector's parameters; it does nothing until somebody else approves it.

    Args:
        database: The records.
        actor: Compliance.
        detector: Its name.
        values: Parameter to value; what is left out has its default.
        rationale: Why, at least 20 characters.
        effective_from: From when it counts once approved; the moment of approval when None.
        segment: What part of the business it is for (see ``analytics.compliance.segments``).
        withdraw: The segment is to have no thresholds of its own any more; ``values`` are not asked then.

    Raises:
        Forbidden: Unless the actor is compliance.
        NotFound: If there is no such detector.
        Invalid: If a value, the segment or the rationale does not fit.
    """
    _person(actor)
    kind = detector_of(detector)
    params = parse(kind, values)
    _fits(segment)
    said = text("rationale", rationale, longest=4000)
    if len(said) < SHORTEST:
        fault = FieldError("rationale", f"must have at least {SHORTEST} characters", said)
        raise Invalid("Say why the thresholds change.", errors=[fault])
    with database.session(actor.org, write=True) as session:
        if withdraw:
            own = in_effect_by_segment(session, kind, now()).get(segment)
            if own is None or segment == EVERYWHERE:
                fault = FieldError("segment", "has no thresholds of its own", segment)
                raise Invalid("There is nothing to withdraw.", errors=[fault])
            params = own[0]
        last = session.scalar(select(func.max(ParameterSet.version)).where(ParameterSet.detector == detector))
        made = ParameterSet(
            org=actor.org,
            detector=detector,
            version=(last or 0) + 1,
            parameters=asdict(params),
            rationale=said,
            created_by=actor.user_id,
            created_at=now(),
            effective_from=effective_from,
            segment=segment,
            withdrawn=withdraw,
        )
        session.add(made)
        bump(session, actor.org, RECORDS)
        audit.record(
            session, actor=actor, action="parameters.propose", object_kind="parameter_set",
            object_id=f"{detector}/{made.version}", after=_shown(made),
        )  # fmt: skip
    return made


def approve(database: Database, actor: Identity, *, detector: str, version: int) -> ParameterSet:
    """Let a version count, from its day on or from now where that has passed.

    Raises:
        Forbidden: Unless the actor is compliance and did not write it.
        NotFound: If there is no such version.
        Conflict: If it is approved already.
    """
    _person(actor)
    at = now()
    with database.session(actor.org, write=True) as session:
        found = session.scalar(
            select(ParameterSet)
            .where(ParameterSet.detector == detector, ParameterSet.version == version)
            .with_for_update()
        )
        if found is None:
            raise NotFound("There is no such version.")
        if found.approved_by is not None:
            raise Conflict("It is approved already.")
        if found.created_by == actor.user_id:
            raise Forbidden("You wrote this version yourself: a second person must approve it.")
        before = _shown(found)
        found.approved_by, found.approved_at = actor.user_id, at
        found.effective_from = max(found.effective_from or at, at)
        bump(session, actor.org, RECORDS)
        audit.record(
            session, actor=actor, action="parameters.approve", object_kind="parameter_set",
            object_id=f"{detector}/{version}", before=before, after=_shown(found),
        )  # fmt: skip
    return found


def in_effect(
    session: Session, kind: type[Detector], at: datetime, segment: str = EVERYWHERE
) -> tuple[Parameters, int | None]:
    """Return the parameters of a detector at an instant, and their version; None for the defaults.

    A segment without thresholds of its own has those of everywhere.
    """
    found = in_effect_by_segment(session, kind, at)
    return found.get(segment) or found.get(EVERYWHERE) or (kind.Params(), None)


def in_effect_by_segment(
    session: Session, kind: type[Detector], at: datetime
) -> dict[str, tuple[Parameters, int | None]]:
    """Return segment to the parameters that hold there at an instant, and their version.

    Only segments with thresholds of their own; everywhere else (the empty text) is left out where the
    defaults hold.
    """
    query = select(ParameterSet).where(
        ParameterSet.detector == kind.name,
        ParameterSet.approved_at.is_not(None),
        ParameterSet.effective_from <= at,
    )
    newest: dict[str, ParameterSet] = {}
    for one in session.scalars(query.order_by(ParameterSet.effective_from, ParameterSet.version)):
        newest[one.segment] = one
    return {name: (_read(kind, one), one.version) for name, one in newest.items() if not one.withdrawn}


def of_digest(session: Session, kind: type[Detector], digest: str) -> Parameters | None:
    """Return the parameters of a detector whose values have a digest; None if this firm never had them."""
    if kind.Params().version == digest:
        return kind.Params()
    query = select(ParameterSet).where(
        ParameterSet.detector == kind.name, ParameterSet.approved_at.is_not(None)
    )
    for found in session.scalars(query.order_by(ParameterSet.version.desc())):
        params = _read(kind, found)
        if params.version == digest:
            return params
    return None


def _person(actor: Identity) -> None:
    """Refuse everybody but people of compliance: four eyes are nobody's where a key has two of them."""
    require(actor, "compliance")
    if not actor.user_id.startswith("u_"):
        raise Forbidden("Thresholds are set by people; a key is nobody. Sign in to do it.")


def _fits(segment: str) -> None:
    """Refuse what is no segment; whether there is anything in it, the data say."""
    name, _, value = segment.partition(":")
    if segment != EVERYWHERE and (name not in DIMENSIONS or not value.strip() or len(segment) > 80):
        fault = FieldError("segment", f"reads {' | '.join(DIMENSIONS)}, a colon and a value", segment[:80])
        raise Invalid("The segment does not fit.", errors=[fault])


def _read(kind: type[Detector], found: ParameterSet) -> Parameters:
    """Return a kept version; a parameter that a later release added has its default."""
    known = {row["name"] for row in kind.Params.describe()}
    return kind.Params(**{name: value for name, value in found.parameters.items() if name in known})


def _shown(found: ParameterSet) -> dict[str, Any]:
    names = ("parameters", "segment", "withdrawn", "rationale", "created_by", "approved_by", "effective_from")
    return {name: getattr(found, name) for name in names}
