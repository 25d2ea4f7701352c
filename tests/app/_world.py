"""A small firm on disk: tables landed as an import lands them, and a desk for any role."""

from pathlib import Path

import polars as pl

from analytics.datasets import DATASETS
from app.config import Settings
from app.context import Context
from app.desk import Desk
from app.scope import Identity, Scope
from app.storage.cache import AnswerCache
from app.storage.database import Database
from app.storage.lake import Lake
from app.storage.records._base import now
from tests.conftest import parse_table


def context_of(home: Path, database: Database) -> Context:
    settings = Settings.load(home=home, secret_key="only-for-tests-0123456789-abcdefgh")
    lake = Lake(str(home / "lake"), database)
    return Context(settings, database, lake, AnswerCache.open(settings))


def land(context: Context, org: str, **tables: str | pl.DataFrame) -> None:
    """Append tables, given as blank-separated text or as frames, and publish them together."""
    with context.lake.writing(org) as writer, context.database.session(org, write=True) as session:
        staged = []
        for name, rows in tables.items():
            frame = parse_table(rows, DATASETS[name]).collect() if isinstance(rows, str) else rows
            frame = frame.with_columns(
                ingest_time=pl.lit(now(), pl.Datetime("us", "UTC")),
                import_id=pl.lit("imp_test"),
                raw_id=pl.int_range(pl.len()).cast(pl.String) + name,
                dq_flags=pl.col("dq_flags").fill_null([])
                if "dq_flags" in frame.columns
                else pl.lit([], pl.List(pl.String)),
            ).select(list(DATASETS[name].schema))
            staged.append(writer.append(DATASETS[name], frame, import_id="imp_test"))
        writer.publish(staged, session)


def desk_of(
    context: Context, org: str = "acme", role: str = "compliance", *, cached: bool = True, scope=None, **who
) -> Desk:
    identity = Identity(org, f"u_{role}", role.title(), role, **who)
    return Desk(context.lake, context.database, identity, scope or Scope(), context.cache if cached else None)
