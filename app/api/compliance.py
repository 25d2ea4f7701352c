"""/api/compliance: alerts, detectors, coverage, the audit trail."""

from flask import Response

from analytics.datasets import EXECUTIONS, ORDER_EVENTS
from app.actions import audit as trail
from app.api._page import next_cursor, offset_of
from app.api._schema import PROBLEMS, AlertPath, AlertsQuery, Answer, ScopeQuery
from app.gateway.auth import current_desk
from app.gateway.resource import answer, cursor_of, position_of, resource
from app.queries import compliance
from app.queries.casework import hidden_objects
from app.scope import SURVEILLANCE_ROLES

blueprint = resource("compliance", roles=SURVEILLANCE_ROLES, tag="Compliance", refusals="alert")
FILTERS = ("status", "severity", "detector", "actor", "open")


@blueprint.get("/alerts", summary="Alerts, the highest score first", responses={200: Answer, **PROBLEMS})
def alerts(query: AlertsQuery) -> Response:
    """Answer one page of alerts with their counts by severity, status and detector."""
    desk = current_desk(own=frozenset({*FILTERS, "sort"}))
    start = offset_of(desk)
    asked = {name: value for name, value in desk.scope.extra.items() if name in FILTERS}
    found = compliance.alerts(desk, filters=asked, sort=desk.scope.extra.get("sort", "-score"), offset=start)
    cursor = next_cursor(desk, start, len(found["rows"]), found["total"])
    return answer(desk, found["rows"], datasets=(EXECUTIONS, ORDER_EVENTS), next_cursor=cursor)


@blueprint.get(
    "/alerts/<alert_id>", summary="One alert with its evidence", responses={200: Answer, **PROBLEMS}
)
def alert(path: AlertPath, query: ScopeQuery) -> Response:
    """Answer story, metrics, evidence ids and pinned versions."""
    desk = current_desk()
    return answer(desk, compliance.alert(desk, path.alert_id))


@blueprint.get("/detectors", summary="What is looked for, and how", responses={200: Answer, **PROBLEMS})
def detectors(query: ScopeQuery) -> Response:
    """Answer each detector's rule, inputs and parameters."""
    return answer(current_desk(), compliance.detectors())


@blueprint.get("/coverage", summary="Which detectors ran on which data", responses={200: Answer, **PROBLEMS})
def coverage(query: ScopeQuery) -> Response:
    """Answer one row per detector: ok, gap, failed or not run."""
    desk = current_desk()
    return answer(desk, compliance.coverage(desk))


@blueprint.get("/audit", summary="Who did what", responses={200: Answer, **PROBLEMS})
def audit(query: ScopeQuery) -> Response:
    """Answer one page of the audit trail, newest first."""
    desk = current_desk()
    before = position_of(desk.identity, desk.scope.cursor)
    size = desk.scope.limit
    hidden = hidden_objects(desk)
    rows = trail.entries(desk.database, desk.identity, before_seq=before, limit=size + 1, without=hidden)
    cursor = cursor_of(desk.identity, rows[size - 1]["seq"]) if len(rows) > size else None
    return answer(desk, rows[:size], next_cursor=cursor)
