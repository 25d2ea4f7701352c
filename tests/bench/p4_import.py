"""A CSV of executions brought in by the import job: read in a child process, every value checked against the
schema, raw records kept with their lines, de-duplicated against what is stored, written as Delta, fsynced and
published in the ledger, each round into an organisation of its own; against polars reading the same file and
writing plain Parquet by month, unchecked and not fsynced.
"""

import itertools
import shutil
from pathlib import Path

import polars as pl

from analytics.datasets import EXECUTIONS
from app.actions import orgs
from app.actions._roles import console
from app.context import Context
from app.jobs.ingest import Upload, run
from app.storage import schema
from tests.bench._firm import executions, identity_of, settings_of
from tests.bench._measure import Bench, Row, alternate, pair

TITLE = "Bulk import"
LARGEST = 500_000  # one file of a million rows is refused: reading it passes the child's address space


def measure(bench: Bench) -> list[Row]:
    room, rows = bench.room("p4"), min(bench.sizes.rows, LARGEST)
    context = Context.open(settings_of(room))
    schema.upgrade(context.database)
    file = room / "executions.csv"
    executions(rows).write_csv(file)
    numbers = itertools.count()

    def ours() -> None:
        slug = f"bulk{next(numbers)}"
        orgs.create(context.database, console(slug), slug=slug, name=slug)
        result = run(context, identity_of(slug), Upload(path=file, filename=file.name, dataset="executions"))
        if (result.accepted, result.rejected, result.duplicate) != (rows, 0, 0):
            raise AssertionError(f"not every row landed: {result.errors[:3]}")
        queryable = context.lake.scan(slug, EXECUTIONS).select(pl.len()).collect().item()
        if queryable != rows:
            raise AssertionError(f"{queryable} rows can be read")
        context.lake.delete(slug)

    def parquet() -> None:
        plain(file, room / "plain")

    seconds = alternate(
        {"ours": ours, "polars read_csv and write_parquet": parquet}, rounds=bench.sizes.rounds
    )
    rate = rows / seconds["ours"]
    size = file.stat().st_size / 1e6
    return [
        pair(
            "CSV to queryable",
            seconds,
            "polars read_csv and write_parquet",
            note=f"{size:.0f} MB, {rows:,} rows",
        ),
        Row("Rows imported, end to end", rate, "rows/s", goal=300_000, sense="at least"),
    ]


def plain(file: Path, folder: Path) -> None:
    rows = pl.read_csv(file, try_parse_dates=True)
    months = rows.with_columns(month=pl.col("transact_time").dt.strftime("%Y-%m")).partition_by(
        "month", as_dict=True
    )
    for (month,), part in months.items():
        (folder / f"month={month}").mkdir(parents=True)
        part.write_parquet(folder / f"month={month}" / "0.parquet")
    shutil.rmtree(folder)
