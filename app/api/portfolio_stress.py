"""/api/portfolio/stress: what the book would lose."""

from typing import Annotated, Self

from flask import Response
from pydantic import BaseModel, ConfigDict, Field, model_validator

from analytics.datasets import DAILY_POSITIONS, PRICES
from analytics.portfolio.scenarios import Shocks
from app.actions import scenarios
from app.api._schema import PROBLEMS, Answer, ScopeQuery, Word
from app.gateway.auth import current_desk
from app.gateway.resource import answer, resource
from app.queries import stress
from app.queries.stress_passports import scenario_records

blueprint = resource(
    "portfolio",
    part="stress",
    tag="Portfolio",
    write_roles=("trader", "portfolio_manager", "risk", "compliance"),
)

# A fall of more than everything cannot be, and a rise of a thousand per cent is a slip of the finger.
Move = Annotated[float, Field(ge=-1.0, le=10.0, allow_inf_nan=False)]
Moves = Annotated[dict[Word, Move], Field(max_length=200)]


class Reverse(BaseModel):
    """The question turned round: what would it take to lose this much?"""

    model_config = ConfigDict(extra="forbid")

    loss: float | None = Field(
        None, gt=0, le=1e15, allow_inf_nan=False, description="In the scope's currency."
    )
    loss_nav: float | None = Field(
        None, gt=0, le=1, allow_inf_nan=False, description="Fraction of net asset value."
    )

    @model_validator(mode="after")
    def _one(self) -> Self:
        if (self.loss is None) == (self.loss_nav is None):
            raise ValueError("name either loss or loss_nav")
        return self


class ShockBody(BaseModel):
    """Moves by what moves, as fractions; they add up to first order."""

    model_config = ConfigDict(extra="forbid")

    instrument: Moves = {}
    sector: Moves = {}
    currency: Moves = {}
    factor: Moves = Field(
        {}, description="`market`: the benchmark of the book, through each instrument's beta."
    )


class ScenarioPath(BaseModel):
    """One kept scenario."""

    scenario_id: Word


class ScenarioBody(BaseModel):
    """One scenario: an episode, or shocks; with `reverse` also the loss turned round."""

    model_config = ConfigDict(extra="forbid")

    name: str = Field("", max_length=80)
    episode: Word | None = None
    shocks: ShockBody = ShockBody()
    reverse: Reverse | None = None
    save: bool = Field(default=False, description="Keep it for the organisation (portfolio manager, risk).")

    def asked(self) -> stress.Asked:
        """Return the scenario as the query takes it."""
        turned = self.reverse or Reverse.model_construct(loss=None, loss_nav=None)
        return stress.Asked(
            name=self.name or self.episode or "Scenario",
            episode=self.episode,
            shocks=Shocks(**self.shocks.model_dump()),
            loss=turned.loss if turned.loss_nav is None else turned.loss_nav,
            of_nav=turned.loss_nav is not None,
        )


@blueprint.get(
    "/stress", summary="Every stress scenario and what it costs", responses={200: Answer, **PROBLEMS}
)
def catalogue(query: ScopeQuery) -> Response:
    """Answer episodes, standard shocks and the organisation's own scenarios, each with its P&L for the scope."""
    desk = current_desk()
    found = stress.catalogue(desk)
    found = found | {"metrics": scenario_records(found)}
    return answer(desk, found, datasets=(DAILY_POSITIONS, PRICES))


@blueprint.post(
    "/stress", summary="One scenario, by position", responses={200: Answer, 201: Answer, **PROBLEMS}
)
def scenario(query: ScopeQuery, body: ScenarioBody) -> Response:
    """Answer one scenario's P&L in total, by position and sector; 201 when it was also kept."""
    desk = current_desk()
    asked = body.asked()
    found = stress.scenario(desk, asked)
    if not body.save:
        return answer(desk, found, datasets=(DAILY_POSITIONS, PRICES))
    made = scenarios.save(desk.database, desk.identity, kind="stress", name=body.name, body=asked.as_dict())
    return answer(desk, found | {"id": made.id}, datasets=(DAILY_POSITIONS, PRICES), status=201)


@blueprint.delete(
    "/stress/<scenario_id>", summary="Take a kept scenario off the list", responses={200: Answer, **PROBLEMS}
)
def remove(path: ScenarioPath) -> Response:
    """Remove one of the organisation's own scenarios; a portfolio manager removes his own."""
    desk = current_desk()
    scenarios.remove(desk.database, desk.identity, path.scenario_id)
    return answer(desk, {"id": path.scenario_id, "removed": True})
