"""/api/compliance/preclearances: asking to trade for oneself, and who answers."""

from decimal import Decimal
from typing import Literal

from flask import Response
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from app.actions import preclearances as asking
from app.api._schema import PROBLEMS, Answer, ScopeQuery, Word
from app.gateway.auth import current_context, current_desk
from app.gateway.resource import answer, paginate, resource
from app.queries import preclearances
from app.queries._line import own_line

blueprint = resource("compliance", part="preclearances", tag="Personal dealing")


class RequestsQuery(ScopeQuery):
    """Which requests."""

    status: Word | None = Field(None, description="pending, approved, expired, denied, withdrawn")


class RequestPath(BaseModel):
    """One request."""

    request_id: Word


class RequestBody(BaseModel):
    """What one wants to trade."""

    model_config = ConfigDict(extra="forbid")

    instrument_id: Word = Field(min_length=1)
    side: Literal["buy", "sell", "sell_short", "buy_cover"]
    quantity: Decimal = Field(gt=0, allow_inf_nan=False, max_digits=38)
    account_id: Word | None = Field(None, description="One of your own; any of them when left out.")
    reason: str = Field("", max_length=2000)


class AnswerBody(BaseModel):
    """The answer to a request."""

    model_config = ConfigDict(extra="forbid")

    answer: Literal["approved", "denied"]
    comment: str = Field("", max_length=2000, description="Needed for a denial.")
    valid_from: AwareDatetime | None = Field(None, description="Now when left out.")
    valid_to: AwareDatetime | None = Field(
        None, description="Exclusive; 24 hours when left out, 30 days at most."
    )
    waives: list[Literal["holding_period", "blackout"]] = Field(default_factory=list, max_length=2)


class WithdrawBody(BaseModel):
    """Nothing to say."""

    model_config = ConfigDict(extra="forbid")


@blueprint.get("/preclearances", summary="Requests to trade for oneself", responses={200: Answer, **PROBLEMS})
def every(query: RequestsQuery) -> Response:
    """Answer one page of requests: one's own; for compliance and auditors everybody's."""
    desk = current_desk(own=frozenset({"status"}))
    page, cursor = paginate(desk, preclearances.requests(desk, status=query.status))
    return answer(desk, page, next_cursor=cursor)


@blueprint.post("/preclearances", summary="Ask to trade for oneself", responses={201: Answer, **PROBLEMS})
def ask(body: RequestBody) -> Response:
    """Answer the request, which waits for somebody else."""
    desk = current_desk()
    preclearances.known_instrument(desk, body.instrument_id)
    owned = preclearances.own_accounts(desk)
    made = asking.ask(desk.database, desk.identity, own_accounts=owned, **body.model_dump())
    return answer(desk, preclearances.told(made), status=201)


@blueprint.post(
    "/preclearances/<request_id>/decide", summary="Answer a request", responses={200: Answer, **PROBLEMS}
)
def decide(path: RequestPath, body: AnswerBody) -> Response:
    """Answer the request as decided (compliance; nobody answers himself or his line)."""
    desk = current_desk()
    made = asking.decide(
        desk.database, current_context().lake, desk.identity, path.request_id, line=own_line(desk), **body.model_dump()
    )  # fmt: skip
    return answer(desk, preclearances.told(made))


@blueprint.post(
    "/preclearances/<request_id>/withdraw",
    summary="Take back one's own request",
    responses={200: Answer, **PROBLEMS},
)
def withdraw(path: RequestPath, body: WithdrawBody) -> Response:
    """Answer the request as withdrawn (who asked)."""
    desk = current_desk()
    return answer(desk, preclearances.told(asking.withdraw(desk.database, desk.identity, path.request_id)))
