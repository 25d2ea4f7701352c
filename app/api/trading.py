"""/api/trading: orders and executions. P&L beside it."""

from flask import Response

from analytics.datasets import EXECUTIONS, ORDER_EVENTS
from app.api._page import page
from app.api._schema import PROBLEMS, Answer, OrderPath, ScopeQuery, SortedQuery
from app.gateway.auth import current_desk
from app.gateway.resource import answer, resource
from app.queries import trading

blueprint = resource("trading", tag="Trading")


@blueprint.get("/orders", summary="Orders with events in the period", responses={200: Answer, **PROBLEMS})
def orders(query: SortedQuery) -> Response:
    """Answer one page of orders, newest first unless sorted otherwise."""
    desk = current_desk(own=frozenset({"sort"}))
    return page(desk, trading.orders, datasets=(ORDER_EVENTS, EXECUTIONS))


@blueprint.get("/orders/<order_id>", summary="One order's whole life", responses={200: Answer, **PROBLEMS})
def order(path: OrderPath, query: ScopeQuery) -> Response:
    """Answer the order, its events and its executions, oldest first."""
    desk = current_desk()
    return answer(desk, trading.order_life(desk, path.order_id), datasets=(ORDER_EVENTS, EXECUTIONS))


@blueprint.get("/executions", summary="Executions as they stand", responses={200: Answer, **PROBLEMS})
def executions(query: SortedQuery) -> Response:
    """Answer one page of executions; corrected versions replace, busted ones are left out."""
    desk = current_desk(own=frozenset({"sort"}))
    return page(desk, trading.executions, datasets=(EXECUTIONS,))
