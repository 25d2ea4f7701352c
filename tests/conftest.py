"""Fixtures for all tests. Where a test needs rows, its docstring is the data."""

import os
import re
from datetime import date
from textwrap import dedent

import polars as pl
import pytest
from argon2 import PasswordHasher
from hypothesis import settings

from analytics.datasets import DATASETS, Dataset
from app.actions import _passwords

DAY = date(2026, 11, 20)
# `make test-fast` looks at fewer generated cases; the full run at all.
settings.register_profile("fast", max_examples=20, deadline=None)
settings.register_profile("full", deadline=None)
settings.load_profile(os.environ.get("TESTS", "full"))


# Files that take longest come first, so that of several workers none is left with one of them at the end. Pytest itself
# puts tests of one parameter side by side, whatever order the command line asks for: that is done before.
LONGEST = (
    "tests/faults/", "tests/api/test_openapi", "tests/tenancy/", "tests/acceptance/test_edge", "tests/acceptance/",
    "tests/api/", "tests/analytics/models/", "tests/analytics/compliance/test_kit", "tests/app/jobs/", "tests/app/demo/",
)  # fmt: skip


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put whole files one after the other, the longest first."""

    def place(item: pytest.Item) -> tuple[int, str]:
        path = item.nodeid.partition("::")[0]
        return next((at for at, start in enumerate(LONGEST) if path.startswith(start)), len(LONGEST)), path

    if not any(item.get_closest_marker("journey") for item in items):
        items.sort(key=place)


@pytest.fixture(scope="session", autouse=True)
def _quick_passwords():
    """Let passwords be hashed as always but with little work: made for tests, they protect nobody."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_passwords, "_hasher", PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
        yield


def parse_table(text: str, dataset: Dataset, *, day: date = DAY) -> pl.LazyFrame:
    """Read a blank-separated table into the stored schema of ``dataset``.

    ``-`` is null; a bare clock time means that time on ``day``, UTC; lists are separated by ``|``.
    """
    lines = [line for line in dedent(text).strip().splitlines() if line.strip()]
    header, *rows = [re.split(r"\s+", line.strip()) for line in lines]
    frame = pl.DataFrame(rows, schema=dict.fromkeys(header, pl.String), orient="row")
    made = []
    for name, dtype in dataset.schema.items():
        if name not in header:
            made.append(pl.lit(None, dtype).alias(name))
            continue
        column = pl.when(pl.col(name) != "-").then(pl.col(name))
        if isinstance(dtype, pl.Datetime):
            clock = pl.when(column.str.contains("T")).then(column).otherwise(f"{day}T" + column)
            column = clock.str.strip_suffix("Z").str.to_datetime(time_unit="us", time_zone="UTC")
        elif dtype == pl.Date:
            column = column.str.to_date()
        elif isinstance(dtype, pl.List):
            column = column.str.split("|")
        elif dtype == pl.Boolean:
            column = column == "true"
        else:
            column = column.cast(dtype)
        made.append(column.alias(name))
    out = frame.select(made)
    if dataset.time and "transact_time_ns" not in header:
        ns = pl.col(dataset.time).dt.epoch("us") * 1000
        out = out.with_columns(transact_time_ns=ns)
    for name, column in dataset.columns.items():
        if column.default is not None and name not in header:
            out = out.with_columns(pl.lit(column.default).cast(dataset.schema[name]).alias(name))
    return out.lazy()


@pytest.fixture
def table():
    """Return ``parse_table`` with the data set given by name."""
    return lambda text, name, **more: parse_table(text, DATASETS[name], **more)


@pytest.fixture
def executions(request: pytest.FixtureRequest) -> pl.LazyFrame:
    """Parse the test's docstring into executions."""
    return parse_table(request.function.__doc__, DATASETS["executions"])
