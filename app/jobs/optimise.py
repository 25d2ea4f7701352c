"""Optimised weights: asked by pages and scripts, worked out by the worker, kept per question."""

import hashlib
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

import orjson
from sqlalchemy import delete, select

from app.context import Context
from app.desk import Desk
from app.errors import Forbidden, NotFound
from app.jobs._job import Job
from app.jobs._queue import JobQueue
from app.queries import optimise, what_if
from app.queries.optimise import Asked
from app.scope import Identity, Scope
from app.storage.records._base import now
from app.storage.records.jobs import Job as JobRecord

KIND = "optimise"
ROLES = frozenset({"portfolio_manager", "risk"})
KEPT = timedelta(days=7)
VERSION = 1  # of the answer's shape: an older answer is not the answer


def request(context: Context, desk: Desk, asked: Asked) -> dict[str, Any]:
    """Return the answer if it is known, else see to it that the worker makes it.

    Args:
        context: The installation's stores.
        desk: Whose book; its scope's page state does not matter.
        asked: What to optimise.

    Returns:
        ``request_id``, ``state`` (queued, running, ready, infeasible, failed), ``result`` (see
        ``app.queries.optimise.optimise``; None until there is one), ``error``. The same question, of the same
        data by people who may see the same, is worked out once.

    Raises:
        Forbidden: Unless the role is portfolio manager or risk.
    """
    if desk.identity.role not in ROLES:
        raise Forbidden("Optimising is for portfolio managers and risk.")
    scope = _bare(desk.scope)
    document = {
        "scope": scope.key,
        "asked": asked.checked().as_dict(),
        "identity": _portable(desk.identity),
    }
    about = [
        VERSION,
        document["scope"],
        document["asked"],
        desk.identity.entitlements,
        desk.identity.currency,
    ]
    about.append(desk.token(what_if.READS, ("lists",)))
    key = hashlib.sha256(orjson.dumps(about)).hexdigest()
    _forget(context, desk.org)
    job_id = JobQueue(context).put(desk.org, KIND, document, key=key)
    return answer(context, desk, job_id)


def answer(context: Context, desk: Desk, request_id: str) -> dict[str, Any]:
    """Return what has become of a request; see ``request``.

    Raises:
        NotFound: If there is none of this id for somebody who may see what the asker may.
    """
    with context.database.session(None) as session:
        job = session.scalar(
            select(JobRecord).where(
                JobRecord.id == request_id, JobRecord.org == desk.org, JobRecord.kind == KIND
            )
        )
        if job is None or _identity(desk.org, job.params).entitlements != desk.identity.entitlements:
            raise NotFound("There is no such request.")
        result = job.result if job.state == "done" else None
        return {
            "request_id": job.id,
            "state": result["state"] if result else job.state,
            "result": result,
            "error": "The worker could not finish it." if job.state == "failed" else None,
            "asked": job.params["asked"],
            "since": job.created_at,
        }


def _run(context: Context, org: str, params: Mapping[str, Any]) -> dict[str, Any]:
    scope = Scope.parse(str(params["scope"]))
    desk = Desk(context.lake, context.database, _identity(org, params), scope, context.cache)
    found = optimise.optimise(desk, Asked(**params["asked"]))
    # The record holds JSON: days as text, as REST tells them.
    document: dict[str, Any] = orjson.loads(orjson.dumps(found))
    return document


def _bare(scope: Scope) -> Scope:
    return replace(
        scope, limit=100, cursor=None, group_by=None, order=None, alert=None, case=None, post=None, extra={}
    )


def _portable(who: Identity) -> dict[str, Any]:
    return {
        "role": who.role,
        "desks": None if who.desks is None else list(who.desks),
        "person_id": who.person_id,
        "currency": who.currency,
    }


def _identity(org: str, params: Mapping[str, Any]) -> Identity:
    who = params["identity"]
    return Identity(
        org=org,
        user_id="system",
        name="Optimiser",
        role=str(who["role"]),
        desks=None if who["desks"] is None else tuple(who["desks"]),
        person_id=who["person_id"],
        currency=str(who["currency"]),
    )


def _forget(context: Context, org: str) -> None:
    """Drop answers nobody asks for any more, and failures, so that they can be asked again."""
    with context.database.session(None, write=True) as session:
        session.execute(
            delete(JobRecord).where(
                JobRecord.org == org, JobRecord.kind == KIND, JobRecord.created_at < now() - KEPT
            )
        )


JOB = Job(KIND, "Optimised weights", _run, attempts=1, quick=True)
