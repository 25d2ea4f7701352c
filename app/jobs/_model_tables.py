"""What models learn from: data sets and tables made of records, only the columns and days that are read."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from pkgutil import iter_modules

import polars as pl

from analytics.datasets import DATASETS, EXECUTIONS
from analytics.models._base import Model
from analytics.trading.fills import current
from app import jobs
from app.context import Context
from app.storage.collect import collect

# Executions are brought to their standing versions by these.
_STANDING = ("exec_id", "version", "exec_status", "exec_ref_id")


@dataclass(frozen=True)
class Made:
    """A table of no data set that models may name in ``inputs``, for instance of alerts and how they ended.

    Each is the ``TABLE`` of a file ``app/jobs/_table_<name>.py``.
    """

    name: str
    read: Callable[[Context, str], pl.DataFrame]  # context and organisation
    version: Callable[[Context, str], str]  # changes when, and only when, the rows may have changed
    shipped: bool = False  # rows come with the product: alike for all who added none of their own


@cache
def made() -> dict[str, Made]:
    """Return every such table by name."""
    names = sorted(info.name for info in iter_modules(jobs.__path__) if info.name.startswith("_table_"))
    tables = [import_module(f"{jobs.__name__}.{name}").TABLE for name in names]
    return {table.name: table for table in tables}


def is_shipped(kind: type[Model]) -> bool:
    """Whether a model learns from nothing but tables that come with the product."""
    return all(name in made() and made()[name].shipped for name in kind.inputs)


def versions_of(context: Context, org: str, kind: type[Model]) -> dict[str, str]:
    """Return the version of each table that a model reads."""
    return {
        name: made()[name].version(context, org)
        if name in made()
        else context.lake.version(org, DATASETS[name])
        for name in kind.inputs
    }


def tables_of(context: Context, org: str, kind: type[Model]) -> dict[str, pl.DataFrame]:
    """Return the tables a model reads, of its most recent days."""
    return {name: _table(context, org, kind, name, columns) for name, columns in kind.inputs.items()}


def _table(
    context: Context, org: str, kind: type[Model], name: str, columns: tuple[str, ...]
) -> pl.DataFrame:
    if name in made():
        return made()[name].read(context, org).select(columns)
    dataset = DATASETS[name]
    rows = context.lake.scan(org, dataset)
    when = dataset.time or dataset.day
    if dataset is EXECUTIONS:
        rows = current(rows.select(*{*columns, *_STANDING, *([when] if when else [])}))
    if when is None or when not in dataset.columns:
        return collect(rows.select(columns))
    day = pl.col(when).cast(pl.Date)
    days = collect(rows.select(day.unique().sort().alias("day")).tail(kind.sessions))
    if days.is_empty():
        return collect(rows.select(columns).head(0))
    return collect(rows.filter(day >= days["day"][0]).select(columns))
