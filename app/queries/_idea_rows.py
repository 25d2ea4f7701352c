"""Every idea of an organisation with what came of it: the one table that all questions about ideas read."""

import json
from datetime import date, timedelta
from typing import Any

import polars as pl
from sqlalchemy import select

from analytics.datasets import CORPORATE_ACTIONS, INSTRUMENTS, PRICES
from analytics.portfolio.closes import adjusted_closes
from analytics.social.ideas import outcomes
from app.desk import Desk
from app.queries._universe import splits
from app.scope import Scope
from app.storage.cache import cached
from app.storage.records.ideas import RECORDS, Idea, IdeaScore, IdeaVersion

READS = (PRICES, INSTRUMENTS, CORPORATE_ACTIONS)
OVER = ("target", "stop", "expired")  # ended, and counted in a record
OPEN = ("waiting", "running")
_OUTCOME = ("state", "entry_date", "entry", "exit_date", "exit", "gross", "net", "won", "brier")
_BEFORE = timedelta(days=40)  # of prices before the first idea: the close it was put forward at

SCHEMA: dict[str, Any] = {
    "idea_id": pl.String, "author_id": pl.String, "author_user": pl.String, "author_name": pl.String,
    "posted_at": pl.Datetime("us", "UTC"), "sealed_at": pl.Datetime("us", "UTC"), "seeded": pl.Boolean,
    "seal_entry": pl.Int64, "retracted_at": pl.Datetime("us", "UTC"), "retracted_why": pl.String,
    "hidden": pl.Boolean, "hidden_why": pl.String, "versions": pl.Int64, "instrument_id": pl.String,
    "direction": pl.String, "target": pl.Float64, "stop": pl.Float64, "horizon": pl.Int64,
    "probability": pl.Float64, "thesis": pl.String, "context": pl.String, "reference": pl.Float64,
    "reference_date": pl.Date,
}  # fmt: skip


def idea_rows(desk: Desk) -> pl.DataFrame:
    """Return one row per idea, the newest first, whatever the scope; as known at ``as_of``.

    Columns: ``SCHEMA``, symbol, and of the outcome state (waiting,
    running, target, stop, expired, void), entry_date, entry, exit_date, exit, gross, net (fractions, positive = the
    author was right), won, brier, and scored (whether a job has put it on record).
    """
    return _rows(desk.with_scope(**{**Scope().__dict__, "as_of": desk.scope.as_of}))


@cached(*READS, records=(RECORDS,))
def _rows(desk: Desk) -> pl.DataFrame:
    ideas, kept = _records(desk)
    if desk.scope.as_of is not None:
        ideas = ideas.filter(pl.col("posted_at") <= desk.scope.as_of)
        kept = kept.clear()
    names = desk.rows(INSTRUMENTS, scoped=False).select("instrument_id", "symbol")
    named = ideas.join(
        desk.collect(names.unique("instrument_id", keep="any")), on="instrument_id", how="left"
    )
    going = named.join(kept.select("idea_id"), on="idea_id", how="anti")
    live = outcomes_of(desk, going).with_columns(scored=pl.lit(value=False))
    ended = kept.with_columns(scored=pl.lit(value=True)).select(live.columns)
    found = named.join(pl.concat([live, ended]), on="idea_id", how="left")
    return found.sort("posted_at", "idea_id", descending=[True, False])


def scored(desk: Desk) -> pl.DataFrame:
    """Return the ideas whose end is on record: author_id, entry_date, exit_date, won; in no order."""
    query = (
        select(Idea.author_id, IdeaScore.entry_date, IdeaScore.exit_date, IdeaScore.won)
        .join(IdeaScore, IdeaScore.idea_id == Idea.id)
        .where(IdeaScore.state.in_(OVER))
    )
    schema = {"author_id": pl.String, "entry_date": pl.Date, "exit_date": pl.Date, "won": pl.Boolean}
    with desk.session() as session:
        return pl.DataFrame([tuple(row) for row in session.execute(query)], schema=schema, orient="row")


def outcomes_of(desk: Desk, ideas: pl.DataFrame) -> pl.DataFrame:
    """Return what came of ideas so far: ``analytics.social.ideas.SCHEMA``; prices as of the desk's ``as_of``.

    Target and stop are prices of the day the idea was put forward: where a later adjustment moved that day's
    close, they move with it.
    """
    prices = closes(desk, ideas)
    first = prices.select("instrument_id", reference_date="date", now="close")
    factor = (pl.col("now") / pl.col("reference")).fill_null(1.0)
    asked = ideas.join(first, on=["instrument_id", "reference_date"], how="left").with_columns(
        target=pl.col("target") * factor, stop=pl.col("stop") * factor
    )
    found = outcomes(asked, prices)
    # As the author knows them: entry and exit of adjusted prices are shown beside his own target and stop.
    shown = asked.select("idea_id", factor=factor)
    joined = found.join(shown, on="idea_id", how="left", maintain_order="left")
    return joined.with_columns(entry=pl.col("entry") / pl.col("factor"), exit=pl.col("exit") / pl.col("factor")).drop(
        "factor"
    )  # fmt: skip


def closes(desk: Desk, ideas: pl.DataFrame) -> pl.DataFrame:
    """Return daily prices of the ideas' instruments on one basis: instrument_id, date, open, high, low, close."""
    names = ideas["instrument_id"].unique().sort().to_list()
    start = ideas["posted_at"].min()
    rows = desk.rows(PRICES, dated=False, scoped=False).filter(pl.col("instrument_id").is_in(names))
    if start is not None:
        day = (start - _BEFORE).date()  # type: ignore[operator, union-attr]
        rows = rows.filter((pl.col("month") >= f"{day:%Y-%m}") & (pl.col("date") >= day))
    parts = ("open", "high", "low", "close")
    found = desk.collect(
        rows.select("instrument_id", "date", "adj_basis", *(pl.col(name).cast(pl.Float64) for name in parts))
    ).with_columns(traded="close")
    moved = pl.col("close") / pl.col("traded")
    made = adjusted_closes(found.filter(pl.col("close") > 0), splits(desk))
    return made.with_columns(pl.col(name) * moved for name in parts[:3]).drop("traded")


def _records(desk: Desk) -> tuple[pl.DataFrame, pl.DataFrame]:
    with desk.session() as session:
        ideas = list(session.scalars(select(Idea)))
        versions: dict[str, IdeaVersion] = {}
        counts: dict[str, int] = {}
        sealed = {one.id: one.sealed_at for one in ideas}
        for version in session.scalars(select(IdeaVersion).order_by(IdeaVersion.idea_id, IdeaVersion.number)):
            if version.idea_id in sealed and version.at < sealed[version.idea_id]:
                versions[version.idea_id] = version
                counts[version.idea_id] = counts.get(version.idea_id, 0) + 1
        scores = list(session.scalars(select(IdeaScore)))
    rows = [
        _row(one, json.loads(versions[one.id].content), counts[one.id]) for one in ideas if one.id in versions
    ]
    kept = [{name: getattr(one, name) for name in ("idea_id", *_OUTCOME)} for one in scores]
    made = pl.DataFrame(rows, schema=SCHEMA)
    return made, pl.DataFrame(kept, schema=_SCORES)


def _row(idea: Idea, said: dict[str, Any], versions: int) -> dict[str, Any]:
    number = {
        name: None if said[name] is None else float(said[name]) for name in ("target", "stop", "probability")
    }
    return {
        "idea_id": idea.id, "author_id": idea.author_id, "author_user": idea.author_user,
        "author_name": idea.author_name, "posted_at": idea.posted_at, "sealed_at": idea.sealed_at,
        "seeded": idea.seeded, "seal_entry": idea.seal_entry, "retracted_at": idea.retracted_at,
        "retracted_why": idea.retracted_why, "hidden": idea.hidden_at is not None, "hidden_why": idea.hidden_why,
        "versions": versions, "instrument_id": said["instrument_id"], "direction": said["direction"], **number,
        "horizon": said["horizon"], "thesis": said["thesis"], "context": said["context"],
        "reference": said["reference"], "reference_date": _day(said["reference_date"]),
    }  # fmt: skip


def _day(text: str | None) -> date | None:
    return None if text is None else date.fromisoformat(text)


_SCORES: dict[str, Any] = {
    "idea_id": pl.String, "state": pl.String, "entry_date": pl.Date, "entry": pl.Float64, "exit_date": pl.Date,
    "exit": pl.Float64, "gross": pl.Float64, "net": pl.Float64, "won": pl.Boolean, "brier": pl.Float64,
}  # fmt: skip
