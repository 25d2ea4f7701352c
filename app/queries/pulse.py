"""Has anything changed: one token over every table and record set a page may show."""

import polars as pl

from analytics.datasets import ACCOUNTS, DATASETS, EXECUTIONS, INSTRUMENTS, PEOPLE
from analytics.text import formatted
from app.desk import Desk

RECORDS = ("alerts", "insights", "models", "imports", "limits")


def pulse(desk: Desk) -> str:
    """Return a text that changes when any table or record set of the organisation does."""
    return desk.token(tuple(DATASETS.values()), RECORDS)


def names(desk: Desk, kind: str) -> list[dict[str, str]]:
    """Return what a view can be narrowed to: ``value`` and ``label``, by label; unknown kinds have none.

    Args:
        desk: Whose entitlements hold; its scope does not matter.
        kind: desk, account, trader or instrument.
    """
    if kind == "desk":
        rows = desk.rows(ACCOUNTS, scoped=False).select(value="desk", label="desk")
    elif kind == "account":
        rows = desk.rows(ACCOUNTS, scoped=False).select(
            value="account_id", label=pl.coalesce("name", "account_id")
        )
    elif kind == "instrument":
        label = pl.coalesce(formatted("{} · {}", "symbol", "name"), "symbol", "instrument_id")
        rows = desk.rows(INSTRUMENTS, scoped=False).select(value="instrument_id", label=label)
    elif kind == "trader":
        traded = desk.rows(EXECUTIONS, dated=False, scoped=False).select(value=pl.col("trader_id").unique())
        people = desk.rows(PEOPLE, scoped=False).select(value="person_id", label="name")
        rows = traded.join(people.unique("value"), on="value", how="left").with_columns(
            label=pl.coalesce("label", "value")
        )
    else:
        return []
    found = desk.collect(rows.drop_nulls("value").unique("value").sort("label", "value"))
    return found.select("value", "label").to_dicts()
