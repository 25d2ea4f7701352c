"""/api/integration: is it well."""

from typing import Any

from flask import Response, g, jsonify
from flask_openapi3.blueprint import APIBlueprint
from flask_openapi3.models.tag import Tag

from app.api._schema import PROBLEMS, Health, ScopeQuery
from app.gateway.auth import current_desk
from app.observability.endpoints import current_health
from app.queries import intelligence, operations
from app.scope import DATA_ROLES

# No door: the status word is for everybody, the gate lets this path through; the rest is asked below.
blueprint = APIBlueprint(
    "integration",
    __name__,
    url_prefix="/api/integration",
    abp_tags=[Tag(name="Integration")],
    abp_security=[],
)


@blueprint.get("/health", summary="Services, feeds and data sets", responses={200: Health, **PROBLEMS})
def health(query: ScopeQuery) -> Response:
    """Answer ``status`` to anybody; services and the own organisation's data to who is signed in."""
    found = current_health()
    if g.get("identity") is None:
        return jsonify({"status": found.status()})
    desk = current_desk()
    services: list[dict[str, Any]] = [dict(service) for service in found.services()]
    data: list[dict[str, Any]] = []
    if desk.identity.role != "operator":
        data = operations.data_health(desk)
        services += [_feed(row) for row in data]
    if desk.identity.role in DATA_ROLES:
        services += [_model(model) for model in intelligence.models(desk)]
    worst = {service["status"] for service in services}
    status = found.status()
    return jsonify(
        {
            "status": "degraded" if status == "ok" and worst & {"degraded", "down"} else status,
            "services": services,
            "data": data,
        }
    )


def _feed(row: dict[str, Any]) -> dict[str, Any]:
    return {
        "name": f"feed:{row['dataset']}",
        "status": "ok" if row["state"] == "ok" else "down",
        "latency_ms": None,
        "last_success": row["last_ingest"],
        "detail": row["reason"] or f"{row['rows']} rows",
    }


def _model(model: dict[str, Any]) -> dict[str, Any]:
    return {
        "name": f"model:{model['name']}",
        # A model without skill is silent by design, not broken; one that drifts or fails is to be looked at.
        "status": "degraded" if model.get("status") in ("drifting", "failed") else "ok",
        "latency_ms": None,
        "last_success": model.get("trained_at"),
        "detail": model.get("reason") or model.get("status"),
    }
