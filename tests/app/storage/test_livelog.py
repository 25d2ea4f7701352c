"""Small batches: acknowledged once, visible at once, never lost, never twice."""

# The block under `raises` is what fails as a whole, on purpose.
# ruff: noqa: PT012

import os
import threading
from datetime import UTC, datetime

import pytest

from analytics.datasets import EXECUTIONS
from app.errors import Invalid, Unavailable
from app.storage import livelog
from app.storage.lake import Lake
from tests.app.storage._lakes import fills, ids, land


def log(lake, *names, org="acme"):
    return lake.log(org, EXECUTIONS, fills(*names), import_id="live")


def again(lake):
    """Return the lake as a process sees it that has just started."""
    return Lake(str(lake.root), lake.database)


def segments(lake):
    return lake.live("acme", EXECUTIONS).segments()


def test_logged_rows_are_visible_at_once_to_every_process(lake):
    assert log(lake, "E1", "E2") == 1
    assert ids(lake, "acme") == ids(again(lake), "acme") == ["E1", "E2"]
    assert lake.version("acme", EXECUTIONS) == again(lake).version("acme", EXECUTIONS) == "-1+1"
    assert ids(lake, "zenith") == []


def test_logged_rows_join_those_in_delta(lake):
    other = again(lake)
    land(lake, "acme", fills("E1"))
    log(lake, "E2")
    assert (ids(other, "acme"), other.version("acme", EXECUTIONS)) == (["E1", "E2"], "1+1")
    log(other, "E3")
    assert (ids(lake, "acme"), lake.version("acme", EXECUTIONS)) == (["E1", "E2", "E3"], "1+2")
    (info,) = lake.tables("acme")
    assert (info.rows, info.version, info.state) == (3, "1+2", "ok")


def test_a_flush_moves_them_to_delta_once(lake):
    other = again(lake)
    land(lake, "acme", fills("E1"))
    log(lake, "E2")
    log(lake, "E3")
    assert ids(other, "acme") == ["E1", "E2", "E3"]
    (staged,) = lake.flush("acme")
    assert (staged.rows, staged.version) == (2, 2)
    assert lake.flush("acme") == []
    for seen in (lake, other, again(lake)):
        assert (ids(seen, "acme"), seen.version("acme", EXECUTIONS)) == (["E1", "E2", "E3"], "2")
    assert len(segments(lake)) == 1
    assert log(other, "E4") == 3
    assert ids(lake, "acme") == ["E1", "E2", "E3", "E4"]


def test_a_flush_whose_transaction_fails_leaves_them_in_the_log(lake):
    log(lake, "E1")
    with pytest.raises(RuntimeError), lake.writing("acme") as writer:
        staged = writer.take_live()
        with lake.database.session("acme", write=True) as session:
            writer.publish(staged, session)
            raise RuntimeError
    assert ids(lake, "acme") == ids(again(lake), "acme") == ["E1"]
    lake.flush("acme")
    assert ids(lake, "acme") == ids(again(lake), "acme") == ["E1"]


def test_a_reader_that_holds_an_older_head_asks_again(local):
    log(local, "E1")
    other = again(local)
    with other.steady():
        assert other.version("acme", EXECUTIONS) == "-1+1"
        local.flush("acme")
        log(local, "E2")
        assert ids(again(local), "acme") == ["E1", "E2"]
        assert ids(other, "acme") == ["E1", "E2"]


def test_logged_rows_pass_the_same_gate(local):
    with pytest.raises(Invalid):
        local.log("acme", EXECUTIONS, fills("E1").drop("side"), import_id="live")
    assert local.log("acme", EXECUTIONS, fills("E1").clear(), import_id="live") == 0
    assert ids(local, "acme") == []


def test_as_of_leaves_later_batches_out(local):
    log(local, "E1")
    between = datetime.now(UTC)
    log(local, "E2")
    assert ids(local, "acme", as_of=between) == ["E1"]


# --- crashes ---------------------------------------------------------------------------------------
def test_a_torn_tail_is_not_seen_and_is_cut_whatever_its_length(local):
    log(local, "E1")
    sound = segments(local)[0].path.stat().st_size
    log(local, "E2")
    path = segments(local)[0].path
    whole = path.read_bytes()
    for length in range(sound, len(whole), max(1, (len(whole) - sound) // 60)):
        path.write_bytes(whole[:length])
        after = again(local)
        assert ids(after, "acme") == ["E1"]
        assert after.live("acme", EXECUTIONS).cut() == length - sound
        assert after.live("acme", EXECUTIONS).cut() == 0
        assert log(after, "E3") == 2
        assert ids(after, "acme") == ids(again(local), "acme") == ["E1", "E3"]


def test_a_tail_of_zeros_is_cut_by_the_next_append(local):
    log(local, "E1")
    path = segments(local)[0].path
    with path.open("ab") as file:
        file.write(bytes(5000))
    assert log(local, "E2") == 2
    assert ids(again(local), "acme") == ["E1", "E2"]


def test_damage_before_acknowledged_rows_is_unavailable_never_fewer_rows(local):
    log(local, "E1")
    middle = segments(local)[0].path.stat().st_size
    log(local, "E2")
    log(local, "E3")
    path = segments(local)[0].path
    content = bytearray(path.read_bytes())
    content[middle + 100] ^= 1
    path.write_bytes(content)
    after = again(local)
    with pytest.raises(Unavailable):
        ids(after, "acme")
    with pytest.raises(Unavailable):
        log(after, "E4")
    assert bytes(content) == path.read_bytes()
    assert [finding.kind for finding in after.recover("acme")] == ["corrupt"]
    assert after.tables("acme")[0].state == "corrupt"


def test_a_batch_whose_fsync_fails_is_gone_and_its_number_free(local, monkeypatch):
    reader = again(local)
    log(local, "E1")
    real = os.fsync

    def fails(descriptor):
        assert ids(reader, "acme") == ["E1", "E2"]  # seen by a reader before it was refused
        raise OSError(28, "No space left on device")

    log_of = local.live("acme", EXECUTIONS)
    monkeypatch.setattr(livelog.os, "fsync", fails, raising=True)
    begin = log_of._begin
    monkeypatch.setattr(
        log_of, "_begin", lambda first: (monkeypatch.setattr(os, "fsync", real), begin(first))[1]
    )
    with pytest.raises(Unavailable):
        log(local, "E2")
    assert ids(reader, "acme") == ["E1"]
    assert log(local, "E3") == 2
    assert ids(reader, "acme") == ids(again(local), "acme") == ["E1", "E3"]


# --- many at once ----------------------------------------------------------------------------------
def test_readers_see_every_row_once_while_batches_are_flushed(local):
    stop, wrong = threading.Event(), []
    written = [0]

    def read():
        mine = again(local)
        while not stop.is_set():
            least = written[0]
            seen = [int(name) for name in ids(mine, "acme")]
            if sorted(seen) != list(range(len(seen))) or len(seen) < least:
                wrong.append(seen)

    readers = [threading.Thread(target=read) for _ in range(4)]
    for reader in readers:
        reader.start()
    try:
        for number in range(60):
            log(local, f"{number}")
            written[0] = number + 1
            if number % 7 == 6:
                local.flush("acme")
    finally:
        stop.set()
        for reader in readers:
            reader.join()
    assert wrong == []


def test_appends_of_several_processes_interleave_without_loss(local):
    others = [again(local) for _ in range(4)]

    def write(lake, name):
        for number in range(25):
            log(lake, f"{name}{number}")

    threads = [threading.Thread(target=write, args=(o, n)) for o, n in zip(others, "abcd", strict=True)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert ids(again(local), "acme") == sorted(f"{n}{i}" for n in "abcd" for i in range(25))
    assert local.version("acme", EXECUTIONS) == "-1+100"
