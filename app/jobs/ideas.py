"""Seal ideas whose time is over, put on record what came of those that have ended, and let mirrors judge."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import insert, select

from app.actions.ideas import OUTCOME, SCORED, put_on_record, seal
from app.context import Context
from app.jobs._desk import desk_of
from app.jobs._idea_mirrors import mirror_all
from app.jobs._job import Job
from app.queries._idea_rows import OVER, READS, idea_rows
from app.storage.records._base import now
from app.storage.records.audit import AuditEntry
from app.storage.records.counters import bump
from app.storage.records.ideas import RECORDS, Idea, IdeaScore

NAME = "Ideas"


def settle(context: Context, org: str) -> dict[str, Any]:
    """Bring the ideas of an organisation up to date; running it twice changes nothing.

    Returns:
        ``sealed``, ``mirrored`` (decisions of mirrors) and ``scored``: how many of each.
    """
    sealed = seal(context.database, org)
    mirrored = mirror_all(context, org)
    return {"sealed": len(sealed), "mirrored": mirrored, "scored": score(context, org)}


def score(context: Context, org: str) -> int:
    """Keep the outcome of every idea that has ended, with the version of the prices it rests on, and note it in the trail.

    A trail from before outcomes were noted takes up those that are kept already, once.
    """
    desk = desk_of(context, org, NAME)
    versions = desk.versions(*READS)
    rows = idea_rows(desk)
    ended = rows.filter(rows["state"].is_in((*OVER, "void")) & ~rows["scored"])
    at = now()
    with context.database.session(org, write=True) as session:
        scores = list(session.scalars(select(IdeaScore).order_by(IdeaScore.idea_id)))
        kept = {one.idea_id for one in scores}
        noted = session.scalar(select(AuditEntry.seq).where(AuditEntry.action == SCORED).limit(1)) is not None
        fresh = [
            {"org": org, "idea_id": row["idea_id"], "scored_at": at, "data_versions": versions}
            | {name: row[name] for name in OUTCOME}
            for row in ended.iter_rows(named=True)
            if row["idea_id"] not in kept
        ]
        if not noted:
            put_on_record(session, org, [vars(one) for one in scores])
        if fresh:
            session.execute(insert(IdeaScore), fresh)
            put_on_record(session, org, fresh)
            bump(session, org, RECORDS)
    return len(fresh)


def _run(context: Context, org: str, _: Mapping[str, Any]) -> dict[str, Any]:
    return settle(context, org)


def _due(context: Context, org: str) -> bool:
    """Whether an idea waits for its seal; scores follow imports and the night."""
    waiting = select(Idea.id).where(Idea.seal_entry.is_(None), Idea.sealed_at <= now()).limit(1)
    with context.database.session(org) as session:
        return session.execute(waiting).first() is not None


JOB = Job("ideas", "Seal and score ideas", _run, hour=6, every_minute=True, due=_due, quick=True)
