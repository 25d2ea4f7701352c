"""/api/compliance/pre-trade: would this order pass?"""

from typing import Literal

from flask import Response
from pydantic import BaseModel, ConfigDict, Field

from app.api._schema import PROBLEMS, Answer, Word
from app.gateway.auth import current_desk
from app.gateway.resource import answer, resource
from app.queries import pre_trade

_ROLES = frozenset({"trader", "portfolio_manager", "risk", "compliance"})

# Nothing is written: a key that may read compliance may ask.
blueprint = resource(
    "compliance", part="pre_trade", tag="Pre-trade", roles=_ROLES, write_roles=_ROLES, write_scope="read"
)


class OrderBody(BaseModel):
    """An order before it is sent."""

    model_config = ConfigDict(extra="forbid")

    account_id: Word = Field(min_length=1)
    instrument_id: Word = Field(min_length=1)
    side: Literal["buy", "sell", "sell_short", "buy_cover"]
    quantity: float = Field(gt=0, le=1e15, allow_inf_nan=False)
    price: float | None = Field(
        None, gt=0, le=1e12, allow_inf_nan=False, description="Limit; none when left out."
    )


@blueprint.post(
    "/pre-trade",
    summary="Check an order before it is sent: price, size, limits, lists, repetition",
    responses={200: Answer, **PROBLEMS},
)
def ask(body: OrderBody) -> Response:
    """Answer `pass`, `warn` or `block`, with every check and its reason; what cannot be judged blocks."""
    desk = current_desk()
    found = pre_trade.evaluate(desk, **body.model_dump())
    return answer(desk, found, datasets=pre_trade.READS)
