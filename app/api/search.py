"""/api/search: instruments, accounts, people, orders, by what one remembers of them."""

from flask import Response

from app.api._schema import PROBLEMS, Answer, SearchQuery
from app.gateway.auth import current_desk
from app.gateway.resource import answer, resource
from app.queries import search as questions

blueprint = resource("search", tag="Search")


@blueprint.get("", summary="Find by name or id", responses={200: Answer, **PROBLEMS})
def search(query: SearchQuery) -> Response:
    """Answer hits the caller may see: kind, id, label, href."""
    desk = current_desk(own=frozenset({"q"}))
    return answer(desk, questions.search(desk, query.q)[: query.limit])
