"""/api/social: posts, sentiment, attention."""

from flask import Response

from analytics.datasets import INSTRUMENTS, POSTS, PRICES
from app.api._page import page
from app.api._schema import PROBLEMS, Answer, ScopeQuery, SortedQuery
from app.gateway.auth import current_desk
from app.gateway.resource import answer, resource
from app.queries import social

blueprint = resource("social", tag="Social")


@blueprint.get("/posts", summary="Posts with their tone", responses={200: Answer, **PROBLEMS})
def posts(query: SortedQuery) -> Response:
    """Answer one page of posts, newest first, each with lexicon sentiment -1..1."""
    desk = current_desk(own=frozenset({"sort"}))
    return page(desk, social.posts, datasets=(POSTS, INSTRUMENTS))


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
