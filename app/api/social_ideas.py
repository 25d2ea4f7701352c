"""/api/social/ideas, /leaderboard, /authors: ideas that stay what they were, and whose were right."""

from decimal import Decimal
from typing import Literal

from flask import Response
from pydantic import BaseModel, ConfigDict, Field

from app.actions import idea_proof
from app.actions import ideas as acting
from app.api._schema import CONFLICTS, PROBLEMS, Answer, ScopeQuery, Word
from app.desk import Desk
from app.gateway.auth import current_desk
from app.gateway.resource import answer, paginate, resource
from app.queries import book_talk, ideas

blueprint = resource("social", part="ideas", tag="Ideas")


class IdeasQuery(ScopeQuery):
    """Which ideas."""

    state: Literal["open", "ended", "mine"] | None = None
    author: Word | None = None


class IdeaPath(BaseModel):
    """One idea."""

    idea_id: Word


class AuthorPath(BaseModel):
    """One author."""

    author_id: Word


class IdeaBody(BaseModel):
    """What an author says. When is not for him to say: the time is the server's."""

    model_config = ConfigDict(extra="forbid")

    instrument_id: Word = Field(min_length=1)
    direction: Literal["long", "short"]
    horizon: int = Field(ge=1, le=252, description="Sessions.")
    probability: Decimal = Field(
        ge=Decimal("0.01"),
        le=Decimal("0.99"),
        max_digits=6,
        description="Of ending with a profit after costs.",
    )
    thesis: str = Field(min_length=20, max_length=4000)
    target: Decimal | None = Field(None, gt=0, allow_inf_nan=False, max_digits=24)
    stop: Decimal | None = Field(None, gt=0, allow_inf_nan=False, max_digits=24)
    context: str | None = Field(None, max_length=500, description="A page of this application: /path?query.")


class WhyBody(BaseModel):
    """Why."""

    model_config = ConfigDict(extra="forbid")

    why: str = Field(min_length=1, max_length=2000)


class HideBody(WhyBody):
    """Whether to hide it, and why."""

    hidden: bool = True


@blueprint.get("/ideas", summary="Ideas with what came of them", responses={200: Answer, **PROBLEMS})
def every(query: IdeasQuery) -> Response:
    """Answer one page of ideas, the newest first."""
    desk = current_desk(own=frozenset({"state", "author"}))
    page, cursor = paginate(desk, ideas.ideas(desk, state=query.state, author=query.author))
    return answer(desk, page, datasets=ideas.READS, next_cursor=cursor)


@blueprint.post("/ideas", summary="Put an idea forward", responses={201: Answer, **CONFLICTS})
def post(body: IdeaBody) -> Response:
    """Answer the idea; its author may change it for a quarter of an hour, then it is sealed."""
    desk = current_desk()
    made, _ = acting.post(desk.database, desk.identity, _said(body), known=_known(desk, body.instrument_id))
    return answer(desk, ideas.idea(desk, made.id), datasets=ideas.READS, status=201)


@blueprint.get("/ideas/<idea_id>", summary="One idea", responses={200: Answer, **PROBLEMS})
def one(path: IdeaPath, query: ScopeQuery) -> Response:
    """Answer the idea with its versions and the course of the price since."""
    desk = current_desk()
    return answer(desk, ideas.idea(desk, path.idea_id), datasets=ideas.READS)


@blueprint.patch("/ideas/<idea_id>", summary="Change one's own idea", responses={200: Answer, **CONFLICTS})
def change(path: IdeaPath, body: IdeaBody) -> Response:
    """Answer the idea as changed: within a quarter of an hour, by its author; 409 afterwards."""
    desk = current_desk()
    acting.find(desk.database, desk.identity, path.idea_id)
    acting.edit(
        desk.database, desk.identity, path.idea_id, _said(body), known=_known(desk, body.instrument_id)
    )
    return answer(desk, ideas.idea(desk, path.idea_id), datasets=ideas.READS)


@blueprint.post("/ideas/<idea_id>/retract", summary="Take an idea back", responses={200: Answer, **CONFLICTS})
def retract(path: IdeaPath, body: WhyBody) -> Response:
    """Answer the idea with its mark; it stays, and it counts as it would have."""
    desk = current_desk()
    acting.retract(desk.database, desk.identity, path.idea_id, why=body.why)
    return answer(desk, ideas.idea(desk, path.idea_id), datasets=ideas.READS)


@blueprint.post("/ideas/<idea_id>/hide", summary="Hide an idea's words", responses={200: Answer, **CONFLICTS})
def hide(path: IdeaPath, body: HideBody) -> Response:
    """Answer the idea as hidden or shown (compliance); it counts all the same."""
    desk = current_desk()
    acting.set_hidden(desk.database, desk.identity, path.idea_id, hidden=body.hidden, why=body.why)
    return answer(desk, ideas.idea(desk, path.idea_id), datasets=ideas.READS)


@blueprint.get("/ideas/<idea_id>/verify", summary="Prove an idea", responses={200: Answer, **PROBLEMS})
def verify(path: IdeaPath, query: ScopeQuery) -> Response:
    """Answer the idea's link of the chain, and what of it holds."""
    desk = current_desk()
    return answer(desk, idea_proof.prove(desk.database, desk.org, path.idea_id))


@blueprint.get("/leaderboard", summary="Whose ideas were right", responses={200: Answer, **PROBLEMS})
def leaderboard(query: ScopeQuery) -> Response:
    """Answer authors ranked by probabilistic Sharpe ratio with their interval, and those not ranked apart."""
    desk = current_desk()
    return answer(desk, ideas.league(desk), datasets=ideas.READS)


@blueprint.get("/authors/<author_id>", summary="An author's record", responses={200: Answer, **PROBLEMS})
def author(path: AuthorPath, query: ScopeQuery) -> Response:
    """Answer record, calibration of stated chances and ideas."""
    desk = current_desk()
    return answer(desk, ideas.author(desk, path.author_id), datasets=ideas.READS)


def _said(body: IdeaBody) -> acting.Said:
    return acting.Said(**body.model_dump())


def _known(desk: Desk, instrument_id: str) -> acting.Known:
    return acting.Known(**ideas.known(desk, instrument_id))


@blueprint.get(
    "/authors/<author_id>/talk", summary="Does an author talk his book", responses={200: Answer, **PROBLEMS}
)
def talks(path: AuthorPath, query: ScopeQuery) -> Response:
    """Answer whether his trades turn around what he says, with the plainest cases (compliance and auditors)."""
    desk = current_desk()
    return answer(desk, book_talk.talks(desk, path.author_id), datasets=book_talk.READS)
