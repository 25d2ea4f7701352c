"""Run the insight rules over an organisation's tables and keep what passed, once."""

import logging
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import polars as pl
from sqlalchemy import select
from sqlalchemy.orm import Session

from analytics.insights._rule import Candidate, Rule, all_rules
from app.context import Context
from app.errors import FieldError, Invalid
from app.jobs._insight_family import carry, look, said_of, tell
from app.jobs._insight_tables import base_currency, freshness, held
from app.jobs._insight_tables import tables as _tables
from app.jobs._insight_tables import version as _version
from app.jobs._job import Job
from app.storage.records import counters
from app.storage.records import insights as kept
from app.storage.records._base import now

log = logging.getLogger(__name__)
_LEAST = 10_000.0  # base currency; what counts as half material in the smallest organisation


@dataclass(frozen=True)
class _Looked:
    """What one rule found in this run, or why it failed."""

    rule: type[Rule]
    versions: dict[str, str]
    found: list[Candidate]
    seconds: float = 0.0
    failed: str | None = None


def refresh_insights(
    context: Context, org: str, *, cause: str, rules: Sequence[str] | None = None, changed: bool = False
) -> dict[str, Any]:
    """Run the rules, store what is new or changed, and retire what no longer holds.

    Ids follow from rule and subject: a second run on the same tables changes nothing. A rule that fails is noted
    and holds up no other; what it said before stands.

    Args:
        context: The installation's stores.
        org: The organisation's slug.
        cause: Why it runs, for the log of jobs.
        rules: Names; all when None.
        changed: Only rules whose inputs have another version than at their last run, or that are new themselves.

    Returns:
        ``insights`` (standing, of the rules that ran), ``new``, ``changed``, ``expired``, ``rules`` (that ran),
        ``failed`` (of them), ``seconds`` and ``cause``.

    Raises:
        Invalid: If a rule of that name does not exist.
    """
    kinds = _chosen(rules)
    began = time.perf_counter()
    with context.lake.steady():
        versions = {
            name: {one: _version(context, org, one) for one in kind.inputs} for name, kind in kinds.items()
        }
        if changed:
            last = _last_runs(context, org)
            kinds = {
                name: kind for name, kind in kinds.items() if _moved(kind, versions[name], last.get(name))
            }
        tables = _tables(context, org, kinds) if kinds else {}
        scale = max(_LEAST, 1e-3 * _held(context, org, tables))
    base = base_currency(context, org)
    looked = [_look(kind, tables, versions[name], base) for name, kind in kinds.items()]
    fresh = {name: newest for name, rows in tables.items() if (newest := freshness(rows)) is not None}
    with context.database.session(org, write=True) as session:
        said = _keep(session, org, looked, scale=scale, fresh=fresh, currency=base)
        if said["new"] or said["changed"] or said["expired"]:
            counters.bump(session, org, "insights")
    return said | {
        "rules": len(looked),
        "failed": sum(one.failed is not None for one in looked),
        "seconds": round(time.perf_counter() - began, 3),
        "cause": cause,
    }


def _chosen(names: Sequence[str] | None) -> dict[str, type[Rule]]:
    known = all_rules()
    unknown = sorted(set(names or ()) - set(known))
    if unknown:
        raise Invalid(
            f"There is no insight rule {unknown[0]!r}.",
            errors=[FieldError("rule", f"must be one of {', '.join(known)}", unknown[0])],
        )
    return {name: kind for name, kind in known.items() if names is None or name in names}


# --- what has to run ---------------------------------------------------------------------------------
def _last_runs(context: Context, org: str) -> dict[str, kept.InsightRun]:
    with context.database.session(org) as session:
        return {run.rule: run for run in session.scalars(select(kept.InsightRun))}


def _moved(rule: type[Rule], versions: Mapping[str, str], last: kept.InsightRun | None) -> bool:
    """Return whether a rule could say anything else than at its last run."""
    if last is None or last.state == "failed" or last.rule_version != rule.version:
        return True
    return dict(last.data_versions) != dict(versions)


def _held(context: Context, org: str, tables: Mapping[str, pl.DataFrame]) -> float:
    """Return what is held at the last close: a thousandth of it counts as half material."""
    rows = tables.get("daily_positions")
    if rows is None or rows.is_empty():
        return held(context, org)
    last = rows.filter(pl.col("date") == pl.col("date").max())
    return float(last.select(pl.col("market_value_base").cast(pl.Float64).abs().sum()).item())


def _look(
    rule: type[Rule], tables: Mapping[str, pl.DataFrame], versions: dict[str, str], currency: str
) -> _Looked:
    began = time.perf_counter()
    try:
        found = rule(currency).candidates(tables, seed=0)
    except Exception as error:  # one rule that fails must not silence the others; its run says so
        log.exception("insight rule %s failed", rule.name)
        return _Looked(rule, versions, [], failed=f"{type(error).__name__}: {error}"[:500])
    return _Looked(rule, versions, found, seconds=time.perf_counter() - began)


# --- storing -----------------------------------------------------------------------------------------
def _keep(
    session: Session,
    org: str,
    looked: Sequence[_Looked],
    *,
    scale: float,
    fresh: Mapping[str, str],
    currency: str,
) -> dict[str, int]:
    day = now().date()
    runs = {run.rule: run for run in session.scalars(select(kept.InsightRun))}
    worked = {one.rule.name for one in looked if one.failed is None}
    known = all_rules()
    # Rules that are gone say nothing any more; the others stay in the day's family with their last looks.
    carry(session, org, day, [run for run in runs.values()
                              if run.day < day and run.rule not in worked and run.rule in known])  # fmt: skip
    for one in looked:
        if one.failed is None:
            own = {name: fresh[name] for name in one.rule.inputs if name in fresh}
            said = said_of(
                one.rule, one.found, scale=scale, versions=one.versions, fresh=own, currency=currency
            )
            look(session, org, day, rule=one.rule, said=said)
        _noted(session, org, day, runs.get(one.rule.name), one)
    return tell(session, org, day, frozenset(worked))


def _noted(session: Session, org: str, day: date, run: kept.InsightRun | None, one: _Looked) -> None:
    if run is None:
        run = kept.InsightRun(org=org, rule=one.rule.name)
        session.add(run)
    if one.failed is None:
        run.day, run.candidates = day, len(one.found)
    elif run.day is None:
        run.day = day
    run.rule_version, run.data_versions = one.rule.version, one.versions
    run.state, run.reason = ("failed", one.failed) if one.failed else ("ok", None)
    run.seconds, run.ran_at = round(one.seconds, 3), now()


def _run(context: Context, org: str, params: Mapping[str, Any]) -> dict[str, Any]:
    return refresh_insights(
        context, org, cause=str(params.get("cause", "scheduled")), rules=params.get("rules")
    )


JOB = Job("insights", "Find what is worth saying", _run, hour=6)
