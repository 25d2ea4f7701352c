"""After an import, and before any night: positions, what models say and insights hold the new rows; the rest is left."""

import time
from typing import ClassVar

import polars as pl
import pytest
from sqlalchemy import select

from analytics.datasets import DAILY_POSITIONS
from analytics.insights._rule import Candidate, Rule
from analytics.insights._stats import Tested
from app.actions import orgs
from app.actions._roles import console
from app.jobs import intake
from app.jobs.ingest import Upload
from app.jobs.refresh import refresh
from app.jobs.train import train
from app.scope import Identity
from app.storage.collect import collect
from app.storage.records.insights import Insight
from app.storage.records.jobs import Job
from app.storage.records.models import ModelOutput
from tests.app._world import land
from tests.app.jobs.test_train import made_up
from tests.world import open_context

ME = Identity("acme", "console", "console", "compliance")
TRADES = "exec_id,account_id,instrument_id,side,last_qty,last_px,currency,transact_time\n"
POSTS = "post_id,transact_time,author_id,text,instrument_ids\n"
LIMIT_S = 5.0  # CPU of one refresh of this firm; half a second is usual


class _Counts(Rule):
    """A rule that tells how many rows there are."""

    domains = ("trading",)
    test = "None."
    table: ClassVar[str]

    def candidates(self, tables, *, seed):
        rows = tables[self.table].height
        tested = Tested(float(rows), 0.0, rows + 1.0, 1e-6, rows)
        return [Candidate("all", f"{rows} rows of {self.table}", "text", tested, "rows", 1e6)] if rows else []


class Trades(_Counts):
    name = title = description = table = "executions"
    inputs: ClassVar = {"executions": ("exec_id",)}


class Talk(_Counts):
    name = title = description = table = "posts"
    inputs: ClassVar = {"posts": ("post_id", "sentiment")}


@pytest.fixture(scope="module")
def firm(tmp_path_factory):
    patch = pytest.MonkeyPatch()
    patch.setattr("app.jobs.insights.all_rules", lambda: {"executions": Trades, "posts": Talk})
    for step in ("surveil.surveil", "warm.warm", "triage.triage", "screening.screen_all", "limits.monitor"):
        patch.setattr(f"app.jobs.{step}", lambda *_, **__: {})  # have tests of their own
    made = open_context(tmp_path_factory.mktemp("home"))
    orgs.create(made.database, console("acme"), slug="acme", name="Acme")
    rows = made_up(11, 300, names=4).with_columns(
        volume=(1e6 * (1.5 + pl.int_range(pl.len()).sin())).round(0).cast(pl.Decimal(38, 12))
    )
    land(
        made, "acme", prices=rows,
        accounts="account_id desk kind base_currency\nA1 cash house USD",
        instruments="instrument_id symbol asset_class currency\n" + "\n".join(f"N{i} N{i} equity USD" for i in range(4)),
    )  # fmt: skip
    train(made, "acme", model="patterns")
    yield made, rows["date"].max()
    patch.undo()


def taken(context, tmp_path, dataset, text):
    """Import as an upload does, then do what it left to the worker; return what each step said and its CPU seconds."""
    path = tmp_path / f"{dataset}.csv"
    path.write_text(text)
    intake.take(context, ME, Upload(path=path, filename=path.name, dataset=dataset))
    with context.database.session(None, write=True) as session:
        queued = list(session.scalars(select(Job).where(Job.kind == "refresh", Job.state == "queued")))
        asked = {name for job in queued for name in job.params["datasets"]}
        for job in queued:
            job.state = "done"
    assert dataset in asked
    began = time.process_time()
    said = refresh(context, "acme", datasets=frozenset(asked))
    return said, time.process_time() - began


def told(context):
    with context.database.session("acme") as session:
        return {row.title for row in session.scalars(select(Insight).where(Insight.expired_at.is_(None)))}


def spoken(context):
    with context.database.session("acme") as session:
        return [dict(row.data_versions) for row in session.scalars(select(ModelOutput))]


def test_trades_and_then_posts_reach_positions_models_and_insights_without_a_night(firm, tmp_path):
    context, last = firm
    before = spoken(context)
    assert len({str(one) for one in before}) == 1  # all of one run, of the night that trained it
    trades = "".join(f"E{i},A1,N{i % 4},buy,10,100,USD,{last}T14:30:00Z\n" for i in range(8))
    said, seconds = taken(context, tmp_path, "executions", TRADES + trades)
    held = collect(context.lake.scan("acme", DAILY_POSITIONS).filter(date=last))
    assert held["executions"].sum() == 8
    assert told(context) == {"8 rows of executions"}
    assert said["predict"]["patterns"]["unchanged"]  # it reads no trades
    assert spoken(context) == before
    assert seconds < LIMIT_S

    talk = "".join(f"p{i},{last}T15:0{i}:00Z,u{i},a great rally,N1\n" for i in range(6))
    said, seconds = taken(context, tmp_path, "posts", POSTS + talk)
    assert told(context) == {"8 rows of executions", "6 rows of posts"}
    assert said["insights"]["rules"] == 1  # trades have not moved since
    assert "derive" not in said
    assert said["predict"]["patterns"]["unchanged"] is False
    newest = {one["posts"] for one in spoken(context)} - {one["posts"] for one in before}
    assert len(newest) == 1
    assert seconds < LIMIT_S

    taken(context, tmp_path, "posts", POSTS + f"p9,{last}T16:00:00Z,u9,so it went on,N2\n")
    assert told(context) == {"8 rows of executions", "7 rows of posts"}
