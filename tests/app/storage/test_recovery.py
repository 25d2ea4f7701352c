"""Ledger against log: damage is mended or shown, never silently fewer rows."""

import json
import shutil

import pytest

from analytics.datasets import ACCOUNTS, EXECUTIONS, RAW_RECORDS
from app.errors import Unavailable
from app.storage.lake import Lake
from app.storage.recovery import repair_org
from tests.app.storage._lakes import fills, ids, land


@pytest.fixture
def three(local):
    """Return a lake of two firms; `acme` has three imports of one row each."""
    for number in (1, 2, 3):
        land(local, "acme", fills(f"E{number}"))
    land(local, "zenith", fills("Z1"))
    return local


def again(lake):
    return Lake(str(lake.root), lake.database)


def commit_file(lake, version):
    return lake.folder("acme", EXECUTIONS).commit_file(version)


def data_file(lake):
    return sorted((lake.root / "acme" / "executions").glob("month=*/*.parquet"))[0]


def kinds(found):
    return [(one.dataset, one.kind, one.healed) for one in found]


@pytest.mark.parametrize("damage", ["zeroed", "torn", "gone"])
@pytest.mark.parametrize("version", [0, 2, 3])
def test_a_damaged_log_entry_is_put_back_at_start(three, damage, version):
    path = commit_file(three, version)
    content = path.read_bytes()
    path.write_bytes({"zeroed": b"", "torn": content[: len(content) // 2], "gone": b""}[damage])
    if damage == "gone":
        path.unlink()
    with pytest.raises(Unavailable):  # a process that opens it now, before any check
        ids(again(three), "acme")
    assert ids(again(three), "zenith") == ["Z1"]
    after = again(three)
    assert kinds(after.recover()) == [("executions", "commit_restored", True)]
    assert path.read_bytes() == content
    assert ids(after, "acme") == ["E1", "E2", "E3"]
    assert after.recover() == []


def test_a_process_that_has_it_open_keeps_answering_while_the_newest_entry_is_damaged(three):
    assert ids(three, "acme") == ["E1", "E2", "E3"]
    commit_file(three, 3).write_bytes(b"")
    assert ids(three, "acme") == ["E1", "E2", "E3"]


@pytest.mark.parametrize("cut", [0, 0.5])
def test_a_write_on_top_of_a_damaged_entry_mends_it_first(three, cut):
    path = commit_file(three, 3)
    path.write_bytes(path.read_bytes()[: int(path.stat().st_size * cut)])
    after = again(three)
    land(after, "acme", fills("E4"))
    assert ids(after, "acme") == ids(again(three), "acme") == ["E1", "E2", "E3", "E4"]
    assert kinds(after.findings("acme")) == [("executions", "commit_restored", True)]


@pytest.mark.parametrize("tail", ["whole", "zeroed", "torn"])
def test_a_commit_of_a_writer_that_died_is_taken_back(three, tail):
    folder = three.folder("acme", EXECUTIONS)
    with three.writing("acme") as writer:
        writer.append(EXECUTIONS, fills("E4"), import_id="imp_4")
        content = commit_file(three, 4).read_bytes()
    length = {"whole": len(content), "zeroed": 0, "torn": len(content) // 2}[tail]
    folder.commit_file(4).write_bytes(content[:length])
    assert ids(again(three), "acme") == ["E1", "E2", "E3"]
    after = again(three)
    assert kinds(after.recover("acme")) == [("executions", "unpublished", True)]
    assert not folder.commit_file(4).exists()
    land(after, "acme", fills("E4"))
    assert ids(after, "acme") == ids(again(three), "acme") == ["E1", "E2", "E3", "E4"]


def test_a_first_commit_of_a_writer_that_died_leaves_no_table(local):
    folder = local.folder("acme", EXECUTIONS)
    with local.writing("acme") as writer:
        writer.append(EXECUTIONS, fills("E1"), import_id="imp_1")
        kept = {version: folder.commit_file(version).read_bytes() for version in (0, 1)}
    for version, content in kept.items():
        folder.commit_file(version).write_bytes(content)
    after = again(local)
    assert ids(after, "acme") == []
    assert kinds(after.recover()) == [("executions", "unpublished", True)]
    land(after, "acme", fills("E1"))
    assert ids(after, "acme") == ["E1"]


@pytest.mark.parametrize("damage", ["cut", "zeroed", "gone", "flipped"])
def test_a_damaged_data_file_closes_its_table_only(three, damage):
    path = data_file(three)
    whole = path.read_bytes()
    middle = len(whole) // 3
    path.write_bytes(
        {
            "cut": whole[:middle],
            "zeroed": bytes(len(whole)),
            "gone": b"",
            "flipped": whole[:middle] + bytes([whole[middle] ^ 3]) + whole[middle + 1 :],
        }[damage]
    )
    if damage == "gone":
        path.unlink()
    after = again(three)
    with pytest.raises(Unavailable):
        ids(after, "acme")
    assert (ids(after, "zenith"), ids(after, "acme", ACCOUNTS)) == (["Z1"], [])
    assert kinds(after.recover()) == [("executions", "corrupt", False)]
    assert [(info.state, info.rows) for info in after.tables("acme")] == [("corrupt", 3)]
    with after.writing("acme") as writer, pytest.raises(Unavailable):
        writer.append(EXECUTIONS, fills("E4"), import_id="imp_4")
    after.recover()
    assert kinds(after.findings("acme")) == [("executions", "corrupt", False)]

    path.write_bytes(whole)  # brought back from a backup
    assert repair_org(after, "acme") == []
    assert ids(after, "acme") == ids(again(three), "acme") == ["E1", "E2", "E3"]
    assert kinds(after.findings("acme")) == [("executions", "corrupt", True)]


@pytest.mark.parametrize("damage", ["cut", "flipped"])
def test_damage_under_a_running_process_is_noticed(three, damage):
    assert ids(three, "acme") == ["E1", "E2", "E3"]
    path = data_file(three)
    whole = path.read_bytes()
    spoilt = whole[:-100] if damage == "cut" else whole[:200] + bytes([whole[200] ^ 1]) + whole[201:]
    path.write_bytes(spoilt)
    three.folder("acme", EXECUTIONS)._look_again = 0.0  # the seconds between two looks are over
    with pytest.raises(Unavailable):
        ids(three, "acme")
    path.write_bytes(whole)
    assert ids(three, "acme") == ["E1", "E2", "E3"]


def test_a_damaged_checkpoint_is_set_aside(local):
    for number in range(11):
        land(local, "acme", fills(f"E{number:02d}"))
    (checkpoint,) = commit_file(local, 0).parent.glob("*.checkpoint.parquet")
    checkpoint.write_bytes(checkpoint.read_bytes()[:500])
    with pytest.raises(Unavailable):
        ids(again(local), "acme")
    after = again(local)
    assert kinds(after.recover()) == [("executions", "checkpoint_discarded", True)]
    assert len(ids(after, "acme")) == len(ids(again(local), "acme")) == 11
    land(after, "acme", fills("E11"))
    assert len(ids(after, "acme")) == 12


def test_a_torn_pointer_to_the_checkpoint_does_no_harm(local):
    for number in range(11):
        land(local, "acme", fills(f"E{number:02d}"))
    (commit_file(local, 0).parent / "_last_checkpoint").write_bytes(b'{"version": 1')
    assert len(ids(again(local), "acme")) == 11


def test_a_log_that_names_fewer_rows_than_the_ledger_is_unavailable(three):
    """Whatever the cause: the count the ledger holds is the referee."""
    path = commit_file(three, 2)
    lines = path.read_text().splitlines()
    path.write_text("\n".join(line for line in lines if "add" not in json.loads(line)))
    with pytest.raises(Unavailable, match="2 of 3 rows"):
        ids(again(three), "acme")


def test_a_folder_that_vanished_is_shown(three):
    shutil.rmtree(three.root / "acme" / "executions")
    after = again(three)
    assert kinds(after.recover()) == [
        ("executions", "commit_restored", True),
        ("executions", "corrupt", False),
    ]
    with pytest.raises(Unavailable):
        ids(after, "acme")
    assert ids(after, "zenith") == ["Z1"]


def test_tables_other_than_the_damaged_one_can_still_be_written(three):
    import polars as pl

    data_file(three).write_bytes(b"")
    after = again(three)
    after.recover()
    raw = pl.DataFrame(
        {"feed": ["csv"], "line": [1], "occurrence": [1], "record": ["a"], "datasets": [""], "raw_id": ["r1"]}
    )
    land(after, "acme", raw, dataset=RAW_RECORDS)
    assert ids(after, "acme", RAW_RECORDS) == ["r1"]
