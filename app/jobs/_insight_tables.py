"""What the insight rules read, of one organisation: data sets and records, and the version of each."""

from collections.abc import Callable, Mapping, Sequence
from datetime import date, timedelta
from typing import Any

import polars as pl
from sqlalchemy import func, select

from analytics.conventions import ONE
from analytics.datasets import (
    ACCOUNTS,
    DAILY_POSITIONS,
    DATASETS,
    EXECUTIONS,
    INSTRUMENTS,
    MESSAGES,
    NEWS,
    ORDER_EVENTS,
    PEOPLE,
    POSTS,
    Dataset,
)
from analytics.insights import _tables as asked
from analytics.insights._rule import Rule
from analytics.trading.fills import current
from app.context import Context
from app.jobs._desk import desk_of
from app.queries._idea_rows import OPEN, OVER, idea_rows
from app.queries._money import converted
from app.queries._said import RECORDS as OWN_POSTS
from app.queries._said import heard, named
from app.queries._tone import MODELS
from app.storage.collect import collect
from app.storage.records import counters
from app.storage.records._base import now
from app.storage.records.alerts import Alert
from app.storage.records.ideas import RECORDS as IDEAS
from app.storage.records.imports import Import
from app.storage.records.jobs import Job
from app.storage.records.limits import LimitUse
from app.storage.records.lists import Limit
from app.storage.records.risk import RiskForecast

# Beside what is declared: columns with which executions are brought to their standing versions.
_STANDING = ("exec_id", "version", "exec_status", "exec_ref_id")
# How far back rules look into tables that grow without end, in days before their newest month.
_REACH = {EXECUTIONS.name: 400, ORDER_EVENTS.name: 130, POSTS.name: 400, MESSAGES.name: 130, NEWS.name: 400}
# What comes in every session, where it comes in at all.
_COUNTED = ("executions", "order_events", "quotes", "bars", "messages", "posts", "prices")
_COUNT_DAYS = 60


def tables(context: Context, org: str, kinds: Mapping[str, type[Rule]]) -> dict[str, pl.DataFrame]:
    """Return the declared columns of every table the rules read."""
    wanted: dict[str, set[str]] = {}
    for kind in kinds.values():
        for name, columns in kind.inputs.items():
            wanted.setdefault(name, set()).update(columns)
    found = {}
    for name, read in sorted(wanted.items()):
        if name in asked.PSEUDO:
            found[name] = _RECORDS[name](context, org)
        elif name == POSTS.name:
            found[name] = _posts(context, org)
        elif name == DAILY_POSITIONS.name:
            found[name] = _positions(context, org, sorted(read))
        else:
            rows = _reached(context, org, DATASETS[name])
            stored = sorted(read - {asked.TO_BASE})
            if name == EXECUTIONS.name:
                rows = current(
                    rows.select(*{*stored, "instrument_id", "currency", "transact_time", *_STANDING})
                )
            found[name] = (
                _in_base(context, org, rows, stored)
                if asked.TO_BASE in read
                else collect(rows.select(*stored))
            )
    return found


def version(context: Context, org: str, name: str) -> str:
    """Return the version of a table: another one whenever it may say something else."""
    if (
        name == POSTS.name
    ):  # what is hidden, edited or read by another model is not in the table's own version
        stored = "|".join(context.lake.version(org, one) for one in (POSTS, INSTRUMENTS))
        with context.database.session(org) as session:
            return "|".join(
                [stored, *(str(counters.version_of(session, org, one)) for one in (OWN_POSTS, MODELS, IDEAS))]
            )
    if name not in asked.PSEUDO:
        return context.lake.version(org, DATASETS[name])
    if name == asked.ROW_COUNTS:
        return "|".join(context.lake.version(org, DATASETS[one]) for one in _COUNTED)
    with context.database.session(org) as session:
        if name == asked.VAR_EVENINGS:
            return str(session.scalar(select(func.max(RiskForecast.computed_at))) or "-")
        if name == asked.JOB_RUNS:
            newest = select(func.max(Job.finished_at)).where(Job.org == org, Job.state == "done")
            return str(session.scalar(newest) or "-")
        counter = {asked.LIMIT_USES: "limits", asked.IDEA_SCORES: "ideas"}.get(name, name)
        return str(counters.version_of(session, org, counter))


def base_currency(context: Context, org: str) -> str:
    """Return the currency that an organisation's sums are in."""
    return desk_of(context, org, "insights").identity.currency


def freshness(rows: pl.DataFrame) -> str | None:
    """Return the newest day or instant in a table, None where it has none."""
    times = [name for name, kind in rows.schema.items() if isinstance(kind, pl.Datetime | pl.Date)]
    found = [str(newest) for name in times[:1] if (newest := rows[name].max()) is not None]
    return found[0] if found else None


def held(context: Context, org: str) -> float:
    """Return the sum of what is held at the last close, long or short, in base currency."""
    rows = _positions(context, org, ["date", "market_value_base"])
    last = rows.filter(pl.col("date") == pl.col("date").max())
    return float(last["market_value_base"].cast(pl.Float64).abs().sum())


def _reached(context: Context, org: str, dataset: Dataset) -> pl.LazyFrame:
    rows = context.lake.scan(org, dataset)
    days = _REACH.get(dataset.name)
    if days is None:
        return rows
    # One row dated ahead must not put everything else out of reach.
    past = pl.col("month").filter(pl.col("month") <= f"{now():%Y-%m}").max()
    newest = collect(rows.select(pl.coalesce(past, pl.col("month").max()))).item()
    if newest is None:
        return rows
    since = date.fromisoformat(f"{newest}-01") - timedelta(days=days)
    return rows.filter(pl.col("month") >= f"{since:%Y-%m}")


def _in_base(context: Context, org: str, rows: pl.LazyFrame, stored: Sequence[str]) -> pl.DataFrame:
    """Return rows of trades or orders with what one unit of price times quantity is worth in base currency."""
    desk = desk_of(context, org, "insights")
    described = (
        context.lake.scan(org, INSTRUMENTS)
        .sort("valid_from", nulls_last=False)
        .unique("instrument_id", keep="last")
    )
    traded_in = [] if "currency" in rows.collect_schema() else ["currency"]
    found = collect(
        rows.join(described.select("instrument_id", "multiplier", *traded_in), on="instrument_id", how="left")
        .with_columns(date=pl.col("transact_time").dt.date(), one=pl.col("multiplier").fill_null(ONE))
        .select(*{*stored, "currency", "date", "one"})
    )
    return converted(desk, found, "one").select(
        *(name for name in stored), pl.col("one").cast(pl.Float64).alias(asked.TO_BASE)
    )


def _positions(context: Context, org: str, read: Sequence[str]) -> pl.DataFrame:
    """Return positions with what is in an account's base currency brought into the organisation's."""
    sums = [name for name in read if name.endswith("_base")]
    accounts = context.lake.scan(org, ACCOUNTS).unique("account_id", keep="any")
    rows = context.lake.scan(org, DAILY_POSITIONS).select(*{*read, "account_id", "date"})
    owned = rows.join(accounts.select("account_id", currency="base_currency"), on="account_id", how="left")
    desk = desk_of(context, org, "insights")
    kept = pl.col("currency").fill_null(desk.identity.currency)  # of an account nobody has described
    return converted(desk, collect(owned.with_columns(kept)), *sums).select(*read)


def _posts(context: Context, org: str) -> pl.DataFrame:
    """Return posts as every reader has them: unhidden, in present words, tone and relevance; none dated ahead."""
    desk = desk_of(context, org, "insights")
    found = named(desk, _reached(context, org, POSTS))
    return heard(desk, found.filter(~pl.col("ahead"))).drop("text", "ahead")


# --- records -----------------------------------------------------------------------------------------
def _frame(rows: list[Any], name: str) -> pl.DataFrame:
    return pl.DataFrame(rows, schema=asked.PSEUDO[name], orient="row")


def _alerts(context: Context, org: str) -> pl.DataFrame:
    with context.database.session(org) as session:
        alerts = list(session.scalars(select(Alert).order_by(Alert.alert_id)))
    rows = [
        (alert.alert_id, alert.detector, alert.score, kind, name, alert.window_start or alert.created_at)
        for alert in alerts
        for kind, name in [
            *((a["kind"], a["id"]) for a in alert.actors if a["kind"] == "trader"),
            *(("instrument", one) for one in alert.instrument_ids[:1]),
        ]
    ]
    return _frame(rows, asked.ALERTS)


def _limit_uses(context: Context, org: str) -> pl.DataFrame:
    desks = {
        "account": _names(context, org, ACCOUNTS, "account_id"),
        "trader": _names(context, org, PEOPLE, "person_id"),
    }
    with context.database.session(org) as session:
        limits = {one.id: one for one in session.scalars(select(Limit).where(Limit.disabled.is_(False)))}
        uses = session.execute(
            select(LimitUse.limit_id, LimitUse.day, LimitUse.utilisation).order_by(LimitUse.limit_id, LimitUse.day)
        ).all()  # fmt: skip
    rows = []
    for limit_id, day, used in uses:
        limit = limits.get(limit_id)
        if limit is None or used is None:
            continue
        kind, subject = limit.subject_kind, limit.subject_id
        desk = subject if kind == "desk" else desks.get(kind, {}).get(subject or "")
        rows.append((limit_id, limit.name, limit.measure, kind, subject, desk, float(limit.value), limit.unit, day, used))  # fmt: skip
    return _frame(rows, asked.LIMIT_USES)


def _names(context: Context, org: str, dataset: Dataset, key: str) -> dict[str, str]:
    rows = collect(context.lake.scan(org, dataset).select(key, "desk").drop_nulls().unique(key, keep="any"))
    return dict(rows.iter_rows())


def _var_evenings(context: Context, org: str) -> pl.DataFrame:
    with context.database.session(org) as session:
        books = list(session.scalars(select(RiskForecast)))
    rows = [
        (
            book.book_kind, book.book_id, book.method, date.fromisoformat(evening["made"]),
            evening["var"].get("0.95"), evening["pit"],
        )
        for book in books
        if book.book_kind in {"organisation", "desk"}
        for evening in book.document.get("evenings", [])
    ]  # fmt: skip
    return _frame(rows, asked.VAR_EVENINGS)


def _row_counts(context: Context, org: str) -> pl.DataFrame:
    """Return rows of days that are over: what came in today so far is no session with rows missing."""
    parts = [pl.DataFrame(schema=asked.ROW_COUNTS_SCHEMA)]
    for name in _COUNTED:
        dataset = DATASETS[name]
        rows = context.lake.scan(org, dataset)
        newest = collect(rows.select(pl.col("month").max())).item()
        if newest is None:
            continue
        since = date.fromisoformat(f"{newest}-01") - timedelta(days=_COUNT_DAYS)
        day = pl.col(dataset.day) if dataset.day else pl.col(str(dataset.time)).dt.date()
        counted = rows.filter(pl.col("month") >= f"{since:%Y-%m}").group_by(day=day)
        parts.append(
            collect(counted.agg(rows=pl.len().cast(pl.Int64)))
            .drop_nulls()
            .filter(pl.col("day") < now().date())
            .select(pl.lit(name).alias("dataset"), "day", "rows")
        )
    return pl.concat(parts)


def _imports(context: Context, org: str) -> pl.DataFrame:
    query = (
        select(Import.id, Import.dataset, Import.finished_at, Import.records, Import.rejected)
        .where(Import.status == "done", Import.finished_at.is_not(None))
        .order_by(Import.finished_at, Import.id)
    )
    with context.database.session(org) as session:
        return _frame([tuple(row) for row in session.execute(query)], asked.IMPORTS)


def _job_runs(context: Context, org: str) -> pl.DataFrame:
    # Jobs serve every organisation, so the query must say whose.
    query = (
        select(Job.id, Job.kind, Job.finished_at, Job.started_at)
        .where(Job.org == org, Job.state == "done", Job.finished_at.is_not(None), Job.started_at.is_not(None))
        .order_by(Job.finished_at.desc())
        .limit(5_000)
    )
    with context.database.session(org) as session:
        rows = [
            (name, kind, done, (done - began).total_seconds())
            for name, kind, done, began in session.execute(query)
            if done is not None and began is not None
        ]
    return _frame(rows, asked.JOB_RUNS)


def _ideas(context: Context, org: str) -> pl.DataFrame:
    return idea_rows(desk_of(context, org, "insights")).select(list(asked.IDEAS_SCHEMA))


def _idea_scores(context: Context, org: str) -> pl.DataFrame:
    rows = idea_rows(desk_of(context, org, "insights")).filter(pl.col("state") != "void")
    ended = pl.col("scored") & pl.col("state").is_in(OVER)
    # What has ended by the prices and is not on record yet is neither a record nor still to come.
    known = rows.with_columns(
        side=pl.when(pl.col("direction") == "long").then(1.0).otherwise(-1.0), ended=ended
    ).filter(ended | pl.col("state").is_in(OPEN))
    outcome = ("net", "won", "brier", "probability")
    blank = [pl.when("ended").then(pl.col(name)).alias(name) for name in outcome]
    return known.with_columns(blank).select(list(asked.IDEA_SCORES_SCHEMA)).sort("entry_date", "idea_id")


_RECORDS: dict[str, Callable[[Context, str], pl.DataFrame]] = {
    asked.ALERTS: _alerts,
    asked.LIMIT_USES: _limit_uses,
    asked.VAR_EVENINGS: _var_evenings,
    asked.ROW_COUNTS: _row_counts,
    asked.IMPORTS: _imports,
    asked.JOB_RUNS: _job_runs,
    asked.IDEAS: _ideas,
    asked.IDEA_SCORES: _idea_scores,
}
