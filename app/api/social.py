"""/api/social: sentiment and attention."""

from flask import Response

from analytics.datasets import POSTS, PRICES
from app.api._schema import PROBLEMS, Answer, ScopeQuery
from app.gateway.auth import current_desk
from app.gateway.resource import answer, resource
from app.queries import social

blueprint = resource("social", tag="Social")


@blueprint.get("/sentiment", summary="Tone against price", responses={200: Answer, **PROBLEMS})
def sentiment(query: ScopeQuery) -> Response:
    """Answer mean sentiment and counts by day, beside the price."""
    desk = current_desk()
    return answer(desk, social.sentiment(desk), datasets=(POSTS, PRICES))


@blueprint.get(
    "/attention", summary="Who is talked about more than usual", responses={200: Answer, **PROBLEMS}
)
def attention(query: ScopeQuery) -> Response:
    """Answer mentions by instrument against their usual number, in standard deviations."""
    desk = current_desk()
    return answer(desk, social.attention(desk), datasets=(POSTS,))
