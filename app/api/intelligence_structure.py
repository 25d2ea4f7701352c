"""/api/intelligence/anomalies, /styles, /patterns and /regimes: unlike one's peers, alike, coming back, and the market."""

from typing import Literal

from flask import Response
from pydantic import Field

from analytics.datasets import ORDER_EVENTS, POSTS, PRICES, QUOTES
from app.api._page import next_cursor, offset_of
from app.api._schema import PROBLEMS, Answer, ScopeQuery
from app.gateway.auth import current_desk
from app.gateway.resource import answer, resource
from app.queries import behaviour as asked
from app.queries import patterns, styles
from app.queries import regimes as states

blueprint = resource("intelligence", part="structure", tag="Intelligence")


class AnomaliesQuery(ScopeQuery):
    """Which days."""

    who: Literal["trader", "account"] | None = Field(
        None, description="Days of traders or of accounts; both when left out."
    )


class StylesQuery(ScopeQuery):
    """Whose styles."""

    who: Literal["trader", "account"] = Field("trader", description="Styles of traders or of accounts.")


@blueprint.get(
    "/anomalies",
    summary="Trader-days and account-days unlike their peers'",
    responses={200: Answer, **PROBLEMS},
)
def anomalies(query: AnomaliesQuery) -> Response:
    """Answer the odd days, the oddest first, with value and usual range of what makes each odd.

    Read by compliance and auditors; nobody reads of himself or his line. ``expected`` says how many of the days
    looked at would be told by chance alone.
    """
    desk = current_desk(own=frozenset({"who"}))
    start = offset_of(desk)
    found = asked.anomalies(desk, who=query.who, offset=start)
    cursor = next_cursor(desk, start, len(found["rows"]), found["total"])
    return answer(desk, found, datasets=(ORDER_EVENTS,), next_cursor=cursor)


@blueprint.get(
    "/styles", summary="Traders and accounts that trade alike", responses={200: Answer, **PROBLEMS}
)
def trading_styles(query: StylesQuery) -> Response:
    """Answer the styles of traders or accounts: members, what sets each apart, and how stable they are.

    Read by compliance and auditors; nobody reads of himself or his line. There are none where styles do not come
    out again from days drawn anew (``stability`` below ``needed``) or tell nothing of later days.
    """
    desk = current_desk(own=frozenset({"who"}))
    return answer(desk, styles.styles(desk, who=query.who), datasets=(ORDER_EVENTS,))


@blueprint.get(
    "/patterns",
    summary="Patterns and pairs that were tried, and what was found",
    responses={200: Answer, **PROBLEMS},
)
def tried_patterns(query: ScopeQuery) -> Response:
    """Answer every pattern on record with p, q and n; ``found`` ones passed after allowing for all that were tried.

    Of pairs the twelve nearest are on record; ``tried`` says how many were tested.
    """
    desk = current_desk()
    return answer(desk, patterns.patterns(desk), datasets=(PRICES, POSTS))


@blueprint.get("/regimes", summary="The market's state by day", responses={200: Answer, **PROBLEMS})
def regimes(query: ScopeQuery) -> Response:
    """Answer the state now, every day's filtered probabilities, the stretches of one state, and change points.

    A change point has ``date``, ``p`` and what ``moved`` from where to where; it is placed looking back.
    """
    desk = current_desk()
    return answer(desk, states.regimes(desk), datasets=(PRICES, QUOTES))
