"""Keep the answers ready that are dear to compute and that everybody shares, before anybody waits for them."""

import time
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from app.context import Context
from app.jobs._desk import desk_of
from app.jobs._job import Job
from app.queries import execution_quality


def warm(context: Context, org: str, *, cause: str) -> dict[str, Any]:
    """Ask what the page of execution quality asks when nothing narrows it, over its default period.

    The fills and orders measured on the way are those that narrower questions and people of single desks are
    answered from. Run again on the same tables it reads what it kept.

    Args:
        context: The installation's stores.
        org: The organisation's slug.
        cause: Why it runs, for the log of jobs.

    Returns:
        ``executions`` and ``orders`` measured, ``seconds`` and ``cause``.
    """
    began = time.perf_counter()
    desk = replace(desk_of(context, org, "warm"), cache=context.cache)
    with context.lake.steady():
        found = execution_quality.study(desk)
        execution_quality.counts(desk)
        execution_quality.daily(desk)
        execution_quality.league(desk)
        execution_quality.outliers(desk)
    said = {name: found[name] for name in ("executions", "orders")}
    return said | {"seconds": round(time.perf_counter() - began, 3), "cause": cause}


def _run(context: Context, org: str, params: Mapping[str, Any]) -> dict[str, Any]:
    return warm(context, org, cause=str(params.get("cause", "scheduled")))


JOB = Job("warm", "Compute what pages wait for", _run, hour=5)
