"""kill -9 at random points: every acknowledged row is there once, nothing is half visible."""

import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from contextlib import contextmanager

import polars as pl
import pytest

from analytics.datasets import EXECUTIONS, RAW_RECORDS
from app.storage import schema
from app.storage.collect import collect
from app.storage.database import Database
from app.storage.lake import Lake
from tests.faults._importer import ROWS

pytestmark = [pytest.mark.slow, pytest.mark.faults]
SEED = 20261122


@pytest.fixture
def home(tmp_path):
    """Return a folder with an empty records database in it."""
    database = Database(f"sqlite:///{tmp_path / 'records.db'}")
    schema.upgrade(database)
    database.close()
    return tmp_path


@contextmanager
def victims(home, work):
    """Yield a function that starts a working process and kills it some seconds after it said ``done`` times."""
    command = [sys.executable, "-m", "tests.faults._importer", str(home), work]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    with subprocess.Popen(command, **pipes) as nursery:

        def kill(name, seconds, *, done=0):
            said, deadline = len(acknowledged(home)) + done, time.monotonic() + 20
            nursery.stdin.write(f"{name}\n")
            nursery.stdin.flush()
            child = int(nursery.stdout.readline())
            while len(acknowledged(home)) < said and time.monotonic() < deadline:
                time.sleep(0.002)
            time.sleep(seconds)
            os.kill(child, signal.SIGKILL)
            assert nursery.stdout.readline() == "dead\n", "a child ended by itself"

        yield kill
        nursery.stdin.close()


def acknowledged(home):
    path = home / "acknowledged"
    return set(path.read_text().split()) if path.exists() else set()


def rows_by_import(lake, dataset):
    """Return import id -> rows seen, having checked that no row is there twice."""
    key = "exec_id" if dataset is EXECUTIONS else "raw_id"
    rows = collect(lake.scan("acme", dataset).select("import_id", pl.col(key).alias("key")))
    assert rows["key"].n_unique() == rows.height, "a row is there twice"
    return Counter(rows["import_id"])


def test_a_hundred_kills_during_imports_lose_nothing_and_show_nothing_half(home):
    dice = random.Random(SEED)
    lake = Lake(str(home / "lake"), Database(f"sqlite:///{home / 'records.db'}"))
    unsaid = 0
    with victims(home, "imports") as kill:
        for number in range(100):
            # Half of them early, in their first import; half in the one after.
            kill(f"v{number}", dice.uniform(0.01, 0.15), done=number % 2)
            seen, raw = rows_by_import(lake, EXECUTIONS), rows_by_import(lake, RAW_RECORDS)
            assert seen == raw, "one table of an import without the other"
            assert set(seen.values()) <= {ROWS}, "part of an import"
            assert acknowledged(home) <= set(seen), "an acknowledged import is gone"
            # What was published when its process died before it could say so: one a kill at most.
            unsaid = len(set(seen) - acknowledged(home))
            assert unsaid <= number + 1
    assert len(acknowledged(home)) >= 50, "the victims got nothing done: the kills prove nothing"
    after = Lake(str(home / "lake"), lake.database)
    after.recover()
    assert all(finding.healed for finding in after.findings("acme"))
    assert {finding.kind for finding in after.findings("acme")} <= {"unpublished"}
    assert any(finding.kind == "unpublished" for finding in after.findings("acme")), "no kill fell between"
    assert rows_by_import(after, EXECUTIONS) == rows_by_import(lake, EXECUTIONS)
    assert after.recover(deep=True) == []


def test_kills_during_logging_and_flushing_lose_nothing_and_double_nothing(home):
    dice = random.Random(SEED)
    lake = Lake(str(home / "lake"), Database(f"sqlite:///{home / 'records.db'}"))
    with victims(home, "logs") as kill:
        for number in range(40):
            kill(f"v{number}", dice.uniform(0.01, 0.1), done=dice.randrange(6))
            seen = rows_by_import(lake, EXECUTIONS)
            assert set(seen.values()) <= {ROWS}, "part of a batch"
            assert acknowledged(home) <= set(seen), "an acknowledged batch is gone"
            assert len(set(seen) - acknowledged(home)) <= number + 1
    assert len(acknowledged(home)) > 100
    after = Lake(str(home / "lake"), lake.database)
    before = rows_by_import(after, EXECUTIONS)
    after.recover()
    after.flush("acme")
    assert rows_by_import(after, EXECUTIONS) == before
    assert "+" not in after.version("acme", EXECUTIONS)


def test_a_power_cut_that_drops_what_was_not_forced_to_disk_loses_nothing(home):
    """Replay a run as of each fsync: files that were never forced to disk are taken away."""
    script = [sys.executable, "-m", "tests.faults._power", str(home), "6"]
    subprocess.run(script, check=True)
    cuts = sorted(home.glob("cut-*"))
    assert len(cuts) > 20
    for cut in cuts:
        lake = Lake(str(cut / "lake"), Database(f"sqlite:///{cut / 'records.db'}"))
        lake.recover()
        seen = rows_by_import(lake, EXECUTIONS)
        assert acknowledged(cut) <= set(seen), cut.name
        assert seen == rows_by_import(lake, RAW_RECORDS)
        assert set(seen.values()) <= {ROWS}
        lake.database.close()
        shutil.rmtree(cut)
