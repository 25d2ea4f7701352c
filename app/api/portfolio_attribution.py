"""/api/portfolio/attribution: where the active return came from."""

from typing import Annotated

from flask import Response
from pydantic import Field

from analytics.datasets import BENCHMARKS, DAILY_NAV, DAILY_POSITIONS, PRICES
from app.api._schema import PROBLEMS, Answer, ScopeQuery, Word
from app.gateway.auth import current_desk
from app.gateway.resource import answer, resource
from app.queries.attribution import attribution

blueprint = resource("portfolio", part="attribution", tag="Portfolio")


class AttributionQuery(ScopeQuery):
    """How the active return is taken apart; ``group_by`` is sector, country, asset_class or currency."""

    model: Word = Field("bf", description="bf (Brinson-Fachler) or bhb (Brinson-Hood-Beebower).")
    linking: Word = Field("carino", description="carino, menchero, grap, frongello or geometric.")
    benchmark: Word | None = Field(None, description="A benchmark with weights; the accounts' own.")
    segment: Annotated[str, Field(max_length=200)] | None = Field(
        None, description="Only securities of this class."
    )


@blueprint.get("/attribution", summary="Brinson attribution, linked", responses={200: Answer, **PROBLEMS})
def show(query: AttributionQuery) -> Response:
    """Answer allocation, selection and interaction by class over the scope's days, and by security."""
    desk = current_desk(own=frozenset({"model", "linking", "benchmark", "segment"}))
    found = attribution(
        desk,
        model=query.model,
        linking=query.linking,
        group_by=desk.scope.group_by or "sector",
        benchmark=query.benchmark,
    )
    if query.segment is not None:
        found = found | {"securities": found["securities"].filter(segment=query.segment)}
    return answer(desk, found, datasets=(DAILY_NAV, DAILY_POSITIONS, PRICES, BENCHMARKS))
