"""Forks processes that import in a loop until they are killed; run as a module by the tests.

Everything is imported once and nothing is computed before the fork, so that a child starts in
milliseconds and polars finds no threads of a parent.
"""

import os
import random
import sys
from itertools import count
from pathlib import Path

import polars as pl

from analytics.datasets import EXECUTIONS, RAW_RECORDS
from app.storage.database import Database
from app.storage.lake import Lake
from tests.app.storage._lakes import fills

ROWS = 20


def acknowledge(home, *names):
    descriptor = os.open(home / "acknowledged", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    os.write(descriptor, "".join(f"{name}\n" for name in names).encode())
    os.close(descriptor)


def import_one(lake, name):
    """Do what the ingest job does: two tables, published together."""
    raw = pl.DataFrame({"line": range(ROWS)}).with_columns(
        feed=pl.lit("csv"),
        occurrence=pl.lit(1, pl.Int64),
        record=pl.lit("r"),
        datasets=pl.lit("executions"),
        raw_id=pl.format("{}-{}", pl.lit(name), "line"),
    )
    with lake.writing("acme") as writer:
        staged = [
            writer.append(EXECUTIONS, fills(*(f"{name}-{n}" for n in range(ROWS))), import_id=name),
            writer.append(RAW_RECORDS, raw, import_id=name),
        ]
        with lake.database.session("acme", write=True) as session:
            writer.publish(staged, session)


def imports(lake, home, prefix):
    for number in count():
        import_one(lake, f"{prefix}-{number}")
        acknowledge(home, f"{prefix}-{number}")


def logs(lake, home, prefix):
    """Log small batches; now and then move them to Delta."""
    dice = random.Random(prefix)
    for number in count():
        name = f"{prefix}-{number}"
        lake.log("acme", EXECUTIONS, fills(*(f"{name}-{n}" for n in range(ROWS))), import_id=name)
        acknowledge(home, name)
        if dice.random() < 0.1:
            lake.flush("acme")


def main(home, work):
    for line in sys.stdin:
        child = os.fork()
        if not child:
            database = Database(f"sqlite:///{home / 'records.db'}")
            work(Lake(str(home / "lake"), database), home, line.strip())
        sys.stdout.write(f"{child}\n")
        sys.stdout.flush()
        os.waitpid(child, 0)
        sys.stdout.write("dead\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main(Path(sys.argv[1]), {"imports": imports, "logs": logs}[sys.argv[2]])
