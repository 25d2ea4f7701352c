"""What the models and the insight rules have to say, and with what record."""

from collections import Counter
from typing import Any

from sqlalchemy import select

from analytics.insights._rule import FALSE_DISCOVERY, all_rules
from app.desk import Desk
from app.errors import Forbidden, NotFound
from app.scope import DATA_ROLES, SURVEILLANCE_ROLES
from app.storage.cache import cached
from app.storage.records.insights import Insight
from app.storage.records.models import ModelVersion


@cached(records=("insights", "models"))
def summary(desk: Desk) -> tuple[dict[str, Any], dict[str, str]]:
    """Return the overview's intelligence figures, and for each null why it is null.

    Values: insights (readable now), models_ok and models_silent (models in use, by whether they have
    shown skill), regime (null until a regime model has been fitted).
    """
    states = Counter(row["status"] for row in models(desk))
    values = {
        "insights": len(_readable(desk)),
        "models_ok": states["ok"],
        "models_silent": states["silent"] + states["failed"],
        "regime": None,
    }
    return values, {"regime": "no regime model has been fitted"}


@cached(records=("insights",))
def insights(
    desk: Desk,
    *,
    limit: int | None = None,
    offset: int = 0,
    domain: str | None = None,
    severity: str | None = None,
) -> dict[str, Any]:
    """Return ``rows`` (CONTRACT section 5, the weightiest first), ``total`` and ``facets``.

    ``facets`` counts what there is by domain (of the severity asked for) and by severity (of the domain
    asked for), so that each says what choosing it would show.

    What is about surveillance is read by compliance and auditors only, and never by its subject; what is
    about desks, by those who may see all of them. The scope's instruments, traders and desks narrow the
    list to insights that name them.
    """
    readable = [row for row in _readable(desk) if _in_scope(desk, row)]
    of_domain = [row for row in readable if domain is None or domain in row.domains]
    of_severity = [row for row in readable if severity is None or row.severity == severity]
    found = [row for row in of_domain if severity is None or row.severity == severity]
    size = desk.scope.limit if limit is None else limit
    return {
        "rows": [as_dict(row) for row in found[offset : offset + size]],
        "total": len(found),
        "facets": {
            "domain": dict(sorted(Counter(name for row in of_severity for name in row.domains).items())),
            "severity": dict(Counter(row.severity for row in of_domain)),
        },
    }


def false_discovery() -> float:
    """Return the share of shown insights that may be chance."""
    return FALSE_DISCOVERY


@cached(records=("insights",))
def rules(desk: Desk) -> list[dict[str, Any]]:
    """Return what is looked for: name, title, description, domains, and how many insights stand now.

    That there are rules about surveillance is for those to know who may read what they find.
    """
    watches = desk.identity.role in SURVEILLANCE_ROLES
    standing = Counter(row.kind for row in _readable(desk))
    return [
        {
            "name": name,
            "title": rule.title,
            "description": rule.description,
            "domains": list(rule.domains),
            "found": standing[name],
        }
        for name, rule in all_rules().items()
        if watches or "compliance" not in rule.domains
    ]


@cached(records=("models",))
def models(desk: Desk) -> list[dict[str, Any]]:
    """Return the version in use of each model: name, version, status, reason, metrics, trained_at."""
    _door(desk)
    with desk.session() as session:
        rows = list(session.scalars(select(ModelVersion).order_by(ModelVersion.name, ModelVersion.version)))
    in_use: dict[str, ModelVersion] = {}
    for row in rows:
        held = in_use.get(row.name)
        if held is None or row.champion or not held.champion:
            in_use[row.name] = row
    return [
        {
            "name": row.name,
            "title": row.card.get("title", row.name),
            "version": row.version,
            "versions": sum(other.name == row.name for other in rows),
            "status": row.status,
            "reason": row.reason,
            "metrics": row.metrics,
            "trained_at": row.trained_at,
        }
        for row in in_use.values()
    ]


@cached(records=("models",))
def model(desk: Desk, name: str) -> dict[str, Any]:
    """Return the card of the version in use, its skill over time (``folds``) and the version history.

    Raises:
        NotFound: If no model of this name has been trained here.
    """
    _door(desk)
    with desk.session() as session:
        statement = select(ModelVersion).where(ModelVersion.name == name).order_by(ModelVersion.version)
        rows = list(session.scalars(statement))
    if not rows:
        raise NotFound("No model of this name has been trained.")
    current = next((row for row in reversed(rows) if row.champion), rows[-1])
    return {
        "name": name,
        "version": current.version,
        "status": current.status,
        "reason": current.reason,
        "card": current.card,
        "metrics": current.metrics,
        "folds": current.card.get("folds", []),
        "data_versions": current.data_versions,
        "trained_at": current.trained_at,
        "history": [
            {
                "version": row.version,
                "champion": row.champion,
                "status": row.status,
                "reason": row.reason,
                "metrics": row.metrics,
                "trained_at": row.trained_at,
            }
            for row in reversed(rows)
        ],
    }


def as_dict(row: Insight) -> dict[str, Any]:
    """Return an insight's public fields (CONTRACT section 5)."""
    fields = ("id", "kind", "title", "text", "domains", "severity", "effect", "p_value", "q_value",
              "confidence", "why", "evidence", "next", "context", "data_versions", "created_at")  # fmt: skip
    return {name: getattr(row, name) for name in fields}


def _door(desk: Desk) -> None:
    if desk.identity.role not in DATA_ROLES:
        raise Forbidden("Your role administers; it does not read the organisation's data.")


def _readable(desk: Desk) -> list[Insight]:
    _door(desk)
    with desk.session() as session:
        rows = list(session.scalars(select(Insight).where(Insight.expired_at.is_(None))))
    found = [row for row in rows if _may_read(desk, row)]
    return sorted(found, key=lambda row: (-float(row.context.get("rank", 0.0)), row.id))


def _may_read(desk: Desk, row: Insight) -> bool:
    me = desk.identity
    if row.roles is not None:
        if me.role not in row.roles:
            return False
        about = {item.get("id") for item in row.evidence if isinstance(item, dict)}
        if SURVEILLANCE_ROLES & set(row.roles) and me.person_id is not None and me.person_id in about:
            return False
    # It may say what any of its desks did, so one of them is not enough.
    return row.desks is None or me.desks is None or set(row.desks) <= set(me.desks)


def _in_scope(desk: Desk, row: Insight) -> bool:
    scope, context = desk.scope, row.context
    asked = {"instrument": scope.instrument, "trader": scope.trader, "desk": scope.desk}
    return all(
        not wanted or context.get(name) is None or context[name] in wanted for name, wanted in asked.items()
    )
