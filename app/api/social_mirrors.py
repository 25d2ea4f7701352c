"""/api/social/mirrors: an author's ideas on paper, behind a gate. Nothing here sends an order."""

from decimal import Decimal

from flask import Response
from pydantic import BaseModel, ConfigDict, Field

from app.actions import mirrors as acting
from app.api._schema import CONFLICTS, PROBLEMS, Answer, ScopeQuery, Word
from app.gateway.auth import current_desk
from app.gateway.resource import answer, paginate, resource
from app.queries import ideas, mirrors

blueprint = resource("social", part="mirrors", tag="Paper mirrors")


class MirrorsQuery(ScopeQuery):
    """Which mirrors."""

    author: Word | None = None


class MirrorPath(BaseModel):
    """One mirror."""

    mirror_id: Word


class MirrorBody(BaseModel):
    """Whom to mirror, within which bounds. Shares are fractions."""

    model_config = ConfigDict(extra="forbid")

    author_id: Word = Field(min_length=1)
    capital: Decimal = Field(
        Decimal(1_000_000), ge=1000, allow_inf_nan=False, max_digits=24, description="Paper money."
    )
    weight: float = Field(0.1, ge=0.001, le=1, description="Share of the capital that one idea takes.")
    max_loss: float = Field(0.05, ge=0.001, le=1, description="Share of it that may be lost, stops included.")
    adv_share: float = Field(0.01, ge=0.0001, le=0.25, description="Share of usual daily volume.")


class StopBody(BaseModel):
    """Nothing to say."""

    model_config = ConfigDict(extra="forbid")


@blueprint.get("/mirrors", summary="Paper mirrors", responses={200: Answer, **PROBLEMS})
def every(query: MirrorsQuery) -> Response:
    """Answer one's own mirrors; for compliance and auditors everybody's."""
    desk = current_desk(own=frozenset({"author"}))
    page, cursor = paginate(desk, mirrors.mirrors(desk, author=query.author))
    return answer(desk, page, datasets=ideas.READS, next_cursor=cursor)


@blueprint.post("/mirrors", summary="Mirror an author on paper", responses={201: Answer, **CONFLICTS})
def start(body: MirrorBody) -> Response:
    """Answer the mirror: every idea sealed from now on passes its gate."""
    desk = current_desk()
    name = ideas.author(desk, body.author_id)["author_name"]
    made = acting.start(desk.database, desk.identity, author_name=name, **body.model_dump())
    return answer(desk, mirrors.mirror(desk, made.id), datasets=ideas.READS, status=201)


@blueprint.get("/mirrors/<mirror_id>", summary="One paper mirror", responses={200: Answer, **PROBLEMS})
def one(path: MirrorPath, query: ScopeQuery) -> Response:
    """Answer what it took, what its gate refused and why, and what came of it."""
    desk = current_desk()
    return answer(desk, mirrors.mirror(desk, path.mirror_id), datasets=ideas.READS)


@blueprint.post(
    "/mirrors/<mirror_id>/stop", summary="End a paper mirror", responses={200: Answer, **CONFLICTS}
)
def stop(path: MirrorPath, body: StopBody) -> Response:
    """Answer the mirror as ended (its owner); what it took runs on to its end."""
    desk = current_desk()
    acting.stop(desk.database, desk.identity, path.mirror_id)
    return answer(desk, mirrors.mirror(desk, path.mirror_id), datasets=ideas.READS)
