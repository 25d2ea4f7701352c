"""What is visible is what was published, exactly."""

# The block under `raises` is what fails as a whole, on purpose.
# ruff: noqa: PT012, SIM117

import os
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import polars as pl
import pytest

from analytics.datasets import ACCOUNTS, BENCHMARKS, DAILY_NAV, EXECUTIONS, RAW_RECORDS, SYSTEM
from app.errors import BadSettings, Conflict, Invalid, NotFound, Unavailable
from app.storage.collect import collect
from app.storage.gate import stored_schema
from app.storage.lake import Lake
from tests.app.storage._lakes import WHEN, fills, ids, land


def navs(*values):
    schema = {name: dtype for name, dtype in DAILY_NAV.schema.items() if name not in SYSTEM}
    day = date(2026, 11, 20)
    rows = [{"account_id": "A1", "date": day, "nav": Decimal(value)} for value in values]
    return pl.DataFrame(rows, schema=schema)


def test_a_table_that_never_was_has_no_rows_and_the_stored_schema(local):
    rows = local.scan("acme", EXECUTIONS)
    assert dict(rows.collect_schema()) == stored_schema(EXECUTIONS)
    assert collect(rows).height == 0
    assert local.version("acme", EXECUTIONS) == "-"
    assert local.tables("acme") == []


def test_published_rows_come_back_exactly(lake):
    land(lake, "acme", fills("E1", qty="0.000000000001"), import_id="imp_7")
    (row,) = collect(lake.scan("acme", EXECUTIONS)).to_dicts()
    assert (row["exec_id"], row["last_qty"], row["last_px"]) == ("E1", Decimal("1E-12"), Decimal("190.10"))
    assert (row["transact_time"], row["transact_time_ns"]) == (WHEN, int(WHEN.timestamp()) * 10**9)
    assert (row["import_id"], row["month"], row["dq_flags"]) == ("imp_7", "2026-11", None)
    assert datetime.now(UTC) - row["ingest_time"] < timedelta(minutes=1)


def test_appended_rows_are_invisible_until_the_callers_transaction_commits(lake):
    land(lake, "acme", fills("E1"))
    with lake.writing("acme") as writer:
        staged = writer.append(EXECUTIONS, fills("E2"), import_id="imp_2")
        assert ids(lake, "acme") == ["E1"]
        with lake.database.session("acme", write=True) as session:
            writer.publish([staged], session)
        assert ids(lake, "acme") == ["E1", "E2"]


def test_what_is_not_published_is_taken_back(lake):
    land(lake, "acme", fills("E1"))
    before = lake.version("acme", EXECUTIONS)
    with pytest.raises(RuntimeError), lake.writing("acme") as writer:
        writer.append(EXECUTIONS, fills("E2"), import_id="imp_2")
        raise RuntimeError
    land(lake, "acme", fills("E3"))
    assert ids(lake, "acme") == ["E1", "E3"]
    assert ids(Lake(str(lake.root), lake.database), "acme") == ["E1", "E3"]
    assert (before, lake.version("acme", EXECUTIONS)) == ("1", "2")


def test_a_rolled_back_transaction_publishes_nothing(lake):
    with pytest.raises(RuntimeError), lake.writing("acme") as writer:
        staged = writer.append(EXECUTIONS, fills("E1"), import_id="imp_1")
        with lake.database.session("acme", write=True) as session:
            writer.publish([staged], session)
            raise RuntimeError
    assert ids(lake, "acme") == []
    assert lake.version("acme", EXECUTIONS) == "-"


def test_a_transaction_that_outlives_the_writer_is_refused(local):
    with pytest.raises(Conflict), local.database.session("acme", write=True) as session:
        with local.writing("acme") as writer:
            staged = writer.append(EXECUTIONS, fills("E1"), import_id="imp_1")
            writer.publish([staged], session)
    assert ids(local, "acme") == []
    land(local, "acme", fills("E2"))
    assert ids(local, "acme") == ["E2"]


def test_a_closed_writer_writes_nothing(local):
    with local.writing("acme") as writer:
        staged = writer.append(EXECUTIONS, fills("E1"), import_id="imp_1")
    with pytest.raises(Conflict):
        writer.append(EXECUTIONS, fills("E2"), import_id="imp_1")
    with pytest.raises(Conflict), local.database.session("acme", write=True) as session:
        writer.publish([staged], session)
    assert ids(local, "acme") == []


def test_tables_of_one_import_become_visible_together(lake):
    accounts = pl.DataFrame({"account_id": ["A1"], "kind": ["client"], "base_currency": ["USD"]})
    rest = {n: t for n, t in ACCOUNTS.schema.items() if n not in accounts.columns}
    accounts = accounts.with_columns(pl.lit(None, t).alias(n) for n, t in rest.items())
    with lake.writing("acme") as writer:
        staged = [
            writer.append(EXECUTIONS, fills("E1"), import_id="imp_1"),
            writer.append(ACCOUNTS, accounts, import_id="imp_1"),
        ]
        assert (ids(lake, "acme"), ids(lake, "acme", ACCOUNTS)) == ([], [])
        with lake.database.session("acme", write=True) as session:
            writer.publish(staged, session)
    assert (ids(lake, "acme"), ids(lake, "acme", ACCOUNTS)) == (["E1"], ["A1"])


def test_organisations_do_not_meet(lake):
    land(lake, "acme", fills("E1"))
    land(lake, "zenith", fills("Z1"))
    assert (ids(lake, "acme"), ids(lake, "zenith")) == (["E1"], ["Z1"])
    lake.delete("acme")
    assert (ids(lake, "acme"), ids(lake, "zenith")) == ([], ["Z1"])
    assert not (lake.root / "acme").exists()
    land(lake, "acme", fills("E9"))
    assert ids(lake, "acme") == ["E9"]


@pytest.mark.parametrize("org", ["", "../zenith", "a/b", "ACME", ".locks", "a" * 64, "acme\n"])
def test_a_slug_that_could_leave_its_folder_is_not_found(local, org):
    with pytest.raises(NotFound):
        local.scan(org, EXECUTIONS)


def test_a_lake_that_is_not_on_a_local_disk_is_refused(sqlite_database):
    with pytest.raises(BadSettings):
        Lake("s3://bucket/lake", sqlite_database)


# --- gate ------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("change", "field"),
    [
        (pl.col("last_qty").cast(pl.Float64), "last_qty"),
        (pl.col("version").cast(pl.Int32), "version"),
        (pl.col("transact_time").dt.cast_time_unit("ns"), "transact_time"),
        (pl.lit(None, pl.String).alias("exec_id"), "exec_id"),
        (pl.lit("zenith").alias("tenant_id"), "tenant_id"),
        (pl.lit(1, pl.Int64).alias("ingest_time"), "ingest_time"),
    ],
)
def test_rows_of_another_shape_are_refused(local, change, field):
    with local.writing("acme") as writer, pytest.raises(Invalid) as refused:
        writer.append(EXECUTIONS, fills("E1").with_columns(change), import_id="imp_1")
    assert [error.field for error in refused.value.errors] == [field]
    assert not (local.root / "acme").exists()


def test_a_missing_column_is_refused(local):
    with local.writing("acme") as writer, pytest.raises(Invalid) as refused:
        writer.append(EXECUTIONS, fills("E1").drop("venue"), import_id="imp_1")
    assert [(e.field, e.message) for e in refused.value.errors] == [("venue", "is missing")]


@pytest.mark.parametrize("value", [float("nan"), float("inf"), float("-inf")])
def test_numbers_that_are_not_finite_are_refused(local, value):
    schema = {name: dtype for name, dtype in BENCHMARKS.schema.items() if name not in SYSTEM}
    row = {"benchmark_id": "SPX", "date": date(2026, 11, 20), "return": value}
    with local.writing("acme") as writer, pytest.raises(Invalid) as refused:
        writer.append(BENCHMARKS, pl.DataFrame([row], schema=schema), import_id="imp_1")
    assert [error.field for error in refused.value.errors] == ["return"]


# --- time ------------------------------------------------------------------------------------------
def test_rows_are_stored_by_month_in_order_of_time(local):
    late, early = datetime(2026, 11, 20, tzinfo=UTC), datetime(2026, 11, 2, tzinfo=UTC)
    other = datetime(2026, 3, 1, tzinfo=UTC)
    frames = [fills("late", when=late), fills("early", when=early), fills("other", when=other)]
    land(local, "acme", pl.concat(frames))
    rows = collect(local.scan("acme", EXECUTIONS).select("month", "exec_id"))
    assert rows.rows() == [("2026-03", "other"), ("2026-11", "early"), ("2026-11", "late")]
    folders = sorted(path.name for path in (local.root / "acme" / "executions").glob("month=*"))
    assert folders == ["month=2026-03", "month=2026-11"]


def test_as_of_leaves_out_what_came_later(lake):
    land(lake, "acme", fills("E1"))
    between = datetime.now(UTC)
    time.sleep(0.002)
    land(lake, "acme", fills("E2"))
    assert ids(lake, "acme", as_of=between) == ["E1"]
    assert ids(lake, "acme", as_of=between - timedelta(days=1)) == []
    assert lake.versions_at("acme", between) == {"executions": 1}


def test_an_old_version_can_be_asked_for_by_number(lake):
    land(lake, "acme", fills("E1"))
    land(lake, "acme", fills("E2"))
    assert ids(lake, "acme", version=1) == ["E1"]
    assert ids(lake, "acme", version=-1) == []
    assert ids(lake, "acme") == ["E1", "E2"]
    with pytest.raises(NotFound):
        lake.scan("acme", EXECUTIONS, version=7)


def test_a_replaced_table_is_read_at_the_version_current_then(lake):
    def replace(*values):
        with lake.writing("acme") as writer:
            staged = writer.replace(DAILY_NAV, navs(*values), cause="test")
            with lake.database.session("acme", write=True) as session:
                writer.publish([staged], session)

    def values(**how):
        return [int(v) for v in collect(lake.scan("acme", DAILY_NAV, **how))["nav"]]

    replace(1, 2)
    between = datetime.now(UTC)
    time.sleep(0.002)
    replace(3)
    assert values() == [3]
    assert values(as_of=between) == [1, 2]
    assert values(as_of=between - timedelta(days=1)) == []
    replace()
    assert values() == []


def test_an_empty_append_makes_no_version(local):
    (staged,) = land(local, "acme", fills("E1").clear())
    assert (staged.version, staged.rows, local.version("acme", EXECUTIONS)) == (-1, 0, "-")


# --- many at once ----------------------------------------------------------------------------------
def test_four_writers_lose_no_append(lake):
    def write(name):
        mine = Lake(str(lake.root), lake.database)  # as another process would
        for number in range(10):
            land(mine, "acme", fills(f"{name}{number}"))

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(write, "abcd"))
    assert ids(lake, "acme") == sorted(f"{name}{number}" for name in "abcd" for number in range(10))
    assert lake.version("acme", EXECUTIONS) == "40"


def test_sixty_four_readers_never_see_half_an_import(local):
    land(local, "acme", fills("a0", "b0"))
    stop, wrong = threading.Event(), []

    def read():
        while not stop.is_set():
            seen = ids(local, "acme")
            if [i[1:] for i in seen if i[0] == "a"] != [i[1:] for i in seen if i[0] == "b"]:
                wrong.append(seen)

    readers = [threading.Thread(target=read) for _ in range(64)]
    for reader in readers:
        reader.start()
    try:
        for number in range(1, 6):
            land(local, "acme", fills(f"a{number}"), fills(f"b{number}"))
    finally:
        stop.set()
        for reader in readers:
            reader.join()
    assert wrong == []
    assert len(ids(local, "acme")) == 12


def test_a_second_writer_waits_its_turn_and_then_says_so(local):
    other = Lake(str(local.root), local.database)
    with local.writing("acme"), pytest.raises(Unavailable), other.writing("acme", timeout=0.05):
        pass
    with local.writing("acme"), other.writing("zenith", timeout=0.05):
        pass


def test_steady_reads_all_tables_at_one_published_state(local):
    land(local, "acme", fills("E1"))
    with local.steady():
        assert ids(local, "acme") == ["E1"]
        land(local, "acme", fills("E2"))
        assert (ids(local, "acme"), local.version("acme", EXECUTIONS)) == (["E1"], "1")
    assert ids(local, "acme") == ["E1", "E2"]


# --- durability ------------------------------------------------------------------------------------
def test_everything_is_forced_to_disk_before_it_is_published(local, monkeypatch):
    land(local, "acme", fills("E0"))
    forced, real = [], os.fsync

    def fsync(descriptor):
        forced.append(Path(f"/proc/self/fd/{descriptor}").readlink())
        real(descriptor)

    monkeypatch.setattr(os, "fsync", fsync)
    table = local.root / "acme" / "executions"
    with local.writing("acme") as writer:
        staged = writer.append(EXECUTIONS, fills("E1"), import_id="imp_1")
        (data,) = [path for path in forced if path.suffix == ".parquet"]
        commit = table / "_delta_log" / f"{staged.version:020d}.json"
        order = [forced.index(path) for path in (data, data.parent, commit, commit.parent)]
        assert order == sorted(order)
        count = len(forced)
        with local.database.session("acme", write=True) as session:
            writer.publish([staged], session)
    assert len(forced) == count


def test_a_full_disk_refuses_the_import_whole(local, monkeypatch):
    land(local, "acme", fills("E1"))

    def full(*_, **__):
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch, pytest.raises(Unavailable):
        patch.setattr(pl.DataFrame, "write_parquet", full)
        land(local, "acme", fills("E2"))
    assert ids(local, "acme") == ["E1"]
    land(local, "acme", fills("E2"))
    assert ids(local, "acme") == ["E1", "E2"]


def test_checkpoints_hold_published_versions_only_and_keep_opening_flat(local):
    for number in range(12):
        land(local, "acme", fills(f"E{number:02d}"))
    checkpoints = sorted(
        p.name for p in (local.root / "acme" / "executions" / "_delta_log").glob("*.parquet")
    )
    assert checkpoints == [f"{10:020d}.checkpoint.parquet"]
    assert len(ids(Lake(str(local.root), local.database), "acme")) == 12


def test_a_commit_written_past_the_lock_is_not_merged(local):
    land(local, "acme", fills("E1"))
    with local.writing("acme") as writer:
        first = writer.append(EXECUTIONS, fills("E2"), import_id="imp_2")
        log = local.folder("acme", EXECUTIONS)
        foreign = log.commit_file(first.version + 1)
        foreign.write_bytes(log.commit_file(first.version).read_bytes())
        second = writer.append(EXECUTIONS, fills("E3"), import_id="imp_2")
        with local.database.session("acme", write=True) as session:
            writer.publish([first, second], session)
    assert ids(local, "acme") == ["E1", "E2", "E3"]


def test_the_state_of_every_table_can_be_told(lake):
    land(lake, "acme", fills("E1", "E2"))
    (info,) = lake.tables("acme")
    assert (info.name, info.rows, info.files, info.version, info.state) == ("executions", 2, 1, "1", "ok")
    assert info.bytes > 0
    assert datetime.now(UTC) - info.last_ingest < timedelta(minutes=1)


def test_raw_records_are_kept_and_read_like_any_table(local):
    frame = pl.DataFrame(
        {"feed": ["csv"], "line": [1], "occurrence": [1], "record": ["a,b"], "datasets": ["executions"]}
    ).with_columns(raw_id=pl.lit("r1"))
    land(local, "acme", frame, dataset=RAW_RECORDS)
    assert ids(local, "acme", RAW_RECORDS) == ["r1"]
    assert collect(local.scan("acme", RAW_RECORDS))["month"].to_list() == ["0000-00"]
