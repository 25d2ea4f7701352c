"""/api/portfolio/what-if and /optimise: what trades would do, and which trades an optimiser would make."""

from typing import Annotated, Any

from flask import Response
from pydantic import BaseModel, ConfigDict, Field

from analytics.datasets import DAILY_POSITIONS, PRICES
from app.actions import scenarios
from app.actions import what_if as acts
from app.api._schema import PROBLEMS, Answer, ScopeQuery, Word
from app.gateway.auth import current_context, current_desk
from app.gateway.resource import answer, resource
from app.jobs import optimise as job
from app.queries import what_if
from app.queries.optimise import Asked
from app.queries.what_if_passports import plan_records

READERS = frozenset({"trader", "portfolio_manager", "risk", "compliance", "auditor"})
blueprint = resource(
    "portfolio", part="optimise", tag="Portfolio", roles=READERS, write_roles=("portfolio_manager", "risk")
)
_TABLES = (DAILY_POSITIONS, PRICES)
_WAITS = {"queued", "running"}
Targets = Annotated[str, Field(max_length=4000)]


class WhatIfQuery(ScopeQuery):
    """Target weights as a page's address holds them."""

    targets: Targets = Field("", description="AAPL:0.05,MSFT:0 as fractions; what is not named stays.")


class OrdersQuery(WhatIfQuery):
    """Orders as a file."""

    name: str = Field("", max_length=80, description="Of the scenario, written beside each order.")


class OptimiseBody(BaseModel):
    """What to optimise; weights are fractions of net asset value (of gross exposure where none is known)."""

    model_config = ConfigDict(extra="forbid")

    objective: Word = Field(
        "minimum_variance",
        description="minimum_variance, minimum_cvar, maximum_ratio, risk_budgeting, hierarchical_risk_parity, equal_weight",
    )
    covariance: Word = Field(
        "ledoit_wolf", description="ledoit_wolf, empirical, exponential, gerber, denoised"
    )
    long_only: bool = True
    max_weight: float | None = Field(None, gt=0, le=10, allow_inf_nan=False)
    max_sector: float | None = Field(None, gt=0, le=10, allow_inf_nan=False)
    max_turnover: float | None = Field(None, gt=0, le=20, allow_inf_nan=False, description="Sum of changes.")
    budget: float | None = Field(
        None, gt=0, le=10, allow_inf_nan=False, description="Sum of weights; as now if left out."
    )


class RequestPath(BaseModel):
    """One request."""

    request_id: Word


class ScenarioPath(BaseModel):
    """One kept scenario."""

    scenario_id: Word


class PlanBody(BaseModel):
    """Targets to keep under a name."""

    model_config = ConfigDict(extra="forbid")

    name: str = Field(min_length=1, max_length=80)
    targets: Targets = Field(min_length=1)


@blueprint.get("/what-if", summary="The book before and after trades", responses={200: Answer, **PROBLEMS})
def show(query: WhatIfQuery) -> Response:
    """Answer rows, orders, measures, sectors and limits before and after trading to ``targets``."""
    desk = current_desk(own=frozenset({"targets"}))
    targets = what_if.targets_of(query.targets)
    found = what_if.what_if(desk, targets) | {"limits": what_if.limits_after(desk, targets)}
    found = found | {"metrics": plan_records(found)}
    return answer(desk, found, datasets=_TABLES)


@blueprint.get(
    "/what-if/orders",
    summary="The orders that trade to the targets, as CSV",
    responses={200: {"content": {"text/csv": {"schema": {"type": "string"}}}}, **PROBLEMS},
)
def orders(query: OrdersQuery) -> Response:
    """Answer a file of side, quantity, instrument, account, reference price and reason; it is audited."""
    desk = current_desk(own=frozenset({"targets", "name"}))
    found = what_if.what_if(desk, what_if.targets_of(query.targets))
    text = acts.export_orders(desk.database, desk.identity, found, name=query.name)
    headers = {"Content-Disposition": f"attachment; filename=orders-{found['date']}.csv"}
    return Response(text, mimetype="text/csv", headers=headers)


@blueprint.get("/what-if/scenarios", summary="Plans kept under a name", responses={200: Answer, **PROBLEMS})
def kept(query: ScopeQuery) -> Response:
    """Answer the organisation's kept plans, newest first."""
    desk = current_desk()
    return answer(desk, what_if.saved(desk))


@blueprint.post("/what-if/scenarios", summary="Keep a plan", responses={201: Answer, **PROBLEMS})
def keep(query: ScopeQuery, body: PlanBody) -> Response:
    """Keep targets for the organisation under a name."""
    desk = current_desk()
    made = acts.keep(desk.database, desk.identity, name=body.name, targets=what_if.targets_of(body.targets))
    return answer(desk, {"id": made.id, "name": made.name}, status=201)


@blueprint.delete(
    "/what-if/scenarios/<scenario_id>", summary="Remove a kept plan", responses={200: Answer, **PROBLEMS}
)
def forget(path: ScenarioPath) -> Response:
    """Take a plan off the list; a portfolio manager removes his own."""
    desk = current_desk()
    scenarios.remove(desk.database, desk.identity, path.scenario_id)
    return answer(desk, {"id": path.scenario_id, "removed": True})


@blueprint.post("/optimise", summary="Optimised weights", responses={200: Answer, 202: Answer, **PROBLEMS})
def optimise(query: ScopeQuery, body: OptimiseBody) -> Response:
    """Answer optimised weights with their record out of sample: 200 when known, else 202; then ask again.

    The worker needs seconds. The same question about the same data is answered from what is kept.
    """
    desk = current_desk()
    found = job.request(current_context(), desk, Asked(**body.model_dump()))
    return _told(desk, found)


@blueprint.get(
    "/optimise/<request_id>", summary="What became of a request", responses={200: Answer, **PROBLEMS}
)
def optimised(path: RequestPath, query: ScopeQuery) -> Response:
    """Answer the state of a request and, once it is ready or infeasible, its result."""
    desk = current_desk()
    return answer(desk, job.answer(current_context(), desk, path.request_id), datasets=_TABLES)


def _told(desk: Any, found: dict[str, Any]) -> Response:
    if found["state"] not in _WAITS:
        return answer(desk, found, datasets=_TABLES)
    headers = {"Location": f"/api/portfolio/optimise/{found['request_id']}", "Retry-After": "2"}
    return answer(desk, found, status=202, headers=headers)
