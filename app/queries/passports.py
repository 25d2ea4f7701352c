"""The passport of one measure: what it means, what it is here, and how others would read it."""

import functools
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any
from urllib.parse import parse_qsl

from analytics.definitions import definition, title
from analytics.registry import modules
from app.desk import Desk
from app.errors import NotFound
from app.queries._passports import Subject

_LONGEST = 400


def passport(desk: Desk, what: str) -> dict[str, Any]:
    """Return all there is to say of one measure.

    Args:
        desk: Whose view; terms and dates come from its address.
        what: ``subject:name``, then ``?key=value`` of its convention where a name occurs several times:
            ``risk:value_at_risk?method=historical&confidence=0.99``. The subject is a module of queries;
            ``order`` names the one order that the subject is asked about.

    Returns:
        ``name``, ``title``, ``definition`` (of its function; None where none declares it), ``record`` (None
        where the subject has none of this name), ``readings``, ``versions`` by table, ``period`` and
        ``as_of`` (both None where not known).

    Raises:
        NotFound: If nothing is known of it.
    """
    place, _, rest = what[:_LONGEST].partition(":")
    name, _, wanted = rest.partition("?")
    subject = subjects().get(place)
    chosen = dict(parse_qsl(wanted))
    if "order" in chosen:
        desk = desk.with_scope(order=chosen.pop("order"))
    found = definition(subject.defines.get(name, name) if subject else name)
    record = _pick(subject.records(desk), name, chosen) if subject else None
    if found is None and record is None:
        raise NotFound("There is no measure of this name.")
    readings = subject.readings(desk, record) if subject and subject.readings and record else []
    return {
        "name": name,
        "title": title(name),
        "definition": asdict(found) if found else None,
        "record": dict(record) if record else None,
        "readings": readings,
        "versions": desk.versions(*subject.datasets) if subject else {},
        "period": dict(subject.period(desk)) if subject and subject.period else None,
        "as_of": desk.scope.as_of,
    }


def _pick(
    records: Sequence[Mapping[str, Any]], name: str, wanted: Mapping[str, str]
) -> Mapping[str, Any] | None:
    for record in records:
        convention = record.get("convention") or {}
        if record["name"] == name and all(str(convention.get(k)) == v for k, v in wanted.items()):
            return record
    return None


@functools.cache
def subjects() -> dict[str, Subject]:
    """Map the name of each module of queries that has passports to its subject: risk for risk_passports."""
    from app import queries

    named = {module.__name__.rpartition(".")[2]: module for module in modules(queries)}
    found = {name: module.PASSPORTS for name, module in named.items() if hasattr(module, "PASSPORTS")}
    return {name.removesuffix("_passports"): subject for name, subject in found.items()}
