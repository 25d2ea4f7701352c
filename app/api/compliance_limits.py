"""/api/compliance/limits: what is bounded, how much of it is used, and who settled what was passed."""

from collections.abc import Callable
from datetime import date
from decimal import Decimal

from flask import Response
from pydantic import BaseModel, ConfigDict, Field

from app.actions import breaches as settling
from app.actions import limits as definitions
from app.api._schema import PROBLEMS, Answer, ScopeQuery, Word
from app.gateway.auth import current_context, current_desk
from app.gateway.resource import answer, resource
from app.jobs.limits import soon
from app.queries import limits
from app.queries.limits_passports import chance_record, use_record

# Trading roles read the limits of their own desks; what each may change is decided by the actions.
blueprint = resource("compliance", part="limits", tag="Limits", write_roles=("risk", "compliance"))


class LimitPath(BaseModel):
    """One limit."""

    limit_id: Word


class BreachPath(BaseModel):
    """One breach."""

    breach_id: Word


class LimitBody(BaseModel):
    """A limit to set."""

    model_config = ConfigDict(extra="forbid")

    name: Word = Field(min_length=1)
    measure: Word = Field(description="gross_exposure, leverage, var_99_1d, order_notional, ...")
    value: Decimal = Field(description="Breached above it.", allow_inf_nan=False, max_digits=38)
    unit: str = Field("", max_length=20, description="Currency of money; the organisation's when left out.")
    subject_kind: Word = Field("organisation", description="organisation, desk, account, trader, instrument")
    subject_id: Word | None = None
    warn_at: Decimal | None = Field(
        None, allow_inf_nan=False, max_digits=38, description="80% when left out."
    )
    hard: bool = False
    valid_from: date | None = Field(None, description="First day; today when left out.")
    valid_to: date | None = Field(None, description="Last day; until further notice when left out.")


class RetireBody(BaseModel):
    """Nothing to say."""

    model_config = ConfigDict(extra="forbid")


class AcknowledgeBody(BaseModel):
    """What is done about a breach."""

    model_config = ConfigDict(extra="forbid")

    comment: str = Field(max_length=2000)


class ConfirmBody(BaseModel):
    """What the second person adds."""

    model_config = ConfigDict(extra="forbid")

    comment: str = Field("", max_length=2000)


@blueprint.get("/limits", summary="Limits and how much of each is used", responses={200: Answer, **PROBLEMS})
def every(query: ScopeQuery) -> Response:
    """Answer every limit the caller may see, measured at the last session of the scope; the most used first."""
    desk = current_desk()
    rows = [row | {"metrics": [use_record(row)]} for row in limits.measured(desk)]
    return answer(desk, rows, datasets=limits.READS)


@blueprint.get(
    "/limits/breaches",
    summary="Episodes above a limit, and who settled them",
    responses={200: Answer, **PROBLEMS},
)
def passed(query: ScopeQuery) -> Response:
    """Answer lasting episodes first."""
    desk = current_desk()
    return answer(desk, limits.breaches(desk))


@blueprint.get(
    "/limits/<limit_id>", summary="One limit's utilisation and forecast", responses={200: Answer, **PROBLEMS}
)
def one(path: LimitPath, query: ScopeQuery) -> Response:
    """Answer utilisation by session, the probability of a breach ahead, and the episodes above the limit."""
    desk = current_desk()
    found = limits.history(desk, path.limit_id)
    found = found | {"metrics": [use_record(found), chance_record(found)]}
    return answer(desk, found, datasets=limits.READS)


@blueprint.post("/limits", summary="Set a limit", responses={201: Answer, **PROBLEMS})
def add(body: LimitBody) -> Response:
    """Answer the limit that is in force from its first day on (risk)."""
    desk = current_desk()
    made = definitions.add(desk.database, desk.identity, **body.model_dump())
    soon(current_context(), desk.org)
    return answer(desk, limits.told(made, desk.identity.currency), status=201)


@blueprint.post(
    "/limits/<limit_id>/retire", summary="Take a limit out of force", responses={200: Answer, **PROBLEMS}
)
def retire(path: LimitPath, body: RetireBody) -> Response:
    """Answer the limit as it ended; its history stays (risk)."""
    desk = current_desk()
    ended = definitions.retire(desk.database, desk.identity, path.limit_id)
    soon(current_context(), desk.org)
    return answer(desk, limits.told(ended, desk.identity.currency))


@blueprint.post(
    "/limits/breaches/<breach_id>/acknowledge",
    summary="Say what is done about a breach",
    responses={200: Answer, **PROBLEMS},
)
def acknowledge(path: BreachPath, body: AcknowledgeBody) -> Response:
    """Answer the breach (risk, compliance; nobody it concerns, and no key)."""
    return _settled(settling.acknowledge, path.breach_id, body.comment)


@blueprint.post(
    "/limits/breaches/<breach_id>/confirm",
    summary="Confirm what somebody else acknowledged",
    responses={200: Answer, **PROBLEMS},
)
def confirm(path: BreachPath, body: ConfirmBody) -> Response:
    """Answer the breach, settled by two people."""
    return _settled(settling.confirm, path.breach_id, body.comment)


def _settled(act: Callable[..., object], breach_id: str, comment: str) -> Response:
    desk = current_desk()
    act(desk.database, desk.identity, breach_id, comment=comment, own_accounts=limits.own_accounts(desk))
    return answer(desk, limits.breach(desk, breach_id))
