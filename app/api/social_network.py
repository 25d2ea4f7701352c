"""/api/social/network, /lead-lag, /bursts: what talk does, and who talks together."""

from flask import Response

from analytics.datasets import FOLLOWS, INSTRUMENTS, POSTS, PRICES
from app.api._schema import PROBLEMS, Answer, ScopeQuery
from app.gateway.auth import current_desk
from app.gateway.resource import answer, resource
from app.queries import network, talk

blueprint = resource("social", part="network", tag="Social")


@blueprint.get(
    "/network", summary="Who follows whom, who posts together", responses={200: Answer, **PROBLEMS}
)
def networks(query: ScopeQuery) -> Response:
    """Answer two graphs with positions, tables, and the numbers that chance would bring."""
    desk = current_desk()
    found = {"follows": network.follow_network(desk), "bursts": network.burst_network(desk)}
    return answer(desk, found, datasets=(FOLLOWS, POSTS, INSTRUMENTS))


@blueprint.get("/lead-lag", summary="Does talk lead price", responses={200: Answer, **PROBLEMS})
def lead_lag(query: ScopeQuery) -> Response:
    """Answer the correlation of tone with returns before and after, each with interval and count."""
    desk = current_desk()
    return answer(desk, talk.leads(desk), datasets=(POSTS, PRICES))


@blueprint.get("/bursts", summary="Days on which talk burst", responses={200: Answer, **PROBLEMS})
def bursts(query: ScopeQuery) -> Response:
    """Answer days far above comparable ones, with the returns before, on and after them."""
    desk = current_desk()
    return answer(desk, talk.bursts(desk), datasets=(POSTS, PRICES))


@blueprint.get(
    "/instruments", summary="How instruments are talked about", responses={200: Answer, **PROBLEMS}
)
def instruments(query: ScopeQuery) -> Response:
    """Answer posts, authors, tone with its interval, and the price change, by instrument."""
    desk = current_desk()
    return answer(desk, talk.by_instrument(desk), datasets=(POSTS, PRICES))
