"""Derive positions and net asset value from what is published."""

from collections.abc import Mapping
from typing import Any

import polars as pl

from analytics.datasets import (
    ACCOUNTS,
    CASH_FLOWS,
    CORPORATE_ACTIONS,
    DAILY_NAV,
    DAILY_POSITIONS,
    EXECUTIONS,
    FX_RATES,
    INSTRUMENTS,
    PRICES,
    Dataset,
)
from analytics.portfolio.facts import Facts
from analytics.portfolio.nav import daily_nav
from analytics.portfolio.positions import book
from app.context import Context
from app.jobs._job import Job
from app.storage.collect import collect
from app.storage.records.costing import costing, note_kept


def derive(context: Context, org: str, *, cause: str) -> dict[str, str]:
    """Replace DAILY_POSITIONS and DAILY_NAV of an organisation by what its published facts give.

    Both become visible together, with the cost method they were kept by. Running it twice gives the same
    rows.

    Args:
        context: The installation's stores.
        org: The organisation.
        cause: Why, named in the commit.

    Returns:
        Table name to its new version token.
    """
    with context.lake.writing(org) as writer:
        # Read inside the lock: an import that lands meanwhile waits, and derives again afterwards.
        with context.database.session(org) as session:
            method = costing(session, org).asked
        facts = _facts(context, org)
        kept = book(facts, method=method)
        positions = collect(kept.positions)
        nav = collect(daily_nav(facts, positions.lazy()))
        staged = [
            writer.replace(DAILY_POSITIONS, positions, cause=cause),
            writer.replace(DAILY_NAV, nav, cause=cause),
        ]
        with context.database.session(org, write=True) as session:
            writer.publish(staged, session)
            note_kept(session, org, method=method, averaged=kept.averaged.rows())
    return {dataset.name: context.lake.version(org, dataset) for dataset in (DAILY_POSITIONS, DAILY_NAV)}


def _facts(context: Context, org: str) -> Facts:
    # Only the columns valuation reads: half a million executions stay under 100 MB.
    def read(dataset: Dataset, *columns: str) -> pl.LazyFrame:
        return collect(context.lake.scan(org, dataset).select(columns or list(dataset.columns))).lazy()

    return Facts(
        executions=read(
            EXECUTIONS,
            *("exec_id", "version", "exec_status", "exec_ref_id", "account_id", "instrument_id", "side"),
            *("last_qty", "last_px", "currency", "commission", "fees", "taxes", "accrued_interest"),
            *("transact_time", "transact_time_ns", "trade_date"),
        ),
        prices=read(PRICES, "instrument_id", "date", "adj_basis", "close", "currency"),
        accounts=read(ACCOUNTS),
        instruments=read(INSTRUMENTS, "instrument_id", "valid_from", "currency", "multiplier"),
        cash_flows=read(CASH_FLOWS),
        fx_rates=read(FX_RATES),
        corporate_actions=read(CORPORATE_ACTIONS),
    )


def _run(context: Context, org: str, params: Mapping[str, Any]) -> dict[str, str]:
    return derive(context, org, cause=str(params.get("cause", "job")))


JOB = Job("derive", "Positions and net asset value", _run)
