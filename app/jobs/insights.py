"""Run the insight rules over an organisation's tables and keep what passed, once."""

import time
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

import polars as pl
from sqlalchemy import select
from sqlalchemy.orm import Session

from analytics.datasets import DAILY_POSITIONS, DATASETS, EXECUTIONS, INSTRUMENTS, POSTS
from analytics.insights._rule import ALERTS, ALERTS_SCHEMA, Insight, Rule, all_rules, discover
from analytics.social.instruments import resolved
from analytics.social.sentiment import with_tone
from analytics.trading.fills import current
from app.context import Context
from app.errors import FieldError, Invalid
from app.jobs._job import Job
from app.storage.collect import collect
from app.storage.records import counters
from app.storage.records import insights as kept
from app.storage.records._base import now
from app.storage.records.alerts import Alert

# Beside what is declared: columns with which executions are brought to their standing versions.
_STANDING = ("exec_id", "version", "exec_status", "exec_ref_id")
_NOVEL, _TOLD = 1.0, 0.6  # what was told before weighs less
_LEAST = 10_000.0  # base currency; what counts as half material in the smallest organisation


def refresh_insights(
    context: Context, org: str, *, cause: str, rules: Sequence[str] | None = None
) -> dict[str, Any]:
    """Run the rules, store what is new or changed, and retire what no longer holds.

    Ids follow from rule and subject: a second run on the same tables changes nothing.

    Args:
        context: The installation's stores.
        org: The organisation's slug.
        cause: Why it runs, for the log of jobs.
        rules: Names; all when None.

    Returns:
        ``insights`` (standing), ``new``, ``changed``, ``expired``, ``seconds`` and ``cause``.

    Raises:
        Invalid: If a rule of that name does not exist.
    """
    kinds = _chosen(rules)
    began = time.perf_counter()
    with context.lake.steady():
        tables = _tables(context, org, kinds)
        versions = {
            name: {table: _version(context, org, table) for table in kind.inputs}
            for name, kind in kinds.items()
        }
    found = discover(tables, rules=list(kinds.values()), scale=_scale(tables))
    with context.database.session(org, write=True) as session:
        said = _store(session, org, found, versions, frozenset(kinds))
        if said["new"] or said["changed"] or said["expired"]:
            counters.bump(session, org, "insights")
    return said | {"seconds": round(time.perf_counter() - began, 3), "cause": cause}


def _chosen(names: Sequence[str] | None) -> dict[str, type[Rule]]:
    known = all_rules()
    unknown = sorted(set(names or ()) - set(known))
    if unknown:
        raise Invalid(
            f"There is no insight rule {unknown[0]!r}.",
            errors=[FieldError("rule", f"must be one of {', '.join(known)}", unknown[0])],
        )
    return {name: kind for name, kind in known.items() if names is None or name in names}


# --- reading ---------------------------------------------------------------------------------------
def _tables(context: Context, org: str, kinds: Mapping[str, type[Rule]]) -> dict[str, pl.DataFrame]:
    """Return the declared columns of every table the rules read."""
    wanted: dict[str, set[str]] = {}
    for kind in kinds.values():
        for name, columns in kind.inputs.items():
            wanted.setdefault(name, set()).update(columns)
    tables = {}
    for name, read in sorted(wanted.items()):
        if name == ALERTS:
            tables[name] = _alerts(context, org)
            continue
        dataset = DATASETS[name]
        rows = context.lake.scan(org, dataset)
        if dataset is EXECUTIONS:
            rows = current(rows.select(*{*read, *_STANDING}))
        if dataset is POSTS:
            tables[name] = _posts(context, org, rows)
        else:
            tables[name] = collect(rows.select(*sorted(read)))
    return tables


def _posts(context: Context, org: str, rows: pl.LazyFrame) -> pl.DataFrame:
    instruments = collect(context.lake.scan(org, INSTRUMENTS).select("instrument_id", "symbol"))
    posts = collect(rows.select("post_id", "transact_time", "author_id", "text", "instrument_ids"))
    return with_tone(resolved(posts, instruments)).drop("text")


def _alerts(context: Context, org: str) -> pl.DataFrame:
    with context.database.session(org) as session:
        alerts = list(session.scalars(select(Alert).order_by(Alert.alert_id)))
    rows = [
        {
            "alert_id": alert.alert_id,
            "detector": alert.detector,
            "score": alert.score,
            "kind": kind,
            "id": name,
            "time": alert.window_start or alert.created_at,
        }
        for alert in alerts
        for kind, name in [
            *((a["kind"], a["id"]) for a in alert.actors if a["kind"] == "trader"),
            *(("instrument", one) for one in alert.instrument_ids[:1]),
        ]
    ]
    return pl.DataFrame(rows, schema=ALERTS_SCHEMA, orient="row")


def _version(context: Context, org: str, name: str) -> str:
    if name != ALERTS:
        return context.lake.version(org, DATASETS[name])
    with context.database.session(org) as session:
        return str(counters.version_of(session, org, ALERTS))


def _scale(tables: Mapping[str, pl.DataFrame]) -> float:
    """Return the money that counts as half material: a thousandth of what is held, at least 10,000."""
    held = tables.get(DAILY_POSITIONS.name)
    if held is None or held.is_empty():
        return _LEAST
    last = held.filter(pl.col("date") == pl.col("date").max())
    return max(
        _LEAST, 1e-3 * float(last.select(pl.col("market_value_base").cast(pl.Float64).abs().sum()).item())
    )


# --- storing ---------------------------------------------------------------------------------------
def _store(
    session: Session,
    org: str,
    found: Sequence[Insight],
    versions: Mapping[str, Mapping[str, str]],
    ran: frozenset[str],
) -> dict[str, int]:
    at = now()
    stored = {row.id: row for row in session.scalars(select(kept.Insight).where(kept.Insight.kind.in_(ran)))}
    counts = {"insights": len(found), "new": 0, "changed": 0, "expired": 0}
    for insight in found:
        row = stored.get(insight.id)
        fields = _fields(insight, versions[insight.rule.name], told=row is not None)
        if row is None:
            session.add(kept.Insight(org=org, id=insight.id, created_at=at, **fields))
            counts["new"] += 1
        elif _differs(row, fields) or row.expired_at is not None:
            for name, value in fields.items():
                setattr(row, name, value)
            row.expired_at = None
            counts["changed"] += 1
    standing_ids = {insight.id for insight in found}
    for row in stored.values():
        if row.id not in standing_ids and row.expired_at is None:
            row.expired_at = at
            counts["expired"] += 1
    return counts


def _differs(row: kept.Insight, fields: Mapping[str, Any]) -> bool:
    """Return whether what is said has changed; that it was said before does not count."""

    def said(values: Mapping[str, Any]) -> dict[str, Any]:
        context = {name: value for name, value in values["context"].items() if name != "rank"}
        return {
            name: value for name, value in values.items() if name not in {"context", "data_versions"}
        } | context

    return said({name: getattr(row, name) for name in fields}) != said(fields)


def _fields(insight: Insight, versions: Mapping[str, str], *, told: bool) -> dict[str, Any]:
    one, rule = insight.candidate, insight.rule
    rank = insight.materiality * insight.confidence * (_TOLD if told else _NOVEL)
    context = {name: value for name, value in one.context.items() if value is not None}
    return {
        "kind": rule.name,
        "title": one.title[:300],
        "text": one.text,
        "domains": list(rule.domains),
        "severity": insight.severity,
        "effect": {
            "value": _number(one.tested.value),
            "unit": one.unit,
            "low": _number(one.tested.low),
            "high": _number(one.tested.high),
            "n": one.tested.n,
        },
        "p_value": _number(one.tested.p),
        "q_value": _number(insight.q),
        "confidence": round(insight.confidence, 4),
        "why": [_plain(item) for item in one.why],
        "evidence": [_plain(item) for item in one.evidence],
        "next": [dict(item) for item in one.next],
        "context": _plain(context) | {"rank": round(rank, 6)},
        "roles": list(rule.roles) if rule.roles is not None else None,
        "desks": list(one.desks) if one.desks is not None else None,
        "data_versions": dict(versions),
    }


def _number(value: float) -> float:
    return float(f"{value:.9g}")  # the last digits of a float differ between machines and mean nothing


def _plain(item: Mapping[str, Any]) -> dict[str, Any]:
    def plain(value: Any) -> Any:
        if isinstance(value, float):
            return _number(value)
        return str(value) if isinstance(value, (date, datetime)) else value

    return {name: plain(value) for name, value in item.items()}


def _run(context: Context, org: str, params: Mapping[str, Any]) -> dict[str, Any]:
    return refresh_insights(
        context, org, cause=str(params.get("cause", "scheduled")), rules=params.get("rules")
    )


JOB = Job("insights", "Find what is worth saying", _run, hour=6)
