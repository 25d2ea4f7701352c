"""/api/trading/tca/{order_id}: what one order cost."""

from flask import Response

from app.api._schema import PROBLEMS, Answer, OrderPath, ScopeQuery
from app.gateway.auth import current_desk
from app.gateway.resource import answer, resource
from app.queries._order_tree import READS
from app.queries.order_cost import order_tca

blueprint = resource("trading", part="tca_order", tag="Trading")


@blueprint.get("/tca/<order_id>", summary="What one order cost, and why", responses={200: Answer, **PROBLEMS})
def tca_order(path: OrderPath, query: ScopeQuery) -> Response:
    """Answer benchmarks, shortfall, mark-outs and measures of an order with the orders cut from it.

    Costs are positive. Dates and filters of the query do not matter: an order is told as a whole.
    """
    desk = current_desk()
    return answer(desk, order_tca(desk, path.order_id), datasets=READS)
