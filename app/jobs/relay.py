"""Own posts to the tables that surveillance reads: at once where it can be, else a minute later."""

from collections.abc import Mapping
from typing import Any

import polars as pl

from analytics.datasets import MESSAGES
from app.actions import posts
from app.context import Context
from app.jobs._job import Job
from app.jobs._queue import JobQueue
from app.storage.collect import collect


def soon(context: Context, org: str) -> int:
    """Pass on what was just written, and have the worker look at it; return how many versions.

    Raises:
        Unavailable: If the disk takes no more rows; the post stands, and the job passes it on later.
    """
    passed = posts.relay(context.database, context.lake, org)
    if passed:
        JobQueue(context).put(org, "refresh", {"datasets": ["messages", "posts"]}, once=True)
    return passed


def relay_all(context: Context, org: str) -> dict[str, int]:
    """Pass on what waits; what the tables hold already is not passed on twice."""
    passed = 0
    while waiting := posts.waits(context.database, org):
        rows = context.lake.scan(org, MESSAGES).filter(pl.col("message_id").is_in(waiting))
        known = set(collect(rows.select("message_id"))["message_id"])
        passed += posts.relay(context.database, context.lake, org, known)
    if passed:
        JobQueue(context).put(org, "refresh", {"datasets": ["messages", "posts"]}, once=True)
    return {"passed": passed}


def _run(context: Context, org: str, _: Mapping[str, Any]) -> dict[str, int]:
    return relay_all(context, org)


def _due(context: Context, org: str) -> bool:
    return bool(posts.waits(context.database, org))


JOB = Job("relay", "Own posts to the tables that surveillance reads", _run, every_minute=True, due=_due)
