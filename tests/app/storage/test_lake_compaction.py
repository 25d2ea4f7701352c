"""Fewer files, the same rows; nothing pinned is lost."""

from datetime import timedelta

import pytest

from analytics.datasets import DAILY_NAV, EXECUTIONS
from app.errors import Unavailable
from app.jobs.compact import compact
from app.storage.collect import collect
from app.storage.lake import Lake
from tests.app.storage._lakes import fills, ids, land
from tests.app.storage.test_lake import navs

NOTHING = timedelta(0)


def files(lake):
    return sorted((lake.root / "acme" / "executions").glob("month=*/*.parquet"))


def test_compaction_publishes_the_same_rows_in_one_file(lake):
    other = Lake(str(lake.root), lake.database)
    for number in range(9):
        land(lake, "acme", fills(f"E{number}"))
    rows = collect(other.scan("acme", EXECUTIONS)).sort("exec_id")
    done = compact(lake, "acme")
    assert (done.versions, done.deleted, done.skipped) == ({"executions": 10}, 0, {})
    for seen in (lake, other, Lake(str(lake.root), lake.database)):
        assert seen.version("acme", EXECUTIONS) == "10"
        assert seen.tables("acme")[0].files == 1
        assert collect(seen.scan("acme", EXECUTIONS)).sort("exec_id").equals(rows)
    assert compact(lake, "acme").versions == {}
    land(lake, "acme", fills("E9"))
    assert len(ids(other, "acme")) == 10
    assert lake.recover(deep=True) == []


def test_live_rows_are_flushed_first(lake):
    lake.log("acme", EXECUTIONS, fills("E1"), import_id="live")
    compact(lake, "acme")
    assert (ids(lake, "acme"), lake.version("acme", EXECUTIONS)) == (["E1"], "1")


def test_vacuum_keeps_recent_versions(lake):
    for number in range(3):
        land(lake, "acme", fills(f"E{number}"))
    compact(lake, "acme", at_least=2)
    assert len(files(lake)) == 4
    assert ids(lake, "acme", version=2) == ["E0", "E1"]


def test_vacuum_deletes_what_nothing_points_at_and_keeps_what_is_pinned(lake):
    for number in range(3):
        land(lake, "acme", fills(f"E{number}"))
    lake.pin("acme", EXECUTIONS, 2, "alert")
    lake.pin("acme", EXECUTIONS, 2, "alert")
    done = compact(lake, "acme", at_least=2, retention=NOTHING)
    assert done.deleted == 1  # version 2 needs the first two of the three files that were merged
    assert done.freed > 0
    assert ids(lake, "acme", version=2) == ["E0", "E1"]
    assert ids(lake, "acme") == ["E0", "E1", "E2"]
    with pytest.raises(Unavailable):
        lake.scan("acme", EXECUTIONS, version=3)
    assert lake.recover(deep=True) == []


def test_replaced_tables_keep_the_current_version_only(lake):
    for value in (1, 2):
        with lake.writing("acme") as writer:
            staged = writer.replace(DAILY_NAV, navs(value), cause="test")
            with lake.database.session("acme", write=True) as session:
                writer.publish([staged], session)
    assert compact(lake, "acme", retention=NOTHING).deleted == 1
    assert [int(v) for v in collect(lake.scan("acme", DAILY_NAV))["nav"]] == [2]


def test_files_of_an_import_that_never_ended_are_deleted(lake):
    land(lake, "acme", fills("E1"))
    with lake.writing("acme") as writer:
        writer.append(EXECUTIONS, fills("E2"), import_id="imp_2")
    assert len(files(lake)) == 2
    assert compact(lake, "acme").deleted == 1
    assert (ids(lake, "acme"), len(files(lake))) == (["E1"], 1)


def test_a_damaged_table_is_left_alone(lake):
    for number in range(3):
        land(lake, "acme", fills(f"E{number}"))
    files(lake)[0].write_bytes(b"")
    after = Lake(str(lake.root), lake.database)
    done = compact(after, "acme", at_least=2, retention=NOTHING)
    assert (done.versions, done.deleted, list(done.skipped)) == ({}, 0, ["executions"])
