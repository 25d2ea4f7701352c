"""Small batches are acknowledged from the live log, seen at once, and moved to Delta once."""

import polars as pl
import pytest

from analytics.datasets import EXECUTIONS, RAW_RECORDS
from app.actions import orgs
from app.actions._roles import console
from app.jobs import ingest
from app.jobs.flush import flush
from app.scope import Identity
from tests.world import bring, open_context

HEADER = "exec_id,account_id,instrument_id,side,last_qty,last_px,currency,transact_time\n"


@pytest.fixture
def context(tmp_path):
    made = open_context(tmp_path / "home")
    orgs.create(made.database, console("acme"), slug="acme", name="Acme")
    return made


@pytest.fixture
def me():
    return Identity(org="acme", user_id="console", name="console", role="compliance")


def rows(first, count):
    lines = (f"E{n},A1,AAPL,buy,{n + 1},190.1,USD,2026-11-20T14:30:00Z" for n in range(first, first + count))
    return HEADER + "\n".join(lines) + "\n"


def stored(context, dataset=EXECUTIONS):
    return context.lake.scan("acme", dataset).select(pl.len()).collect().item()


def test_a_small_batch_is_seen_at_once_and_moved_once(context, me, tmp_path):
    result = bring(context, me, "executions", rows(0, 3), tmp_path)
    assert (result.accepted, result.rows) == (3, {"executions": 3})
    assert context.lake.has_live("acme")
    assert (stored(context), stored(context, RAW_RECORDS)) == (3, 3)
    assert result.versions["executions"] == context.lake.version("acme", EXECUTIONS)
    flush(context, "acme")
    assert not context.lake.has_live("acme")
    assert (stored(context), stored(context, RAW_RECORDS)) == (3, 3)


def test_a_batch_sent_again_is_known_before_and_after_the_move(context, me, tmp_path):
    bring(context, me, "executions", rows(0, 3), tmp_path)
    assert bring(context, me, "executions", rows(0, 3), tmp_path).duplicate == 3
    flush(context, "acme")
    again = bring(context, me, "executions", rows(0, 4), tmp_path)
    assert (again.accepted, again.duplicate, stored(context)) == (1, 3, 4)


def test_a_batch_with_rejects_or_many_rows_goes_to_delta_whole(context, me, tmp_path):
    bring(context, me, "executions", rows(0, 2) + "E9,A1,AAPL,buy,x,1,USD,2026-11-20T14:30:00Z\n", tmp_path)
    bring(context, me, "executions", rows(10, ingest.LIVE_ROWS + 1), tmp_path)
    assert not context.lake.has_live("acme")
    assert stored(context) == 2 + ingest.LIVE_ROWS + 1


def test_a_crash_between_rows_and_records_loses_nothing(context, me, tmp_path, monkeypatch):
    """The first attempt dies after its rows are in the log; the retry ends with one copy of each."""
    from app.storage.writer import Writer

    log = Writer.log

    def dies(self, dataset, frame, *, import_id):
        if dataset is RAW_RECORDS:
            raise KeyboardInterrupt
        return log(self, dataset, frame, import_id=import_id)

    monkeypatch.setattr(Writer, "log", dies)
    with pytest.raises(KeyboardInterrupt):
        bring(context, me, "executions", rows(0, 3), tmp_path)
    monkeypatch.setattr(Writer, "log", log)
    assert (stored(context), stored(context, RAW_RECORDS)) == (3, 0)
    retry = bring(context, me, "executions", rows(0, 3), tmp_path)
    assert (retry.status, retry.duplicate) == ("done", 3)
    assert (stored(context), stored(context, RAW_RECORDS)) == (3, 3)
    assert bring(context, me, "executions", rows(0, 3), tmp_path).duplicate == 3
    assert stored(context, RAW_RECORDS) == 3
