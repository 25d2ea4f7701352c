"""Take entries that came as a file into the control room's lists."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from analytics.datasets import LIST_ENTRIES
from app.actions import lists
from app.actions._roles import system
from app.context import Context
from app.jobs._job import Job
from app.scope import Identity
from app.storage.collect import collect
from app.storage.records._base import now
from app.storage.records.imports import Import
from app.storage.records.lists import ListEntry


def take_in(context: Context, org: str) -> dict[str, int]:
    """Put imported entries that are not on record yet onto the lists, in the name of who imported them.

    Running it twice adds nothing. What does not fit (an insider without a person) is left out and counted.

    Returns:
        ``added`` and ``misfits``.
    """
    columns = [*LIST_ENTRIES.columns, "import_id"]
    rows = collect(context.lake.scan(org, LIST_ENTRIES).select(columns).sort("entry_id")).to_dicts()
    added = misfits = 0
    if not rows:
        return {"added": 0, "misfits": 0}
    with context.database.session(org, write=True) as session:
        known = set(session.scalars(select(ListEntry.source_id).where(ListEntry.source_id.is_not(None))))
        for row in rows:
            if row["entry_id"] in known:
                continue
            named = ("kind", "instrument_id", "person_id", "valid_from", "valid_to")
            if lists.misfits(**{name: row[name] for name in named}):
                misfits += 1
                continue
            kept = {name: row[name] for name in (*named, "project")}
            actor = _brought_by(session, org, row["import_id"])
            lists.keep(
                session,
                actor,
                ListEntry(
                    org=org, reason=(row["reason"] or "")[:2000], source_id=row["entry_id"],
                    created_by=actor.user_id, created_at=now(), **kept,
                ),
            )  # fmt: skip
            added += 1
    return {"added": added, "misfits": misfits}


def _brought_by(session: Session, org: str, import_id: str) -> Identity:
    user = session.scalar(select(Import.user_id).where(Import.id == import_id))
    nobody = replace(system(org, "Import of lists"), role="compliance")
    return replace(nobody, user_id=user) if user else nobody


def _run(context: Context, org: str, _: Mapping[str, Any]) -> dict[str, int]:
    return take_in(context, org)


JOB = Job("list_entries", "Take imported entries into the lists", _run, hour=3)
